package dev.selvage.cli;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Takes an execution trace of a running program, as a file. */
@Command(
    name = "trace",
    description = "Takes an execution trace of a running program.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "It needs Selvage's scheduler in the program; where goroutines run on that of the",
      "JDK it says so. Examples:",
      "  selvage trace 4711 --seconds 5",
      "  selvage trace http://localhost:6060 --format perfetto -o trace.json"
    })
final class TraceCommand implements Callable<Integer> {
  private static final int MOST_SECONDS = 600;

  private final Targets targets;
  private final Terminal terminal;

  @Mixin private TargetArgument target = new TargetArgument();

  @Mixin private TraceOptions options = new TraceOptions();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "For how long, 1 to 600. Default: 5.")
  private int seconds = 5;

  @Option(
      names = "--safepoints",
      description =
          "Also when the JVM stops all threads for something other than a collection. It starts the"
              + " JVM's own flight recorder for that.")
  private boolean safepoints;

  TraceCommand(Targets targets, Terminal terminal) {
    this.targets = targets;
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (seconds < 1 || seconds > MOST_SECONDS) {
      throw target.usage("--seconds " + seconds + ": use 1 to " + MOST_SECONDS);
    }
    @Nullable OutputFile named = options.named();
    try (DebugSource source = targets.open(target.spec, target.name)) {
      OutputFile file = options.file(named, "trace", source);
      terminal.say("recording for " + seconds + "s");
      String page =
          DebugAddress.PAGE
              + "trace?seconds="
              + seconds
              + (safepoints ? "&safepoints=1" : "")
              + (options.isGo() ? "" : "&format=" + options.format);
      try (InputStream in =
          source.open(page, DebugSource.PATIENCE.plus(Duration.ofSeconds(seconds)))) {
        options.write(in, file, source, terminal);
      } catch (IOException e) {
        throw DebugSource.cut(source, e);
      }
    }
    return ExitCode.DONE;
  }
}
