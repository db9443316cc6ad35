package dev.selvage.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.diagnostics.Report;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Reads back what {@link dev.selvage.diagnostics.ReportJson} wrote, here or in another process. A
 * field that is not there is taken as not known, and one that is not known here is skipped: the
 * writer may be older or newer.
 */
final class ReportReader {
  private static final JsonMapper JSON = new JsonMapper();

  private ReportReader() {}

  /**
   * The report.
   *
   * @throws CommandFailure with {@link ExitCode#INCOMPLETE} when the text is an error that the
   *     agent reports, or no report that this version can read
   */
  static Report read(String json) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE, "the report is not JSON: " + e.getOriginalMessage());
    }
    String schema = root.path("schema").asText();
    if (schema.equals("selvage.error/1")) {
      throw new CommandFailure(ExitCode.INCOMPLETE, root.path("error").asText());
    }
    if (!schema.equals("selvage.leaks/1")) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE,
          "the answer is no report that this version of selvage can read (schema '"
              + schema
              + "'): use the selvage that the program runs with");
    }
    try {
      return report(root);
    } catch (DateTimeException | IllegalArgumentException e) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE, "the report cannot be understood: " + e.getMessage());
    }
  }

  private static Report report(JsonNode root) {
    JsonNode vm = root.path("vm");
    JsonNode capabilities = root.path("capabilities");
    JsonNode goroutines = root.path("goroutines");
    JsonNode proof = root.path("proof");
    Map<String, Integer> unprovable = new LinkedHashMap<>();
    goroutines.path("unprovable").forEachEntry((why, n) -> unprovable.put(why, n.asInt()));
    List<Report.Missing> missing = new ArrayList<>();
    for (JsonNode m : capabilities.path("missing")) {
      missing.add(new Report.Missing(m.path("open").asText(), m.path("costs").asText()));
    }
    List<Finding> findings = new ArrayList<>();
    for (JsonNode f : root.path("findings")) {
      findings.add(finding(f));
    }
    return new Report(
        Instant.parse(root.path("capturedAt").asText()),
        new Report.Vm(
            vm.path("pid").asLong(), vm.path("java").asText(), vm.path("collector").asText()),
        new Report.Capabilities(
            capabilities.path("scheduler").asText("jdk"),
            strings(capabilities.path("proof")),
            missing),
        new Report.Goroutines(
            goroutines.path("total").asInt(),
            goroutines.path("blocked").asInt(),
            unprovable,
            goroutines.path("excused").asInt(),
            goroutines.path("canBeWoken").asInt(-1),
            goroutines.path("timed").asInt(-1),
            goroutines.path("io").asInt(-1)),
        new Report.Proof(
            proof.path("mode").asText("none"),
            proof.path("rounds").asInt(),
            proof.path("pauseMillis").asDouble(),
            proof.path("totalMillis").asDouble(),
            proof.path("complete").asBoolean(),
            proof.path("canary").asBoolean(),
            proof.path("refuted").asLong(),
            text(proof.path("why"))),
        findings,
        strings(root.path("notes")));
  }

  private static Finding finding(JsonNode f) {
    List<StackTraceElement> stack = new ArrayList<>();
    for (JsonNode frame : f.path("stack")) {
      stack.add(frame(frame.asText()));
    }
    Map<String, Object> evidence = new LinkedHashMap<>();
    f.path("evidence").forEachEntry((what, value) -> evidence.put(what, value(value)));
    var details =
        new Details(
            Finding.State.valueOf(f.path("state").asText("open").toUpperCase(Locale.ROOT)),
            f.path("kind").asText(),
            f.path("count").asInt(1),
            text(f.path("site")),
            text(f.path("entry")),
            number(f.path("seenSeconds")),
            number(f.path("retainedBytes")),
            strings(f.path("names")),
            stack,
            f.path("fingerprint").asText(),
            text(f.path("except")),
            evidence,
            f.path("because").asText(),
            f.path("try").asText());
    String verdict = f.path("verdict").asText();
    return switch (verdict) {
      case "proven" -> new Finding.Proven(details);
      case "deadlocked" -> new Finding.Deadlocked(details);
      case "suspected" -> new Finding.Suspected(details);
      default -> throw new IllegalArgumentException("a finding with the verdict '" + verdict + "'");
    };
  }

  /** The frame that {@code com.acme.Order.quote(Order.java:57)} stands for. */
  static StackTraceElement frame(String text) {
    int open = text.lastIndexOf('(');
    int dot = text.lastIndexOf('.', open);
    if (open < 0 || dot < 0 || !text.endsWith(")")) {
      throw new IllegalArgumentException("'" + text + "' is not a stack frame");
    }
    String type = text.substring(text.lastIndexOf('/', dot) + 1, dot);
    String method = text.substring(dot + 1, open);
    String place = text.substring(open + 1, text.length() - 1);
    if (place.equals("Native Method")) {
      return new StackTraceElement(type, method, null, -2);
    }
    if (place.equals("Unknown Source")) {
      return new StackTraceElement(type, method, null, -1);
    }
    int colon = place.lastIndexOf(':');
    return colon < 0
        ? new StackTraceElement(type, method, place, -1)
        : new StackTraceElement(
            type, method, place.substring(0, colon), Integer.parseInt(place.substring(colon + 1)));
  }

  private static Object value(JsonNode value) {
    if (value.isArray()) {
      return strings(value);
    }
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    return value.isNumber() ? value.numberValue() : value.asText();
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(s -> strings.add(s.asText()));
    return strings;
  }

  private static @Nullable String text(JsonNode value) {
    return value.isTextual() ? value.textValue() : null;
  }

  private static OptionalLong number(JsonNode value) {
    return value.isNumber() ? OptionalLong.of(value.longValue()) : OptionalLong.empty();
  }
}
