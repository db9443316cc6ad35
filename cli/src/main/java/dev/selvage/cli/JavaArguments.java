package dev.selvage.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** What the user says to java, as far as it must be understood before Java is started. */
final class JavaArguments {
  /** Options whose value is the next argument. */
  private static final Set<String> WITH_VALUE =
      Set.of(
          "-cp",
          "-classpath",
          "--class-path",
          "-p",
          "--module-path",
          "--upgrade-module-path",
          "--add-modules",
          "--limit-modules",
          "--add-reads",
          "--add-exports",
          "--add-opens",
          "--patch-module",
          "--enable-native-access",
          "--source");

  private JavaArguments() {}

  /**
   * Fails where a jar is to be run that Java cannot open: it would end before it comes to the
   * agent.
   */
  static void check(List<String> arguments) {
    String jar = jar(arguments);
    if (jar == null) {
      return;
    }
    Path file = Path.of(jar);
    if (!Files.isRegularFile(file)) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "there is no jar "
              + jar
              + " in "
              + Path.of("").toAbsolutePath()
              + ": check the path after -jar");
    }
    try {
      new ZipFile(file.toFile()).close();
    } catch (ZipException e) {
      throw new CommandFailure(
          ExitCode.USAGE,
          jar + " is no jar (" + CommandFailure.reason(e) + "): build it again, or name another");
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.USAGE, "cannot read " + jar + ": " + CommandFailure.reason(e));
    }
  }

  /** The jar that is to be run; null where it is something else, or is not certain. */
  static @Nullable String jar(List<String> arguments) {
    boolean jar = false;
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.startsWith("@") || argument.equals("-m") || argument.startsWith("--module")) {
        if (!WITH_VALUE.contains(argument)) {
          return null;
        }
      }
      if (argument.equals("-jar")) {
        jar = true;
      } else if (WITH_VALUE.contains(argument)) {
        i++;
      } else if (!argument.startsWith("-")) {
        return jar ? argument : null;
      }
    }
    return null;
  }
}
