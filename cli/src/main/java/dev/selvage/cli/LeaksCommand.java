package dev.selvage.cli;

import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Proves the leaks of a program that runs already: by attaching to it, or over HTTP. */
@Command(
    name = "leaks",
    description = "Proves which virtual threads of a running program leak.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "Without PID or URL: the one JVM there is, or a menu. Attaching leaves something",
      "behind, and says so first. Examples:",
      "  selvage leaks 4711",
      "  selvage leaks 4711 --json report.json --fail-on proven",
      "  selvage leaks http://localhost:6060 --json"
    })
final class LeaksCommand implements Callable<Integer> {
  private final Installation installation;
  private final Terminal terminal;
  private final JavaProcesses processes;

  @Spec
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "PID|URL",
      description = "A process id (selvage ps lists them), or a debug server's address.")
  private @Nullable String target;

  @Option(
      names = "--json",
      arity = "0..1",
      fallbackValue = "-",
      paramLabel = "FILE",
      description = "Print JSON, or write it to this file, instead of text.")
  private @Nullable String json;

  @Option(
      names = "--fail-on",
      paramLabel = "KIND",
      converter = FailOn.ByName.class,
      description =
          "End with 1 when there are findings: proven (threads that are proven or in a deadlock)"
              + " or any (suspicions too).")
  private @Nullable FailOn failOn;

  @Option(
      names = "--watch",
      paramLabel = "D",
      converter = Durations.class,
      description = "How long to watch for things that grow, before the proof. Default: 2s.")
  private @Nullable Duration watch;

  @ArgGroup private ModeOptions mode = new ModeOptions();

  LeaksCommand(Installation installation, Terminal terminal, JavaProcesses processes) {
    this.installation = installation;
    this.terminal = terminal;
    this.processes = processes;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (target == null
        && json != null
        && !json.isEmpty()
        && json.chars().allMatch(Character::isDigit)) {
      throw usage("'" + json + "' is taken for the file of --json: put the process id first");
    }
    JsonTarget file = json == null || json.equals("-") ? null : JsonTarget.of(json);
    DebugAddress address = target == null ? null : DebugAddress.of(target);
    String report = address == null ? attach(process()) : ask(address);
    Report read = ReportReader.read(report);
    if (file != null) {
      file.write(report);
      terminal.say("the report is in " + file);
    } else if (json != null) {
      terminal.out().print(report);
    } else {
      terminal.out().print(ReportText.render(read, terminal.colorOut()));
    }
    terminal.out().flush();
    return Outcome.of(read, failOn, terminal);
  }

  private String ask(DebugAddress address) throws InterruptedException {
    if (mode.mode != null || mode.reclaim || watch != null) {
      throw usage(
          "--mode, --reclaim and --watch are for a process id: the program at an address was told"
              + " at its start");
    }
    return address.report();
  }

  /** Attaches, has the agent look, and gives its report as JSON. */
  private String attach(JavaProcess process) {
    Path agent = installation.agentJar();
    try (Attachment attachment = Attachment.to(process.pid())) {
      warn(process, attachment.property("dev.selvage.agent") != null);
      Duration watched = watch == null ? Duration.ofSeconds(2) : watch;
      if (!watched.isZero()) {
        terminal.say(
            "watching for growth for " + Durations.text(watched) + " (--watch 0s does not)");
      }
      try (ReportDirectory directory = ReportDirectory.create(owner(process))) {
        attachment.load(
            agent,
            new AgentOptions()
                .set("command", "leaks")
                .set("report", directory.report())
                .set("mode", mode.chosen().text())
                .set("watch", watched));
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

  /** Says what stays behind in the other program, before it does. */
  private void warn(JavaProcess process, boolean agentIsThere) {
    terminal.say("attaching to " + process.pid() + " (" + process.label() + ")");
    terminal.say(
        "what stays there: the JVM's own warning of a dynamically loaded agent on its standard"
            + " error"
            + (agentIsThere ? " (the agent is there already)" : ", and the agent, idle"));
    terminal.say("what the proof clears there: weak references to what only leaked threads hold");
    if (mode.reclaim) {
      terminal.say(
          "what --reclaim removes there: the leaked threads; their finally blocks never run");
    }
  }

  /** Whose process writes the report, where that is not the user who reads it. */
  private static @Nullable UserPrincipal owner(JavaProcess process) {
    String me = ProcessHandle.current().info().user().orElse(null);
    if (process.user() == null || process.user().equals(me)) {
      return null;
    }
    try {
      return Files.getOwner(Path.of("/proc", Long.toString(process.pid())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JavaProcess process() {
    if (target == null) {
      return theOneThereIs();
    }
    long pid;
    try {
      pid = Long.parseLong(target);
    } catch (NumberFormatException _) {
      pid = -1;
    }
    if (pid <= 0) {
      throw usage(
          "'"
              + target
              + "' is neither a process id (selvage ps lists them) nor an address like"
              + " http://localhost:6060");
    }
    if (pid == ProcessHandle.current().pid()) {
      throw usage("process " + pid + " is this command itself: name another");
    }
    JavaProcess process = processes.find(pid);
    if (process == null) {
      boolean alive = ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          alive ? notJava(pid) : "there is no process " + pid + ": selvage ps lists the JVMs");
    }
    String obstacle = process.obstacle();
    if (obstacle != null) {
      throw new CommandFailure(ExitCode.UNREACHABLE, "process " + pid + " " + obstacle);
    }
    return process;
  }

  private static String notJava(long pid) {
    ProcessHandle.Info info = ProcessHandle.of(pid).map(ProcessHandle::info).orElse(null);
    String user = info == null ? null : info.user().orElse(null);
    String me = ProcessHandle.current().info().user().orElse(null);
    if (user != null && !user.equals(me) && !"root".equals(me)) {
      return "process " + pid + " belongs to user " + user + ": run selvage as that user";
    }
    String name =
        info == null ? "" : info.command().map(command -> " (" + command + ")").orElse("");
    return "process " + pid + name + " is not a JVM: selvage ps lists those there are";
  }

  private JavaProcess theOneThereIs() {
    List<JavaProcess> able =
        processes.all().stream().filter(process -> process.obstacle() == null).toList();
    if (able.isEmpty()) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          "no JVM runs here that can be examined: selvage ps lists all, with the reason");
    }
    if (able.size() == 1) {
      return able.getFirst();
    }
    if (!terminal.interactive()) {
      throw usage(
          "several JVMs run here, name one: "
              + able.stream()
                  .map(process -> process.pid() + " (" + process.label() + ")")
                  .collect(Collectors.joining(", ")));
    }
    return menu(able);
  }

  private JavaProcess menu(List<JavaProcess> able) {
    for (int i = 0; i < able.size(); i++) {
      JavaProcess process = able.get(i);
      terminal.err().printf("%3d  %d  %s%n", i + 1, process.pid(), process.label());
    }
    while (true) {
      terminal.err().printf("Which one? 1 to %d: ", able.size());
      terminal.err().flush();
      String answer;
      try {
        answer = terminal.in().readLine();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      if (answer == null || answer.isBlank()) {
        throw usage("nothing chosen");
      }
      try {
        int number = Integer.parseInt(answer.strip());
        if (number >= 1 && number <= able.size()) {
          return able.get(number - 1);
        }
      } catch (NumberFormatException _) {
        // Asked again.
      }
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
