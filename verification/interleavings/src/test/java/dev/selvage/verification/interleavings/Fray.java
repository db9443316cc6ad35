package dev.selvage.verification.interleavings;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Runs a scenario under Fray, which lets one thread run at a time and chooses at each lock, park,
 * volatile access and atomic operation who goes on. Each run of a scenario loads its classes anew
 * and is another schedule. A JDK that is rewritten for it is made once and kept in {@code target}.
 *
 * <p>Not thread-safe; what it starts has ended when a method returns.
 */
final class Fray {
  private static final Path DIRECTORY = Path.of("target/fray").toAbsolutePath();
  private static final String MODULES =
      "java.base,java.logging,java.management,java.rmi,java.instrument,jdk.unsupported";
  private static final Pattern COUNT = Pattern.compile("Run finished. Total iter: (\\d+)");
  private static final Pattern TIMELINES = Pattern.compile("Covered timelines: (\\d+)");

  private final Path java;
  private final Path nativePart;
  private final String tool;
  private final String program;

  private Fray(Path java, Path nativePart, String tool, String program) {
    this.java = java;
    this.nativePart = nativePart;
    this.tool = tool;
    this.program = program;
  }

  /**
   * What came of the search.
   *
   * @param schedules how many were tried
   * @param different how many of them differed in who touched what after whom
   * @param failure what was found, with a stack; null if nothing was
   */
  record Outcome(int schedules, int different, Optional<String> failure) {}

  /** Prepares it; empty where its native part is not on the class path, for it is not published. */
  static Optional<Fray> prepare() throws IOException, InterruptedException {
    List<String> path = classPath();
    Optional<String> nativeJar = path.stream().filter(e -> e.contains("fray-jvmti")).findFirst();
    if (nativeJar.isEmpty()) {
      return Optional.empty();
    }
    String tool =
        String.join(
            File.pathSeparator,
            path.stream()
                .filter(e -> isJar(e) && !e.contains("fray-jvmti") && !e.contains("junit"))
                .toList());
    String program =
        String.join(":", path.stream().filter(e -> e.contains("selvage") || !isJar(e)).toList());
    Files.createDirectories(DIRECTORY);
    Path java = rewrittenJdk(tool);
    return Optional.of(new Fray(java, unpack(Path.of(nativeJar.get())), tool, program));
  }

  private static boolean isJar(String entry) {
    return entry.endsWith(".jar") && !entry.contains("selvage-");
  }

  private static List<String> classPath() {
    String path = System.getProperty("surefire.test.class.path", "");
    return List.of(
        (path.isEmpty() ? System.getProperty("java.class.path") : path).split(File.pathSeparator));
  }

  private static String jar(String tool, String artifact) {
    return Stream.of(tool.split(File.pathSeparator))
        .filter(e -> e.contains(artifact))
        .findFirst()
        .orElseThrow(() -> new AssertionError(artifact + " is not on the class path"));
  }

  /** Links a JDK whose classes tell the scheduler what they do. */
  private static Path rewrittenJdk(String tool) throws IOException, InterruptedException {
    Path jlink = Path.of(System.getProperty("java.home"), "bin", "jlink");
    String rewriter = jar(tool, "fray-instrumentation-jdk");
    Path home = DIRECTORY.resolve("java");
    Path stamp = DIRECTORY.resolve("java.stamp");
    String now = System.getProperty("java.vm.version") + " " + rewriter + " " + MODULES;
    if (!Files.exists(stamp) || !Files.readString(stamp).equals(now)) {
      delete(home);
      Result made =
          run(
              List.of(
                  jlink.toString(),
                  "-J-javaagent:" + rewriter,
                  "-J--module-path=" + tool,
                  "-J--add-modules=org.pastalab.fray.instrumentation.jdk",
                  "-J--class-path=" + tool,
                  "--output=" + home,
                  "--add-modules=" + MODULES,
                  "--fray-instrumentation"),
              300);
      if (made.code != 0) {
        throw new AssertionError("jlink cannot rewrite the JDK:\n" + made.output);
      }
      Files.writeString(stamp, now);
    }
    return home.resolve("bin/java");
  }

  private static void delete(Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static Path unpack(Path jar) throws IOException {
    try (InputStream in = Files.newInputStream(jar);
        ZipInputStream zip = new ZipInputStream(in)) {
      for (ZipEntry entry; (entry = zip.getNextEntry()) != null; ) {
        if (entry.getName().endsWith(".so")) {
          Path file = DIRECTORY.resolve("fray.so");
          Files.write(file, zip.readAllBytes());
          return file;
        }
      }
    }
    throw new AssertionError("no library in " + jar);
  }

  /** Tries schedules of a scenario until one fails, or there were enough, or the time is over. */
  Outcome search(Class<?> type, String method, int schedules, int seconds)
      throws IOException, InterruptedException {
    Path report = DIRECTORY.resolve("report").resolve(type.getSimpleName() + "." + method);
    delete(report);
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            java.toString(),
            "-ea",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-agentpath:" + nativePart,
            "-javaagent:" + jar(tool, "fray-instrumentation-agent"),
            "-cp",
            tool,
            "org.pastalab.fray.core.MainKt"));
    command.addAll(
        List.of(
            "--run-config=cli",
            "--clazz=" + type.getName(),
            "--method=" + method,
            "--classpath=" + program,
            "--output=" + report,
            "--scheduler=pos", // partial order sampling
            "--timeout=" + seconds,
            "--iter=" + schedules,
            // The thread of the timers is never done, and nobody waits for it.
            "--abort-thread-after-main-exit"));
    Result result = run(command, seconds + 60);
    if (result.code != 0) {
      String failure = result.output.substring(Math.max(0, result.output.indexOf("Error: ")));
      return new Outcome(0, 0, Optional.of(failure));
    }
    return new Outcome(
        number(COUNT, result.output), number(TIMELINES, result.output), Optional.empty());
  }

  private static int number(Pattern pattern, String output) {
    Matcher matcher = pattern.matcher(output);
    String last = "";
    while (matcher.find()) {
      last = matcher.group(1);
    }
    if (last.isEmpty()) {
      throw new AssertionError("the search does not say how far it came:\n" + output);
    }
    return Integer.parseInt(last);
  }

  private record Result(int code, String output) {}

  private static Result run(List<String> command, int seconds)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(DIRECTORY, "output", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        return new Result(-1, "no end after " + seconds + " s\n" + Files.readString(output));
      }
      return new Result(process.exitValue(), Files.readString(output));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
