package dev.selvage.cli;

import dev.selvage.diagnostics.Frames;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Goroutines counted by state and place, and what has changed since the last time. */
final class Places {
  private record Place(String state, String at) {}

  private Map<Place, Long> last = Map.of();

  private boolean first = true;

  /**
   * The table for a goroutine profile, and what changed since the one before.
   *
   * @param title begins the first line
   * @param rows how many places at most
   */
  String next(PprofProfile profile, String title, int rows) {
    Map<Place, Long> counts = new HashMap<>();
    Map<String, Long> states = new HashMap<>();
    for (PprofProfile.Sample sample : profile.samples()) {
      long count = sample.values().get(profile.shown());
      String state = sample.labels().getOrDefault("state", "waiting");
      String wait = sample.labels().getOrDefault("wait", state);
      states.merge(state, count, Long::sum);
      counts.merge(
          new Place(state.equals("leaked") ? wait + " (leaked)" : wait, place(sample)),
          count,
          Long::sum);
    }
    List<Map.Entry<Place, Long>> sorted = new ArrayList<>(counts.entrySet());
    sorted.sort(
        Comparator.comparingLong((Map.Entry<Place, Long> e) -> -e.getValue())
            .thenComparing(e -> e.getKey().at())
            .thenComparing(e -> e.getKey().state()));
    List<List<String>> cells = new ArrayList<>();
    cells.add(List.of("COUNT", "CHANGE", "STATE", "PLACE"));
    int shown = Math.min(rows, sorted.size());
    for (Map.Entry<Place, Long> entry : sorted.subList(0, shown)) {
      Place place = entry.getKey();
      long change = entry.getValue() - last.getOrDefault(place, 0L);
      cells.add(
          List.of(
              number(entry.getValue()),
              first || change == 0 ? "" : String.format(Locale.ROOT, "%+,d", change),
              Amounts.harmless(place.state()),
              Amounts.harmless(place.at())));
    }
    last = counts;
    first = false;
    var out = new StringBuilder(title);
    out.append("  ").append(number(profile.total())).append(" goroutines: ");
    out.append(number(states.getOrDefault("runnable", 0L))).append(" run or can run, ");
    out.append(number(states.getOrDefault("waiting", 0L))).append(" wait, ");
    out.append(number(states.getOrDefault("leaked", 0L))).append(" proven to leak");
    out.append(System.lineSeparator());
    out.append(Table.render(cells, 2));
    if (sorted.size() > shown) {
      out.append("and ").append(number(sorted.size() - shown)).append(" places more (--rows)");
      out.append(System.lineSeparator());
    }
    return out.toString();
  }

  private static String number(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** The first frame of the program, or the top one where there is none. */
  private static String place(PprofProfile.Sample sample) {
    if (sample.stack().isEmpty()) {
      return "-";
    }
    PprofProfile.Frame at =
        sample.stack().stream()
            .filter(f -> !Frames.isJdk(f.function()) && !Frames.isSelvage(f.function()))
            .findFirst()
            .orElse(sample.stack().getFirst());
    String file = at.file().substring(at.file().lastIndexOf('/') + 1);
    return at.function()
        + (file.isEmpty() || file.equals("?")
            ? ""
            : "(" + file + (at.line() > 0 ? ":" + at.line() : "") + ")");
  }
}
