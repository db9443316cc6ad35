package dev.selvage.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Everything that happens at a known time, and the way to the time itself: nothing in the language
 * asks the JDK for the time but {@link Clockwork}s, and these methods ask the one that governs the
 * current thread, or, given an alarm, the one that governs the alarm. Goroutines themselves never
 * park with a time limit.
 *
 * <p>Times are nanoseconds on the scale of the clockwork, never negative; {@link #NEVER} is later
 * than all of them. All methods may be called from any thread and do not block.
 */
public final class Alarms {
  /** The time that never comes. */
  public static final long NEVER = Long.MAX_VALUE;

  private Alarms() {}

  /**
   * Something that happens at a time, by the clock that governed the thread which made it. Not
   * thread-safe itself: subclasses say what guards them.
   *
   * <p>Making one may fail for lack of memory or threads. Scheduling it, as often as you like, does
   * not: so who queues something that an alarm shall end makes the alarm first.
   */
  public abstract static class Alarm {
    /*
     * state      meaning                                   who moves it on
     * IDLE       not scheduled                             schedule, under the clockwork's lock
     * slot >= 0  in the wheel, in that slot                under the lock
     * DUE        its time has come; among those that the   the clockwork's ringer, to RINGING;
     *            clockwork will ring next                  cancel and schedule, under the lock
     * RINGING    ring() runs                               the ringer, to IDLE; schedule, under
     *                                                      the lock
     *
     * What leaves DUE or RINGING does so by compare-and-set, so that exactly one of ringer and
     * others has it. The clockwork refers to an alarm exactly from `slot` to RINGING, so an alarm
     * holds what it can wake alive for that long and no longer.
     */
    static final int IDLE = -1;
    static final int DUE = -2;
    static final int RINGING = -3;
    private static final VarHandle STATE;

    static {
      try {
        STATE = MethodHandles.lookup().findVarHandle(Alarm.class, "state", int.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    final Clockwork clockwork;
    volatile int state = IDLE;

    // Guarded by the clockwork's lock.
    long when;
    @Nullable Alarm next;
    @Nullable Alarm previous;

    /** Creates an alarm that is not scheduled. */
    protected Alarm() {
      clockwork = Clockwork.current();
    }

    /**
     * Called without any lock when the time has come. Must not block, and looks again at what it
     * protects: it may ring although it was moved at that very moment. Whatever it throws is
     * logged; after an {@link OutOfMemoryError} it is called again a little later, so it throws
     * that, if at all, before it has changed anything.
     */
    protected abstract void ring();

    final void moved(int to) {
      STATE.setRelease(this, to);
    }

    final boolean move(int from, int to) {
      return state == from && STATE.compareAndSet(this, from, to);
    }

    final Alarm following() {
      return linked(next);
    }

    final Alarm preceding() {
      return linked(previous);
    }

    private static Alarm linked(@Nullable Alarm alarm) {
      if (alarm == null) {
        throw new IllegalStateException("an alarm without neighbours in the wheel");
      }
      return alarm;
    }
  }

  // --------------- Time ---------------

  /** The time now, for the current thread. */
  public static long now() {
    return Clockwork.current().now();
  }

  /** The time now, for the current thread, as a point of the calendar. */
  public static Instant instant() {
    return Clockwork.current().instant();
  }

  /** The time now by the clock of an alarm. */
  public static long now(Alarm alarm) {
    return alarm.clockwork.now();
  }

  /** The time now by the clock of an alarm, as a point of the calendar. */
  public static Instant instant(Alarm alarm) {
    return alarm.clockwork.instant();
  }

  /** The time after that span from now; {@link #NEVER} when that is more than a long can count. */
  public static long after(long nanos) {
    return after(now(), nanos);
  }

  /** The same by the clock of an alarm. */
  public static long after(Alarm alarm, long nanos) {
    return after(alarm.clockwork.now(), nanos);
  }

  private static long after(long now, long nanos) {
    return nanos >= NEVER - now ? NEVER : now + Math.max(nanos, 0);
  }

  /** A span in nanoseconds, as near as a long can say it. */
  public static long nanos(Duration span) {
    try {
      return span.toNanos();
    } catch (ArithmeticException e) {
      return span.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  // --------------- Alarms ---------------

  /**
   * Puts an alarm at a time, from wherever it is now. At {@link #NEVER} it is just taken away.
   *
   * @return what {@link #cancel} would have returned
   */
  public static boolean schedule(Alarm alarm, long when) {
    return when == NEVER ? cancel(alarm) : alarm.clockwork.schedule(alarm, when);
  }

  /**
   * Takes an alarm away.
   *
   * @return false when it was not scheduled: it may be ringing
   */
  public static boolean cancel(Alarm alarm) {
    int state = alarm.state;
    return state != Alarm.IDLE && state != Alarm.RINGING && alarm.clockwork.cancel(alarm);
  }

  /** Whether an alarm is still to ring. */
  public static boolean isScheduled(Alarm alarm) {
    int state = alarm.state;
    return state != Alarm.IDLE && state != Alarm.RINGING;
  }

  /**
   * Takes an alarm away for good: on return it does not ring and will not, not even because it
   * could not for lack of memory. For who alone schedules it. Spins while it rings.
   */
  static void end(Alarm alarm) {
    int looks = 0;
    while (alarm.state != Alarm.IDLE) {
      if (!cancel(alarm)) {
        Backoff.pause(looks++);
      }
    }
    Backoff.end(looks);
  }

  /** Whether an alarm goes by the clock that governs the current thread. */
  static boolean isOfCurrentClock(Alarm alarm) {
    return alarm.clockwork == Clockwork.current();
  }

  /** Whether the current thread rings the alarms of the system, which nothing may hold up. */
  public static boolean onTimerThread() {
    return SystemClockwork.isRinger(Thread.currentThread());
  }

  /** How many alarms of the system's clock are still to ring. A picture of one moment at best. */
  public static int pending() {
    return SystemClockwork.pending();
  }
}
