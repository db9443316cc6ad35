package dev.selvage.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Turns the flight recorder of a running program on and off, and fetches what it holds. */
@Command(
    name = "record",
    description = "Fetches the last seconds of a running program from its flight recorder.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "The recorder is started once, in a program that runs, and holds the last seconds",
      "from then on. Examples:",
      "  selvage record 4711 --start --keep 30s",
      "  selvage record 4711 --start --dir /var/tmp/shop --on-slow 500ms",
      "  selvage record 4711 -o now.trace",
      "  selvage record 4711 --stop"
    })
final class RecordCommand implements Callable<Integer> {
  private static final String PAGE = "/debug/selvage/flight";
  private static final Duration DEFAULT_KEEP = Duration.ofSeconds(10);
  private static final JsonMapper JSON = new JsonMapper();

  private final Targets targets;
  private final Terminal terminal;

  @Mixin private TargetArgument target = new TargetArgument();

  /** What is done instead of fetching. */
  private static final class Action {
    @Option(names = "--start", description = "Start it. It runs on when this command has ended.")
    private boolean start;

    @Option(names = "--stop", description = "Stop it, and forget what it holds.")
    private boolean stop;

    @Option(names = "--status", description = "Say whether it runs, and what it has written.")
    private boolean status;
  }

  @ArgGroup private Action action = new Action();

  @Option(
      names = "--keep",
      paramLabel = "D",
      converter = Durations.class,
      description = "With --start: how much it holds at least, in some 10 MiB. Default: 10s.")
  private @Nullable Duration keep;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "With --start: it writes what it holds into this directory by itself, when a goroutine"
              + " ends with an exception and when a leak is proven.")
  private @Nullable String directory;

  @Option(
      names = "--on-slow",
      paramLabel = "D",
      converter = Durations.class,
      description = "With --dir: also when a task or region took longer than that.")
  private @Nullable Duration slow;

  @Option(names = "--json", description = "With --status: print JSON (selvage.flight/1).")
  private boolean json;

  @Mixin private TraceOptions options = new TraceOptions();

  RecordCommand(Targets targets, Terminal terminal) {
    this.targets = targets;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    String fault = fault();
    if (fault != null) {
      throw target.usage(fault);
    }
    boolean changes = action.start || action.stop;
    if (changes && target.name != null && DebugAddress.of(target.name) != null) {
      throw target.usage(
          "an address only gives what is there: --start and --stop are for a process id, or start"
              + " the program with the agent's option flight-recorder=10s");
    }
    if (changes) {
      return change();
    }
    OutputFile named = action.status ? null : options.named();
    try (DebugSource source = targets.open(target.spec, target.name)) {
      JsonNode status = status(source);
      if (action.status) {
        show(source, status);
        return ExitCode.DONE;
      }
      if (!status.path("running").asBoolean()) {
        throw new CommandFailure(
            ExitCode.UNREACHABLE,
            "the flight recorder of "
                + source.name()
                + " does not run, so nothing is held: selvage record PID --start starts it");
      }
      OutputFile file = options.file(named, "flight", source);
      try (InputStream in = source.open(PAGE + "?format=" + options.format, DebugSource.PATIENCE)) {
        options.write(in, file, source, terminal);
      } catch (IOException e) {
        throw DebugSource.cut(source, e);
      }
    }
    return ExitCode.DONE;
  }

  private @Nullable String fault() {
    if (!action.start && (keep != null || directory != null || slow != null)) {
      return "--keep, --dir and --on-slow are for --start";
    }
    if (keep != null && keep.isZero()) {
      return "--keep must be longer than 0s";
    }
    if (slow != null && directory == null) {
      return "--on-slow needs --dir DIR, where files go";
    }
    if (slow != null && slow.isZero()) {
      return "--on-slow must be longer than 0s";
    }
    if (json && !action.status) {
      return "--json is for --status";
    }
    boolean fetches = !action.start && !action.stop && !action.status;
    return options.output != null && !fetches
        ? "-o is for what is fetched, without --start, --stop and --status"
        : null;
  }

  private int change() throws InterruptedException {
    Duration held = keep == null ? DEFAULT_KEEP : keep;
    var agent = new AgentOptions();
    if (action.stop) {
      agent.set("flight-recorder", "off");
    } else {
      agent.set("flight-recorder", held);
      if (directory != null) {
        agent.set("flight-dir", absolute(directory));
      }
      if (slow != null) {
        agent.set("flight-on-slow", slow);
      }
      terminal.say(
          "what --start leaves there: the flight recorder, which holds the last "
              + Durations.text(held)
              + " in some 10 MiB, until selvage record PID --stop");
    }
    try (DebugSource source = targets.open(target.spec, target.name, agent)) {
      JsonNode status = status(source);
      boolean runs = status.path("running").asBoolean();
      if (action.start && !runs) {
        throw new CommandFailure(
            ExitCode.UNREACHABLE,
            source.name()
                + " cannot record: "
                + Amounts.harmless(status.path("why").asText("it does not say why")));
      }
      terminal.say(
          "the flight recorder of "
              + source.name()
              + (runs
                  ? " runs; what it holds: selvage record " + source.shortName()
                  : " does not run any more"));
    }
    return ExitCode.DONE;
  }

  /** The program may run in another directory. */
  private Path absolute(String name) {
    try {
      return Path.of(name).toAbsolutePath();
    } catch (InvalidPathException e) {
      throw target.usage("--dir " + name + ": " + e.getReason());
    }
  }

  private void show(DebugSource source, JsonNode status) {
    if (json) {
      terminal.out().println(status);
      terminal.out().flush();
      return;
    }
    if (!status.path("running").asBoolean()) {
      terminal.out().println("The flight recorder of " + source.name() + " does not run.");
    } else {
      terminal
          .out()
          .printf(
              "The flight recorder of %s runs since %s; it holds the last %ss, in some %d MiB.%n",
              source.name(),
              status.path("since").asText(),
              Amounts.number(status.path("keepSeconds").asDouble()),
              status.path("mostBytes").asLong() >> 20);
      for (JsonNode one : status.path("triggers")) {
        terminal
            .out()
            .printf(
                "It writes into %s by itself: %d files so far, %d reasons came too close to"
                    + " another.%n",
                Amounts.harmless(one.path("directory").asText()),
                one.path("written").asLong(),
                one.path("ignored").asLong());
      }
    }
    terminal.out().flush();
  }

  private static JsonNode status(DebugSource source) throws InterruptedException {
    JsonNode root;
    try {
      root = JSON.readTree(source.text(PAGE, DebugSource.PATIENCE));
    } catch (JsonProcessingException _) {
      root = JSON.nullNode();
    }
    if (!root.path("schema").asText().equals("selvage.flight/1")) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          source.name() + " has no flight recorder: is a Selvage debug server there?");
    }
    return root;
  }
}
