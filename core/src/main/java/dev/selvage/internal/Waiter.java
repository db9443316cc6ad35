package dev.selvage.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One thread that waits for one of several things to happen, of which exactly one will count.
 *
 * <p>The thread parks with its waiter as the park blocker, without a time limit, so that it stays
 * visible to the garbage collector: whatever can finish the wait refers to the waiter, and nothing
 * else does. {@link #toString()} is the text of the wait reason, readable without any class of
 * ours.
 */
public final class Waiter {
  /*
   * state    meaning                             who moves it on
   * WAITING  nothing has happened yet            anybody, by claim(); the winner goes on alone
   * CLAIMED  the winner writes the outcome       the winner, by finish(), or it never leaves this
   *                                              state because the owner itself won (it was
   *                                              interrupted)
   * DONE     outcome written, owner may go on    the owner, by begin(), if it waits again
   *
   * Between claim and finish the winner runs only a few instructions, so an owner that loses the
   * race for its own waiter just waits for DONE.
   */
  private static final int WAITING = 0;
  private static final int CLAIMED = 1;
  private static final int DONE = 2;
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Waiter.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Object reason;
  private volatile int state;
  // Which of the thread's waits with this waiter it is. Small, as it finds room nowhere else.
  private short number;
  // Written by the owner before it publishes the waiter.
  private @Nullable Thread thread;
  // Written by the winner before DONE, read by the owner after it.
  private @Nullable Object winner;

  /**
   * Creates the waiter of the current thread.
   *
   * @param reason why it waits; its {@code toString()} is what tools show
   */
  public Waiter(Object reason) {
    this.reason = reason;
    this.thread = Thread.currentThread();
  }

  /** Makes the waiter ready for another wait of the current thread. Nobody may refer to it now. */
  public void begin() {
    thread = Thread.currentThread();
    winner = null;
    number++;
    state = WAITING;
  }

  /** Forgets the thread, so that a waiter kept for the next wait does not keep a thread alive. */
  public void end() {
    thread = null;
    winner = null;
  }

  /** Tries to become the one whose event counts. Who gets true must call {@link #finish} soon. */
  public boolean claim() {
    return state == WAITING && STATE.compareAndSet(this, WAITING, CLAIMED);
  }

  /** Ends the wait after a successful {@link #claim}, and wakes the thread. */
  public void finish(Object winner) {
    Thread t = thread;
    this.winner = winner;
    state = DONE; // from here on the owner may use the waiter for something else
    LockSupport.unpark(t);
  }

  /** What {@link #finish} was given, or null while that has not happened. For the owner only. */
  public @Nullable Object winner() {
    return winner;
  }

  /** Whether nobody has ended the wait yet. */
  boolean isWaiting() {
    return state == WAITING;
  }

  /** Tells this wait from others with the same waiter, as long as it {@link #isWaiting}. */
  int number() {
    return number;
  }

  /**
   * Parks the current thread until the wait is finished or the thread is interrupted, whichever
   * comes first. Inside {@link Interrupts#uninterruptibly} only the former counts.
   *
   * @return true when finished (an interrupt that came too late is left in the thread's flag);
   *     false when interrupted: the flag is cleared, nobody will finish this wait any more, and the
   *     caller takes the waiter back from wherever it lies
   */
  public boolean await() {
    boolean late = false;
    while (state != DONE) {
      if (Interrupts.interrupted()) {
        if (claim()) {
          return false;
        }
        late = true;
      } else {
        LockSupport.park(this);
      }
    }
    if (late) {
      Thread.currentThread().interrupt();
    }
    return true;
  }

  /** Why the thread waits. */
  public Object reason() {
    return reason;
  }

  /** The text of the wait reason. */
  @Override
  public String toString() {
    return reason.toString();
  }
}
