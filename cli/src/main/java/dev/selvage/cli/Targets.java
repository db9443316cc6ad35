package dev.selvage.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Finds what a command is to look at: a process of this machine, or a debug server. */
final class Targets {
  private final Installation installation;
  private final Terminal terminal;
  private final JavaProcesses processes;

  Targets(Installation installation, Terminal terminal, JavaProcesses processes) {
    this.installation = installation;
    this.terminal = terminal;
    this.processes = processes;
  }

  /** The agent's jar. */
  Path agentJar() {
    return installation.agentJar();
  }

  /**
   * The debug pages of what the user means: those of a server, or, by attaching, of any process.
   *
   * @param spec of the command, for what is wrong with its arguments
   * @param target what was said; null for the one JVM there is, or a menu
   */
  DebugSource open(CommandSpec spec, @Nullable String target) {
    return open(spec, target, new AgentOptions());
  }

  /** The same; where it attaches, with those options for the agent as well. */
  DebugSource open(CommandSpec spec, @Nullable String target, AgentOptions options) {
    DebugAddress address = target == null ? null : DebugAddress.of(target);
    return address == null ? attach(process(spec, target), options) : address;
  }

  private DebugSource attach(JavaProcess process, AgentOptions options) {
    Path agent = agentJar();
    try (Attachment attachment = Attachment.to(process.pid())) {
      warn(process, attachment);
      return AttachedSource.open(process, attachment, agent, options);
    }
  }

  /** Says what stays behind in the other program, before it does. */
  void warn(JavaProcess process, Attachment attachment) {
    boolean agentIsThere = attachment.property("dev.selvage.agent") != null;
    terminal.say("attaching to " + process.pid() + " (" + process.label() + ")");
    terminal.say(
        "what stays there: the JVM's own warning of a dynamically loaded agent on its standard"
            + " error"
            + (agentIsThere
                ? " (the agent is there already)"
                : ", and the agent, idle; as with any agent, the JVM takes some 0.1 us longer from"
                    + " then on to switch a virtual thread"));
  }

  /** Whose process it is, where that is not the user who runs this command; else null. */
  static @Nullable UserPrincipal owner(JavaProcess process) {
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

  /**
   * The process that the user means.
   *
   * @param spec of the command, for what is wrong with its arguments
   * @param target what was said; null for the one JVM there is, or a menu
   */
  JavaProcess process(CommandSpec spec, @Nullable String target) {
    if (target == null) {
      return theOneThereIs(spec);
    }
    long pid;
    try {
      pid = Long.parseLong(target);
    } catch (NumberFormatException _) {
      pid = -1;
    }
    if (pid <= 0) {
      throw usage(
          spec,
          "'"
              + target
              + "' is neither a process id (selvage ps lists them) nor an address like"
              + " http://localhost:6060");
    }
    if (pid == ProcessHandle.current().pid()) {
      throw usage(spec, "process " + pid + " is this command itself: name another");
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

  private JavaProcess theOneThereIs(CommandSpec spec) {
    List<JavaProcess> able =
        processes.all().stream()
            .filter(process -> process.obstacle() == null)
            // selvage run stays beside the program that it has started, which is the one meant.
            .filter(process -> !process.isCommand())
            .toList();
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
          spec,
          "several JVMs run here, name one: "
              + able.stream()
                  .map(process -> process.pid() + " (" + process.label() + ")")
                  .collect(Collectors.joining(", ")));
    }
    return menu(spec, able);
  }

  private JavaProcess menu(CommandSpec spec, List<JavaProcess> able) {
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
        throw usage(spec, "nothing chosen");
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

  private static ParameterException usage(CommandSpec spec, String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
