package dev.selvage.cli;

import dev.selvage.diagnostics.Excuses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that say how what is found is judged. */
final class RuleOptions {
  @Option(
      names = "--excuse",
      paramLabel = "PATTERN=REASON",
      description =
          "What is on purpose, and why: a thread by its name, or all that has this frame or field;"
              + " * stands for any text. It stays in the report, as excused. May be repeated.")
  private List<String> excuses = new ArrayList<>();

  @Option(
      names = "--excuses",
      paramLabel = "FILE",
      description = "The same from a file, a rule in each line; # begins a remark.")
  private @Nullable String file;

  @Option(
      names = "--blocked-longer",
      paramLabel = "D",
      converter = Durations.class,
      description = "Suspect also threads that are known to be blocked for longer than this.")
  @Nullable Duration blockedLonger;

  /** Whether anything was said. */
  boolean any() {
    return !excuses.isEmpty() || file != null || blockedLonger != null;
  }

  /**
   * The excuses, checked; those of the command line come first.
   *
   * @throws ParameterException naming what is wrong
   */
  Excuses excuses(CommandLine commandLine) {
    try {
      if (blockedLonger != null && blockedLonger.isZero()) {
        throw new IllegalArgumentException("--blocked-longer must be longer than 0s");
      }
      Excuses given = Excuses.parse(String.join("\n", excuses));
      return file == null ? given : given.and(read(file));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(commandLine, String.valueOf(e.getMessage()));
    }
  }

  private static Excuses read(String file) {
    try {
      return Excuses.parse(Files.readString(Path.of(file)));
    } catch (IOException | InvalidPathException e) {
      throw new IllegalArgumentException(
          "--excuses: cannot read " + file + ": " + CommandFailure.reason(e), e);
    }
  }

  /** Tells the agent. */
  void tell(AgentOptions options, Excuses checked) {
    if (!checked.rules().isEmpty()) {
      List<String> lines = new ArrayList<>();
      checked.rules().forEach(rule -> lines.add(rule.pattern() + "=" + rule.reason()));
      options.set("excuse", String.join("\n", lines));
    }
    if (blockedLonger != null) {
      options.set("blocked-longer", blockedLonger);
    }
  }
}
