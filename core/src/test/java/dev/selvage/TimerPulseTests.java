package dev.selvage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A time that has come for somebody who went away meanwhile lies in the channel. Whoever stops or
 * resets the timer must not find it there, as in Go since 1.23.
 *
 * <p>It gets there when the alarm is under way already as the last who waited is interrupted, or is
 * served by something else. The tests ring by themselves, so that it is always so.
 */
@Timeout(20)
final class TimerPulseTests {
  private static final Instant START = Instant.parse("2000-01-01T00:00:00Z");
  private static final long SECOND = 1_000_000_000;

  private final ManualClock clock = ManualClock.startingAt(START);
  private final TimerPulse pulse = clock.call(TimerPulse::new);

  /** Rings after that time, for nobody. */
  private void ringAfter(long nanos) throws InterruptedException {
    clock.advance(Duration.ofNanos(nanos));
    pulse.ring();
  }

  private Optional<Instant> received() {
    return pulse.channel().tryReceive();
  }

  @Test
  @DisplayName("what rang for nobody is there for who comes, once, and is not counted")
  void kept() throws Exception {
    assertFalse(pulse.start(SECOND, 0));
    ringAfter(SECOND);
    assertEquals(0, pulse.channel().len());
    clock.advance(Duration.ofSeconds(5));
    assertEquals(Optional.of(START.plusSeconds(1)), received());
    assertEquals(Optional.empty(), received());
    assertFalse(pulse.stop());
  }

  @Test
  @DisplayName("stopping drops it, and tells that it was not received")
  void stop() throws Exception {
    pulse.start(SECOND, 0);
    ringAfter(SECOND);
    assertTrue(pulse.stop());
    assertEquals(Optional.empty(), received());
    assertFalse(pulse.stop());
  }

  @Test
  @DisplayName("resetting drops it, tells that it was not received, and yields the new time only")
  void reset() throws Exception {
    pulse.start(SECOND, 0);
    ringAfter(SECOND);
    assertTrue(pulse.start(2 * SECOND, 0));
    assertEquals(Optional.empty(), received());
    clock.advance(Duration.ofSeconds(2));
    assertEquals(Optional.of(START.plusSeconds(3)), received());
    assertEquals(Optional.empty(), received());
    assertFalse(pulse.start(SECOND, 0));
  }

  @Test
  @DisplayName(
      "the time that was reset is not put in by an alarm that was under way for the old one")
  void late() throws Exception {
    pulse.start(SECOND, 0);
    clock.advance(Duration.ofSeconds(1));
    assertTrue(pulse.start(SECOND, 0));
    pulse.ring();
    assertEquals(Optional.empty(), received());
    assertTrue(pulse.stop());
    pulse.ring();
    assertEquals(Optional.empty(), received());
  }

  @Test
  @DisplayName("a tick that rang for nobody is dropped by a reset, and the rhythm is the new one")
  void ticker() throws Exception {
    pulse.start(SECOND, SECOND);
    ringAfter(SECOND);
    ringAfter(SECOND / 2); // not due: the one that is kept stays
    assertTrue(pulse.start(3 * SECOND, 3 * SECOND));
    assertEquals(Optional.empty(), received());
    clock.advance(Duration.ofNanos(3 * SECOND - 1));
    assertEquals(Optional.empty(), received());
    clock.advance(Duration.ofNanos(1));
    assertEquals(Optional.of(START.plusMillis(4500)), received());
    clock.advance(Duration.ofNanos(3 * SECOND - 1));
    assertEquals(Optional.empty(), received());
    clock.advance(Duration.ofNanos(1));
    assertEquals(Optional.of(START.plusMillis(7500)), received());
    ringAfter(3 * SECOND);
    assertTrue(pulse.stop());
    assertEquals(Optional.empty(), received());
  }
}
