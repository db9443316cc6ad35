package dev.selvage.diagnostics;

import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.diagnostics.text.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Renders a report as JSON, schema {@code selvage.leaks/1}: fields may be added, never renamed. A
 * value that is not known is {@code null}. A pure function; the text is the same under every
 * locale, and pure ASCII wherever a program's own names do not need more.
 */
public final class ReportJson {
  private ReportJson() {}

  /** The report as one JSON object (RFC 8259) on one line, ending in a line break. */
  public static String render(Report report) {
    Map<String, @Nullable Object> root = new LinkedHashMap<>();
    root.put("schema", "selvage.leaks/1");
    root.put("capturedAt", report.capturedAt().toString());
    root.put("vm", vm(report.vm()));
    root.put("capabilities", capabilities(report.capabilities()));
    root.put("goroutines", goroutines(report.goroutines()));
    root.put("proof", proof(report.proof()));
    root.put("findings", report.findings().stream().map(ReportJson::finding).toList());
    root.put("notes", report.notes());
    return Json.text(root);
  }

  /**
   * What stands in the place of a report when there is none, schema {@code selvage.error/1}.
   *
   * @param sentence what went wrong and what to do
   */
  public static String error(String sentence) {
    Map<String, @Nullable Object> root = new LinkedHashMap<>();
    root.put("schema", "selvage.error/1");
    root.put("error", sentence);
    return Json.text(root);
  }

  private static Map<String, @Nullable Object> vm(Report.Vm vm) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("pid", vm.pid() == 0 ? null : vm.pid());
    json.put("java", vm.java());
    json.put("collector", vm.collector());
    return json;
  }

  private static Map<String, @Nullable Object> capabilities(Report.Capabilities capabilities) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("scheduler", capabilities.scheduler());
    json.put("proof", capabilities.proof());
    json.put(
        "missing",
        capabilities.missing().stream()
            .map(
                m -> {
                  Map<String, @Nullable Object> missing = new LinkedHashMap<>();
                  missing.put("open", m.open());
                  missing.put("costs", m.costs());
                  return missing;
                })
            .toList());
    return json;
  }

  private static Map<String, @Nullable Object> goroutines(Report.Goroutines goroutines) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("total", goroutines.total());
    json.put("blocked", goroutines.blocked());
    json.put("unprovable", goroutines.unprovable());
    json.put("excused", goroutines.excused());
    json.put("canBeWoken", known(goroutines.canBeWoken()));
    json.put("timed", known(goroutines.timed()));
    json.put("io", known(goroutines.io()));
    return json;
  }

  /** How the proof went, as in the report. */
  public static Map<String, @Nullable Object> proof(Report.Proof proof) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("mode", proof.mode());
    json.put("rounds", proof.rounds());
    json.put("pauseMillis", proof.isOfDump() ? null : proof.pauseMillis());
    json.put("totalMillis", proof.totalMillis());
    json.put("complete", proof.complete());
    json.put("canary", proof.isOfDump() ? null : proof.canary()); // null: not applicable
    json.put("refuted", proof.refuted());
    json.put("why", proof.why());
    return json;
  }

  /** One finding as in the report. */
  public static Map<String, @Nullable Object> finding(Finding finding) {
    Details d = finding.details();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("verdict", finding.verdict());
    json.put("state", d.state().text());
    json.put("kind", d.kind());
    json.put("count", d.count());
    json.put("site", d.site());
    json.put("entry", d.entry());
    json.put("seenSeconds", known(d.seenSeconds()));
    json.put("retainedBytes", known(d.retainedBytes()));
    json.put("names", d.names());
    json.put("stack", d.stack().stream().map(Frames::text).toList());
    json.put("fingerprint", d.fingerprint());
    json.put("except", d.except());
    json.put("evidence", d.evidence());
    json.put("because", d.because());
    json.put("try", d.suggestion());
    Scenario scenario = Scenario.of(finding);
    json.put("scenario", scenario == null ? null : scenario.number());
    json.put("page", scenario == null ? null : scenario.page());
    return json;
  }

  private static @Nullable Integer known(int count) {
    return count < 0 ? null : count;
  }

  private static @Nullable Long known(OptionalLong value) {
    return value.isPresent() ? value.getAsLong() : null;
  }
}
