package dev.selvage.observe;

import org.jspecify.annotations.Nullable;

/**
 * Is told what the scheduler of our own does with goroutines: what a trace is made of. While nobody
 * observes it costs one read of a field.
 *
 * <p>Called on the thread that does it, in the middle of it, with many at the same time. It must be
 * quick, must not block, start threads or wake any, and what it throws is lost. A thread here may
 * also be a virtual thread that a goroutine started by other means.
 */
public interface SchedulerObserver {
  /**
   * A goroutine is started, and so is runnable.
   *
   * @param by the thread that starts it
   */
  default void created(Thread goroutine, Thread by) {}

  /**
   * A goroutine that was blocked, or gave way, may go on.
   *
   * @param by the thread that wakes it; the carrier where it is the goroutine itself
   */
  default void runnable(Thread goroutine, Thread by) {}

  /** A P begins to run a goroutine. */
  default void running(Thread goroutine, int p) {}

  /**
   * A goroutine does not run any more: it waits, or gave way and is runnable again; perhaps it even
   * runs again, elsewhere.
   *
   * @param reason what it waits for, the {@link WaitReason} where it waits in Selvage; null if not
   *     known
   */
  default void blocked(Thread goroutine, int p, @Nullable Object reason) {}

  /**
   * A P has been taken away from a goroutine, since that does not come back. It runs on without a
   * P. Told by the scheduler's monitor, a moment later: another thread may run on that P already,
   * and the goroutine may have stopped.
   *
   * @param carrier the platform thread that it runs on
   * @param why {@code preempted} while it computes, {@code pinned} where it waits and cannot leave
   *     the thread, {@code syscall} where it is in native code
   */
  default void takenAway(Thread goroutine, Thread carrier, int p, String why) {}

  /** A goroutine has come to its end. */
  default void ended(Thread goroutine, int p) {}
}
