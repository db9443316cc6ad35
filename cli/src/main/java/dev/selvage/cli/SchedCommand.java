package dev.selvage.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what the scheduler of a program does, again and again. */
@Command(
    name = "sched",
    description = "Shows what the scheduler of goroutines does, live.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "A table with a row for each P; with --interval a line like that of Go's",
      "schedtrace. Examples:",
      "  selvage sched 4711",
      "  selvage sched http://localhost:6060 --interval 1s"
    })
final class SchedCommand implements Callable<Integer> {
  private static final String PAGE = "/debug/selvage/scheduler";
  private static final Duration REFRESH = Duration.ofSeconds(1);
  private static final JsonMapper JSON = new JsonMapper();

  private final Targets targets;
  private final Terminal terminal;

  @Mixin private TargetArgument target = new TargetArgument();

  @Option(
      names = "--interval",
      paramLabel = "D",
      converter = Durations.class,
      description = "Print a line that often, instead of a table: 500ms, 1s.")
  private @Nullable Duration interval;

  @Option(
      names = "--json",
      description =
          "Print JSON (selvage.scheduler/1): once, or, with --interval or --count, a line each"
              + " time.")
  private boolean json;

  @Option(
      names = "--latency",
      description =
          "Measure also how long goroutines are runnable before they run: for a second, or for"
              + " --interval, each time. Takes a little time from each.")
  private boolean latency;

  @Mixin private LiveOptions live = new LiveOptions();

  SchedCommand(Targets targets, Terminal terminal) {
    this.targets = targets;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    String fault =
        interval != null && interval.isZero() ? "--interval must be longer than 0s" : live.fault();
    if (fault == null && latency && interval != null && !json) {
      fault = "--latency is for the table, and for --json";
    }
    if (fault != null) {
      throw target.usage(fault);
    }
    try (DebugSource source = targets.open(target.spec, target.name)) {
      if (json) {
        live.once |= interval == null && live.count == null;
        Duration every = interval == null ? REFRESH : interval;
        live.show(
            terminal, pause(every), "", false, () -> ask(source, every) + System.lineSeparator());
      } else if (interval != null) {
        Duration every = interval;
        live.show(terminal, every, "", false, () -> SchedText.lines(ask(source, every)));
      } else {
        var table = new SchedText();
        live.show(
            terminal,
            pause(REFRESH),
            System.lineSeparator(),
            true,
            () -> table.next(ask(source, REFRESH)));
      }
    }
    return ExitCode.DONE;
  }

  /** What measures takes the time itself. */
  private Duration pause(Duration every) {
    return latency ? Duration.ZERO : every;
  }

  private JsonNode ask(DebugSource source, Duration every) throws InterruptedException {
    String page = latency ? PAGE + "?seconds=" + every.toNanos() / 1e9 : PAGE;
    return parse(source, source.text(page, DebugSource.PATIENCE.plus(every)));
  }

  private static JsonNode parse(DebugSource source, String text) {
    JsonNode root;
    try {
      root = JSON.readTree(text);
    } catch (JsonProcessingException _) {
      root = JSON.nullNode();
    }
    if (!root.path("schema").asText().equals("selvage.scheduler/1")) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          source.name() + " answered with no statistics: is a Selvage debug server there?");
    }
    return root;
  }
}
