package dev.selvage.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** What every command that gets a report can do with it. */
final class ReportOptions {
  /** What {@code --json} without a file stands for. */
  private static final String STANDARD_OUTPUT = "-";

  @Option(
      names = "--json",
      arity = "0..1",
      fallbackValue = STANDARD_OUTPUT,
      paramLabel = "FILE",
      description = "Write the report as JSON to this file (-: standard output), and no text.")
  @Nullable String json;

  @Option(
      names = "--fail-on",
      paramLabel = "KIND",
      converter = FailOn.ByName.class,
      description =
          "End with 1 when the newest report has findings: proven (threads that are proven or in"
              + " a deadlock) or any (suspicions too).")
  @Nullable FailOn failOn;

  @Option(
      names = "--baseline",
      paramLabel = "FILE",
      description =
          "Compare with this report from before (of --json): say what is new, has grown, is gone;"
              + " --fail-on then looks at what is new or has grown only.")
  @Nullable String baseline;

  /**
   * The report to compare with; null where none was named. To be read before anything is done to a
   * program, and before the file of {@code --json} is written, which may be the same.
   */
  @Nullable Baseline baseline(CommandLine commandLine) {
    return baseline == null ? null : Baseline.read(commandLine, baseline);
  }

  /** Whether the report is to be printed as JSON. */
  boolean printsJson() {
    return STANDARD_OUTPUT.equals(json);
  }

  /** The file for the JSON, which can be written; null where none was named. */
  @Nullable OutputFile file() {
    return json == null || printsJson() ? null : OutputFile.of("--json", json);
  }
}
