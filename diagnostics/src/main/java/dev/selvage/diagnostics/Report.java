package dev.selvage.diagnostics;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one look at a JVM saw: a plain value, made by {@link Leaks} or read back from its JSON form
 * ({@code selvage.leaks/1}).
 *
 * @param capturedAt when the look ended
 * @param vm which JVM
 * @param capabilities what could be known there, and what was missing
 * @param goroutines how many threads there were, and which could not be judged
 * @param proof how the proof went
 * @param findings {@linkplain Finding#WORST_FIRST the worst first}: proven, then deadlocked, then
 *     suspected
 * @param notes sentences that a reader must know to judge the report (a JDK build with a known bug,
 *     a collector without proof)
 */
public record Report(
    Instant capturedAt,
    Vm vm,
    Capabilities capabilities,
    Goroutines goroutines,
    Proof proof,
    List<Finding> findings,
    List<String> notes) {

  public Report {
    findings = List.copyOf(findings);
    notes = List.copyOf(notes);
  }

  /** The same with a note more. */
  public Report withNote(String note) {
    List<String> more = new ArrayList<>(notes);
    more.add(note);
    return new Report(capturedAt, vm, capabilities, goroutines, proof, findings, more);
  }

  /**
   * The JVM that was looked at: process id (0 where not known), Java version ({@code 25.0.3}) and
   * collector ({@code G1}, {@code ZGC}, …; {@code unknown} of a heap dump).
   */
  public record Vm(long pid, String java, String collector) {}

  /**
   * What is possible there.
   *
   * @param scheduler {@code jdk} or {@code gmp}
   * @param proof of {@code now}, {@code concurrent}, {@code always-on}, {@code reclaim}; empty when
   *     nothing can be proven
   * @param missing each door of the JDK that stayed shut
   */
  public record Capabilities(String scheduler, List<String> proof, List<Missing> missing) {
    public Capabilities {
      proof = List.copyOf(proof);
      missing = List.copyOf(missing);
    }

    /** Those words in a sentence: {@code now, concurrent or always-on}. */
    public static String inWords(List<String> proof) {
      int last = proof.size() - 1;
      return last <= 0
          ? String.join("", proof)
          : String.join(", ", proof.subList(0, last)) + " or " + proof.get(last);
    }
  }

  /**
   * A package of the JDK that is not open to us.
   *
   * @param open as {@code java.base/java.lang}
   * @param costs what cannot be known without it, and the flag that gives it
   */
  public record Missing(String open, String costs) {}

  /**
   * The virtual threads there were.
   *
   * @param total all that had started and not ended
   * @param blocked those of them that were neither running nor queued to run
   * @param unprovable blocked threads that the collector cannot judge, by the reason's text ({@code
   *     Object.wait}, …)
   * @param excused threads that are proven to leak, and are excused: on purpose
   * @param canBeWoken blocked threads that something alive can still reach, without those that wait
   *     in a circle; -1 where not known
   * @param timed those of them that a timer will wake; -1 where not known
   * @param io blocked threads that wait for input or output; -1 where not known
   */
  public record Goroutines(
      int total,
      int blocked,
      Map<String, Integer> unprovable,
      int excused,
      int canBeWoken,
      int timed,
      int io) {
    public Goroutines {
      unprovable = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(unprovable));
    }

    /** The same with so many that are excused. */
    public Goroutines withExcused(int threads) {
      return new Goroutines(total, blocked, unprovable, threads, canBeWoken, timed, io);
    }

    /** The same, but for so many that something reaches and yet nothing can wake. */
    public Goroutines withoutWakeable(int deadlocked) {
      return new Goroutines(
          total,
          blocked,
          unprovable,
          excused,
          canBeWoken < 0 ? canBeWoken : Math.max(0, canBeWoken - deadlocked),
          timed,
          io);
    }
  }

  /**
   * How the proof went.
   *
   * @param mode {@code now}, {@code concurrent}, {@code reclaim}; {@code always-on} for what
   *     ordinary collections have found; {@code offline} for a heap dump and {@code exact} for one
   *     that was made for this; {@code none} where no proof was possible
   * @param rounds how many collections were asked for; with {@code always-on}, how many of the
   *     program's have judged what is old
   * @param pauseMillis the longest stop of the program that they caused, in milliseconds
   * @param totalMillis the whole look, in milliseconds
   * @param complete whether everything that could be judged was: false says that leaks may be
   *     missing from the findings
   * @param canary whether the leak that the prover itself planted was found; false where none could
   *     be planted ({@link #isOfDump})
   * @param refuted how many threads that were ever proven here have been seen running again
   * @param why why there was no proof or it is not complete; null when there is nothing to say
   */
  public record Proof(
      String mode,
      int rounds,
      double pauseMillis,
      double totalMillis,
      boolean complete,
      boolean canary,
      long refuted,
      @Nullable String why) {

    /**
     * Whether it was computed from a heap dump: no collection was asked for, no canary planted, and
     * how long the program stood still is not known.
     */
    public boolean isOfDump() {
      return mode.equals("offline") || mode.equals("exact");
    }

    /** Whether it was left to the collections that the program had anyway. */
    public boolean isAlwaysOn() {
      return mode.equals("always-on");
    }
  }
}
