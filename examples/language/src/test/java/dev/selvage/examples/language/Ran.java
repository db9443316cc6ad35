package dev.selvage.examples.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Go;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What came of an example that was run in a JVM of its own, under the agent.
 *
 * @param output what it printed
 * @param report the findings of the report at its end; empty for none
 */
record Ran(String output, String report) {
  private static final Path AGENT = Path.of(System.getProperty("selvage.agent", ""));

  static Ran example(String name) throws Exception {
    return program(List.of("-cp", classPath(), "dev.selvage.examples.language." + name));
  }

  /** Runs what {@code java} is given. */
  static Ran program(List<String> arguments) throws Exception {
    assertTrue(
        Files.isRegularFile(AGENT),
        () -> "no agent jar at '" + AGENT + "': build it first, as mvn verify does");
    Path output = Files.createTempFile("output", ".txt");
    Path errors = Files.createTempFile("errors", ".txt");
    try {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.add("-XX:+UseG1GC");
      command.add("-javaagent:" + AGENT + "=at-exit=true,text=true,quiet=true,suspects=false");
      command.addAll(arguments);
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(output.toFile())
              .redirectError(errors.toFile())
              .start();
      try {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> arguments + " does not end");
      } finally {
        process.destroyForcibly();
      }
      String said = Files.readString(errors);
      assertEquals(0, process.exitValue(), said);
      assertTrue(
          said.contains("canary found"), () -> arguments + " has no complete proof:\n" + said);
      return new Ran(Files.readString(output), findings(said));
    } finally {
      Files.delete(output);
      Files.delete(errors);
    }
  }

  /**
   * The blocks of the report: from each line that begins with LEAK up to the next empty line.
   * Without what threads wait on, which has the numbers of objects and threads of one run.
   */
  private static String findings(String errors) {
    var out = new StringBuilder();
    boolean in = false;
    for (String line : errors.lines().toList()) {
      if (line.startsWith("LEAK")) {
        in = true;
        out.append(out.isEmpty() ? "" : "\n");
      } else if (line.isBlank()) {
        in = false;
      }
      if (in && !line.startsWith("  waits on ")) {
        out.append(line).append('\n');
      }
    }
    return out.toString();
  }

  /** What a user would have: the examples and Selvage's core. */
  static String classPath() {
    return Stream.of(Worker.class, Go.class)
        .map(
            c -> {
              try {
                return Path.of(c.getProtectionDomain().getCodeSource().getLocation().toURI());
              } catch (URISyntaxException e) {
                throw new IllegalStateException("no place for " + c, e);
              }
            })
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }
}
