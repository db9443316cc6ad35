package dev.selvage.cli;

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
  private HotSpots() {}

  private static final class Row {
    long flat;
    long cum;
  }

  /**
   * The table.
   *
   * @param rows how many functions at most
   */
  static String table(PprofProfile profile, int rows) {
    Map<String, Row> functions = new HashMap<>();
    for (PprofProfile.Sample sample : profile.samples()) {
      long value = sample.values().get(profile.shown());
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < sample.stack().size(); i++) {
        String name = sample.stack().get(i).function();
        Row row = functions.computeIfAbsent(name, _ -> new Row());
        if (i == 0) {
          row.flat += value;
        }
        if (seen.add(name)) { // once, however often it calls itself
          row.cum += value;
        }
      }
    }
    List<Map.Entry<String, Row>> sorted = new ArrayList<>(functions.entrySet());
    sorted.sort(
        Comparator.comparingLong((Map.Entry<String, Row> e) -> -Math.abs(e.getValue().flat))
            .thenComparingLong(e -> -Math.abs(e.getValue().cum))
            .thenComparing(Map.Entry::getKey));
    long total = profile.total();
    String unit = profile.type().unit();
    var out = new StringBuilder();
    out.append("Type: ").append(Amounts.harmless(profile.type().name()));
    if (profile.durationNanos() > 0) {
      out.append(", in ").append(Amounts.text(profile.durationNanos(), "nanoseconds"));
    }
    out.append(", total ").append(Amounts.text(total, unit));
    int shown = Math.min(rows, sorted.size());
    out.append(String.format(Locale.ROOT, ", %d of %d functions%n", shown, sorted.size()));
    List<List<String>> cells = new ArrayList<>();
    cells.add(List.of("FLAT", "FLAT%", "SUM%", "CUM", "CUM%", "FUNCTION"));
    long sum = 0;
    for (Map.Entry<String, Row> entry : sorted.subList(0, shown)) {
      Row row = entry.getValue();
      sum += row.flat;
      cells.add(
          List.of(
              Amounts.text(row.flat, unit),
              Amounts.percent(row.flat, total),
              Amounts.percent(sum, total),
              Amounts.text(row.cum, unit),
              Amounts.percent(row.cum, total),
              Amounts.harmless(entry.getKey())));
    }
    return out.append(Table.render(cells, 5)).toString();
  }
}
