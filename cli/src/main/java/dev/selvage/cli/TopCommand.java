package dev.selvage.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
      "PLACE is the first line of the program in the stack. With --json one look, or,",
      "with --interval or --count, a line for each. Of a file, a goroutine profile,",
      "there is one look. Examples:",
      "  selvage top 4711",
      "  selvage top http://localhost:6060 --once",
      "  selvage top 4711 --json --interval 10s",
      "  selvage top goroutine.pb.gz"
    })
final class TopCommand implements Callable<Integer> {
  private static final Duration REFRESH = Duration.ofSeconds(2);

  private final Targets targets;
  private final Terminal terminal;

  @Mixin private FileOrTarget target = new FileOrTarget();

  @Option(
      names = "--interval",
      paramLabel = "D",
      converter = Durations.class,
      description = "How often: 500ms, 2s. Default: 2s.")
  private @Nullable Duration interval;

  @Option(names = "--rows", paramLabel = "N", description = "Rows of the table. Default: 20.")
  private int rows = 20;

  @Option(names = "--json", description = "Print JSON (selvage.top/1), each look on a line.")
  private boolean json;

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
            : interval != null && interval.isZero()
                ? "--interval must be longer than 0s"
                : live.fault();
    if (fault != null) {
      throw target.usage(fault);
    }
    var places = new Places();
    String file = target.file();
    if (file != null) {
      if (interval != null || live.count != null) {
        throw target.usage("--interval and --count are for a program: a file is as it is");
      }
      Places.Look look = places.next(target.read(file));
      terminal.out().print(json ? look.json(file, null, rows) : look.text(file, rows));
      terminal.out().flush();
      return ExitCode.DONE;
    }
    if (json && interval == null && live.count == null) {
      live.once = true;
    }
    try (DebugSource source = targets.open(target.spec, target.name)) {
      live.show(
          terminal,
          interval == null ? REFRESH : interval,
          json ? "" : System.lineSeparator(),
          !json,
          () -> {
            byte[] profile = source.bytes(DebugAddress.PAGE + "goroutine", DebugSource.PATIENCE);
            Places.Look look = places.next(ProfileCommand.read(source, profile));
            if (json) {
              return look.json(source.name(), Instant.now(), rows);
            }
            String time =
                LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS).toString();
            return look.text(source.name() + "  " + time, rows);
          });
    }
    return ExitCode.DONE;
  }
}
