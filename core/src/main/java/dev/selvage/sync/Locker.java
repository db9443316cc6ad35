package dev.selvage.sync;

import org.jspecify.annotations.Nullable;

/**
 * Something that one thread at a time, or one kind of thread at a time, can have: a {@link Mutex},
 * an {@link RWMutex}, or the {@linkplain RWMutex#rLocker() read side} of one. Go's {@code
 * sync.Locker}. Implementations are thread-safe, have no owner, and are not reentrant.
 *
 * <pre>{@code
 * mutex.withLock(() -> count++);
 * int now = mutex.callWithLock(() -> count);
 * }</pre>
 */
public interface Locker {
  /** What is done while the lock is held. */
  @FunctionalInterface
  interface Guarded<X extends Exception> {
    /** Does it. */
    void run() throws X;
  }

  /** What is computed while the lock is held. */
  @FunctionalInterface
  interface GuardedCall<T extends @Nullable Object, X extends Exception> {
    /** Computes it. */
    T call() throws X;
  }

  /**
   * Takes the lock; blocks while others have it.
   *
   * @throws InterruptedException when interrupted before; the lock is not taken then
   */
  void lock() throws InterruptedException;

  /**
   * Gives the lock back. Need not be called by the thread that took it.
   *
   * @throws UnlockException when nobody has it
   */
  void unlock();

  /**
   * Takes the lock for the time of a task, and gives it back however that ends.
   *
   * @throws InterruptedException when interrupted before the task began
   */
  default <X extends Exception> void withLock(Guarded<X> task) throws X, InterruptedException {
    lock();
    try {
      task.run();
    } finally {
      unlock();
    }
  }

  /**
   * Like {@link #withLock}, for a task that has a result.
   *
   * @throws InterruptedException when interrupted before the task began
   */
  default <T extends @Nullable Object, X extends Exception> T callWithLock(GuardedCall<T, X> task)
      throws X, InterruptedException {
    lock();
    try {
      return task.call();
    } finally {
      unlock();
    }
  }
}
