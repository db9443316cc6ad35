package dev.selvage.cli;

import org.jspecify.annotations.Nullable;
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

  /** Whether the report is to be printed as JSON. */
  boolean printsJson() {
    return STANDARD_OUTPUT.equals(json);
  }

  /** The file for the JSON, which can be written; null where none was named. */
  @Nullable OutputFile file() {
    return json == null || printsJson() ? null : OutputFile.of("--json", json);
  }
}
