package dev.selvage.diagnostics;

import dev.selvage.diagnostics.text.Json;
import dev.selvage.diagnostics.text.Quoted;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How leaks are proven by the collections that the program has anyway: threads that have been
 * parked for a while carry what the collector needs, and no collection is ever asked for. Off
 * unless {@link Leaks#watch} is called; these are its settings. A plain value.
 *
 * @param after how long a thread is parked before it is carried; known to about {@code every}
 * @param every how often threads are looked at
 * @param most how many are carried at a time: some 300 bytes each. Where more wait, they take turns
 */
public record AlwaysOn(Duration after, Duration every, int most) {

  /** Costs next to nothing: after 30 s, looked at every 5 s, at most 10,000. */
  public static final AlwaysOn LOW =
      new AlwaysOn(Duration.ofSeconds(30), Duration.ofSeconds(5), 10_000);

  /** Finds sooner: after 5 s, looked at every second, at most 100,000. */
  public static final AlwaysOn HIGH =
      new AlwaysOn(Duration.ofSeconds(5), Duration.ofSeconds(1), 100_000);

  /**
   * Checks them.
   *
   * @throws IllegalArgumentException if one of them is not positive
   */
  public AlwaysOn {
    if (!after.isPositive() || !every.isPositive() || most < 1) {
      throw new IllegalArgumentException(
          "always-on: after, every and most must be positive: "
              + after
              + ", "
              + every
              + ", "
              + most);
    }
  }

  /**
   * The settings of a name: {@code low}, {@code high}; empty for {@code off}.
   *
   * @throws IllegalArgumentException for another name
   */
  public static Optional<AlwaysOn> named(String name) {
    return switch (name) {
      case "off" -> Optional.empty();
      case "low" -> Optional.of(LOW);
      case "high" -> Optional.of(HIGH);
      default -> throw new IllegalArgumentException("'" + name + "' is none of low, high, off");
    };
  }

  /**
   * The same with another threshold. Threads are looked at no less often than that.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public AlwaysOn after(Duration after) {
    return new AlwaysOn(after, every.compareTo(after) > 0 ? after : every, most);
  }

  /**
   * The first proof of a cause, by its fingerprint.
   *
   * @param at when
   * @param finding how many threads share it by then
   * @param leftOut how many such news came too fast before this one, and were left out; their
   *     findings are in the reports
   */
  public record News(Instant at, Finding.Proven finding, long leftOut) {

    /** One line for a log, without a line break; nothing in it can steer a terminal. */
    public String text() {
      Finding.Details d = finding.details();
      StringBuilder line = new StringBuilder("LEAK  proven  ");
      Quoted.bare(line, d.kind() + "  x" + d.count());
      if (d.site() != null) {
        Quoted.bare(line, "  at " + d.site());
      }
      Quoted.bare(line, "  because " + d.because() + "; try " + d.suggestion());
      if (d.except() != null) {
        Quoted.bare(line, "; except " + d.except());
      }
      Quoted.bare(line, "  (" + d.fingerprint() + ")");
      if (leftOut > 0) {
        line.append(String.format(Locale.ROOT, "; %,d more left out before", leftOut));
      }
      return line.toString();
    }

    /** One line of JSON, schema {@code selvage.leak/1}, ending in a line break. */
    public String json() {
      Map<String, @Nullable Object> root = new LinkedHashMap<>();
      root.put("schema", "selvage.leak/1");
      root.put("at", at.toString());
      root.put("pid", ProcessHandle.current().pid());
      root.put("finding", ReportJson.finding(finding));
      root.put("leftOut", leftOut);
      return Json.text(root);
    }
  }

  /**
   * What has been done so far.
   *
   * @param since when it was switched on
   * @param carried how many threads are carried now
   * @param most how many may be
   * @param leftOut how many more have been parked for long enough, and wait for their turn
   * @param collections how many collections there were, of all kinds (of G1's concurrent cycles,
   *     their pauses)
   * @param cycles how many times a collection found the leak that was planted at the start, which
   *     is as old as anything that is carried. While there were none, nothing is known of what is
   *     old
   * @param found how many times a collection found a carried thread
   * @param proven how many threads were proven
   * @param doubtful how many times what was found could not be used, since finalizers ran meanwhile
   * @param surprises how many threads ran though they had been found, for no reason that is known;
   *     each sets everything back to its start
   * @param news how many fingerprints were told of
   * @param newsLeftOut how many were not, because they came too fast
   * @param steps how many times threads were looked at
   * @param cpuMillis processor time that took, in milliseconds
   * @param longestMillis the longest of them, in milliseconds; the program runs meanwhile
   * @param why what is not possible here, or not known yet, in a sentence; null if there is nothing
   *     to say
   */
  public record Counters(
      Instant since,
      int carried,
      int most,
      int leftOut,
      long collections,
      long cycles,
      long found,
      long proven,
      long doubtful,
      long surprises,
      long news,
      long newsLeftOut,
      long steps,
      double cpuMillis,
      double longestMillis,
      @Nullable String why) {

    /** As JSON values, by their names here. */
    public Map<String, @Nullable Object> value() {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("since", since.toString());
      json.put("carried", carried);
      json.put("most", most);
      json.put("leftOut", leftOut);
      json.put("collections", collections);
      json.put("cycles", cycles);
      json.put("found", found);
      json.put("proven", proven);
      json.put("doubtful", doubtful);
      json.put("surprises", surprises);
      json.put("news", news);
      json.put("newsLeftOut", newsLeftOut);
      json.put("steps", steps);
      json.put("cpuMillis", cpuMillis);
      json.put("longestMillis", longestMillis);
      json.put("why", why);
      return json;
    }
  }

  /**
   * Counters as JSON on one line, schema {@code selvage.always/1}, ending in a line break.
   *
   * @param counters null while it is off
   */
  public static String json(@Nullable Counters counters) {
    Map<String, @Nullable Object> root = new LinkedHashMap<>();
    root.put("schema", "selvage.always/1");
    root.put("on", counters != null);
    if (counters != null) {
      root.putAll(counters.value());
    }
    return Json.text(root);
  }

  /** It is on for as long as this is not closed. Any thread may call it. */
  public interface Watching extends AutoCloseable {
    /** What has been done so far. Does not block. */
    Counters counters();

    /**
     * What is known by now, as a report with the mode {@code always-on}. Asks for no collection;
     * may wait for a look that is under way, and takes as long as it takes to count all threads.
     */
    Report report();

    /**
     * Puts everything back as it was. What was proven stays so. Waits for a step or a look that is
     * under way. Has no effect the second time.
     */
    @Override
    void close();
  }
}
