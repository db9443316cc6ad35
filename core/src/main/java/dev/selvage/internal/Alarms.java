package dev.selvage.internal;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The one queue of everything that will happen at a known time, and its one thread (platform,
 * daemon, started when first needed). Goroutines themselves never park with a time limit.
 *
 * <p>Times are nanoseconds since this class was initialised, on the monotonic clock; {@link #NEVER}
 * is later than all of them. All methods may be called from any thread and do not block.
 */
public final class Alarms {
  /*
   * Invariants
   *  1. HEAP[0..size) is a binary heap by time; HEAP[i].index == i; every alarm outside has index
   *     -1.
   *  2. The queue refers to an alarm exactly while it is in the heap, so an alarm holds what it can
   *     wake alive for that long and no longer. The thread's loop keeps no alarm in a local
   *     variable while it is parked: a frame that is interpreted would hold it.
   *  3. An alarm rings outside the lock, after it left the heap. So it may ring although it was
   *     cancelled or moved at that very moment: ring() looks again at what it protects.
   *  4. The thread is unparked whenever the earliest time becomes earlier.
   *
   * Lock order: a channel's lock before LOCK; nothing is taken under LOCK.
   */

  /** The time that never comes. */
  public static final long NEVER = Long.MAX_VALUE;

  private static final long ORIGIN = System.nanoTime();
  private static final SpinLock LOCK = new SpinLock();

  // Guarded by LOCK.
  private static @Nullable Alarm[] heap = new Alarm[64];
  private static int size;
  private static boolean started;

  private static volatile @Nullable Thread thread;

  private Alarms() {}

  /** Something that happens at a time. Not thread-safe itself: subclasses say what guards them. */
  public abstract static class Alarm {
    // Guarded by LOCK.
    private long when;
    private int index = -1;

    /** Creates an alarm that is not scheduled. */
    protected Alarm() {}

    /**
     * Called once by the alarm thread when the time has come. Must not block. Whatever it throws is
     * logged.
     */
    protected abstract void ring();
  }

  /** The time now. */
  public static long now() {
    return System.nanoTime() - ORIGIN;
  }

  /** The time after that span from now; {@link #NEVER} when that is more than a long can count. */
  public static long after(long nanos) {
    long now = now();
    return nanos >= NEVER - now ? NEVER : now + Math.max(nanos, 0);
  }

  /** A span in nanoseconds, as near as a long can say it. */
  public static long nanos(Duration span) {
    try {
      return span.toNanos();
    } catch (ArithmeticException e) {
      return span.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  /** Puts an alarm at a time, from wherever it is now. At {@link #NEVER} it is just taken away. */
  public static void schedule(Alarm alarm, long when) {
    boolean earliest;
    boolean start = false;
    LOCK.lock();
    try {
      if (when == NEVER) {
        remove(alarm);
        return;
      }
      alarm.when = when;
      if (alarm.index < 0) {
        if (size == heap.length) {
          heap = Arrays.copyOf(heap, size * 2);
        }
        alarm.index = size;
        heap[size++] = alarm;
      }
      up(alarm);
      down(alarm);
      earliest = alarm.index == 0;
      if (!started) {
        started = true;
        start = true;
      }
    } finally {
      LOCK.unlock();
    }
    if (start) {
      start();
    } else if (earliest) {
      // Null for the moment in which another caller starts it; it looks at the heap first thing.
      LockSupport.unpark(thread);
    }
  }

  /**
   * Takes an alarm away.
   *
   * @return false when it was not scheduled: it may be about to ring, or ringing
   */
  public static boolean cancel(Alarm alarm) {
    LOCK.lock();
    try {
      return remove(alarm);
    } finally {
      LOCK.unlock();
    }
  }

  /** Whether an alarm is still to ring. */
  public static boolean isScheduled(Alarm alarm) {
    LOCK.lock();
    try {
      return alarm.index >= 0;
    } finally {
      LOCK.unlock();
    }
  }

  /** Whether the current thread is the one on which alarms ring, which nothing may hold up. */
  public static boolean onTimerThread() {
    return Thread.currentThread() == thread;
  }

  // --------------- Thread ---------------

  private static void start() {
    Thread t =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-timers")
            .inheritInheritableThreadLocals(false)
            .unstarted(Alarms::run);
    // Whoever happened to be first must not lend its application's class loader for ever.
    t.setContextClassLoader(ClassLoader.getSystemClassLoader());
    thread = t;
    try {
      t.start();
    } catch (OutOfMemoryError e) {
      LOCK.lock();
      started = false; // the next one to schedule tries again
      LOCK.unlock();
      throw e;
    }
  }

  private static void run() {
    try {
      loop();
    } finally {
      // Not even the log could be written. The exception is told as any thread's, and another
      // thread
      // goes on: whoever sleeps or waits with a time limit must not hang for it.
      start();
    }
  }

  private static void loop() {
    for (; ; ) {
      long pause = ringDue();
      if (pause == NEVER) {
        LockSupport.park(LOCK);
      } else {
        LockSupport.parkNanos(LOCK, pause);
      }
    }
  }

  /** Rings what is due, and tells how long the thread may pause. */
  private static long ringDue() {
    for (; ; ) {
      Alarm alarm;
      LOCK.lock();
      try {
        alarm = heap[0];
        if (alarm == null) {
          return NEVER;
        }
        long pause = alarm.when - now();
        if (pause > 0) {
          return pause;
        }
        remove(alarm);
      } finally {
        LOCK.unlock();
      }
      try {
        alarm.ring();
      } catch (Throwable e) {
        // One bad alarm must not end the time of all others.
        Log.error("a timer failed", e);
      }
    }
  }

  // --------------- Heap, guarded by LOCK ---------------

  private static boolean remove(Alarm alarm) {
    int i = alarm.index;
    if (i < 0) {
      return false;
    }
    alarm.index = -1;
    Alarm last = at(--size);
    heap[size] = null;
    if (last != alarm) {
      last.index = i;
      heap[i] = last;
      up(last);
      down(last);
    }
    return true;
  }

  private static void up(Alarm alarm) {
    int i = alarm.index;
    while (i > 0) {
      Alarm parent = at((i - 1) >>> 1);
      if (parent.when <= alarm.when) {
        break;
      }
      int p = parent.index;
      place(parent, i);
      i = p;
    }
    place(alarm, i);
  }

  private static void down(Alarm alarm) {
    int i = alarm.index;
    for (int child; (child = 2 * i + 1) < size; ) {
      Alarm least = at(child);
      if (child + 1 < size && at(child + 1).when < least.when) {
        least = at(child + 1);
      }
      if (alarm.when <= least.when) {
        break;
      }
      int c = least.index;
      place(least, i);
      i = c;
    }
    place(alarm, i);
  }

  private static Alarm at(int i) {
    Alarm alarm = heap[i];
    if (alarm == null) {
      throw new IllegalStateException("hole in the timer heap at " + i);
    }
    return alarm;
  }

  private static void place(Alarm alarm, int i) {
    alarm.index = i;
    heap[i] = alarm;
  }
}
