package dev.selvage.diagnostics;

import dev.selvage.observe.WaitReason;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many virtual threads there are at one moment, by what they do.
 *
 * @param total all of them
 * @param proven those that are proven to be leaked
 * @param states by {@linkplain #state state}; the sum is the total
 * @param reasons by the text of the wait reason; the sum is the total, but for rounding where it is
 *     estimated
 * @param stacks from how many stacks the reasons are known; where that is fewer than there are
 *     threads, they are an estimate
 * @param complete whether all threads were counted: where the JDK does not list them for us, these
 *     are only those that the language itself knows
 * @param cpuNanos processor time that counting took, in nanoseconds; 0 where that is not known
 */
public record Tally(
    long total,
    long proven,
    Map<String, Long> states,
    Map<String, Long> reasons,
    long stacks,
    boolean complete,
    long cpuNanos) {

  /** Runs, or is queued to run. */
  public static final String RUNNABLE = "runnable";

  /** Waits without a time limit, and is not proven never to be woken. */
  public static final String WAITING = "waiting";

  /** Waits with a time limit. */
  public static final String TIMED = "timed";

  /** Waits for a socket or pipe. */
  public static final String IO = "io";

  /** Waits to enter a monitor or in one, or holds its carrier: the collector cannot judge it. */
  public static final String MONITOR = "monitor or pinned";

  /** Is proven never to run again. */
  public static final String PROVEN = "proven leaked";

  public Tally {
    states = Collections.unmodifiableMap(new LinkedHashMap<>(states));
    reasons = Collections.unmodifiableMap(new LinkedHashMap<>(reasons));
  }

  /** The state that goes with a wait reason. */
  public static String state(WaitReason reason, boolean proven) {
    if (proven) {
      return PROVEN;
    }
    return switch (reason) {
      case NONE -> RUNNABLE;
      case SLEEP, TIMED -> TIMED;
      case IO -> IO;
      case MONITOR_ENTER, OBJECT_WAIT -> MONITOR;
      default -> WAITING;
    };
  }
}
