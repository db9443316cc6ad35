package dev.selvage.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints what a shell needs to complete command lines of this command. */
@Command(
    name = "completion",
    description = "Prints a script with which bash or zsh completes what is typed.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "An archive has it in share/bash-completion/completions. Examples:",
      "  source <(selvage completion bash)",
      "  selvage completion zsh >> ~/.zshrc"
    })
final class CompletionCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private CommandSpec spec;

  @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private String shell;

  CompletionCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    CommandLine whole = spec.root().commandLine();
    switch (shell) {
      case "bash" -> terminal.out().print(bash(whole));
      case "zsh" ->
          terminal
              .out()
              .print(
                  "autoload -U +X compinit && compinit\n"
                      + "autoload -U +X bashcompinit && bashcompinit\n"
                      + bash(whole));
      default ->
          throw new ParameterException(
              spec.commandLine(), "'" + shell + "' is not a shell that is known: use bash or zsh");
    }
    terminal.out().flush();
    return ExitCode.DONE;
  }

  /** The script, for bash, and for what understands it. */
  static String bash(CommandLine whole) {
    return AutoComplete.bash("selvage", whole);
  }
}
