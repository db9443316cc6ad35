package dev.selvage.diagnostics;

/** Renders a report for a person who reads it at three in the morning. */
public final class ReportText {
  private ReportText() {}

  /** The report as text, ending in a line break; with ANSI colours if {@code color}. */
  public static String render(Report report, boolean color) {
    return report.toString();
  }
}
