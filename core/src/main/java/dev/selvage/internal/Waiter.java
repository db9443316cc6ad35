package dev.selvage.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
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
  private static final VarHandle SINCE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Waiter.class, "state", int.class);
      SINCE = MethodHandles.lookup().findVarHandle(Waiter.class, "since", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** What waits on several objects at once: a select. */
  public interface Several {
    /** The objects. Any thread may ask, while the owner waits; else the answer may be any. */
    List<Object> objects();
  }

  private final Object reason;
  // What is waited on. Whoever waits refers to it anyway, by its stack.
  private final @Nullable Object object;
  private volatile int state;
  // A stamp of WaitClock; 0 while the owner has not parked. The owner writes, tools read.
  private volatile long since;
  // Which of the thread's waits with this waiter it is. Small, as it finds room nowhere else.
  private short number;
  // Whether an alarm may end the wait. Written by the owner before it publishes the waiter.
  private boolean limited;
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
    this(reason, null);
  }

  /**
   * Creates the waiter of the current thread.
   *
   * @param reason why it waits; its {@code toString()} is what tools show
   * @param object what it waits on, whose {@code toString()} is what tools show, or {@link
   *     Several}; null when that is nothing but time
   */
  public Waiter(Object reason, @Nullable Object object) {
    this.reason = reason;
    this.object = object;
    this.thread = Thread.currentThread();
  }

  /** Makes the waiter ready for another wait of the current thread. Nobody may refer to it now. */
  public void begin() {
    thread = Thread.currentThread();
    winner = null;
    SINCE.setRelease(this, 0L);
    number++;
    STATE.setRelease(this, WAITING); // whoever sees it was shown it under a lock, or the like
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
    if (Contentions.isOn()) {
      Contentions.finishing(this, winner);
    }
    Thread t = thread;
    this.winner = winner;
    // From here on the owner may use the waiter for something else. Not by a release write: unpark
    // does nothing, not even fence, if there is a permit already, and the owner may take that one,
    // look before this has become visible, and park for ever.
    state = DONE;
    LockSupport.unpark(t);
  }

  /** What {@link #finish} was given, or null while that has not happened. For the owner only. */
  public @Nullable Object winner() {
    return winner;
  }

  /** When the wait began, as {@link WaitClock} counts; 0 while the owner has not parked. */
  long stamp() {
    return since;
  }

  /** Whether nobody has ended the wait yet. */
  boolean isWaiting() {
    return state == WAITING;
  }

  /** Says that the wait, and every later one with this waiter, ends after a time. By its owner. */
  public void limit() {
    limited = true;
  }

  /** Whether {@link #limit} was called; for waits on locks and groups, where nobody else does. */
  boolean isLimited() {
    return limited;
  }

  /** What the thread waits on, or {@link Several}; null when that is nothing but time. */
  @Nullable Object object() {
    return object;
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
    return Contentions.isOn() ? Contentions.await(this) : awaitUnsampled();
  }

  /** The wait itself. */
  boolean awaitUnsampled() {
    if (state == DONE) {
      return true;
    }
    Tracing tracing = Tracing.current();
    return tracing == null ? rest() : awaitTraced(tracing);
  }

  private boolean awaitTraced(Tracing tracing) {
    tracing.parking(reason);
    try {
      return rest();
    } finally {
      tracing.parked();
    }
  }

  private boolean rest() {
    SINCE.setRelease(this, WaitClock.stamp());
    Roster.Entry visit = Roster.enter();
    Stillness.stir();
    if (visit == null) {
      return park();
    }
    try {
      return park();
    } finally {
      visit.remove();
    }
  }

  private boolean park() {
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

  /** What the thread waits on; empty when that is nothing but time, or is not told. */
  public List<Object> objects() {
    Object o = object;
    return o == null ? List.of() : o instanceof Several several ? several.objects() : List.of(o);
  }

  /**
   * For how long the thread has been waiting, at least, in nanoseconds; -1 when it does not wait.
   * Any thread may ask.
   */
  public long waitedNanos() {
    long stamp = since;
    return stamp == 0 || !isWaiting() ? -1 : WaitClock.sinceNanos(stamp);
  }

  /** The text of the wait reason. */
  @Override
  public String toString() {
    return reason.toString();
  }
}
