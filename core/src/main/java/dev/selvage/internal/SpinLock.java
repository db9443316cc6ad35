package dev.selvage.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for a few dozen instructions, that does not pin a carrier. Whoever finds it taken spins
 * for a moment, then yields, and only then sleeps for moments ({@link Backoff} says why), so it
 * hardly ever shows up as a wait. Not reentrant, not fair, no owner. Nothing that may block, and no
 * code of a user, runs under it.
 *
 * <p>Everything done before {@link #unlock()} is visible after the next {@link #lock()}.
 */
public final class SpinLock {
  private static final int SPINS = 64;
  private static final VarHandle HELD;

  static {
    try {
      HELD = MethodHandles.lookup().findVarHandle(SpinLock.class, "held", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("UnusedVariable") // read and written through HELD
  private volatile int held;

  /** Creates a free lock. */
  public SpinLock() {}

  /** Takes the lock, however long that takes. */
  public void lock() {
    if (!HELD.compareAndSet(this, 0, 1)) {
      lockSlowly();
    }
  }

  private void lockSlowly() {
    int looks = 0;
    do {
      while (held != 0) {
        Backoff.pause(looks++);
      }
    } while (!HELD.compareAndSet(this, 0, 1));
    Backoff.end(looks);
  }

  /** Takes the lock if it is free, or becomes so while one may hope for it without giving way. */
  public boolean tryLock() {
    for (int i = 0; i < SPINS; i++) {
      if (held == 0 && HELD.compareAndSet(this, 0, 1)) {
        return true;
      }
      Thread.onSpinWait();
    }
    return false;
  }

  /** Gives the lock back. Only its holder may. */
  public void unlock() {
    HELD.setRelease(this, 0);
  }
}
