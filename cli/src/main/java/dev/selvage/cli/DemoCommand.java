package dev.selvage.cli;

import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportText;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs the sample service with the six scenarios under the agent and shows what is found. */
@Command(
    name = "demo",
    description = "Proves the leaks of a sample service that leaks in six ways.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class)
final class DemoCommand implements Callable<Integer> {
  /** Long enough for each scenario to leak some dozens of times, and for growth to show. */
  private static final Duration LEAKS_AFTER = Duration.ofSeconds(5);

  /** Growth takes its time where the machine is busy: how long until the next look. */
  private static final Duration LOOK_AGAIN_AFTER = Duration.ofSeconds(2);

  /** How much longer a busy machine may take for a report before that counts as broken. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final String MAIN = "dev.selvage.examples.leaks.Demo";

  private final Installation installation;
  private final Terminal terminal;

  @Spec
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private CommandSpec spec;

  @Option(
      names = "--serve",
      description = "Keep the service up after the report, with its debug pages, until Ctrl-C.")
  private boolean serve;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "The port of the debug pages on localhost. Default: any free one.")
  private @Nullable Integer port;

  @Option(
      names = "--scheduler",
      paramLabel = "NAME",
      converter = RunCommand.SchedulerName.class,
      completionCandidates = RunCommand.SchedulerName.Names.class,
      description = "What the service's virtual threads run on, as for run: gmp, jdk or auto.")
  private @Nullable String scheduler;

  DemoCommand(Installation installation, Terminal terminal) {
    this.installation = installation;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (port != null && !serve) {
      throw new ParameterException(spec.commandLine(), "--port goes with --serve");
    }
    int chosen = port == null ? 0 : port;
    RunCommand.checkPort(chosen);
    Path examples = installation.examplesJar();
    Expectations expectations = Expectations.of(examples);
    try (ReportDirectory directory = ReportDirectory.create(null)) {
      var options =
          new AgentOptions()
              .set("leaks-after", LEAKS_AFTER)
              .set("report", directory.report())
              .set("text", false)
              .set("quiet", true);
      if (serve) {
        options.set("port", chosen).set("address", directory.address());
      }
      if (scheduler != null) {
        options.set("scheduler", scheduler);
      }
      String classPath = examples.resolveSibling("*").toString();
      ProcessBuilder command =
          JavaProgram.command(
                  installation,
                  options,
                  List.of("-XX:+EnableDynamicAgentLoading", "-cp", classPath, MAIN))
              .redirectErrorStream(true);
      terminal.say(
          "starting the sample service, which is looked at after " + Durations.text(LEAKS_AFTER));
      try (var program = new JavaProgram(command, directory::close)) {
        Process process = program.start();
        pass(process);
        try {
          return show(program, process, directory, expectations);
        } catch (CommandFailure e) {
          if (program.isEnding()) {
            return e.exitCode(); // The user ended it: there is nothing to complain of.
          }
          throw e;
        }
      }
    }
  }

  private int show(
      JavaProgram program, Process process, ReportDirectory directory, Expectations expectations)
      throws InterruptedException {
    Report report = ReportReader.read(awaitReport(process, directory));
    List<String> missing = expectations.missingIn(report);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!missing.isEmpty() && System.nanoTime() < deadline) {
      terminal.say(
          "scenario " + String.join(", ", missing) + " has not leaked enough yet, looking again");
      if (process.waitFor(LOOK_AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS)) {
        throw ended(process);
      }
      report = lookAgain(process, directory);
      missing = expectations.missingIn(report);
    }
    terminal.out().print(ReportText.render(report, terminal.colorOut()));
    terminal.out().flush();
    if (!missing.isEmpty()) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE,
          "the report says nothing of scenario "
              + String.join(", ", missing)
              + " of the demo: please report this, with the report above");
    }
    terminal.say("all " + expectations.classes().size() + " scenarios are in the report");
    if (serve) {
      String address = directory.readAddress();
      if (address == null) {
        throw new CommandFailure(
            ExitCode.INCOMPLETE, "the agent told no address of its debug pages");
      }
      terminal.out().println(address + DebugAddress.LIVE_PAGE);
      terminal.out().flush();
      terminal.say("the service goes on until Ctrl-C");
      int code = program.await();
      throw new CommandFailure(
          ExitCode.INCOMPLETE, "the sample service ended by itself with exit code " + code);
    }
    return Outcome.of(report, null, null, terminal);
  }

  /** The first report; the agent puts it there whole, or not at all. */
  private static String awaitReport(Process process, ReportDirectory directory)
      throws InterruptedException {
    long deadline = System.nanoTime() + LEAKS_AFTER.plus(PATIENCE).toNanos();
    while (System.nanoTime() < deadline) {
      boolean ended = process.waitFor(50, TimeUnit.MILLISECONDS);
      String report = directory.readReport();
      if (report != null) {
        return report;
      }
      if (ended) {
        throw ended(process);
      }
    }
    throw new CommandFailure(
        ExitCode.INCOMPLETE,
        "the agent left no report within " + Durations.text(LEAKS_AFTER.plus(PATIENCE)));
  }

  /** Has the agent, which is there already, look once more. */
  private Report lookAgain(Process process, ReportDirectory directory) {
    try (Attachment attachment = Attachment.to(process.pid())) {
      attachment.load(
          installation.agentJar(),
          new AgentOptions().set("command", "leaks").set("report", directory.report()),
          DebugSource.PATIENCE);
    }
    return ReportReader.read(String.valueOf(directory.readReport()));
  }

  private static CommandFailure ended(Process process) {
    return new CommandFailure(
        ExitCode.INCOMPLETE,
        "the sample service ended with exit code "
            + process.exitValue()
            + " before it was looked at: what it said is above");
  }

  /** Passes on what the service says, as progress. */
  private void pass(Process process) {
    Thread.ofPlatform()
        .daemon()
        .name("selvage-demo-output")
        .start(
            () -> {
              try (BufferedReader lines = process.inputReader()) {
                for (String line; (line = lines.readLine()) != null; ) {
                  terminal.err().println(line);
                }
              } catch (IOException _) {
                // The service has ended.
              }
            });
  }
}
