package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Since when each blocked thread is known to be in its wait, and which threads come back to the
 * same kind of wait again and again. Noted at each observation: a thread that ran and parked
 * between two of them, with no collection in between, cannot be told from one that stayed. Guarded
 * by the prover.
 */
final class Observations {
  /** What a time is counted in, so that an int lasts for years. */
  private static final long UNIT_NANOS = 50_000_000L;

  private static final int RUNNING = 0; // in place of the identity of a park
  private static final int MONITOR = 1; // in place of that of a blocker's class

  private final Jdk jdk;
  private final LongSupplier nanoTime;
  private final boolean realTime; // and not a clock that a test moves
  private final long origin;
  private LongTable known = new LongTable(); // id -> park identity, units after origin
  private LongTable kinds = new LongTable(); // id -> kind of its last park, 1 if it came back to it
  private final Dropped dropped;
  private @Nullable Carried carried;
  private int skip;
  private int ticks;

  Observations(Jdk jdk) {
    this(jdk, System::nanoTime, true);
  }

  Observations(Jdk jdk, LongSupplier nanoTime) {
    this(jdk, nanoTime, false);
  }

  private Observations(Jdk jdk, LongSupplier nanoTime, boolean realTime) {
    this.realTime = realTime;
    this.jdk = jdk;
    this.dropped = new Dropped(jdk);
    this.nanoTime = nanoTime;
    this.origin = nanoTime.getAsLong();
  }

  /**
   * Says which threads are carried: they are not looked at, and taken to be where they were.
   * Whoever carries them is told of those that it might carry. Null for nobody, as at first.
   */
  void spare(@Nullable Carried carried) {
    this.carried = carried;
  }

  /**
   * Looks at every parked thread. Skipped most of the time where there are so many that it would
   * cost.
   *
   * @return false if it was skipped
   */
  boolean observe() {
    if (!jdk.canHide() || skip-- > 0) {
      return false;
    }
    long start = nanoTime.getAsLong();
    long cpu = cpuNanos();
    // Rounded up: a thread is never said to wait for longer than it was seen to.
    int now = (int) Math.min(Integer.MAX_VALUE, (start - origin + UNIT_NANOS - 1) / UNIT_NANOS);
    LongTable next = new LongTable();
    LongTable nextKinds = new LongTable();
    Carried sparing = carried;
    if (sparing != null) {
      sparing.begin();
      sparing.forEachId(
          id -> {
            next.put(id, known.first(id, RUNNING), known.second(id, now));
            nextKinds.put(id, kinds.first(id, 0), kinds.second(id, 0));
          });
    }
    jdk.forEachListed(
        (container, thread) -> {
          long id = thread.threadId();
          boolean seen = known.contains(id);
          boolean parked = jdk.isParked(thread);
          if (!parked && !waitsForMonitor(thread)) {
            dropped.moves(id);
            if (seen) {
              next.put(id, RUNNING, now);
              nextKinds.put(id, kinds.first(id, 0), kinds.second(id, 0));
            }
            return;
          }
          int park = jdk.parkIdentity(thread);
          if (seen && known.first(id, RUNNING) == park) {
            next.put(id, park, known.second(id, now));
            nextKinds.put(id, kinds.first(id, 0), kinds.second(id, 0));
            if (parked
                && sparing != null
                && sparing.waits(
                    container, thread, id, park, start - since(known.second(id, now)))) {
              dropped.moves(id); // it may move unseen
            } else if (parked) {
              dropped.stays(container, thread, id, park);
            }
          } else {
            dropped.moves(id);
            int kind = parked ? kind(thread) : MONITOR;
            next.put(id, park, now);
            nextKinds.put(id, kind, seen && kinds.first(id, 0) == kind ? 1 : 0);
          }
        });
    dropped.settle(this);
    known = next;
    kinds = nextKinds;
    ticks++;
    skip = (int) Math.min(100, cost(nanoTime.getAsLong() - start, cpu) / 5_000_000L);
    return true;
  }

  /**
   * What an observation has cost, in nanoseconds: no more than the processor time, since on a busy
   * machine it takes long without costing anything.
   */
  private long cost(long nanos, long cpuBefore) {
    return realTime && cpuBefore >= 0 ? Math.min(nanos, cpuNanos() - cpuBefore) : nanos;
  }

  /** Of this thread; negative where that is not known. */
  private static long cpuNanos() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return Thread.currentThread().isVirtual() || !threads.isCurrentThreadCpuTimeSupported()
        ? -1
        : threads.getCurrentThreadCpuTime();
  }

  private long since(int units) {
    return origin + units * UNIT_NANOS;
  }

  /** The stack of such a thread is put away as that of one that parks; if it is on no carrier. */
  private boolean waitsForMonitor(Thread thread) {
    Activity activity = jdk.activity(thread);
    return activity == Activity.MONITOR_ENTER || activity == Activity.OBJECT_WAIT;
  }

  /** What a thread parks for, as far as its blocker tells at no cost. */
  private static int kind(Thread thread) {
    Object blocker = LockSupport.getBlocker(thread);
    return blocker == null ? 0 : System.identityHashCode(blocker.getClass());
  }

  /** Threads of executors that a collection took away in the middle of their park. */
  Dropped dropped() {
    return dropped;
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
    return since == Long.MIN_VALUE ? nanoTime.getAsLong() : since;
  }

  /** The same, or Long.MIN_VALUE if it was never seen. */
  long sinceIfKnown(long id) {
    return known.first(id, RUNNING) == RUNNING ? Long.MIN_VALUE : since(known.second(id, 0));
  }

  /**
   * Whether the thread was seen to leave such a park as it is in, and to come back: it waits for
   * its next piece of work.
   */
  boolean comesBack(long id) {
    return kinds.second(id, 0) == 1;
  }
}
