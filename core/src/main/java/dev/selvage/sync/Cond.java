package dev.selvage.sync;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.SpinLock;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.Objects;

/**
 * A place to wait until something that a lock protects has changed. Each has its lock, a {@link
 * Mutex}, an {@link RWMutex} or the read side of one.
 *
 * <pre>{@code
 * mutex.withLock(() -> {
 *   while (queue.isEmpty()) notEmpty.await();
 *   use(queue.remove());
 * });
 * mutex.withLock(() -> { queue.add(item); notEmpty.signal(); });
 * }</pre>
 *
 * <p>Thread-safe; only {@code await} blocks. Those that wait are woken in the order in which they
 * came, and never without a signal; but what they wait for may have changed again by the time they
 * have the lock, hence the loop. What a thread did before it signalled happens before what those do
 * that it woke.
 */
public final class Cond {
  /*
   * Invariants
   *  1. Who waits is queued before it gives its lock back. So whoever takes that lock afterwards
   *     and signals finds it.
   *  2. A signal takes out and claims the oldest that still waits. A thread that was interrupted,
   *     or whose time was over, has claimed itself, so it never uses up a signal; and one that a
   *     signal has claimed returns from await() as signalled, whatever its flag says.
   *
   * Who last signalled, even if nobody waited then, is noted for tools that explain a leak; nothing
   * here depends on it. It is a number, so that a condition keeps no thread alive.
   */
  private final Locker locker;
  private final SpinLock lock = new SpinLock();
  // Guarded by lock.
  private final Waiters waiters = new Waiters();
  // The thread, by its identifier; 0 for nobody.
  private long lastSignaller;

  /** Creates one for what this lock protects. */
  public Cond(Locker locker) {
    this.locker = Objects.requireNonNull(locker, "locker");
  }

  /** The lock of this condition: Go's field {@code L}. */
  public Locker locker() {
    return locker;
  }

  /**
   * Gives the lock back, blocks until signalled, and takes the lock again. The caller must have the
   * lock; it has it again when this returns or throws, for which it waits as long as that takes,
   * even if interrupted.
   *
   * @throws InterruptedException when interrupted before a signal came
   * @throws UnlockException when nobody has the lock
   */
  public void await() throws InterruptedException {
    await(Place.FOREVER);
  }

  /**
   * Like {@link #await()}, for a limited time, in which taking the lock again is not counted.
   *
   * @return false when the time was over before a signal came
   * @throws InterruptedException when interrupted before both
   * @throws UnlockException when nobody has the lock
   */
  public boolean await(Duration timeout) throws InterruptedException {
    return await(Alarms.nanos(timeout));
  }

  private boolean await(long timeout) throws InterruptedException {
    Interrupts.check();
    Place self = new Place(WaitReason.COND_WAIT, this);
    self.limit(timeout);
    lock.lock();
    try {
      waiters.addLast(self);
    } finally {
      lock.unlock();
    }
    boolean waiting = false;
    try {
      locker.unlock();
      waiting = true;
    } finally {
      if (!waiting) {
        self.unlimit();
        leave(self);
        if (!self.waiter.claim() && self.waiter.await() && self.waiter.winner() == this) {
          signal(); // that one was meant for somebody who waits
        }
      }
    }
    boolean finished = self.await();
    boolean signalled = self.waiter.winner() == this;
    if (!signalled) {
      leave(self);
    }
    lockAgain();
    if (!finished) {
      throw new InterruptedException();
    }
    return signalled;
  }

  private void leave(Place self) {
    lock.lock();
    try {
      waiters.remove(self);
    } finally {
      lock.unlock();
    }
  }

  private void lockAgain() {
    boolean interrupted = false;
    for (; ; ) {
      try {
        locker.lock();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Wakes the one that has waited longest, if any. The caller may have the lock, but need not. Does
   * not block.
   */
  public void signal() {
    for (; ; ) {
      Place first;
      lock.lock();
      try {
        lastSignaller = Thread.currentThread().threadId();
        first = waiters.poll();
      } finally {
        lock.unlock();
      }
      if (first == null) {
        return;
      }
      if (first.claim()) {
        first.finish(this);
        return;
      }
    }
  }

  /** Wakes all that wait. The caller may have the lock, but need not. Does not block. */
  public void broadcast() {
    Place list;
    lock.lock();
    try {
      lastSignaller = Thread.currentThread().threadId();
      list = waiters.detach();
    } finally {
      lock.unlock();
    }
    Waiters.wake(list, this);
  }

  /** The thread that last signalled, by its identifier; 0 if none has. Any thread may ask. */
  long lastSignaller() {
    lock.lock();
    try {
      return lastSignaller;
    } finally {
      lock.unlock();
    }
  }

  /** As {@code Cond(2 waiting)}, for people. */
  @Override
  public String toString() {
    lock.lock();
    try {
      return "Cond(" + waiters.size() + " waiting)";
    } finally {
      lock.unlock();
    }
  }
}
