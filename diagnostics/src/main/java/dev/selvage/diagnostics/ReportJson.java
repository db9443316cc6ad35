package dev.selvage.diagnostics;

/** Renders a report as JSON, schema {@code selvage.leaks/1}: fields may be added, never renamed. */
public final class ReportJson {
  private ReportJson() {}

  /** The report as one JSON object (RFC 8259), ending in a line break. */
  public static String render(Report report) {
    return report.toString();
  }
}
