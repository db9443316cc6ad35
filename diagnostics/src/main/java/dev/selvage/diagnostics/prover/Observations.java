package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;

/**
 * Since when each parked thread is known to be in its park: noted at each observation, so every
 * time is a lower bound. Guarded by the prover.
 */
final class Observations {
  private final Jdk jdk;
  private final long origin = System.nanoTime();
  private LongTable known = new LongTable(); // id -> park identity, milliseconds after origin
  private int skip;
  private int ticks;

  Observations(Jdk jdk) {
    this.jdk = jdk;
  }

  /**
   * Looks at every parked thread. Skipped most of the time where there are so many that it would
   * cost.
   */
  void observe() {
    if (!jdk.canHide() || skip-- > 0) {
      return;
    }
    long start = System.nanoTime();
    int now = (int) ((start - origin) / 1_000_000L);
    LongTable next = new LongTable();
    jdk.forEachThread(
        thread -> {
          if (jdk.isParked(thread)) {
            long id = thread.threadId();
            int park = jdk.parkIdentity(thread);
            int since = known.first(id, 0) == park ? known.second(id, now) : now;
            next.put(id, park, since);
          }
        });
    known = next;
    ticks++;
    long millis = (System.nanoTime() - start) / 1_000_000L;
    skip = (int) Math.min(100, millis / 5);
  }

  /** How many observations there were. */
  int ticks() {
    return ticks;
  }

  /**
   * When the thread was first seen in its park, on the clock of System.nanoTime; now if it was
   * never seen.
   */
  long since(long id) {
    long since = sinceIfKnown(id);
    return since == Long.MIN_VALUE ? System.nanoTime() : since;
  }

  /** The same, or Long.MIN_VALUE if it was never seen. */
  long sinceIfKnown(long id) {
    return known.contains(id) ? origin + known.second(id, 0) * 1_000_000L : Long.MIN_VALUE;
  }
}
