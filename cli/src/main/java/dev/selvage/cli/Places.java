package dev.selvage.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.selvage.diagnostics.Frames;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Goroutines counted by state and place, and what has changed since the last time. */
final class Places {
  private static final JsonMapper JSON = new JsonMapper();

  private record Place(String state, String at, boolean leaked) {}

  /**
   * A place, and how many are there.
   *
   * @param change since the last time; null where there was none
   */
  private record Row(Place place, long count, @Nullable Long change) {}

  /** What one goroutine profile tells, the places with most of them first. */
  static final class Look {
    private final long total;
    private final Map<String, Long> states;
    private final List<Row> rows;

    private Look(long total, Map<String, Long> states, List<Row> rows) {
      this.total = total;
      this.states = states;
      this.rows = rows;
    }

    private long in(String state) {
      return states.getOrDefault(state, 0L);
    }

    private List<Row> first(int most) {
      return rows.subList(0, Math.min(most, rows.size()));
    }

    /**
     * As a table.
     *
     * @param title begins the first line
     * @param most how many places at most
     */
    String text(String title, int most) {
      List<List<String>> cells = new ArrayList<>();
      cells.add(List.of("COUNT", "CHANGE", "STATE", "PLACE"));
      for (Row row : first(most)) {
        Long change = row.change();
        Place place = row.place();
        cells.add(
            List.of(
                number(row.count()),
                change == null || change == 0 ? "" : String.format(Locale.ROOT, "%+,d", change),
                Amounts.harmless(place.leaked() ? place.state() + " (leaked)" : place.state()),
                Amounts.harmless(place.at())));
      }
      var out = new StringBuilder(title);
      out.append("  ").append(number(total)).append(" goroutines: ");
      out.append(number(in("runnable"))).append(" run or can run, ");
      out.append(number(in("waiting"))).append(" wait, ");
      out.append(number(in("leaked"))).append(" proven to leak");
      out.append(System.lineSeparator());
      out.append(Table.render(cells, 2));
      if (rows.size() > most) {
        out.append("and ").append(number(rows.size() - most)).append(" places more (--rows)");
        out.append(System.lineSeparator());
      }
      return out.toString();
    }

    /**
     * As one line of JSON, schema {@code selvage.top/1}.
     *
     * @param source where it is from
     * @param at when it was asked for; null where that is not known, as of a file
     * @param most how many places at most
     */
    String json(String source, @Nullable Instant at, int most) {
      ObjectNode root = JSON.createObjectNode().put("schema", "selvage.top/1");
      root.put("source", source).put("at", at == null ? null : at.toString());
      root.put("goroutines", total).put("runnable", in("runnable"));
      root.put("waiting", in("waiting")).put("leaked", in("leaked"));
      var places = root.putArray("places");
      for (Row row : first(most)) {
        places
            .addObject()
            .put("count", row.count())
            .put("change", row.change())
            .put("state", row.place().state())
            .put("leaked", row.place().leaked())
            .put("place", row.place().at());
      }
      root.put("more", Math.max(0, rows.size() - most));
      return root + System.lineSeparator();
    }
  }

  private @Nullable Map<Place, Long> last;

  /** What a goroutine profile tells, beside the one before. */
  Look next(PprofProfile profile) {
    Map<Place, Long> counts = new HashMap<>();
    Map<String, Long> states = new HashMap<>();
    for (PprofProfile.Sample sample : profile.samples()) {
      long count = sample.values().get(profile.shown());
      String state = sample.labels().getOrDefault("state", "waiting");
      String wait = sample.labels().getOrDefault("wait", state);
      states.merge(state, count, Long::sum);
      counts.merge(new Place(wait, place(sample), state.equals("leaked")), count, Long::sum);
    }
    Map<Place, Long> before = last;
    List<Row> rows = new ArrayList<>();
    counts.forEach(
        (place, count) ->
            rows.add(
                new Row(
                    place, count, before == null ? null : count - before.getOrDefault(place, 0L))));
    rows.sort(
        Comparator.comparingLong((Row row) -> -row.count())
            .thenComparing(row -> row.place().at())
            .thenComparing(row -> row.place().state())
            .thenComparing(row -> row.place().leaked()));
    last = counts;
    return new Look(profile.total(), states, rows);
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
