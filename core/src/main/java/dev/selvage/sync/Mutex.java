package dev.selvage.sync;

import dev.selvage.internal.Interrupts;
import dev.selvage.internal.SpinLock;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;

/**
 * A lock without an owner, as in Go: who has taken it need not be who gives it back, and who takes
 * it twice waits for ever. Thread-safe; only {@link #lock} and {@link #withLock} block. What a
 * thread did before it gave the lock back happens before what the next one does that takes it.
 */
public final class Mutex {
  /*
   * Invariant, under the lock: somebody waits only while it is locked. Unlocking hands it to who
   * has waited longest; it is never free in between.
   */
  private final SpinLock lock = new SpinLock();

  // Guarded by lock.
  private boolean locked;
  private final Waiters waiters = new Waiters();

  /** Creates a free mutex. */
  public Mutex() {}

  /** What is done while the mutex is held. */
  @FunctionalInterface
  public interface Guarded<X extends Exception> {
    /** Does it. */
    void run() throws X;
  }

  /** Takes the mutex for the time of a task, and gives it back however that ends. */
  public <X extends Exception> void withLock(Guarded<X> task) throws X, InterruptedException {
    lock();
    try {
      task.run();
    } finally {
      unlock();
    }
  }

  /**
   * Takes the mutex; blocks while it is taken.
   *
   * @throws InterruptedException when interrupted before
   */
  public void lock() throws InterruptedException {
    Interrupts.check();
    Waiter self;
    lock.lock();
    try {
      if (!locked) {
        locked = true;
        return;
      }
      self = new Waiter(WaitReason.MUTEX_LOCK);
      waiters.add(self);
    } finally {
      lock.unlock();
    }
    if (!self.await()) {
      lock.lock();
      try {
        waiters.remove(self);
      } finally {
        lock.unlock();
      }
      throw new InterruptedException();
    }
  }

  /** Takes the mutex if it is free. Does not block. */
  public boolean tryLock() {
    lock.lock();
    try {
      if (locked) {
        return false;
      }
      locked = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives the mutex back.
   *
   * @throws UnlockException when it is not taken
   */
  public void unlock() {
    Waiter next;
    lock.lock();
    try {
      if (!locked) {
        throw new UnlockException("sync: unlock of unlocked mutex");
      }
      next = waiters.claimFirst();
      locked = next != null;
    } finally {
      lock.unlock();
    }
    if (next != null) {
      next.finish(this);
    }
  }
}
