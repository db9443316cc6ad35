package dev.selvage.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What two reports differ in, finding by finding. Open findings count, and no others. */
final class ReportDiff {
  /** How a finding has changed; in the order in which they are shown. */
  private enum Change {
    NEW,
    GROWN,
    FEWER,
    GONE,
    SAME;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A finding in both.
   *
   * @param finding as it is in the later report where it is there
   */
  private record Row(Change change, Finding finding, long before, long after) {}

  private final List<Row> rows;

  private ReportDiff(List<Row> rows) {
    this.rows = rows;
  }

  /** Compares. */
  static ReportDiff of(Report before, Report after) {
    return of(before.findings(), after.findings());
  }

  /** Compares findings of two reports. */
  static ReportDiff of(List<Finding> before, List<Finding> after) {
    Map<String, Long> then = counts(before);
    Map<String, Long> now = counts(after);
    Map<String, Finding> findings = new LinkedHashMap<>();
    open(after).forEach(f -> findings.putIfAbsent(f.details().fingerprint(), f));
    open(before).forEach(f -> findings.putIfAbsent(f.details().fingerprint(), f));
    List<Row> rows = new ArrayList<>();
    findings.forEach(
        (fingerprint, finding) -> {
          @Nullable Long a = then.get(fingerprint);
          @Nullable Long b = now.get(fingerprint);
          Change change;
          if (a == null) {
            change = Change.NEW;
          } else if (b == null) {
            change = Change.GONE;
          } else {
            int more = Long.compare(b, a);
            change = more > 0 ? Change.GROWN : more < 0 ? Change.FEWER : Change.SAME;
          }
          rows.add(
              new Row(
                  change,
                  finding,
                  Objects.requireNonNullElse(a, 0L),
                  Objects.requireNonNullElse(b, 0L)));
        });
    rows.sort(java.util.Comparator.comparing(Row::change)); // stable: else as in the reports
    return new ReportDiff(rows);
  }

  private static List<Finding> open(List<Finding> findings) {
    return findings.stream()
        .filter(finding -> finding.details().state() == Finding.State.OPEN)
        .toList();
  }

  private static Map<String, Long> counts(List<Finding> findings) {
    Map<String, Long> counts = new LinkedHashMap<>();
    open(findings)
        .forEach(
            f -> counts.merge(f.details().fingerprint(), (long) f.details().count(), Long::sum));
    return counts;
  }

  /** Whether the later report has a finding that the earlier has not. */
  boolean hasNew() {
    return count(Change.NEW) > 0;
  }

  /** Whether there is more in the later report of a finding that is in both. */
  boolean hasGrown() {
    return count(Change.GROWN) > 0;
  }

  private long count(Change change) {
    return rows.stream().filter(row -> row.change() == change).count();
  }

  /** A line for each that is not the same, and a last one with the sums. */
  String text() {
    List<List<String>> cells = new ArrayList<>();
    for (Row row : rows) {
      if (row.change() == Change.SAME) {
        continue;
      }
      Finding.Details details = row.finding().details();
      String site = details.site();
      cells.add(
          List.of(
              row.change().word(),
              row.change() == Change.NEW
                  ? "x" + row.after()
                  : row.change() == Change.GONE
                      ? "x" + row.before()
                      : "x" + row.before() + " to x" + row.after(),
              row.finding().verdict(),
              Amounts.harmless(details.kind()),
              Amounts.harmless(site == null ? "-" : site)));
    }
    return (cells.isEmpty() ? "" : Table.render(cells, 0)) + sums() + System.lineSeparator();
  }

  /** How many there are of each. */
  String sums() {
    var out = new StringBuilder();
    String separator = "";
    for (Change change : Change.values()) {
      out.append(separator).append(count(change)).append(' ').append(change.word());
      separator = ", ";
    }
    return out.toString();
  }

  /** {@code selvage.diff/1}: a list for each kind of change. */
  String json() {
    return tree() + System.lineSeparator();
  }

  /** The same, for a document that it is part of. */
  ObjectNode tree() {
    ObjectNode root = new JsonMapper().createObjectNode().put("schema", "selvage.diff/1");
    for (Change change : Change.values()) {
      var list = root.putArray(change.word());
      for (Row row : rows) {
        if (row.change() == change) {
          Finding.Details details = row.finding().details();
          list.addObject()
              .put("fingerprint", details.fingerprint())
              .put("verdict", row.finding().verdict())
              .put("kind", details.kind())
              .put("site", details.site())
              .put("before", row.before())
              .put("after", row.after());
        }
      }
    }
    return root;
  }
}
