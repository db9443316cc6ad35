package dev.selvage.internal;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Since when threads wait, for next to nothing. A wait is stamped by its own thread just before it
 * parks, and the stamp is made a time only when a tool asks. Thread-safe; nothing here blocks.
 */
public final class WaitClock {
  /*
   * A stamp is
   *   > 0  a time: nanoseconds after ORIGIN, plus one;
   *   < 0  the number of a tick, negated: while somebody ticks, a stamp is one read of a field.
   *
   * The first is exact. The second is rounded so that no wait is ever said to be longer than it is:
   * who reads tick n does so before tick n + 1 is there to be read; the time of a tick is taken
   * after that; so the wait began at the time of tick n + 1 at the latest. It is understated by the
   * time between two ticks at most. If the ticker is late, that time is longer, and the wait is
   * understated by more, but it is never overstated. Until tick n + 1 has come the wait is said to
   * have begun now.
   *
   * Times of ticks are kept in rings: the last SIZE of all, the last SIZE of every 8th, and so on.
   * For an old stamp the next tick whose time is still kept is taken: that is an error of 1/64 of
   * the age of the wait at most. With ticks of 10 ms the last ring reaches back for four months of
   * ticking; a wait that is older is said to be as old as that.
   */
  private static final int SIZE = 512;
  private static final int LEVELS = 8;
  private static final int SHIFT = 3;

  private static final long ORIGIN = System.nanoTime() - 1;
  private static final WaitClock SHARED = new WaitClock();

  /** The last tick; 0 while nobody ticks. */
  private volatile long tick;

  // Guarded by the monitor of this, which nobody waits under.
  private final long[] @Nullable [] times = new long[LEVELS][];
  private long ticks;

  WaitClock() {}

  /**
   * To be called again and again, by a scheduler whose parks are so fast that reading the time
   * would be a burden, from one thread of its own. As long as it is, waits of all threads are
   * stamped with the number of calls.
   *
   * @param more whether another call follows soon, whatever happens; if not, waits are stamped with
   *     the time again
   */
  public static void tick(boolean more) {
    SHARED.tick(more, ORIGIN);
  }

  static long stamp() {
    long t = SHARED.tick;
    return t != 0 ? -t : System.nanoTime() - ORIGIN;
  }

  /** For how long something has lasted, at least, that began with that stamp. Never negative. */
  static long sinceNanos(long stamp) {
    long now = System.nanoTime() - ORIGIN;
    return Math.max(0, now - SHARED.latest(stamp, now));
  }

  synchronized void tick(boolean more, long origin) {
    long n = ++ticks;
    tick = more ? n : 0;
    record(n, System.nanoTime() - origin);
  }

  private void record(long n, long time) {
    for (int level = 0; level < LEVELS; level++) {
      long place = n >>> (SHIFT * level);
      if (place << (SHIFT * level) != n) {
        return;
      }
      long[] ring = times[level];
      if (ring == null) {
        ring = new long[SIZE];
        times[level] = ring;
      }
      ring[(int) place & (SIZE - 1)] = time;
    }
  }

  /** Records a tick as of that time; for tests. */
  synchronized void tickAt(long time) {
    tick = ++ticks;
    record(ticks, time);
  }

  long lastTick() {
    return tick;
  }

  /** The latest time at which something with that stamp can have begun. */
  synchronized long latest(long stamp, long now) {
    if (stamp > 0) {
      return stamp;
    }
    long next = 1 - stamp;
    for (int level = 0; level < LEVELS; level++) {
      int shift = SHIFT * level;
      long place = (next + (1L << shift) - 1) >>> shift;
      long last = ticks >>> shift;
      if (place > last) {
        return now;
      }
      if (place > last - SIZE) {
        return at(level, place);
      }
    }
    return at(LEVELS - 1, (ticks >>> (SHIFT * (LEVELS - 1))) - SIZE + 1);
  }

  private long at(int level, long place) {
    return Objects.requireNonNull(times[level])[(int) place & (SIZE - 1)];
  }
}
