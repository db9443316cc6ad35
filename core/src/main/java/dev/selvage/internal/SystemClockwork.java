package dev.selvage.internal;

import java.lang.Thread.State;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The time of the system, monotonic, with one thread (platform, daemon, started when first needed)
 * that rings its alarms. There are several, all with the same time, so that goroutines on many
 * cores do not meet at one lock; which one a thread gets does not change.
 */
final class SystemClockwork extends Clockwork {
  /** One for a machine of up to three processors, then one for every two. */
  private static final SystemClockwork[] SHARDS = new SystemClockwork[shards()];

  private static final long ORIGIN = System.nanoTime();

  static {
    for (int i = 0; i < SHARDS.length; i++) {
      SHARDS[i] = new SystemClockwork();
    }
  }

  private volatile @Nullable Thread ringer;

  private SystemClockwork() {}

  private static int shards() {
    int half = Runtime.getRuntime().availableProcessors() / 2;
    return Math.clamp(Integer.highestOneBit(half), 1, 16);
  }

  /** The one for alarms that the current thread makes. Its ringer runs. */
  static SystemClockwork shard() {
    SystemClockwork[] shards = SHARDS;
    SystemClockwork shard =
        shards.length == 1
            ? shards[0]
            : shards[(int) Thread.currentThread().threadId() & (shards.length - 1)];
    if (shard.ringer == null) {
      shard.start();
    }
    return shard;
  }

  static boolean isRinger(Thread thread) {
    for (SystemClockwork shard : SHARDS) {
      if (shard.ringer == thread) {
        return true;
      }
    }
    return false;
  }

  /** Whether no alarm is to ring, and none rings. */
  static boolean isAtRest() {
    if (pending() > 0) {
      return false;
    }
    for (SystemClockwork shard : SHARDS) {
      Thread thread = shard.ringer;
      if (thread != null && !shard.isPausing(thread)) {
        return false;
      }
    }
    return true;
  }

  /** Also with a time limit: that of an alarm, perhaps, that was taken away. */
  private boolean isPausing(Thread thread) {
    State state = thread.getState();
    return LockSupport.getBlocker(thread) == this
        && (state == State.WAITING || state == State.TIMED_WAITING);
  }

  static int pending() {
    int pending = 0;
    for (SystemClockwork shard : SHARDS) {
      shard.lock.lock();
      pending += shard.wheel.size();
      shard.lock.unlock();
    }
    return pending;
  }

  @Override
  public long now() {
    return System.nanoTime() - ORIGIN;
  }

  @Override
  public Instant instant() {
    return Instant.now();
  }

  @Override
  void wake() {
    LockSupport.unpark(ringer);
  }

  // --------------- Ringer ---------------

  /** Starts the ringer. Who needs it meanwhile waits, so that nobody goes on without it. */
  private synchronized void start() {
    if (ringer != null) {
      return;
    }
    Thread thread = new Gatherer(this::run, "selvage-timers");
    thread.start();
    ringer = thread;
  }

  private void run() {
    // Whoever sleeps or waits with a time limit must not hang for what was thrown.
    do {
      try {
        loop();
      } catch (Throwable e) {
        tell(e);
      }
    } while (!handOver());
  }

  /** Lets another thread ring, on a stack of its own; false if there can be none now. */
  private synchronized boolean handOver() {
    ringer = null;
    try {
      start();
      return true;
    } catch (OutOfMemoryError e) {
      ringer = Thread.currentThread();
      return false;
    }
  }

  private void loop() {
    for (; ; ) {
      boolean rang;
      try {
        rang = ringDue();
      } finally {
        if (Thread.currentThread() instanceof Gatherer gatherer) {
          gatherer.flush();
        }
      }
      if (!rang) {
        pause();
      }
    }
  }

  private void pause() {
    long wakeAt;
    lock.lock();
    wakeAt = this.wakeAt;
    lock.unlock();
    if (wakeAt == Alarms.NEVER) {
      LockSupport.park(this);
    } else {
      long nanos = wakeAt - now();
      if (nanos > 0) {
        LockSupport.parkNanos(this, nanos);
      }
    }
    // Nobody means anything by interrupting it, and it would never park again.
    Thread.interrupted();
  }

  /** Not even the log could be written. */
  private static void tell(Throwable e) {
    try {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    } catch (Throwable _) {
      // There is nobody left to tell.
    }
  }
}
