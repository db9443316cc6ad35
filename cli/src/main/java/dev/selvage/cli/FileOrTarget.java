package dev.selvage.cli;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What a command is told that looks at one program, or at a profile that is there. */
final class FileOrTarget {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "PID|URL|FILE",
      description =
          "A process id (selvage ps lists them), a debug server's address, or a profile of"
              + " pprof's.")
  @Nullable String name;

  /** The file that was named; null where it is a program, or nothing was named. */
  @Nullable String file() {
    return name == null || name.matches("-?\\d+") || name.matches("https?:.*") ? null : name;
  }

  /** The profile in a file. */
  PprofProfile read(String file) {
    try {
      return PprofProfile.read(Files.readAllBytes(Path.of(file)));
    } catch (NoSuchFileException | InvalidPathException _) {
      throw usage(
          "'"
              + file
              + "' is neither a process id (selvage ps lists them) nor an address like"
              + " http://localhost:6060, and there is no such file");
    } catch (FileSystemException e) {
      throw new CommandFailure(
          ExitCode.USAGE, "cannot read " + file + ": " + CommandFailure.reason(e));
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.USAGE, file + " is no profile of pprof's: " + CommandFailure.reason(e));
    }
  }

  /** Whether an option was said. */
  boolean given(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  /** What is wrong with how the command is used. */
  ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
