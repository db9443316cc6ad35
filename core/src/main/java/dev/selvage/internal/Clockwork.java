package dev.selvage.internal;

import dev.selvage.internal.Alarms.Alarm;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A scale of time together with the alarms on it. Thread-safe; nothing here blocks.
 *
 * <p>Every thread is governed by one: that of the system, unless it runs in {@link
 * ManualClockwork#call}, or was started as a goroutine by one that does.
 */
public abstract sealed class Clockwork permits SystemClockwork, ManualClockwork {
  /*
   * Invariants
   *  1. `wheel` has exactly the alarms whose state says so.
   *  2. The ringer, one thread at a time, takes alarms that are due out of the wheel into `due`, and
   *     rings those of them that are still DUE, outside the lock, in that order. What it throws does
   *     not make it lose the others: [dueFrom, dueTo) are still to be looked at.
   *  3. An alarm is in `due` once at most: only the ringer puts alarms there, and it puts none there
   *     before it has looked at all of the last ones.
   *  4. `wakeAt` is the time at which the ringer will look again by itself: while it works, the
   *     beginning of time. Whoever schedules an earlier alarm wakes it.
   *  5. While the ringer pauses, `due` is empty and none of its frames refers to an alarm: one that
   *     is interpreted would hold it.
   *
   * Lock order: a channel's lock before `lock`; nothing is taken under `lock`.
   */
  private static final int BATCH = 64;

  /** How long an alarm waits that could not ring for lack of memory. */
  private static final long RETRY_NANOS = 10_000_000;

  /** Whether any thread was ever governed by another clockwork than the system's. */
  private static boolean replaced;

  final SpinLock lock = new SpinLock();

  // Guarded by lock.
  final AlarmWheel wheel = new AlarmWheel();
  long wakeAt = Long.MIN_VALUE;

  // The ringer's.
  private final @Nullable Alarm[] due = new Alarm[BATCH];
  private int dueFrom;
  private int dueTo;

  Clockwork() {}

  /** The one that governs the current thread. */
  public static Clockwork current() {
    // Read without further care: a thread for which it matters has seen it set.
    ManualClockwork manual = replaced ? ManualClockwork.bound() : null;
    return manual != null ? manual : SystemClockwork.shard();
  }

  /**
   * What a goroutine that the current thread starts is governed by, and must run in; null when that
   * is the system's time.
   */
  public static ManualClockwork.@Nullable Governed inherit() {
    ManualClockwork manual = replaced ? ManualClockwork.bound() : null;
    return manual == null ? null : manual.adopt();
  }

  static void replace() {
    replaced = true;
  }

  /** The time now: nanoseconds since the scale began. */
  public abstract long now();

  /** The time now as a point of the calendar. */
  public abstract Instant instant();

  /** What users see of it; null for the system's. */
  public @Nullable Object face() {
    return null;
  }

  /** Called without the lock after {@link #wakeAt} has become earlier. */
  abstract void wake();

  final boolean schedule(Alarm alarm, long when) {
    boolean pending;
    boolean earlier;
    lock.lock();
    try {
      pending = take(alarm);
      wheel.add(alarm, when);
      earlier = when < wakeAt;
      if (earlier) {
        wakeAt = when;
      }
    } finally {
      lock.unlock();
    }
    if (earlier) {
      wake();
    }
    return pending;
  }

  final boolean cancel(Alarm alarm) {
    lock.lock();
    try {
      boolean pending = take(alarm);
      if (pending) {
        alarm.moved(Alarm.IDLE);
      }
      return pending;
    } finally {
      lock.unlock();
    }
  }

  /** Takes an alarm from wherever it is; false if that is nowhere. Under the lock. */
  private boolean take(Alarm alarm) {
    if (alarm.state >= 0) {
      wheel.remove(alarm);
      return true;
    }
    return alarm.move(Alarm.DUE, Alarm.IDLE);
  }

  // --------------- The ringer's ---------------

  /**
   * Rings what is due.
   *
   * @return false when that was nothing; then {@link #wakeAt} is set to {@code next}, the time at
   *     which to come again
   */
  final boolean ringDue() {
    ringTaken();
    lock.lock();
    try {
      long now = now();
      dueTo = wheel.collect(now, due);
      long next = wheel.next();
      if (dueTo == 0 && next > now) {
        wakeAt = next;
        return false;
      }
      wakeAt = Long.MIN_VALUE;
    } finally {
      lock.unlock();
    }
    ringTaken();
    return true;
  }

  private void ringTaken() {
    while (dueFrom < dueTo) {
      Alarm alarm = due[dueFrom];
      due[dueFrom++] = null;
      if (alarm != null && alarm.move(Alarm.DUE, Alarm.RINGING)) {
        ring(alarm);
      }
    }
    dueFrom = 0;
    dueTo = 0;
  }

  private void ring(Alarm alarm) {
    try {
      alarm.ring();
    } catch (OutOfMemoryError e) {
      retry(alarm);
    } catch (Throwable e) {
      alarm.move(Alarm.RINGING, Alarm.IDLE);
      // One bad alarm must not end the time of all others.
      Log.error("a timer failed", e);
    }
    alarm.move(Alarm.RINGING, Alarm.IDLE);
  }

  /** Schedules an alarm once more, unless somebody else has while it rang. */
  private void retry(Alarm alarm) {
    lock.lock();
    try {
      if (alarm.state == Alarm.RINGING) {
        wheel.add(alarm, now() + RETRY_NANOS);
      }
    } finally {
      lock.unlock();
    }
  }
}
