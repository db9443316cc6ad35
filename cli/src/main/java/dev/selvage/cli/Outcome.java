package dev.selvage.cli;

import dev.selvage.diagnostics.Report;
import org.jspecify.annotations.Nullable;

/** What a report means for the exit code, the same for every command that gets one. */
final class Outcome {
  private Outcome() {}

  /**
   * The exit code for a report. Findings that {@code --fail-on} asked for come before a proof that
   * is not complete: they are there, whatever else may be missing. Beside a baseline only those
   * count that are new or have grown.
   */
  static int of(
      Report report, @Nullable FailOn failOn, @Nullable Baseline baseline, Terminal terminal) {
    if (failOn != null
        && (baseline == null ? failOn.isIn(report) : baseline.exceeds(failOn, report))) {
      return ExitCode.FINDINGS;
    }
    if (!report.proof().complete()) {
      String why = report.proof().why();
      terminal.say(
          "the proof is not complete, leaks may be missing from the report"
              + (why == null ? "" : ": " + why));
      return ExitCode.INCOMPLETE;
    }
    return ExitCode.DONE;
  }
}
