package dev.selvage.cli;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.ReportText;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Proves the leaks of a program that runs already, by attaching to it or over HTTP, and those in a
 * heap dump.
 */
@Command(
    name = "leaks",
    description = "Proves which virtual threads leak, in a running program or in a heap dump.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "Instead of PID or URL: FILE.hprof, a heap dump of any HotSpot JVM from 22 on,",
      "also one that never saw selvage (jcmd PID GC.heap_dump FILE.hprof). Without any",
      "of them: the one JVM there is, or a menu. Attaching leaves something behind,",
      "and says so first. Examples:",
      "  selvage leaks 4711",
      "  selvage leaks 4711 --json report.json --fail-on proven",
      "  selvage leaks 4711 --exact",
      "  selvage leaks heap.hprof",
      "  selvage leaks 4711 --baseline report.json --fail-on proven",
      "  selvage leaks http://localhost:6060 --json"
    })
final class LeaksCommand implements Callable<Integer> {
  private final Targets targets;
  private final HeapDumps dumps;
  private final Terminal terminal;

  @Mixin private TargetArgument target = new TargetArgument();

  @Mixin private ReportOptions options = new ReportOptions();

  @Option(
      names = "--watch",
      paramLabel = "D",
      converter = Durations.class,
      description = "How long to watch for things that grow, before the proof. Default: 2s.")
  private @Nullable Duration watch;

  @Option(
      names = "--recover",
      description =
          "Unwind what is proven: leaked threads are interrupted, so that their finally blocks run"
              + " and memory returns. Changes what the program does; never done unless asked for.")
  private boolean recover;

  @ArgGroup private ModeOptions mode = new ModeOptions();

  @Mixin private RuleOptions rules = new RuleOptions();

  @Option(
      names = "--exact",
      description =
          "Take a heap dump of the process, prove from that, and delete it. Finds also threads that"
              + " something holds only to interrupt them, as servers do, and works with every"
              + " collector. Leaves nothing behind; the process stands still while it is dumped.")
  private boolean exact;

  @Option(
      names = "--hold",
      description =
          "With --exact: have the agent keep virtual threads off their carriers while it is dumped,"
              + " so that the dump has all that they have in their hands. For a process that is"
              + " never still; it stands still for up to two seconds longer, and the agent stays.")
  private boolean hold;

  @Option(
      names = "--keep-dump",
      paramLabel = "FILE",
      description =
          "With --exact: keep the dump, as this file, to look into it. It has all that the program"
              + " knows, secrets too.")
  private @Nullable Path keepDump;

  LeaksCommand(Targets targets, HeapDumps dumps, Terminal terminal) {
    this.targets = targets;
    this.dumps = dumps;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    String json = options.json;
    if (target.name == null
        && json != null
        && !json.isEmpty()
        && json.chars().allMatch(Character::isDigit)) {
      throw target.usage(
          "'" + json + "' is taken for the file of --json: put the process id first");
    }
    if (recover && mode.reclaim) {
      throw target.usage(
          "--recover and --reclaim exclude each other: what is reclaimed is gone, its finally"
              + " blocks never run");
    }
    if (keepDump != null && !exact) {
      throw target.usage("--keep-dump is for --exact");
    }
    if (hold && !exact) {
      throw target.usage("--hold is for --exact");
    }
    Excuses excuses = rules.excuses(target.spec.commandLine());
    Baseline baseline = options.baseline(target.spec.commandLine());
    OutputFile file = options.file();
    String report = report(excuses);
    Report read = ReportReader.read(report);
    if (baseline != null) {
      baseline.caution(terminal);
      report = baseline.json(report, read);
    }
    if (file != null) {
      file.write(report);
      terminal.say("the report is in " + file);
      if (baseline != null) {
        terminal.say(baseline.sums(read));
      }
    } else if (options.printsJson()) {
      terminal.out().print(report);
    } else {
      terminal.out().print(ReportText.render(read, terminal.colorOut()));
      if (baseline != null) {
        terminal.out().print(baseline.text(read));
      }
    }
    terminal.out().flush();
    return Outcome.of(read, options.failOn, baseline, terminal);
  }

  private String report(Excuses excuses) throws InterruptedException {
    Path dump = target.name == null ? null : HeapDumps.file(target.name);
    DebugAddress address = target.name == null ? null : DebugAddress.of(target.name);
    if (dump != null) {
      if (exact || looksInside()) {
        throw target.usage(
            "--exact, --mode, --reclaim, --recover, --watch and --blocked-longer are not for a"
                + " heap dump");
      }
      return ReportJson.render(dumps.look(dump, excuses));
    }
    if (address != null) {
      return ask(address);
    }
    if (exact && looksInside()) {
      throw target.usage(
          "--mode, --reclaim, --recover, --watch and --blocked-longer are not for --exact");
    }
    JavaProcess process = targets.process(target.spec, target.name);
    return exact
        ? ReportJson.render(dumps.exact(process, excuses, keepDump, hold))
        : attach(process, excuses);
  }

  /** Whether something was asked for that only an agent in the process does. */
  private boolean looksInside() {
    return mode.mode != null
        || mode.reclaim
        || recover
        || watch != null
        || rules.blockedLonger != null;
  }

  private String ask(DebugAddress address) throws InterruptedException {
    if (exact || looksInside() || rules.any()) {
      throw target.usage(
          "--exact, --mode, --reclaim, --recover, --watch, --excuse, --excuses and --blocked-longer"
              + " are for a process id: the program at an address was told at its start");
    }
    try (address) {
      return address.report();
    }
  }

  /** Attaches, has the agent look, and gives its report as JSON. */
  private String attach(JavaProcess process, Excuses excuses) {
    Path agent = targets.agentJar();
    try (Attachment attachment = Attachment.to(process.pid())) {
      targets.warn(process, attachment);
      terminal.say("what the proof clears there: weak references to what only leaked threads hold");
      if (mode.reclaim) {
        terminal.say(
            "what --reclaim removes there: the leaked threads; their finally blocks never run");
      }
      if (recover) {
        terminal.say("what --recover does there: it interrupts each thread that is proven to leak");
      }
      Duration watched = watch == null ? Duration.ofSeconds(2) : watch;
      if (!watched.isZero()) {
        terminal.say(
            "watching for growth for " + Durations.text(watched) + " (--watch 0s does not)");
      }
      try (ReportDirectory directory = ReportDirectory.create(Targets.owner(process))) {
        var told =
            new AgentOptions()
                .set("command", "leaks")
                .set("report", directory.report())
                .set("mode", mode.chosen().text())
                .set("recover", recover)
                .set("watch", watched);
        rules.tell(told, excuses);
        attachment.load(agent, told, DebugSource.PATIENCE.plus(watched));
        String report = directory.readReport();
        if (report == null) {
          throw new CommandFailure(
              ExitCode.INCOMPLETE,
              "the agent in process "
                  + process.pid()
                  + " left no report: the standard error of that process has the cause");
        }
        return report;
      }
    }
  }
}
