package dev.selvage.time;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.ManualClockwork;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A clock that stands still until it is moved, for tests that neither wait nor depend on luck.
 *
 * <pre>{@code
 * var clock = ManualClock.create();
 * var ticks = new AtomicInteger();
 * clock.run(() -> go(() -> {
 *   try (var tick = Ticker.every(Duration.ofSeconds(1))) {
 *     for (Instant t : tick.channel()) ticks.incrementAndGet();
 *   }
 * }));
 * clock.advance(Duration.ofMinutes(1));   // returns at once
 * assertEquals(60, ticks.get());
 * }</pre>
 *
 * <p>Moving the time first waits until all goroutines that run under this clock are quiet: each has
 * ended, or is blocked in an operation of Selvage that only another goroutine or the time can end.
 * Then it goes to the next thing that is due, lets that happen, waits until all are quiet again,
 * and so on. So whatever the goroutines do takes no time, and nothing that is due is passed over.
 * Of several things due at the same time the one that was set first happens first, but goroutines
 * run side by side as ever.
 *
 * <p>What the goroutines do besides is real: one that waits in another library, for a socket, a
 * {@code Future} or {@code Thread.sleep}, is not quiet, and after ten seconds of real time that is
 * an {@link IllegalStateException} that says which goroutine it is, and where. The thread that
 * moves the clock need not be governed by it; if it is, it does not count.
 *
 * <p>Thread-safe; only one thread at a time moves the time. Nothing is held by the clock but what
 * the time will wake: a goroutine that waits for what never comes is garbage here as elsewhere.
 */
public final class ManualClock extends Clock {
  /** A date that nobody takes for today. */
  private static final Instant BEGINNING = Instant.parse("2000-01-01T00:00:00Z");

  private final ManualClockwork clockwork;

  private ManualClock(Instant start) {
    clockwork = new ManualClockwork(start, this);
  }

  /** Creates a clock that shows midnight UTC of 1 January 2000, as Go's {@code synctest} does. */
  public static ManualClock create() {
    return new ManualClock(BEGINNING);
  }

  /** Creates a clock that shows a given time. */
  public static ManualClock startingAt(Instant start) {
    return new ManualClock(start);
  }

  @Override
  public Instant instant() {
    return clockwork.instant();
  }

  @Override
  public long nanoTime() {
    return clockwork.now();
  }

  @Override
  public <R extends @Nullable Object, X extends Throwable> R call(
      Task<? extends R, ? extends X> task) throws X {
    return clockwork.<R, X>call(task::call);
  }

  // --------------- Moving it ---------------

  /**
   * Lets that time pass: all that becomes due in it happens, in order. With a span of zero, what is
   * due now.
   *
   * @throws IllegalArgumentException when the span is negative
   * @throws IllegalStateException when the goroutines do not become quiet, or another thread moves
   *     this clock
   * @throws InterruptedException when interrupted while the goroutines become quiet; the time may
   *     have passed in part
   */
  public void advance(Duration span) throws InterruptedException {
    if (span.isNegative()) {
      throw new IllegalArgumentException("time does not go back: " + span);
    }
    clockwork.advance(Alarms.nanos(span));
  }

  /**
   * Lets time pass up to the next thing that is due, and that happen.
   *
   * @return false when nothing is, and so no time has passed: if goroutines still wait, then for
   *     each other or for something outside
   * @throws IllegalStateException as {@link #advance} does
   * @throws InterruptedException as {@link #advance} does
   */
  public boolean advanceToNext() throws InterruptedException {
    return clockwork.advanceToNext();
  }

  /**
   * Returns when all goroutines under this clock are quiet. No time passes.
   *
   * @throws IllegalStateException as {@link #advance} does
   * @throws InterruptedException when interrupted before
   */
  public void settle() throws InterruptedException {
    clockwork.settle();
  }

  /**
   * Sets how long the goroutines may take to become quiet each time, in real time: ten seconds
   * unless set, which is too short when somebody looks at one of them with a debugger.
   *
   * @throws IllegalArgumentException when it is not positive
   */
  public void setPatience(Duration limit) {
    if (!limit.isPositive()) {
      throw new IllegalArgumentException("goroutines need some time to become quiet: " + limit);
    }
    clockwork.setPatience(limit);
  }

  /** When the next thing is due, as far as the goroutines have come by now. */
  public Optional<Instant> next() {
    return Optional.ofNullable(clockwork.next());
  }

  /** As {@code manual clock at 2000-01-01T00:00:00Z}. */
  @Override
  public String toString() {
    return "manual clock at " + instant();
  }
}
