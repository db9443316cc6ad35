package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.diagnostics.profile.StackProfile.Value;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/** Looks again and again where all threads are. Used once, by one thread. */
final class WallSampler {
  /*
   * A look costs some microseconds for each thread. So it is bounded twice: of more than
   * MOST_THREADS some are chosen at random, anew each time, and stand for the others; and the pause
   * between two looks is at least nine times what a look takes, which leaves a tenth of one
   * processor. What a sample stands for is the time since the last look, however long that was.
   *
   * Nothing holds a thread between two looks, and none while it sleeps.
   */
  static final int MOST_THREADS = 10_000;
  private static final long PERIOD_NANOS = 10_101_010; // 99 times a second: not in step with timers
  private static final int SHARE = 10;

  private final StackProfile.Builder profile;
  private final Jdk jdk = Jdk.ofThisJvm();
  private long looks;
  private long leftOut;
  private long lookNanos;

  WallSampler(String program) {
    profile =
        StackProfile.named(
                "wall", program, new Value("samples", "count"), new Value("time", "nanoseconds"))
            .period(new Value("wallclock", "nanoseconds"), PERIOD_NANOS);
  }

  StackProfile sample(Duration time) throws InterruptedException {
    long begin = System.nanoTime();
    long end = begin + time.toNanos();
    long last = begin;
    for (long now = begin; now - end < 0; ) {
      long pause = Math.max(PERIOD_NANOS - lookNanos, (SHARE - 1) * lookNanos);
      Thread.sleep(Duration.ofNanos(Math.min(pause, Math.max(1, end - System.nanoTime()))));
      now = System.nanoTime();
      look(now - last);
      last = now;
    }
    profile
        .takenAt(Instant.now())
        .duration(Duration.ofNanos(System.nanoTime() - begin))
        .comment(
            "each of all virtual threads and the program's platform threads, running or not, "
                + looks
                + " times; time is that between two looks, for each thread");
    profile.comment(Goroutines.missing("virtual threads are missing"));
    if (leftOut > 0) {
      profile.comment(
          "of more than "
              + MOST_THREADS
              + " threads that many were chosen at random each time, and stand for all");
    }
    return profile.build();
  }

  private void look(long nanos) {
    long begin = System.nanoTime();
    List<Thread> threads = new ArrayList<>();
    int seen = 0;
    for (Thread thread : Goroutines.platformThreads()) {
      if (Goroutines.isPrograms(thread)) {
        seen = choose(threads, thread, seen);
      }
    }
    int[] count = {seen};
    jdk.forEachThread(thread -> count[0] = choose(threads, thread, count[0]));
    double each = threads.isEmpty() ? 0 : (double) count[0] / threads.size();
    leftOut += count[0] - threads.size();
    for (Thread thread : threads) {
      StackTraceElement[] stack = jdk.stack(thread);
      if (stack.length > 0) {
        profile.add(List.of(stack), labels(thread), Math.round(each), Math.round(each * nanos));
      }
    }
    looks++;
    lookNanos = System.nanoTime() - begin;
  }

  /** Each with the same chance (Vitter's algorithm R). */
  private static int choose(List<Thread> chosen, Thread thread, int seen) {
    if (chosen.size() < MOST_THREADS) {
      chosen.add(thread);
    } else {
      int place = ThreadLocalRandom.current().nextInt(seen + 1);
      if (place < MOST_THREADS) {
        chosen.set(place, thread);
      }
    }
    return seen + 1;
  }

  private Map<String, String> labels(Thread thread) {
    Map<String, String> labels = new TreeMap<>();
    if (thread.isVirtual()) {
      labels.putAll(Cores.labels(thread));
      Activity activity = jdk.activity(thread);
      labels.put("state", activity == Activity.RUNNABLE ? "runnable" : "waiting");
    } else {
      labels.put("state", thread.getState() == Thread.State.RUNNABLE ? "runnable" : "waiting");
    }
    if (!thread.getName().isEmpty()) {
      labels.put("name", thread.getName());
    }
    return labels;
  }
}
