package dev.selvage.internal;

import org.jspecify.annotations.Nullable;

/**
 * Interruption as the waits of the language see it: put off while a thread does something that must
 * not be interrupted. Every blocking operation asks here and not {@link Thread#interrupted()}.
 *
 * <p>Thread-safe. Nothing here blocks, but that {@link #uninterruptibly} may spin for the moment in
 * which another thread delivers an interrupt.
 */
public final class Interrupts {
  /*
   * A mask belongs to one thread: to a child of a scope for all its life, to any other thread while
   * it is inside uninterruptibly(). It is found through a scoped value, so it costs nothing when
   * nobody is interrupted, and no thread-local variable holds on to it.
   *
   * Two kinds of interrupt reach a thread that is inside:
   *  - by Mask.interrupt(), which a scope uses: the thread's flag is not touched at all, so not even
   *    a wait of the JDK notices before the end;
   *  - by Thread.interrupt(): whichever wait of ours meets the flag first takes it down and waits on.
   * Both are remembered in pending, and become the thread's flag when the outermost region ends.
   */
  private static final ScopedValue<Mask> CURRENT = ScopedValue.newInstance();

  private Interrupts() {}

  /**
   * What every blocking operation does first.
   *
   * @throws InterruptedException when the current thread is interrupted, and may be
   */
  public static void check() throws InterruptedException {
    if (interrupted()) {
      throw new InterruptedException();
    }
  }

  /**
   * Clears the current thread's interrupt flag, and tells whether it was set; false where the
   * thread must not be interrupted, and then the interrupt will be there again afterwards.
   */
  public static boolean interrupted() {
    if (!Thread.interrupted()) {
      return false;
    }
    Mask mask = current();
    return mask == null || !mask.putOff();
  }

  /**
   * Runs something during which the current thread counts as not interrupted. An interrupt from
   * before, or from meanwhile, is in the thread's flag afterwards.
   */
  public static <R extends @Nullable Object, X extends Throwable> R uninterruptibly(
      ScopedValue.CallableOp<R, X> body) throws X {
    Mask mask = current();
    if (mask != null) {
      return mask.inside(body);
    }
    Mask own = new Mask();
    return own.run(() -> own.inside(body));
  }

  /** The mask of the current thread, if it has one. */
  public static @Nullable Mask current() {
    if (!CURRENT.isBound()) {
      return null;
    }
    Mask mask = CURRENT.get();
    // Threads of a JDK scope inherit scoped values, and must not take their parent's for theirs.
    return mask.thread == Thread.currentThread() ? mask : null;
  }

  /** What puts interrupts off for one thread. */
  public static class Mask {
    private final SpinLock lock = new SpinLock();

    // Guarded by lock; thread and depth are written by the thread itself, which needs none to read.
    private volatile @Nullable Thread thread;
    private int depth;
    private boolean pending;
    private int delivering;

    /** Creates the mask of a thread to come. */
    public Mask() {}

    /**
     * Runs what the thread does while this is its mask. Once only; an {@link #interrupt} that came
     * before is delivered first thing.
     */
    public final <R extends @Nullable Object, X extends Throwable> R run(
        ScopedValue.CallableOp<R, X> body) throws X {
      Thread self = Thread.currentThread();
      lock.lock();
      thread = self;
      boolean early = pending;
      pending = false;
      lock.unlock();
      if (early) {
        self.interrupt();
      }
      try {
        return ScopedValue.where(CURRENT, this).call(body);
      } finally {
        thread = null;
      }
    }

    /**
     * Interrupts the thread, as soon as it has begun and may be; not any more once it has ended.
     */
    public final void interrupt() {
      Thread t;
      lock.lock();
      try {
        t = thread;
        if (t == null || depth > 0) {
          pending = true;
          return;
        }
        delivering++;
      } finally {
        lock.unlock();
      }
      try {
        t.interrupt(); // not under the lock: it may close a channel of NIO
      } finally {
        lock.lock();
        delivering--;
        lock.unlock();
      }
    }

    private <R extends @Nullable Object, X extends Throwable> R inside(
        ScopedValue.CallableOp<R, X> body) throws X {
      enter();
      try {
        return body.call();
      } finally {
        leave();
      }
    }

    private void enter() {
      lock.lock();
      depth++;
      int looks = 0;
      while (delivering > 0) {
        lock.unlock();
        Backoff.pause(looks++);
        lock.lock();
      }
      Backoff.end(looks);
      if (Thread.interrupted()) {
        pending = true;
      }
      lock.unlock();
    }

    private void leave() {
      lock.lock();
      depth--;
      boolean again = depth == 0 && pending;
      if (again) {
        pending = false;
      }
      lock.unlock();
      if (again) {
        Thread.currentThread().interrupt();
      }
    }

    /** Whether the current interrupt was put off. Called by the thread itself. */
    private boolean putOff() {
      lock.lock();
      try {
        if (depth == 0) {
          return false;
        }
        pending = true;
        return true;
      } finally {
        lock.unlock();
      }
    }
  }
}
