package dev.selvage.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What every command that looks at one program is told of it. */
final class TargetArgument {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "PID|URL",
      description = "A process id (selvage ps lists them), or a debug server's address.")
  @Nullable String name;

  /** What is wrong with how the command is used. */
  ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
