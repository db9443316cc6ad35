package dev.selvage.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class WaitClockTests {
  private static final long TICK = 10_000_000;

  private final WaitClock clock = new WaitClock();

  @Test
  void aStampThatIsATimeIsExact() {
    assertEquals(1234, clock.latest(1234, 9999));
  }

  @Test
  void aWaitHasNotBegunBeforeTheTickThatFollowsItsStamp() {
    clock.tickAt(100);
    long stamp = -clock.lastTick();
    assertEquals(150, clock.latest(stamp, 150)); // no later tick yet: as good as nothing
    clock.tickAt(207);
    assertEquals(207, clock.latest(stamp, 300));
    clock.tickAt(300);
    assertEquals(207, clock.latest(stamp, 400));
    assertEquals(300, clock.latest(stamp - 1, 400));
  }

  @Test
  void whenTheTicksEndTheTimeIsReadAgain() {
    clock.tick(true, 0);
    assertEquals(1, clock.lastTick());
    clock.tick(false, 0);
    assertEquals(0, clock.lastTick());
    // Who stamped with the last tick began before the call that ended them.
    assertTrue(clock.latest(-1, Long.MAX_VALUE) <= System.nanoTime());
  }

  @Test
  void noWaitIsOverstatedAndNoneUnderstatedByMoreThanItsShare() {
    Random random = new Random(42);
    int ticks = 3_000_000; // eight hours of ticks
    long[] times = new long[ticks + 1];
    long now = 0;
    for (int i = 1; i <= ticks; i++) {
      now += random.nextInt(50) == 0 ? 7 * TICK : TICK; // now and then it is late
      clock.tickAt(now);
      times[i] = now;
    }
    for (int i = 1; i < ticks; i += 1 + random.nextInt(3000)) {
      long latest = clock.latest(-i, now);
      long trueEarliest = times[i];
      long trueLatest = times[i + 1];
      assertTrue(latest >= trueLatest, "overstated at " + i);
      long error = latest - trueEarliest;
      long age = now - trueEarliest;
      assertTrue(
          latest == trueLatest || error <= age / 64 * 2, error + " of " + age + " at tick " + i);
    }
  }
}
