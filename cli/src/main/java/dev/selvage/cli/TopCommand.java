package dev.selvage.cli;

import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows where the goroutines of a program are, again and again. */
@Command(
    name = "top",
    description = "Shows goroutines (virtual threads) by state and place, live.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "PLACE is the first line of the program in the stack. Examples:",
      "  selvage top 4711",
      "  selvage top http://localhost:6060 --once"
    })
final class TopCommand implements Callable<Integer> {
  private final Targets targets;
  private final Terminal terminal;

  @Mixin private TargetArgument target = new TargetArgument();

  @Option(
      names = "--interval",
      paramLabel = "D",
      converter = Durations.class,
      description = "How often: 500ms, 2s. Default: 2s.")
  private Duration interval = Duration.ofSeconds(2);

  @Option(names = "--rows", paramLabel = "N", description = "Rows of the table. Default: 20.")
  private int rows = 20;

  @Mixin private LiveOptions live = new LiveOptions();

  TopCommand(Targets targets, Terminal terminal) {
    this.targets = targets;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    String fault =
        rows < 1
            ? "--rows " + rows + ": use 1 or more"
            : interval.isZero() ? "--interval must be longer than 0s" : live.fault();
    if (fault != null) {
      throw target.usage(fault);
    }
    try (DebugSource source = targets.open(target.spec, target.name)) {
      var places = new Places();
      live.show(
          terminal,
          interval,
          System.lineSeparator(),
          true,
          () -> {
            byte[] profile = source.bytes(DebugAddress.PAGE + "goroutine", DebugSource.PATIENCE);
            String time =
                LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS).toString();
            return places.next(
                ProfileCommand.read(source, profile), source.name() + "  " + time, rows);
          });
    }
    return ExitCode.DONE;
  }
}
