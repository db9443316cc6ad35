package dev.selvage.time;

import dev.selvage.ReceiveChannel;
import dev.selvage.internal.Alarms;
import dev.selvage.internal.Pulse;
import dev.selvage.internal.Resources;
import java.time.Duration;
import java.time.Instant;

/**
 * Yields the time again and again on its channel. Ticks that nobody receives in time are dropped,
 * and the rhythm stays. Thread-safe; only receiving blocks.
 *
 * <pre>{@code
 * try (var tick = Ticker.every(Duration.ofSeconds(1))) {
 *   for (Instant t : tick.channel()) report(t);
 * }
 * }</pre>
 *
 * <p>Stop it, best by {@code try (…)}: a thread that waits for the next tick is woken for ever. A
 * ticker that nobody can reach any more costs nothing, stopped or not. Stopping does not close the
 * channel, as it does not in Go.
 */
public final class Ticker implements AutoCloseable {
  private final Pulse<ReceiveChannel<Instant>> pulse = TimerChannel.create();
  private final Resources.Entry entry = Resources.register(pulse, "ticker");

  private Ticker() {}

  /**
   * Creates a ticker, which runs at once; the first tick comes after one period.
   *
   * @throws IllegalArgumentException when the period is not positive
   */
  public static Ticker every(Duration period) {
    long nanos = positive(period, "non-positive interval for NewTicker");
    Ticker ticker = new Ticker();
    ticker.pulse.start(nanos, nanos);
    return ticker;
  }

  /** The channel of the ticks: the times at which they were due. */
  public ReceiveChannel<Instant> channel() {
    return pulse.channel();
  }

  /** Ends the ticks; one that was not received is dropped. */
  public void stop() {
    pulse.stop();
    entry.remove();
  }

  /** The same as {@link #stop()}. */
  @Override
  public void close() {
    stop();
  }

  /**
   * Goes on with another period, the first tick one period from now, also if it was stopped. A tick
   * that was not received is dropped.
   *
   * @throws IllegalArgumentException when the period is not positive
   */
  public void reset(Duration period) {
    long nanos = positive(period, "non-positive interval for Ticker.Reset");
    entry.add();
    pulse.start(nanos, nanos);
  }

  private static long positive(Duration period, String otherwise) {
    long nanos = Alarms.nanos(period);
    if (nanos <= 0) {
      throw new IllegalArgumentException(otherwise);
    }
    return nanos;
  }
}
