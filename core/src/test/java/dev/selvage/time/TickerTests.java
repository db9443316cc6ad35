package dev.selvage.time;

import static dev.selvage.Threads.startBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.ReceiveChannel;
import dev.selvage.Select;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class TickerTests {
  private static final Duration SHORT = Duration.ofMillis(2);
  private static final Duration LONG = Duration.ofHours(1);

  @Test
  void ticksUntilItIsStopped() throws Exception {
    Instant before = Instant.now();
    int count = 0;
    try (Ticker tick = Ticker.every(SHORT)) {
      Instant last = before;
      for (Instant t : tick.channel()) {
        assertTrue(t.isAfter(last));
        last = t;
        if (++count == 5) {
          break;
        }
      }
      tick.stop();
      assertEquals(Optional.empty(), tick.channel().receive(SHORT.multipliedBy(5)));
    }
    assertFalse(Instant.now().isBefore(before.plus(SHORT.multipliedBy(5))));
  }

  @Test
  void dropsTheTicksThatNobodyCameFor() throws Exception {
    long period = 20_000_000;
    try (Ticker tick = Ticker.every(Duration.ofNanos(period))) {
      Thread.sleep(110); // five ticks, of which one is kept
      long before = System.nanoTime();
      int ticks = 0;
      while (tick.channel().tryReceive().isPresent()) {
        ticks++;
      }
      long came = (System.nanoTime() - before) / period + 1; // meanwhile, at most
      assertTrue(ticks >= 1 && ticks <= 1 + came, ticks + " ticks");
    }
  }

  @Test
  void looksUnbuffered() throws Exception {
    try (Ticker tick = Ticker.every(SHORT)) {
      Thread.sleep(10);
      assertEquals(0, tick.channel().len());
      assertEquals(0, tick.channel().cap());
      assertEquals("chan(0/0)", tick.channel().toString());
    }
  }

  @Test
  void aTickIsStaleAfterStopAndReset() throws Exception {
    Ticker tick = Ticker.every(SHORT);
    Thread.sleep(10); // a tick is due
    tick.stop();
    assertEquals(Optional.empty(), tick.channel().tryReceive());
    tick.reset(SHORT);
    tick.channel().receive();
    Thread.sleep(10);
    tick.reset(LONG);
    assertEquals(Optional.empty(), tick.channel().tryReceive());
    tick.stop();
  }

  @Test
  void resettingReachesWhoWaitsAlready() throws Exception {
    try (Ticker tick = Ticker.every(LONG)) {
      Thread waiting = startBlocked(() -> tick.channel().receive());
      tick.reset(SHORT);
      waiting.join();
    }
  }

  @Test
  void oneTickWakesOneOfThoseWhoWait() throws Exception {
    try (Ticker tick = Ticker.every(SHORT)) {
      Channel<Instant> got = Channel.unbuffered();
      ReceiveChannel<Instant> ticks = tick.channel();
      for (int i = 0; i < 3; i++) {
        dev.selvage.Go.go(() -> got.send(ticks.receive()));
      }
      Instant a = got.receive();
      Instant b = got.receive();
      Instant c = got.receive();
      assertFalse(a.equals(b) || b.equals(c) || a.equals(c));
    }
  }

  @Test
  void isACaseOfASelect() throws Exception {
    Channel<String> never = Channel.unbuffered();
    try (Ticker tick = Ticker.every(SHORT)) {
      for (int i = 0; i < 3; i++) {
        String s =
            Select.select(
                Select.receive(tick.channel(), t -> "tick"),
                Select.receive(never, v -> v),
                Select.after(LONG, () -> "timeout"));
        assertEquals("tick", s);
      }
    }
  }

  @Test
  void aPeriodIsPositive() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Ticker.every(Duration.ZERO));
    assertEquals("non-positive interval for NewTicker", e.getMessage());
    try (Ticker tick = Ticker.every(LONG)) {
      e = assertThrows(IllegalArgumentException.class, () -> tick.reset(Duration.ofSeconds(-1)));
      assertEquals("non-positive interval for Ticker.Reset", e.getMessage());
    }
  }
}
