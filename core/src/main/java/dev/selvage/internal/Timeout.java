package dev.selvage.internal;

import org.jspecify.annotations.Nullable;

/**
 * The time limit of one wait: when it rings first, it is what finishes the waiter. Belongs to the
 * thread that waits, and can be used by it again and again.
 *
 * <pre>{@code
 * Timeout limit = Timeout.after(nanos);     // all that can fail
 * … queue the waiter …
 * boolean finished = Timeout.await(waiter, limit);
 * … if waiter.winner() is not what it was queued for, take it back from the queue …
 * }</pre>
 */
public final class Timeout extends Alarms.Alarm {
  // Written by the owner while the alarm is not scheduled.
  private @Nullable Waiter waiter;
  private long limit = Alarms.NEVER;

  private Timeout() {}

  /**
   * Sets a limit, counted from now; for a wait that is not queued yet. After that nothing can go
   * wrong for lack of memory or threads any more.
   *
   * @return null for {@link Long#MAX_VALUE}: no limit
   */
  public static @Nullable Timeout after(long nanos) {
    if (nanos == Long.MAX_VALUE) {
      return null;
    }
    Timeout timeout = new Timeout();
    timeout.reset(nanos);
    return timeout;
  }

  /**
   * Does the same with the limit of an earlier wait of this owner, if that goes by the clock of the
   * current thread: then nothing is made.
   *
   * @param used null if there is none
   */
  public static @Nullable Timeout after(@Nullable Timeout used, long nanos) {
    if (nanos == Long.MAX_VALUE || used == null || !Alarms.isOfCurrentClock(used)) {
      return after(nanos);
    }
    used.reset(nanos);
    return used;
  }

  /** Sets another limit, counted from now, for the next wait. By the clock of the first one. */
  public void reset(long nanos) {
    limit = Alarms.after(this, nanos);
  }

  /**
   * Waits as {@link Waiter#await} does, and to the limit at most: then the limit is the winner. It
   * does not touch the waiter any more when this returns.
   */
  public static boolean await(Waiter waiter, @Nullable Timeout limit) {
    return limit == null ? waiter.await() : limit.await(waiter);
  }

  private boolean await(Waiter waiter) {
    begin(waiter);
    boolean finished = waiter.await();
    stop();
    return finished;
  }

  /** Lets the limit count for that wait, until {@link #stop}. */
  public void begin(Waiter waiter) {
    this.waiter = waiter;
    Alarms.schedule(this, limit);
  }

  /**
   * Limits a wait that is queued already. If that fails the wait is over without having happened;
   * should it have happened just before, it is only not limited, and null is returned.
   *
   * @throws OutOfMemoryError then nobody will finish the waiter any more
   */
  public static @Nullable Timeout start(Waiter waiter, long nanos) {
    Timeout timeout;
    try {
      timeout = new Timeout();
    } catch (Throwable e) {
      if (waiter.claim()) {
        throw e;
      }
      return null;
    }
    timeout.reset(nanos);
    timeout.begin(waiter);
    return timeout;
  }

  @Override
  protected void ring() {
    Waiter w = waiter;
    if (w != null && w.claim()) {
      w.finish(this);
    }
  }

  /** Ends it. On return it does not touch the waiter any more, so that may be used again. */
  public void stop() {
    Alarms.end(this);
    waiter = null;
  }
}
