package dev.selvage.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

@org.junit.jupiter.api.Timeout(20)
final class AlarmsTests {
  private final List<Integer> rung = Collections.synchronizedList(new ArrayList<>());

  private final class Numbered extends Alarms.Alarm {
    private final int number;

    Numbered(int number) {
      this.number = number;
    }

    @Override
    protected void ring() {
      rung.add(number);
    }
  }

  @Test
  void ringInTheOrderOfTheirTimesWhateverIsMovedAndCancelled() {
    Random random = new Random(2);
    List<Integer> order = new ArrayList<>();
    List<Numbered> alarms = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      order.add(i);
      alarms.add(new Numbered(i));
    }
    Collections.shuffle(order, random);
    long base = Alarms.after(500_000_000);
    for (int i : order) {
      Alarms.schedule(alarms.get(i), base + random.nextInt(1_000_000_000));
    }
    Collections.shuffle(order, random);
    List<Integer> expected = new ArrayList<>();
    for (int i : order) {
      if (i % 3 == 0) {
        assertTrue(Alarms.cancel(alarms.get(i)));
        assertFalse(Alarms.cancel(alarms.get(i)));
        assertFalse(Alarms.isScheduled(alarms.get(i)));
      } else {
        Alarms.schedule(alarms.get(i), base + i * 1000L);
        assertTrue(Alarms.isScheduled(alarms.get(i)));
      }
    }
    for (int i = 0; i < 500; i++) {
      if (i % 3 != 0) {
        expected.add(i);
      }
    }
    Threads.until(() -> rung.size() >= expected.size());
    assertEquals(expected, rung);
  }

  @Test
  void oneThatThrowsDoesNotEndTheOthers() throws Exception {
    java.util.logging.Logger logger = java.util.logging.Logger.getLogger("dev.selvage");
    logger.setUseParentHandlers(false);
    try {
      CountDownLatch after = new CountDownLatch(1);
      Alarms.schedule(
          new Alarms.Alarm() {
            @Override
            protected void ring() {
              throw new IllegalStateException("on purpose");
            }
          },
          Alarms.now());
      Alarms.schedule(
          new Alarms.Alarm() {
            @Override
            protected void ring() {
              after.countDown();
            }
          },
          Alarms.after(1_000_000));
      after.await();
    } finally {
      logger.setUseParentHandlers(true);
    }
  }

  @Test
  void aLogThatThrowsDoesNotEndTheOthersEither() throws Exception {
    java.util.logging.Logger logger = java.util.logging.Logger.getLogger("dev.selvage");
    IllegalStateException broken = new IllegalStateException("a broken log");
    java.util.logging.Handler handler =
        new java.util.logging.Handler() {
          @Override
          public void publish(java.util.logging.LogRecord record) {
            throw broken;
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    java.util.concurrent.CompletableFuture<Throwable> told =
        new java.util.concurrent.CompletableFuture<>();
    Thread.setDefaultUncaughtExceptionHandler((_, e) -> told.complete(e));
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
    try {
      Alarms.schedule(
          new Alarms.Alarm() {
            @Override
            protected void ring() {
              throw new IllegalStateException("on purpose");
            }
          },
          Alarms.now());
      assertEquals(broken, told.get());
      CountDownLatch after = new CountDownLatch(1);
      Alarms.schedule(
          new Alarms.Alarm() {
            @Override
            protected void ring() {
              after.countDown();
            }
          },
          Alarms.after(1_000_000));
      after.await();
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  /** What could not ring for lack of memory is to ring again soon; but not after it was ended. */
  @Test
  void oneThatWasEndedWhileItRangDoesNotRingAgain() throws Exception {
    for (int i = 0; i < 20; i++) {
      CountDownLatch rings = new CountDownLatch(1);
      CountDownLatch goesOn = new CountDownLatch(1);
      java.util.concurrent.atomic.AtomicInteger times =
          new java.util.concurrent.atomic.AtomicInteger();
      Alarms.Alarm alarm =
          new Alarms.Alarm() {
            @Override
            protected void ring() {
              if (times.incrementAndGet() > 1) {
                return;
              }
              rings.countDown();
              try {
                goesOn.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              throw new OutOfMemoryError("as if there were none left");
            }
          };
      Alarms.schedule(alarm, Alarms.now());
      rings.await();
      Thread releases = Thread.ofPlatform().start(goesOn::countDown);
      Alarms.end(alarm);
      assertEquals(Alarms.Alarm.IDLE, alarm.state);
      int before = times.get(); // a second time at most, had it been put off and rung already
      releases.join();
      CountDownLatch later = new CountDownLatch(1);
      Alarms.schedule(
          new Alarms.Alarm() {
            @Override
            protected void ring() {
              later.countDown();
            }
          },
          Alarms.after(20_000_000)); // twice as long as it would be put off
      later.await();
      assertEquals(before, times.get());
    }
  }

  @Test
  void timesThatDoNotFitAreAsNearAsTheyCanBe() {
    assertEquals(Alarms.NEVER, Alarms.after(Long.MAX_VALUE));
    assertEquals(Long.MAX_VALUE, Alarms.nanos(Duration.ofSeconds(Long.MAX_VALUE)));
    assertEquals(Long.MIN_VALUE, Alarms.nanos(Duration.ofSeconds(Long.MIN_VALUE)));
    Numbered alarm = new Numbered(1);
    Alarms.schedule(alarm, Alarms.NEVER);
    assertFalse(Alarms.isScheduled(alarm));
  }
}
