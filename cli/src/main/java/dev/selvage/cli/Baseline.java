package dev.selvage.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.selvage.diagnostics.Report;
import picocli.CommandLine;

/**
 * A report from before, which a new one is compared with: what was accepted then is no reason to
 * fail now, unless there is more of it.
 */
final class Baseline {
  private final String name;
  private final Report report;

  private Baseline(String name, Report report) {
    this.name = name;
    this.report = report;
  }

  /**
   * The report in that file.
   *
   * @throws CommandLine.ParameterException when there is none
   */
  static Baseline read(CommandLine commandLine, String name) {
    return new Baseline(name, ReportFile.read(commandLine, name));
  }

  /** What has become of it. */
  ReportDiff diff(Report now) {
    return ReportDiff.of(report, now);
  }

  /**
   * Whether there is a finding of the kind that was not there before, or of which there is more
   * now. Only findings of the kind are compared: a suspicion of then that is proven now is new
   * among the proven.
   */
  boolean exceeds(FailOn kind, Report now) {
    ReportDiff diff = ReportDiff.of(kind.in(report), kind.in(now));
    return diff.hasNew() || diff.hasGrown();
  }

  /** For a person: what has changed, below the report. */
  String text(Report now) {
    return "Compared with "
        + Amounts.harmless(name)
        + ":"
        + System.lineSeparator()
        + diff(now).text();
  }

  /** For a person who is shown no report: how many findings have changed. */
  String sums(Report now) {
    return "compared with " + name + ": " + diff(now).sums();
  }

  /** The report with one field more, {@code baseline}: a {@code selvage.diff/1}. */
  String json(String report, Report now) {
    try {
      if (new JsonMapper().readTree(report) instanceof ObjectNode root) {
        root.set("baseline", diff(now).tree());
        return root + "\n";
      }
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("has been read before", e);
    }
    throw new IllegalStateException("has been read as an object before");
  }

  /** Says what a reader must know to judge the comparison. */
  void caution(Terminal terminal) {
    if (!report.proof().complete()) {
      terminal.say("the proof in " + name + " is not complete: what is new may not be new");
    }
  }
}
