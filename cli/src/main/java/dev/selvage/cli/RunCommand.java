package dev.selvage.cli;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Report;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Runs a Java program, unchanged, under the agent, with this terminal as its own. */
@Command(
    name = "run",
    description = "Runs a Java program under the agent and proves its leaks.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    customSynopsis = {
      "selvage run [--leaks-after=D] [--json=FILE] [--fail-on=KIND]",
      "            [--baseline=FILE] [--port=N] [--mode=MODE | --reclaim]",
      "            [--excuse=PATTERN=REASON]... [--excuses=FILE] [--blocked-longer=D]",
      "            [--scheduler=NAME] [--flight-recorder=D [--flight-…]]",
      "            [--always[=LEVEL]] -- JAVA-ARGUMENTS"
    },
    footer = {
      "",
      "The program is looked at when it ends, and after --leaks-after. The report",
      "goes to standard error, or to the file of --json. Examples:",
      "  selvage run --leaks-after 3s -- -jar server.jar",
      "  selvage run --flight-recorder 30s --flight-dir /var/tmp/shop -- -jar shop.jar"
    })
final class RunCommand implements Callable<Integer> {
  private static final String NO_JVM =
      "Java did not start, and has said why above: check what stands before the class or jar";

  private final Installation installation;
  private final Terminal terminal;

  @Spec
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private CommandSpec spec;

  @Option(
      names = "--leaks-after",
      paramLabel = "D",
      converter = Durations.class,
      description = "Look after this time as well: 500ms, 3s, 2m, 1h.")
  private @Nullable Duration leaksAfter;

  @Mixin private ReportOptions report = new ReportOptions();

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Serve the debug pages on this port of localhost; 0 for any free one.")
  private @Nullable Integer port;

  @Option(
      names = "--scheduler",
      paramLabel = "NAME",
      converter = SchedulerName.class,
      completionCandidates = SchedulerName.Names.class,
      description =
          "What virtual threads run on: gmp (all of them on Selvage's), jdk (all on the JDK's), or"
              + " auto (goroutines on Selvage's, others on the JDK's). Default: auto.")
  private @Nullable String scheduler;

  @Option(
      names = "--always",
      arity = "0..1",
      fallbackValue = "low",
      paramLabel = "LEVEL",
      converter = AlwaysLevel.class,
      completionCandidates = AlwaysLevel.Names.class,
      description =
          "Prove leaks all the time, by the collections that the program has anyway, and say what"
              + " is new in one line each: low (threads parked for 30 s) or high (5 s). Without a"
              + " value: low.")
  private @Nullable String always;

  @Mixin private FlightOptions flight = new FlightOptions();

  @ArgGroup private ModeOptions mode = new ModeOptions();

  @Mixin private RuleOptions rules = new RuleOptions();

  @Parameters(
      arity = "0..*",
      paramLabel = "JAVA-ARGUMENTS",
      description = "What you would say to java, after --.")
  private List<String> javaArguments = List.of();

  RunCommand(Installation installation, Terminal terminal) {
    this.installation = installation;
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (javaArguments.isEmpty()) {
      throw usage("say what to run, after --: selvage run -- -jar app.jar");
    }
    if (leaksAfter != null && leaksAfter.isZero()) {
      throw usage("--leaks-after must be longer than 0s");
    }
    String fault = flight.fault();
    if (fault != null) {
      throw usage(fault);
    }
    if (report.printsJson()) {
      throw usage("--json - would mix with the program's own output: name a file");
    }
    Excuses excuses = rules.excuses(spec.commandLine());
    JavaArguments.check(javaArguments);
    Baseline baseline = report.baseline(spec.commandLine());
    OutputFile target = report.file();
    if (port != null) {
      checkPort(port);
    }
    try (ReportDirectory directory = ReportDirectory.create(null)) {
      return run(directory, target, baseline, excuses);
    }
  }

  private int run(
      ReportDirectory directory,
      @Nullable OutputFile target,
      @Nullable Baseline baseline,
      Excuses excuses) {
    var options =
        new AgentOptions()
            .set("at-exit", true)
            .set("start", directory.start())
            .set("report", directory.report())
            .set("text", target == null)
            .set("color", terminal.colorErr())
            .set("mode", mode.chosen().text());
    if (leaksAfter != null) {
      options.set("leaks-after", leaksAfter);
    }
    if (port != null) {
      options.set("port", port);
    }
    if (scheduler != null) {
      options.set("scheduler", scheduler);
    }
    flight.tell(options);
    rules.tell(options, excuses);
    if (always != null) {
      options.set("always", always);
    }
    ProcessBuilder command = JavaProgram.command(installation, options, javaArguments).inheritIO();
    var kept = new Kept(directory, target, baseline, terminal);
    int code;
    try (var program = new JavaProgram(command, kept)) {
      program.start();
      code = program.await();
    }
    String fault = kept.start == null && code == 1 ? NO_JVM : kept.start;
    if (fault != null && !fault.isEmpty()) {
      terminal.say(fault);
      return ExitCode.USAGE;
    }
    if (kept.report == null) {
      terminal.say("the program " + ending(code) + " without having been examined" + advice(code));
      return code == 0 ? ExitCode.INCOMPLETE : code;
    }
    if (code != 0) {
      return code;
    }
    int outcome = Outcome.of(ReportReader.read(kept.report), report.failOn, baseline, terminal);
    return outcome == ExitCode.DONE && kept.lost ? ExitCode.INCOMPLETE : outcome;
  }

  /**
   * Takes the newest report from the directory, which it removes, and puts it where the user asked
   * for it: when the program has ended, also when a signal ends this process.
   */
  private static final class Kept implements Runnable {
    private final ReportDirectory directory;
    private final @Nullable OutputFile target;
    private final @Nullable Baseline baseline;
    private final Terminal terminal;
    @Nullable String report;
    @Nullable String start;

    /** Whether the user's file could not be written after all. */
    boolean lost;

    Kept(
        ReportDirectory directory,
        @Nullable OutputFile target,
        @Nullable Baseline baseline,
        Terminal terminal) {
      this.directory = directory;
      this.target = target;
      this.baseline = baseline;
      this.terminal = terminal;
    }

    @Override
    public void run() {
      String newest = directory.readReport();
      start = directory.readStart();
      directory.close();
      report = newest;
      if (newest == null) {
        return;
      }
      String json = baseline == null ? newest : compared(baseline, newest);
      if (target == null) {
        return;
      }
      try {
        target.write(json);
      } catch (CommandFailure e) {
        lost = true;
        terminal.say(String.valueOf(e.getMessage()));
      }
    }

    /**
     * Tells what has changed: below the agent's text, which has been printed, or as one line beside
     * a file.
     *
     * @return the report for the file
     */
    private String compared(Baseline baseline, String newest) {
      Report read;
      try {
        read = ReportReader.read(newest);
      } catch (CommandFailure _) {
        return newest; // whoever takes the outcome from it says what is wrong with it
      }
      baseline.caution(terminal);
      if (target == null) {
        terminal.err().print(baseline.text(read));
        terminal.err().flush();
        return newest;
      }
      terminal.say(baseline.sums(read));
      return baseline.json(newest, read);
    }
  }

  /** Reads the name of a scheduler. */
  static final class SchedulerName implements ITypeConverter<String> {
    private static final List<String> KNOWN = List.of("auto", "gmp", "jdk");

    @Override
    public String convert(String text) {
      if (!KNOWN.contains(text)) {
        throw new TypeConversionException(
            "'" + text + "' is not a scheduler: use gmp, jdk or auto");
      }
      return text;
    }

    /** The words that complete. */
    static final class Names implements Iterable<String> {
      @Override
      public Iterator<String> iterator() {
        return KNOWN.iterator();
      }
    }
  }

  /** Reads how much is to be done all the time. */
  static final class AlwaysLevel implements ITypeConverter<String> {
    private static final List<String> KNOWN = List.of("high", "low", "off");

    @Override
    public String convert(String text) {
      if (!KNOWN.contains(text)) {
        throw new TypeConversionException("'" + text + "' is not a level: use low, high or off");
      }
      return text;
    }

    /** The words that complete. */
    static final class Names implements Iterable<String> {
      @Override
      public Iterator<String> iterator() {
        return KNOWN.iterator();
      }
    }
  }

  private static String ending(int code) {
    return code == 0 ? "ended" : "ended with exit code " + code;
  }

  private String advice(int code) {
    if (code != 0) {
      return ": what it said is above";
    }
    return leaksAfter == null
        ? " (did it halt?): use --leaks-after to look while it runs"
        : " (did it halt?): use a shorter --leaks-after";
  }

  /** Fails where the port is taken: better said now than by an agent in the program. */
  static void checkPort(int port) {
    if (port < 0 || port > 65_535) {
      throw new CommandFailure(
          ExitCode.USAGE, "--port " + port + " is no port: use 1 to 65535, or 0 for any free one");
    }
    try (var socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "cannot listen on port "
              + port
              + " of localhost ("
              + CommandFailure.reason(e)
              + "): choose another with --port, or 0 for any free one");
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
