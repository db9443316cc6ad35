package dev.selvage.sync;

import dev.selvage.internal.Obstacles;
import dev.selvage.internal.Timeout;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import org.jspecify.annotations.Nullable;

/** The place of one thread in a queue of {@link Waiters}: Go's sudog for what is not a channel. */
class Place {
  /** A wait without a time limit. */
  static final long FOREVER = Long.MAX_VALUE;

  static {
    Obstacles.add(new Holders());
  }

  final Waiter waiter;

  /** When the wait began, or how much is waited for: whatever the owner of the queue notes here. */
  long note;

  // Guarded by the lock of the queue; from detach() on, owned by who detached.
  long turn;
  @Nullable Place previous;
  @Nullable Place next;

  private @Nullable Timeout limit;

  /**
   * Creates a place of the current thread.
   *
   * @param object what it waits on
   */
  Place(WaitReason reason, Object object) {
    waiter = new Waiter(reason, object);
  }

  /**
   * Limits the wait. To be called before the place is queued, so that a failure to do it leaves
   * nothing behind.
   */
  void limit(long nanos) {
    if (nanos != FOREVER) {
      waiter.limit();
      limit = Timeout.start(waiter, nanos);
    }
  }

  /**
   * Limits another wait by the same moment as the one before, by the clock of that one. It needs no
   * memory, so whoever is in the middle of something can do it.
   */
  void limitAgain() {
    Timeout l = limit;
    if (l != null) {
      l.begin(waiter);
    }
  }

  /** Ends the limit, for a wait that did not come to pass. */
  void unlimit() {
    Timeout l = limit;
    if (l != null) {
      l.stop();
    }
  }

  /** Tries to become the one that ends the wait; see {@link Waiter#claim}. */
  boolean claim() {
    return waiter.claim();
  }

  /** Ends the wait after a successful {@link #claim}. The place is its thread's from here on. */
  void finish(Object winner) {
    waiter.finish(winner);
  }

  /**
   * Parks until somebody finishes the wait, or the time is over, or the thread is interrupted. In
   * the last two cases the {@link Waiter#winner} tells nobody of the queue, and the caller takes
   * the place out of it.
   *
   * @return false when interrupted
   */
  boolean await() {
    boolean finished = waiter.await();
    unlimit();
    return finished;
  }
}
