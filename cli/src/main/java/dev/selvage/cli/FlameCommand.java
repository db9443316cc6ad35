package dev.selvage.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Draws a flame graph of a running program, or of a profile that is there. */
@Command(
    name = "flame",
    description = "Draws a flame graph as one HTML page that needs no network.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "Any browser opens the page. Examples:",
      "  selvage flame 4711 --seconds 30",
      "  selvage flame http://localhost:6060 --type wall -o wall.html",
      "  selvage flame heap.pb.gz --sample-index inuse_space"
    })
final class FlameCommand implements Callable<Integer> {
  private final Targets targets;
  private final Terminal terminal;

  @Spec
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "PID|URL|FILE",
      description = "A process id, a debug server's address, or a profile of pprof's.")
  private @Nullable String target;

  @Mixin private ProfileOptions options = new ProfileOptions();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The page. Default: selvage-TYPE-PID.html here, or FILE.html.")
  private @Nullable String output;

  FlameCommand(Targets targets, Terminal terminal) {
    this.targets = targets;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    String fault = options.fault();
    if (fault != null) {
      throw usage(fault);
    }
    OutputFile named = output == null ? null : OutputFile.of("-o", output);
    if (target != null && !target.matches("-?\\d+") && !target.matches("https?:.*")) {
      draw(file(target), target, named != null ? named : OutputFile.of("-o", target + ".html"));
      return ExitCode.DONE;
    }
    try (DebugSource source = targets.open(spec, target)) {
      OutputFile file =
          named != null
              ? named
              : OutputFile.of("-o", "selvage-" + options.type + "-" + source.shortName() + ".html");
      byte[] bytes = options.take(source, terminal);
      draw(ProfileCommand.read(source, bytes), options.type + " of " + source.name(), file);
    }
    return ExitCode.DONE;
  }

  private PprofProfile file(String name) {
    if (given("--type") || given("--seconds")) {
      throw usage("--type and --seconds are for a process id or an address: a file is as it is");
    }
    try {
      return PprofProfile.read(Files.readAllBytes(Path.of(name)));
    } catch (java.nio.file.NoSuchFileException | java.nio.file.InvalidPathException _) {
      throw usage(
          "'"
              + name
              + "' is neither a process id (selvage ps lists them) nor an address like"
              + " http://localhost:6060, and there is no such file");
    } catch (java.nio.file.FileSystemException e) {
      throw new CommandFailure(
          ExitCode.USAGE, "cannot read " + name + ": " + CommandFailure.reason(e));
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.USAGE, name + " is no profile of pprof's: " + CommandFailure.reason(e));
    }
  }

  private boolean given(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private void draw(PprofProfile profile, String title, OutputFile file) {
    PprofProfile selected = options.select(profile);
    file.write(FlameGraph.html(selected, title));
    terminal.say("the flame graph is in " + file + "; any browser opens it");
    if (selected.samples().isEmpty()) {
      terminal.say("the profile is empty: " + ProfileCommand.whyEmpty(options.type));
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
