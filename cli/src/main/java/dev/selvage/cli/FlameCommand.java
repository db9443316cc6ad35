package dev.selvage.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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

  @Mixin private FileOrTarget target = new FileOrTarget();

  @Mixin private ProfileOptions options = new ProfileOptions();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The page. Default: selvage-TYPE-PID.html here, or FILE.html.")
  private @Nullable String output;

  @Option(
      names = "--json",
      description = "Print the tree as JSON (selvage.flame/1), and draw no page.")
  private boolean json;

  FlameCommand(Targets targets, Terminal terminal) {
    this.targets = targets;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    String fault = json && output != null ? "--json and -o exclude each other" : options.fault();
    if (fault != null) {
      throw target.usage(fault);
    }
    OutputFile named = output == null ? null : OutputFile.of("-o", output);
    String profile = target.file();
    if (profile != null) {
      if (target.given("--type") || target.given("--seconds")) {
        throw target.usage(
            "--type and --seconds are for a process id or an address: a file is as it is");
      }
      PprofProfile read = options.select(target.read(profile));
      give(read, profile, profile, named, profile + ".html");
      return ExitCode.DONE;
    }
    try (DebugSource source = targets.open(target.spec, target.name)) {
      String usual = "selvage-" + options.type + "-" + source.shortName() + ".html";
      if (named == null && !json) {
        named = OutputFile.of("-o", usual); // it can be written, before the profile is taken
      }
      byte[] bytes = options.take(source, terminal);
      PprofProfile read = options.select(ProfileCommand.read(source, bytes));
      give(read, options.type, options.type + " of " + source.name(), named, usual);
    }
    return ExitCode.DONE;
  }

  private void give(
      PprofProfile profile, String name, String title, @Nullable OutputFile named, String usual) {
    if (json) {
      terminal.out().print(FlameGraph.json(profile, name));
      terminal.out().flush();
    } else {
      OutputFile file = named == null ? OutputFile.of("-o", usual) : named;
      file.write(FlameGraph.html(profile, title));
      terminal.say("the flame graph is in " + file + "; any browser opens it");
    }
    if (profile.samples().isEmpty()) {
      terminal.say("the profile is empty: " + ProfileCommand.whyEmpty(options.type));
    }
  }
}
