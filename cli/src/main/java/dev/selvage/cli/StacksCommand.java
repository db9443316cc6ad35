package dev.selvage.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints the stacks of all goroutines, in Go's form. */
@Command(
    name = "stacks",
    description = "Prints the stacks of all goroutines (virtual threads) of a running program.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "The text is that of a Go program that crashes. Examples:",
      "  selvage stacks 4711",
      "  selvage stacks http://localhost:6060 --json"
    })
final class StacksCommand implements Callable<Integer> {
  private final Targets targets;
  private final Terminal terminal;

  @Mixin private TargetArgument target = new TargetArgument();

  @Option(names = "--json", description = "Print JSON (selvage.goroutines/1) instead of text.")
  private boolean json;

  @Option(
      names = "--locks",
      description =
          "Say also what each waits for, who has it, and what it holds. JDK 25.0.3 can crash while"
              + " it tells that of a busy program.")
  private boolean locks;

  StacksCommand(Targets targets, Terminal terminal) {
    this.targets = targets;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    String page =
        DebugAddress.PAGE
            + "goroutine?debug=2"
            + (json ? "&format=json" : "")
            + (locks ? "&locks=1" : "");
    // A server was told at its start; here it is the user who asks.
    var options = locks ? new AgentOptions().set("allow-locks", true) : new AgentOptions();
    try (DebugSource source = targets.open(target.spec, target.name, options)) {
      source.copy(page, terminal.out());
    }
    terminal.out().flush();
    return ExitCode.DONE;
  }
}
