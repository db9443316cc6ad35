package dev.selvage.verification;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command {@code selvage}, as the build has made it, in a process of its own. */
final class SelvageCommand {
  /** How one ended. */
  record Result(int code, String out, String err) {}

  private SelvageCommand() {}

  /** One that is still to be started. */
  static ProcessBuilder of(String... arguments) {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                Project.ROOT.resolve("cli/target/dist/lib") + "/*",
                "dev.selvage.cli.Selvage"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  /**
   * The same as a user starts it, by the launcher, with an option for its JVM. The directory gets
   * what the launcher of an installation has beside it.
   */
  static ProcessBuilder launcher(Path directory, String jvmOption, String... arguments)
      throws IOException {
    Path root = Files.createDirectories(directory.resolve("installed"));
    Path launcher = root.resolve("selvage");
    if (Files.notExists(launcher)) {
      Files.copy(Project.ROOT.resolve("selvage"), launcher, COPY_ATTRIBUTES);
      Files.createSymbolicLink(
          root.resolve("lib"), Project.ROOT.resolve("cli/target/dist/lib").toRealPath());
    }
    var command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    builder.environment().put("SELVAGE_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("JAVA_TOOL_OPTIONS", jvmOption);
    return builder;
  }

  /** Runs one without input until it ends; what it says on standard error goes by way of a file. */
  static Result run(ProcessBuilder command, Path err) throws IOException, InterruptedException {
    Process process = command.redirectError(err.toFile()).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), out, Files.readString(err));
  }
}
