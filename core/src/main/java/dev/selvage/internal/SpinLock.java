package dev.selvage.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for a few dozen instructions. It never parks its caller, so it neither pins a carrier nor
 * shows up as a wait, and whoever finds it taken spins for a moment and then yields. Not reentrant,
 * not fair, no owner. Nothing that may block, and no code of a user, runs under it.
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

  @SuppressWarnings("ThreadPriorityCheck") // right without yielding, only slower
  private void lockSlowly() {
    int spins = 0;
    do {
      while (held != 0) {
        if (spins < SPINS) {
          spins++;
          Thread.onSpinWait();
        } else {
          // The holder's carrier may have lost its core: give ours away.
          Thread.yield();
        }
      }
    } while (!HELD.compareAndSet(this, 0, 1));
  }

  /** Gives the lock back. Only its holder may. */
  public void unlock() {
    HELD.setRelease(this, 0);
  }
}
