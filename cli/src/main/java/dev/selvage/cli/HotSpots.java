package dev.selvage.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The functions of a profile, the hottest first, as {@code go tool pprof -top} lists them. */
final class HotSpots {
  private static final JsonMapper JSON = new JsonMapper();

  private HotSpots() {}

  private static final class Row {
    final String function;

    /** What it spent itself. */
    long flat;

    /** With all that it called. */
    long cum;

    Row(String function) {
      this.function = function;
    }
  }

  private static List<Row> rows(PprofProfile profile) {
    Map<String, Row> functions = new HashMap<>();
    for (PprofProfile.Sample sample : profile.samples()) {
      long value = sample.values().get(profile.shown());
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < sample.stack().size(); i++) {
        String name = sample.stack().get(i).function();
        Row row = functions.computeIfAbsent(name, Row::new);
        if (i == 0) {
          row.flat += value;
        }
        if (seen.add(name)) { // once, however often it calls itself
          row.cum += value;
        }
      }
    }
    List<Row> sorted = new ArrayList<>(functions.values());
    sorted.sort(
        Comparator.comparingLong((Row row) -> -Math.abs(row.flat))
            .thenComparingLong(row -> -Math.abs(row.cum))
            .thenComparing(row -> row.function));
    return sorted;
  }

  /**
   * The table.
   *
   * @param most how many functions at most
   */
  static String table(PprofProfile profile, int most) {
    List<Row> rows = rows(profile);
    long total = profile.total();
    String unit = profile.type().unit();
    var out = new StringBuilder();
    out.append("Type: ").append(Amounts.harmless(profile.type().name()));
    if (profile.durationNanos() > 0) {
      out.append(", in ").append(Amounts.text(profile.durationNanos(), "nanoseconds"));
    }
    out.append(", total ").append(Amounts.text(total, unit));
    int shown = Math.min(most, rows.size());
    out.append(String.format(Locale.ROOT, ", %d of %d functions%n", shown, rows.size()));
    List<List<String>> cells = new ArrayList<>();
    cells.add(List.of("FLAT", "FLAT%", "SUM%", "CUM", "CUM%", "FUNCTION"));
    long sum = 0;
    for (Row row : rows.subList(0, shown)) {
      sum += row.flat;
      cells.add(
          List.of(
              Amounts.text(row.flat, unit),
              Amounts.percent(row.flat, total),
              Amounts.percent(sum, total),
              Amounts.text(row.cum, unit),
              Amounts.percent(row.cum, total),
              Amounts.harmless(row.function)));
    }
    return out.append(Table.render(cells, 5)).toString();
  }

  /**
   * The same as one line of JSON, schema {@code selvage.profile/1}.
   *
   * @param source where it is from
   * @param most how many functions at most
   */
  static String json(PprofProfile profile, String source, int most) {
    List<Row> rows = rows(profile);
    ObjectNode root = JSON.createObjectNode().put("schema", "selvage.profile/1");
    root.put("source", source).put("type", profile.type().name());
    root.put("unit", profile.type().unit()).put("nanos", profile.durationNanos());
    root.put("total", profile.total());
    var functions = root.putArray("functions");
    int shown = Math.min(most, rows.size());
    for (Row row : rows.subList(0, shown)) {
      functions.addObject().put("function", row.function).put("flat", row.flat).put("cum", row.cum);
    }
    root.put("more", rows.size() - shown);
    return root + System.lineSeparator();
  }
}
