package dev.selvage.cli;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;

/** Which findings make a command end with {@link ExitCode#FINDINGS}. */
enum FailOn {
  /** Those that are certain: proven threads, and cycles of threads that wait for each other. */
  PROVEN,
  /** Suspicions too. */
  ANY;

  /** Whether the report has an open finding of this kind. */
  boolean isIn(Report report) {
    return report.findings().stream()
        .filter(finding -> finding.details().state() == Finding.State.OPEN)
        .anyMatch(finding -> this == ANY || !(finding instanceof Finding.Suspected));
  }
}
