package dev.selvage.diagnostics;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One leak, or one suspicion of a leak: all threads or things that share a cause, with what is
 * known about them. A finding is a plain value; what is not known is absent, never guessed.
 */
public sealed interface Finding {

  /**
   * The order of a report: proven, deadlocked, suspected; in each what is open before what is
   * settled or excused, then what retains most, what grows fastest, and what there is most of.
   */
  Comparator<Finding> WORST_FIRST =
      Comparator.comparingInt(Finding::rank)
          .thenComparing(f -> f.details().state())
          .thenComparing(f -> -f.details().retainedBytes().orElse(0))
          .thenComparing(f -> -f.details().perSecond())
          .thenComparing(f -> -f.details().count())
          .thenComparing(f -> f.details().fingerprint());

  /**
   * Nothing that can still run can wake these threads; the collector said so twice, in the same
   * park.
   */
  record Proven(Details details) implements Finding {}

  /** These threads wait for each other in a cycle over locks that have owners. */
  record Deadlocked(Details details) implements Finding {}

  /** A heuristic says so, with its {@link Details#evidence()}; it may be wrong. */
  record Suspected(Details details) implements Finding {}

  /** What is known. */
  Details details();

  /** The word for it in reports: {@code proven}, {@code deadlocked} or {@code suspected}. */
  default String verdict() {
    return switch (this) {
      case Proven _ -> "proven";
      case Deadlocked _ -> "deadlocked";
      case Suspected _ -> "suspected";
    };
  }

  private int rank() {
    return switch (this) {
      case Proven _ -> 0;
      case Deadlocked _ -> 1;
      case Suspected _ -> 2;
    };
  }

  /** What became of a finding since it was first made. */
  enum State {
    /** Still so. */
    OPEN,
    /** A proven thread was seen running again: the proof was wrong. */
    REFUTED,
    /** Ended because it was unwound on request. */
    RECOVERED,
    /** Still so, and on purpose: a rule or its own code says why. It counts as no leak. */
    EXCUSED,
    /**
     * Ended in the one way that was excepted, interrupted by its executor; or it was collected
     * together with an executor that nobody used any more. What a look was asked to reclaim stays
     * open in later reports, for it was a leak and nothing has repaired it.
     */
    GONE;

    /** The word for it in reports. */
    public String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * The body that all verdicts share.
   *
   * @param state what became of it
   * @param kind the wait reason's text, or the word for the thing that grows ({@code map growth},
   *     {@code ticker growth}, …)
   * @param count how many threads or things share this cause; at least 1
   * @param site the line that blocks or grows: the first frame from the top that belongs to neither
   *     the JDK nor Selvage, as {@code com.acme.Order.quote(Order.java:57)}; null where no such
   *     frame is known
   * @param entry the bottom-most such frame of a stack: where the thread's own work began; null
   *     where not known
   * @param seenSeconds for how long it is known to be so (a lower bound); empty where not known
   * @param retainedBytes what it keeps in memory, where it was computed
   * @param names up to ten names of threads or things, for a reader to search for
   * @param stack the common stack, leaf first; empty for things that have none
   * @param fingerprint the same for the same cause in every run: no ids, no lambda numbers
   * @param except what could still end it all the same ({@code interrupt}); null for nothing
   * @param evidence for suspicions: the numbers that speak for it, in a stable order; values are
   *     strings, numbers, booleans or lists of strings
   * @param because one sentence: why this is so
   * @param suggestion one sentence: what to do about it (the {@code try} of a report)
   */
  record Details(
      State state,
      String kind,
      int count,
      @Nullable String site,
      @Nullable String entry,
      OptionalLong seenSeconds,
      OptionalLong retainedBytes,
      List<String> names,
      List<StackTraceElement> stack,
      String fingerprint,
      @Nullable String except,
      Map<String, Object> evidence,
      String because,
      String suggestion) {

    public Details {
      Objects.requireNonNull(state, "state");
      Objects.requireNonNull(kind, "kind");
      Objects.requireNonNull(fingerprint, "fingerprint");
      if (count < 1) {
        throw new IllegalArgumentException("count must be at least 1, is " + count);
      }
      names = List.copyOf(names);
      stack = List.copyOf(stack);
      evidence = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(evidence));
    }

    /** By how much it grew a second, as its evidence says; 0 where that is not known. */
    double perSecond() {
      Object rate = evidence.get("perSecond");
      rate = rate == null ? evidence.get("entriesPerSecond") : rate;
      return rate instanceof Number number ? number.doubleValue() : 0;
    }
  }
}
