package dev.selvage.time;

import dev.selvage.internal.Clockwork;
import dev.selvage.internal.ManualClockwork;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * The time that governs a goroutine: how long it sleeps, when its timers and tickers fire, when its
 * waits with a time limit and its contexts with a deadline end. That is the system's, unless the
 * goroutine runs under a {@link ManualClock}: a test then decides how time passes.
 *
 * <p>What starts goroutines hands its clock on to them. A timer, a ticker and the deadline of a
 * context go by the clock of the goroutine that made them, whoever uses them. Threads that are not
 * started by Selvage, and what they wait for in other libraries ({@code Thread.sleep}, say), always
 * go by the system's time.
 *
 * <p>A program that wants to know the time and be tested with another asks {@code
 * Clock.current().instant()}. Thread-safe; nothing here blocks but what is run.
 */
public abstract sealed class Clock implements InstantSource permits Clock.OfSystem, ManualClock {
  private static final Clock SYSTEM = new OfSystem();

  Clock() {}

  /** What is done under a clock. */
  @FunctionalInterface
  public interface Task<R extends @Nullable Object, X extends Throwable> {
    /** Does it. */
    R call() throws X;
  }

  /** What is done under a clock and yields nothing. */
  @FunctionalInterface
  public interface Action<X extends Throwable> {
    /** Does it. */
    void run() throws X;
  }

  /** The clock of the system. */
  public static Clock system() {
    return SYSTEM;
  }

  /** The clock that governs the current thread. */
  public static Clock current() {
    return Clockwork.current().face() instanceof Clock clock ? clock : SYSTEM;
  }

  /** The time now, as a point of the calendar. */
  @Override
  public abstract Instant instant();

  /**
   * The time now in nanoseconds since some fixed point: for measuring spans, as it never goes back.
   */
  public abstract long nanoTime();

  /**
   * Runs something in the current thread under this clock, and so all goroutines that it starts,
   * and theirs.
   */
  public final <X extends Throwable> void run(Action<? extends X> action) throws X {
    this.<@Nullable Void, X>call(
        () -> {
          action.run();
          return null;
        });
  }

  /** Does the same and yields what the task yields. */
  public abstract <R extends @Nullable Object, X extends Throwable> R call(
      Task<? extends R, ? extends X> task) throws X;

  /** The system's. */
  static final class OfSystem extends Clock {
    private OfSystem() {}

    @Override
    public Instant instant() {
      return Instant.now();
    }

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public <R extends @Nullable Object, X extends Throwable> R call(
        Task<? extends R, ? extends X> task) throws X {
      return ManualClockwork.<R, X>callWithSystemTime(task::call);
    }

    @Override
    public String toString() {
      return "system clock";
    }
  }
}
