package dev.selvage.cli;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The files that the command needs beside itself.
 *
 * @param lib the directory of the command's own jar
 * @param javaHome the JDK to run programs with: the one that runs the command
 */
record Installation(Path lib, Path javaHome) {

  /** The one this process runs from. */
  static Installation ofThisProcess() {
    Path code;
    try {
      code = Path.of(Selvage.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("a class path that is no path", e);
    }
    @Nullable Path parent = code.toAbsolutePath().getParent();
    return new Installation(
        parent == null ? Path.of("/") : parent, Path.of(System.getProperty("java.home")));
  }

  /** The version of Selvage; {@code (unpackaged)} when run from class files. */
  static String version() {
    @Nullable String version = Selvage.class.getPackage().getImplementationVersion();
    return version == null ? "(unpackaged)" : version;
  }

  /** The agent's jar. */
  Path agentJar() {
    return existing(lib.resolve("selvage-agent.jar"), "the agent");
  }

  /** The jar of the demo; what it needs lies beside it. */
  Path examplesJar() {
    return existing(lib.resolve("examples").resolve("selvage-examples-leaks.jar"), "the demo");
  }

  /** The program that runs Java programs. */
  Path java() {
    return javaHome.resolve("bin").resolve("java");
  }

  private static Path existing(Path file, String what) {
    if (!Files.isRegularFile(file)) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE,
          what
              + " is missing, "
              + file
              + ": unpack Selvage again, or in a checkout remove cli/target and run ./selvage");
    }
    return file;
  }
}
