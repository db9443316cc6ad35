package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Tally;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.observe.WaitReason;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Counts virtual threads by what they do, at a cost that hardly grows with their number: of many
 * blocked threads the stacks of a sample are taken, in which each has the same chance to be.
 * Guarded by the prover.
 */
final class Tallying {
  private final Jdk jdk;
  private final @Nullable Thread[] sample;
  private final @Nullable Activity[] activities;
  private final SplittableRandom random = new SplittableRandom();
  private final Map<String, Long> states = new HashMap<>();
  private final Map<String, Long> reasons = new HashMap<>();
  private long total;
  private long proven;
  private long blocked;

  Tallying(Jdk jdk, int mostStacks) {
    this.jdk = jdk;
    this.sample = new @Nullable Thread[mostStacks];
    this.activities = new @Nullable Activity[mostStacks];
  }

  Tally tally(Predicate<Thread> isProven) {
    long begin = cpuNanos();
    jdk.forEachThread(
        thread -> {
          if (!Census.isOwnOrJdks(thread)) {
            count(thread, isProven);
          }
        });
    int size = (int) Math.min(blocked, sample.length);
    double each = size == 0 ? 0 : (double) blocked / size;
    Map<WaitReason, Integer> found = new HashMap<>();
    Map<String, Integer> onSockets = new HashMap<>();
    for (int i = 0; i < size; i++) {
      Thread thread = sample[i];
      Activity activity = activities[i];
      if (thread == null || activity == null) {
        continue;
      }
      WaitReason reason = Waits.classify(activity, jdk.stack(thread));
      found.merge(reason, 1, Integer::sum);
      if (reason == WaitReason.IO) {
        onSockets.merge(state(activity), 1, Integer::sum);
      }
    }
    found.forEach((reason, n) -> add(reasons, reason.text(), Math.round(n * each)));
    // Only a stack tells that a thread waits for a socket.
    onSockets.forEach(
        (state, n) -> {
          long moved = Math.min(states.getOrDefault(state, 0L), Math.round(n * each));
          add(states, state, -moved);
          add(states, Tally.IO, moved);
        });
    return new Tally(
        total, proven, states, reasons, total - blocked + size, true, cpuNanos() - begin);
  }

  private void count(Thread thread, Predicate<Thread> isProven) {
    Activity activity = jdk.activity(thread);
    if (activity == Activity.NOT_ALIVE) {
      return;
    }
    total++;
    if (activity == Activity.RUNNABLE) {
      add(reasons, WaitReason.NONE.text(), 1);
    } else {
      // The n-th stays with a chance of size/n, in the place of any other.
      long place = blocked < sample.length ? blocked : random.nextLong(blocked + 1);
      if (place < sample.length) {
        sample[(int) place] = thread;
        activities[(int) place] = activity;
      }
      blocked++;
    }
    boolean leaked = activity == Activity.PARKED && isProven.test(thread);
    proven += leaked ? 1 : 0;
    add(states, leaked ? Tally.PROVEN : state(activity), 1);
  }

  private static String state(Activity activity) {
    return switch (activity) {
      case RUNNABLE, NOT_ALIVE -> Tally.RUNNABLE;
      case PARKED -> Tally.WAITING;
      case TIMED -> Tally.TIMED;
      case MONITOR_ENTER, OBJECT_WAIT, PINNED -> Tally.MONITOR;
    };
  }

  private static void add(Map<String, Long> to, String key, long count) {
    to.merge(key, count, Long::sum);
  }

  /** Those that the language itself knows: all that can be had where the JDK is closed to us. */
  static Tally known() {
    long begin = cpuNanos();
    Map<String, Long> states = new HashMap<>();
    Map<String, Long> reasons = new HashMap<>();
    long[] total = {0};
    Cores.forEachGoroutine(
        goroutine -> {
          String state = String.valueOf(goroutine.get("state"));
          boolean runs = state.equals("RUNNABLE");
          String reason =
              goroutine.get("reason") instanceof String text
                  ? text
                  : (runs ? WaitReason.NONE : WaitReason.PARK).text();
          boolean timed = reason.equals(WaitReason.SLEEP.text()) || state.equals("TIMED_WAITING");
          total[0]++;
          add(reasons, reason, 1);
          add(states, runs ? Tally.RUNNABLE : timed ? Tally.TIMED : Tally.WAITING, 1);
        });
    return new Tally(total[0], 0, states, reasons, total[0], false, cpuNanos() - begin);
  }

  private static long cpuNanos() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return threads.isCurrentThreadCpuTimeSupported()
        ? Math.max(0, threads.getCurrentThreadCpuTime())
        : 0;
  }
}
