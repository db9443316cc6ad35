package dev.selvage.time;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Threads.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.DeadlineExceededException;
import dev.selvage.Go;
import dev.selvage.Select;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ManualClockTests {
  private static final Instant START = Instant.parse("2000-01-01T00:00:00Z");
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ManualClock clock = ManualClock.create();
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());

  /** Writes down what happened, and after how many milliseconds. */
  private void note(String what) {
    log.add(Duration.between(START, Clock.current().instant()).toMillis() + " " + what);
  }

  @Test
  void standsStillUntilItIsMoved() throws Exception {
    assertEquals(START, clock.instant());
    clock.run(() -> assertSame(clock, Clock.current()));
    assertSame(Clock.system(), Clock.current());
    clock.advance(SECOND);
    assertEquals(START.plus(SECOND), clock.instant());
    assertEquals(SECOND.toNanos(), clock.nanoTime());
    assertEquals("manual clock at 2000-01-01T00:00:01Z", clock.toString());
    Instant birthday = Instant.parse("2009-11-10T23:00:00Z");
    assertEquals(birthday, ManualClock.startingAt(birthday).instant());
  }

  @Test
  void limitsASelectThatWasLimitedByAnotherClockBefore() throws Exception {
    Select sel = Select.create();
    sel.receive(Channel.unbuffered());
    assertNull(sel.await(Duration.ofNanos(1)));
    clock.run(() -> go(() -> note(sel.await(SECOND) == null ? "over" : "a value")));
    clock.advance(SECOND);
    assertEquals(List.of("1000 over"), log);
    assertNull(sel.await(Duration.ofNanos(1))); // or it would wait until somebody moves the clock
  }

  @Test
  void governsGoroutinesAndThoseThatTheyStart() throws Exception {
    AtomicReference<Clock> seen = new AtomicReference<>();
    AtomicReference<Clock> outside = new AtomicReference<>();
    clock.run(
        () ->
            go(
                () ->
                    go(
                        () -> {
                          seen.set(Clock.current());
                          outside.set(Clock.system().call(Clock::current));
                        })));
    clock.settle();
    assertSame(clock, seen.get());
    assertSame(Clock.system(), outside.get());
  }

  @Test
  void aLimitIsKeptByWhoWasWokenAndFoundTheMutexTaken() throws Exception {
    boolean overtaken = false;
    for (int i = 0; i < 10_000 && !overtaken; i++) {
      Mutex mutex = new Mutex();
      mutex.lock();
      Channel<Boolean> outcome = Channel.buffered(1);
      clock.run(() -> go(() -> outcome.send(mutex.lock(SECOND))));
      clock.advance(Duration.ofMillis(900));
      mutex.unlock();
      overtaken = mutex.tryLock(); // usually before the other is awake
      clock.advance(Duration.ofMillis(100));
      assertEquals(!overtaken, outcome.tryReceive().orElseThrow());
    }
    assertTrue(overtaken);
  }

  @Test
  void sleepersWakeInTheOrderOfTheirTimes() throws Exception {
    clock.run(
        () -> {
          for (int seconds : new int[] {3, 1, 2}) {
            go(
                () -> {
                  Go.sleep(SECOND.multipliedBy(seconds));
                  note("woke");
                });
          }
        });
    clock.advance(Duration.ofMillis(2500));
    assertEquals(List.of("1000 woke", "2000 woke"), log);
    assertEquals(Optional.of(START.plusSeconds(3)), clock.next());
    assertTrue(clock.advanceToNext());
    assertEquals(List.of("1000 woke", "2000 woke", "3000 woke"), log);
    assertEquals(Optional.empty(), clock.next());
    assertFalse(clock.advanceToNext());
    assertEquals(START.plusSeconds(3), clock.instant());
  }

  @Test
  void whatGoroutinesDoOneAfterTheOtherTakesNoTime() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    clock.run(
        () -> {
          go(
              () -> {
                for (int i = 0; i < 3; i++) {
                  Go.sleep(SECOND);
                  for (int k = 0; k < 100; k++) {
                    ch.send(k);
                  }
                }
                ch.close();
              });
          go(
              () -> {
                int sum = 0;
                for (int v : ch) {
                  sum += v;
                  if (v == 99) {
                    note("sum " + sum);
                    Go.sleep(Duration.ofMillis(1500));
                  }
                }
                note("closed");
              });
        });
    clock.advance(Duration.ofMinutes(1));
    assertEquals(List.of("1000 sum 4950", "2500 sum 9900", "4000 sum 14850", "5500 closed"), log);
  }

  @Test
  void tickersTickAndDropForSlowReceivers() throws Exception {
    AtomicInteger ticks = new AtomicInteger();
    clock.run(
        () -> {
          go(
              () -> {
                try (Ticker tick = Ticker.every(SECOND)) {
                  for (Instant t : tick.channel()) {
                    assertEquals(Clock.current().instant(), t);
                    if (ticks.incrementAndGet() == 60) {
                      return;
                    }
                  }
                }
              });
          go(
              () -> {
                try (Ticker tick = Ticker.every(SECOND)) {
                  for (int i = 0; i < 3; i++) {
                    Go.sleep(Duration.ofMillis(2500));
                    Instant due = tick.channel().receive();
                    note("due at " + Duration.between(START, due).toMillis());
                  }
                }
              });
        });
    clock.advance(Duration.ofSeconds(10));
    assertEquals(10, ticks.get());
    // The tick of 1 s was kept; that of 2 s found it there and was dropped.
    assertEquals(List.of("2500 due at 1000", "5000 due at 3000", "7500 due at 6000"), log);
    clock.advance(Duration.ofMinutes(1));
    assertEquals(60, ticks.get());
    assertEquals(Optional.empty(), clock.next());
  }

  @Test
  void timersFireStopAndReset() throws Exception {
    Timer[] timers = new Timer[3];
    clock.run(
        () -> {
          timers[0] = Timer.after(SECOND);
          timers[1] = Timer.afterFunc(SECOND, () -> note("first"));
          timers[2] = Timer.afterFunc(SECOND, () -> note("second"));
        });
    assertTrue(timers[2].stop());
    clock.advance(SECOND.minusNanos(1));
    assertEquals(Optional.empty(), timers[0].channel().tryReceive());
    assertTrue(timers[1].reset(SECOND)); // by its own clock, though we are not governed by it
    clock.advance(Duration.ofNanos(1));
    assertEquals(Optional.of(START.plus(SECOND)), timers[0].channel().tryReceive());
    assertEquals(List.of(), log);
    clock.advance(SECOND);
    assertEquals(List.of("1999 first"), log);
    assertFalse(timers[1].stop());
    timers[2].reset(Duration.ZERO);
    clock.advance(Duration.ZERO);
    assertEquals(List.of("1999 first", "2000 second"), log);
  }

  @Test
  void limitsOfWaitsAndSelectsGoByIt() throws Exception {
    Channel<Integer> never = Channel.unbuffered();
    WaitGroup group = new WaitGroup();
    group.add(1);
    clock.run(
        () -> {
          go(() -> note("receive " + never.receive(SECOND)));
          go(() -> note("send " + Channel.<Integer>unbuffered().send(1, SECOND.multipliedBy(2))));
          go(() -> note("wait " + group.await(SECOND.multipliedBy(3))));
          go(
              () ->
                  note(
                      select(
                          receive(never, v -> "got " + v),
                          after(SECOND.multipliedBy(4), () -> "timeout"))));
          go(
              () -> {
                Select select = Select.create();
                Select.Receiving<Integer> in = select.receive(never);
                for (int i = 0; i < 2; i++) {
                  assertNull(select.await(SECOND.multipliedBy(5)));
                }
                assertSame(in, select.await(SECOND.multipliedBy(5)));
                note("select " + in.value());
              });
          go(
              () -> {
                Go.sleep(SECOND.multipliedBy(11));
                never.send(7);
              });
        });
    clock.advance(Duration.ofHours(1));
    assertEquals(
        List.of(
            "1000 receive Optional.empty",
            "2000 send false",
            "3000 wait false",
            "4000 timeout",
            "11000 select 7"),
        log);
  }

  @Test
  void deadlinesOfContextsGoByIt() throws Exception {
    clock.run(
        () -> {
          CancellableContext ctx = Context.background().withTimeout(SECOND);
          assertEquals(Optional.of(START.plus(SECOND)), ctx.deadline());
          Context view = ctx.view();
          go(
              () -> {
                view.done().receiveOrNull();
                note("done");
                assertInstanceOf(DeadlineExceededException.class, view.cause());
                ctx.close();
              });
        });
    clock.advance(SECOND.minusNanos(1));
    assertEquals(List.of(), log);
    clock.advance(Duration.ofNanos(1));
    assertEquals(List.of("1000 done"), log);
  }

  @Test
  void twoClocksDoNotKnowOfEachOther() throws Exception {
    ManualClock other = ManualClock.create();
    clock.run(
        () -> {
          go(
              () -> {
                Go.sleep(SECOND);
                note("one");
              });
          other.run(
              () ->
                  go(
                      () -> {
                        Go.sleep(SECOND);
                        note("other");
                      }));
        });
    other.advance(SECOND);
    assertEquals(List.of("1000 other"), log);
    clock.advance(SECOND);
    assertEquals(List.of("1000 other", "1000 one"), log);
  }

  @Test
  void aGoroutineOfItsOwnMayMoveIt() throws Exception {
    clock.run(
        () -> {
          go(
              () -> {
                Go.sleep(SECOND);
                note("woke");
              });
          go(
              () -> {
                clock.advance(SECOND);
                note("moved");
              });
        });
    until(() -> log.size() == 2);
    assertEquals(List.of("1000 woke", "1000 moved"), log);
  }

  @Test
  void manyGoroutinesAtOnce() throws Exception {
    AtomicInteger woken = new AtomicInteger();
    clock.run(
        () -> {
          for (int i = 0; i < 2_000; i++) {
            long millis = 1L + i % 10;
            go(
                () -> {
                  for (int k = 0; k < 3; k++) {
                    Go.sleep(Duration.ofMillis(millis));
                    woken.incrementAndGet();
                  }
                });
          }
        });
    clock.advance(Duration.ofMillis(10));
    int expected = 0;
    for (int millis = 1; millis <= 10; millis++) {
      expected += 200 * Math.min(3, 10 / millis);
    }
    assertEquals(expected, woken.get());
    clock.advance(SECOND);
    assertEquals(6_000, woken.get());
  }

  @Test
  void whoFailedIsQuietOnlyWhenThatHasBeenHandled() throws Exception {
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> {
          try {
            Thread.sleep(50); // a handler that takes its time
          } catch (InterruptedException interrupted) {
            log.add("interrupted");
          }
          note(String.valueOf(e.getMessage()));
        });
    try {
      clock.run(
          () ->
              go(
                  () -> {
                    throw new IllegalStateException("boom");
                  }));
      clock.advance(SECOND);
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertEquals(List.of("0 boom"), log);
  }

  @Test
  void whoWaitsElsewhereIsNamed() throws Exception {
    AtomicReference<Thread> thread = new AtomicReference<>();
    clock.run(
        () ->
            go(
                "stray",
                () -> {
                  thread.set(Thread.currentThread());
                  try {
                    Thread.sleep(Duration.ofHours(1));
                  } catch (InterruptedException e) {
                    note("interrupted");
                  }
                }));
    until(() -> state(thread) == Thread.State.TIMED_WAITING);
    clock.setPatience(Duration.ofMillis(50));
    IllegalStateException e = assertThrows(IllegalStateException.class, clock::settle);
    clock.setPatience(Duration.ofSeconds(20));
    assertTrue(String.valueOf(e.getMessage()).contains(" stray waits (TIMED_WAITING)"));
    Throwable where = e.getCause();
    assertNotNull(where);
    assertTrue(
        List.of(where.getStackTrace()).toString().contains(ManualClockTests.class.getName()));
    Thread stray = thread.get();
    assertNotNull(stray);
    stray.interrupt();
    stray.join();
    clock.settle();
    assertEquals(List.of("0 interrupted"), log);
  }

  private static Thread.@Nullable State state(AtomicReference<Thread> thread) {
    Thread t = thread.get();
    return t == null ? null : t.getState();
  }

  @Test
  void badInputIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> clock.setPatience(Duration.ZERO));
    assertEquals(
        "time does not go back: PT-1S",
        assertThrows(IllegalArgumentException.class, () -> clock.advance(SECOND.negated()))
            .getMessage());
  }

  @Test
  void anInterruptEndsTheWaitForQuiet() {
    Thread.currentThread().interrupt();
    clock.run(() -> go(() -> go(() -> note("ran"))));
    try {
      clock.settle();
    } catch (InterruptedException e) {
      return;
    }
    // All were quiet before anybody looked at the flag.
    assertTrue(Thread.interrupted());
  }

  @Test
  void theFarthestTimeIsNotTheEnd() throws Exception {
    clock.advance(Duration.ofSeconds(Long.MAX_VALUE));
    clock.run(() -> assertEquals(Optional.empty(), Timer.after(SECOND).channel().tryReceive()));
  }
}
