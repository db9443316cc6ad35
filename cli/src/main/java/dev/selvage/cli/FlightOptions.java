package dev.selvage.cli;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a flight recorder is to do that is on from the beginning: the agent's options. */
final class FlightOptions {
  @Option(
      names = "--flight-recorder",
      paramLabel = "D",
      converter = Durations.class,
      description = "Keep a flight recorder on that holds the last time: 10s, 1m.")
  private @Nullable Duration keep;

  @Option(
      names = "--flight-bytes",
      paramLabel = "N",
      description = "In about so many bytes of events. Default: 10485760.")
  private @Nullable Long bytes;

  @Option(
      names = "--flight-dir",
      paramLabel = "DIR",
      description =
          "Write what it holds into this directory when a goroutine ends with an exception or a"
              + " leak is proven.")
  private @Nullable String directory;

  @Option(
      names = "--flight-on-slow",
      paramLabel = "D",
      converter = Durations.class,
      description = "Also when a task or region took longer than that.")
  private @Nullable Duration slow;

  @Option(
      names = "--flight-on-uncaught",
      arity = "1",
      paramLabel = "BOOLEAN",
      description = "false: not when a goroutine ends with an exception.")
  private @Nullable Boolean onUncaught;

  @Option(
      names = "--flight-on-leak",
      arity = "1",
      paramLabel = "BOOLEAN",
      description = "false: not when a leak is proven.")
  private @Nullable Boolean onLeak;

  @Option(
      names = "--flight-every",
      paramLabel = "D",
      converter = Durations.class,
      description = "So much time between two files at least. Default: 1m.")
  private @Nullable Duration every;

  @Option(
      names = "--flight-files",
      paramLabel = "N",
      description = "So many files at most. Default: 10.")
  private @Nullable Integer files;

  @Option(
      names = "--flight-format",
      paramLabel = "FORMAT",
      converter = TraceOptions.FormatName.class,
      completionCandidates = TraceOptions.FormatName.Names.class,
      description = "go, for go tool trace, or perfetto. Default: go.")
  private @Nullable String format;

  /** What is wrong with them; null where nothing is. */
  @Nullable String fault() {
    boolean writes =
        slow != null
            || onUncaught != null
            || onLeak != null
            || every != null
            || files != null
            || format != null;
    if (keep == null) {
      return writes || bytes != null || directory != null
          ? "the other options --flight-… need --flight-recorder D, say 10s"
          : null;
    }
    if (keep.isZero()) {
      return "--flight-recorder must be longer than 0s";
    }
    if (writes && directory == null) {
      return "what says when and how files are written needs --flight-dir DIR, where they go";
    }
    if (slow != null && slow.isZero()) {
      return "--flight-on-slow must be longer than 0s";
    }
    if (bytes != null && bytes < 1) {
      return "--flight-bytes " + bytes + ": use 1 or more";
    }
    if (files != null && files < 1) {
      return "--flight-files " + files + ": use 1 or more";
    }
    return null;
  }

  /** Passes on what was said. */
  void tell(AgentOptions agent) {
    set(agent, "flight-recorder", keep);
    set(agent, "flight-bytes", bytes);
    set(agent, "flight-dir", directory);
    set(agent, "flight-on-slow", slow);
    set(agent, "flight-on-uncaught", onUncaught);
    set(agent, "flight-on-leak", onLeak);
    set(agent, "flight-every", every);
    set(agent, "flight-files", files);
    set(agent, "flight-format", format);
  }

  private static void set(AgentOptions agent, String key, @Nullable Object value) {
    if (value != null) {
      agent.set(key, value);
    }
  }
}
