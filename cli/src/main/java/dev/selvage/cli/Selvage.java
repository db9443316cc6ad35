package dev.selvage.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code selvage} command. Ends the process with one of the {@linkplain ExitCode exit codes};
 * whatever a user can do something about is said in one line on standard error.
 */
@Command(
    name = "selvage",
    description = "Proves which virtual threads of a Java program leak, and looks into it.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nExit codes:%n",
    footer = {
      "  0  done",
      "  1  there are findings of the kind that --fail-on names",
      "  2  wrong usage, or a prerequisite is missing",
      "  3  the process, address or heap dump cannot be reached or examined",
      "  4  internal error, or the proof is not complete",
      "  Under run the program's own non-zero code comes first; signal n gives 128+n."
    })
final class Selvage implements Runnable {

  @Spec
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private CommandSpec spec;

  public static void main(String[] arguments) {
    System.exit(
        run(
            arguments,
            Installation.ofThisProcess(),
            Terminal.ofThisProcess(),
            new MachineProcesses()));
  }

  /** Runs a command line to its end and gives the exit code. */
  static int run(
      String[] arguments, Installation installation, Terminal terminal, JavaProcesses processes) {
    return commandLine(installation, terminal, processes).execute(arguments);
  }

  /** The command with all commands in it. */
  static CommandLine commandLine(
      Installation installation, Terminal terminal, JavaProcesses processes) {
    var colors = CommandLine.Help.defaultColorScheme(terminal.colorOut() ? Ansi.ON : Ansi.OFF);
    var targets = new Targets(installation, terminal, processes);
    return new CommandLine(new Selvage())
        .addSubcommand(new DemoCommand(installation, terminal))
        .addSubcommand(new RunCommand(installation, terminal))
        .addSubcommand(new PsCommand(terminal, processes))
        .addSubcommand(
            new LeaksCommand(targets, new HeapDumps(installation, targets, terminal), terminal))
        .addSubcommand(new DiffCommand(terminal))
        .addSubcommand(new StacksCommand(targets, terminal))
        .addSubcommand(new TopCommand(targets, terminal))
        .addSubcommand(new ProfileCommand(targets, terminal))
        .addSubcommand(new FlameCommand(targets, terminal))
        .addSubcommand(new SchedCommand(targets, terminal))
        .addSubcommand(new TraceCommand(targets, terminal))
        .addSubcommand(new RecordCommand(targets, terminal))
        .addSubcommand(
            new DoctorCommand(
                targets, terminal, processes, new Surroundings(System.getenv(), installation)))
        .addSubcommand(new CompletionCommand(terminal))
        .setOut(writer(terminal.out()))
        .setErr(writer(terminal.err()))
        .setColorScheme(colors)
        // A file of arguments (@file) belongs to the java command that is run.
        .setExpandAtFiles(false)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler((e, _) -> usage(e, terminal))
        .setExecutionExceptionHandler((e, _, _) -> failure(e, terminal));
  }

  /** With no command: how to use it. */
  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say what to do: " + String.join(", ", spec.subcommands().keySet()));
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(stream, true, stream.charset());
  }

  private static int usage(ParameterException e, Terminal terminal) {
    String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("wrong usage");
    message = message.startsWith("Error: ") ? message.substring("Error: ".length()) : message;
    CommandSpec command = e.getCommandLine().getCommandSpec();
    if (e instanceof UnmatchedArgumentException unmatched) {
      if (command.userObject() instanceof RunCommand) {
        message += "; what is meant for java goes after --";
      } else if (command.userObject() instanceof Selvage
          && !unmatched.getUnmatched().getFirst().startsWith("-")) {
        message =
            "'"
                + unmatched.getUnmatched().getFirst().lines().findFirst().orElse("")
                + "' is no command: use "
                + String.join(", ", command.subcommands().keySet());
      }
    }
    terminal.say(message + " (" + command.qualifiedName() + " --help explains)");
    return ExitCode.USAGE;
  }

  private static int failure(Exception e, Terminal terminal) {
    if (e instanceof CommandFailure failure) {
      terminal.say(String.valueOf(failure.getMessage()));
      return failure.exitCode();
    }
    terminal.say("internal error, please report it with what follows: " + e);
    e.printStackTrace(terminal.err());
    return ExitCode.INCOMPLETE;
  }

  /** What {@code --version} says. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "selvage " + Installation.version(),
        "Java " + Runtime.version() + ", " + System.getProperty("java.home")
      };
    }
  }
}
