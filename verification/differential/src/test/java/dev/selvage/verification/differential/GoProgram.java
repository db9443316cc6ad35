package dev.selvage.verification.differential;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Go side: built from the directory {@code go}, without a network, and run. */
final class GoProgram {
  private static final Pattern VERSION = Pattern.compile("go1\\.(\\d+).*");
  private static final int OLDEST = 26;

  private GoProgram() {}

  /** Why it cannot be run here; empty if it can. */
  static Optional<String> obstacle() throws IOException, InterruptedException {
    String version;
    try {
      version = run(List.of("go", "env", "GOVERSION")).strip();
    } catch (IOException e) {
      return Optional.of("no command go: install Go 1." + OLDEST + " or newer");
    }
    Matcher m = VERSION.matcher(version);
    return m.matches() && Integer.parseInt(m.group(1)) >= OLDEST
        ? Optional.empty()
        : Optional.of("this is " + version + ", and Go 1." + OLDEST + " or newer is needed");
  }

  /** What it prints. */
  static List<String> output() throws IOException, InterruptedException {
    Path program = Path.of("target", "scenarios").toAbsolutePath();
    run(List.of("go", "build", "-buildvcs=false", "-o", program.toString(), "."));
    return run(List.of(program.toString())).lines().toList();
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    Files.createDirectories(Path.of("target"));
    Path output = Files.createTempFile(Path.of("target"), "go", ".out");
    Path problems = Files.createTempFile(Path.of("target"), "go", ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(Path.of("go").toFile())
            .redirectOutput(output.toFile())
            .redirectError(problems.toFile());
    builder.environment().put("GOTOOLCHAIN", "local");
    builder.environment().put("GOPROXY", "off");
    builder.environment().put("GOFLAGS", "");
    builder.environment().put("GOWORK", "off");
    builder.environment().remove("GODEBUG");
    Process process = builder.start();
    try {
      if (!process.waitFor(5, TimeUnit.MINUTES)) {
        throw new AssertionError(command + " does not end");
      }
      if (process.exitValue() != 0) {
        throw new AssertionError(command + " failed:\n" + Files.readString(problems));
      }
      return Files.readString(output);
    } finally {
      process.destroyForcibly();
      Files.delete(output);
      Files.delete(problems);
    }
  }
}
