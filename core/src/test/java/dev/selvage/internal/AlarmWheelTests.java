package dev.selvage.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The wheel against a sorted map of queues, over spans from nanoseconds to centuries. */
@org.junit.jupiter.api.Timeout(30)
final class AlarmWheelTests {
  private final AlarmWheel wheel = new AlarmWheel();
  private final TreeMap<Long, Deque<Numbered>> oracle = new TreeMap<>();
  private final Alarms.@Nullable Alarm[] due = new Alarms.Alarm[7];
  private long now;

  private static final class Numbered extends Alarms.Alarm {
    private final int number;

    Numbered(int number) {
      this.number = number;
    }

    @Override
    protected void ring() {
      throw new AssertionError("nobody rings it");
    }

    @Override
    public String toString() {
      return "#" + number;
    }
  }

  private void add(Numbered alarm, long when) {
    wheel.add(alarm, when);
    oracle.computeIfAbsent(when, _ -> new ArrayDeque<>()).addLast(alarm);
  }

  private void remove(Numbered alarm) {
    wheel.remove(alarm);
    alarm.moved(Alarms.Alarm.IDLE);
    oracle.computeIfPresent(
        alarm.when,
        (_, queue) -> {
          assertTrue(queue.remove(alarm));
          return queue.isEmpty() ? null : queue;
        });
  }

  /** Moves the time, and compares what is due, in order. */
  private void advance(long to) {
    now = to;
    List<Alarms.Alarm> expected = new ArrayList<>();
    for (Map.Entry<Long, Deque<Numbered>> entry; (entry = oracle.firstEntry()) != null; ) {
      if (entry.getKey() > now) {
        break;
      }
      expected.addAll(entry.getValue());
      oracle.remove(entry.getKey());
    }
    List<Alarms.Alarm> collected = new ArrayList<>();
    for (; ; ) {
      int count = wheel.collect(now, due);
      for (int i = 0; i < count; i++) {
        Alarms.Alarm alarm = Objects.requireNonNull(due[i]);
        assertEquals(Alarms.Alarm.DUE, alarm.state);
        assertNull(alarm.next);
        assertNull(alarm.previous);
        alarm.moved(Alarms.Alarm.IDLE);
        collected.add(alarm);
      }
      long next = wheel.next();
      assertTrue(next <= earliest(), "it would oversleep");
      if (count == 0 && next > now) {
        break;
      }
    }
    assertEquals(expected, collected);
    check();
  }

  private void check() {
    assertEquals(earliest(), wheel.earliest());
    assertEquals(oracle.values().stream().mapToInt(Deque::size).sum(), wheel.size());
  }

  private long earliest() {
    return oracle.isEmpty() ? Alarms.NEVER : oracle.firstKey();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 12, 24, 40, 62})
  void yieldsWhatIsDueInOrderWhateverIsAddedAndTakenAway(int bits) {
    Random random = new Random(bits);
    List<Numbered> alarms = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      alarms.add(new Numbered(i));
    }
    for (int round = 0; round < 20_000; round++) {
      Numbered alarm = alarms.get(random.nextInt(alarms.size()));
      if (alarm.state >= 0) {
        remove(alarm);
      }
      if (random.nextInt(4) > 0) {
        long span = random.nextLong(1L << random.nextInt(bits + 1));
        add(alarm, now + Math.min(span + 1, Alarms.NEVER - 1 - now));
      }
      if (random.nextInt(50) == 0) {
        long span = random.nextLong(1L << random.nextInt(bits + 1));
        advance(now + Math.min(span, Alarms.NEVER - 1 - now));
      } else if (random.nextInt(20) == 0) {
        check();
      }
    }
    advance(Alarms.NEVER - 1);
    assertEquals(0, wheel.size());
  }

  @Test
  void manyInOneSlotAreMovedInPortionsAndKeepTheirOrder() {
    Random random = new Random(1);
    for (int i = 0; i < 5_000; i++) {
      add(new Numbered(i), 1_000_000_000L + random.nextInt(2_000));
    }
    advance(999_999_999L);
    advance(1_000_000_500L);
    advance(1_000_002_000L);
    assertEquals(0, wheel.size());
  }

  @Test
  void someMayBeAddedAndTakenAwayWhileASlotIsOpen() {
    Random random = new Random(3);
    List<Numbered> alarms = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      Numbered alarm = new Numbered(i);
      alarms.add(alarm);
      add(alarm, 1_000_000_001L + 2L * random.nextInt(500_000));
    }
    now = 1_000_000_000L;
    assertEquals(0, wheel.collect(now, due)); // has moved a portion
    check();
    for (int i = 0; i < 3_000; i += 2) {
      remove(alarms.get(i));
      if (i % 3 == 0) {
        add(alarms.get(i), now + 2 + 2L * random.nextInt(1_000_000));
      }
    }
    check();
    advance(1_000_300_000L);
    advance(1_003_000_000L);
    assertEquals(0, wheel.size());
  }

  @Test
  void whatIsTooLateIsDueAtOnce() {
    add(new Numbered(0), 5_000);
    advance(4_000);
    Numbered late = new Numbered(1);
    wheel.add(late, 3_000);
    assertEquals(3_000, wheel.earliest());
    assertTrue(wheel.next() <= now);
    assertEquals(1, wheel.collect(now, due));
    assertEquals(late, due[0]);
    check();
    advance(5_000);
  }
}
