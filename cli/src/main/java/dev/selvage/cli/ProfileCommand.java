package dev.selvage.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Takes a profile of a running program, as a file for {@code go tool pprof} or as a table. */
@Command(
    name = "profile",
    description = "Takes a profile of a running program.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "The file is what go tool pprof opens. Examples:",
      "  selvage profile 4711 --seconds 30",
      "  selvage profile 4711 --type allocs --top",
      "  selvage profile http://localhost:6060 --type heap -o heap.pb.gz",
      "  selvage profile cpu.pb.gz --top --json"
    })
final class ProfileCommand implements Callable<Integer> {
  private final Targets targets;
  private final Terminal terminal;

  @Mixin private FileOrTarget target = new FileOrTarget();

  @Mixin private ProfileOptions profile = new ProfileOptions();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The file. Default: selvage-TYPE-PID.pb.gz here, or none with --top.")
  private @Nullable String output;

  @Option(
      names = "--paths",
      description =
          "With oldobjects: search what holds each, for which the program stands for up to three"
              + " seconds. go tool pprof -tags shows it.")
  private boolean paths;

  @Option(
      names = "--top",
      description = "Print a table of the hottest functions; there need be no Go for it.")
  private boolean top;

  @Option(
      names = "--json",
      description = "With --top: print JSON (selvage.profile/1) instead of a table.")
  private boolean json;

  @Option(names = "--rows", paramLabel = "N", description = "Rows of the table. Default: 20.")
  private int rows = 20;

  ProfileCommand(Targets targets, Terminal terminal) {
    this.targets = targets;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    profile.paths = paths;
    String fault =
        rows < 1
            ? "--rows " + rows + ": use 1 or more"
            : json && !top ? "--json is for --top" : profile.fault();
    if (fault != null) {
      throw target.usage(fault);
    }
    String file = target.file();
    if (file != null) {
      return show(file);
    }
    OutputFile named = output == null ? null : OutputFile.of("-o", output);
    try (DebugSource source = targets.open(target.spec, target.name)) {
      OutputFile written =
          named == null && !top
              ? OutputFile.of("-o", "selvage-" + profile.type + "-" + source.shortName() + ".pb.gz")
              : named;
      byte[] bytes = profile.take(source, terminal);
      PprofProfile read = profile.select(read(source, bytes));
      if (written != null) {
        written.write(bytes);
        terminal.say(
            "the profile is in " + written + "; to look into it: go tool pprof " + written);
      }
      if (top) {
        print(read, source.name());
      }
      if (read.samples().isEmpty()) {
        terminal.say("the profile is empty: " + whyEmpty(profile.type));
      }
    }
    return ExitCode.DONE;
  }

  /** The table of a profile that is there. */
  private int show(String file) {
    PprofProfile read = target.read(file);
    if (!top) {
      throw target.usage("a file is a profile already: --top prints its table");
    }
    if (output != null || target.given("--type") || target.given("--seconds")) {
      throw target.usage("--type, --seconds and -o are for a process id or an address");
    }
    read = profile.select(read);
    print(read, file);
    if (read.samples().isEmpty()) {
      terminal.say("the profile is empty");
    }
    return ExitCode.DONE;
  }

  private void print(PprofProfile read, String source) {
    terminal.out().print(json ? HotSpots.json(read, source, rows) : HotSpots.table(read, rows));
    terminal.out().flush();
  }

  /** The profile in an answer, which some other server may have given. */
  static PprofProfile read(DebugSource source, byte[] bytes) {
    try {
      return PprofProfile.read(bytes);
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          source.name()
              + " answered with something that is no profile ("
              + CommandFailure.reason(e)
              + "): is a Selvage debug server there?");
    }
  }

  static String whyEmpty(String type) {
    return switch (type) {
      case "cpu" -> "the program did not compute meanwhile";
      case "block", "mutex" -> "nothing waited meanwhile, or nobody samples (--seconds 10 does)";
      case "goroutineleak" -> "nothing leaks";
      case "oldobjects" -> "no sampled object outlived a collection and stayed";
      default -> "there is nothing of the kind, or nothing happened meanwhile";
    };
  }
}
