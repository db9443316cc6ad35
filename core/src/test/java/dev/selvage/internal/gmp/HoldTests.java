package dev.selvage.internal.gmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Threads;
import dev.selvage.internal.jdk.VirtualThreads;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A scheduler that is to begin nothing for a while. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldTests {
  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();
  private static final long LONG = 600_000_000_000L;

  private final List<Runner> open = new ArrayList<>();
  private final AtomicLong runs = new AtomicLong();
  private volatile boolean stop;

  @BeforeEach
  void isOpen() {
    assumeTrue(JDK.canSchedule(), "java.base/java.lang is not open");
  }

  @AfterEach
  void close() {
    stop = true;
    open.forEach(Runner::close);
  }

  private Runner start(int procs) {
    Runner runner = Objects.requireNonNull(Runner.start(procs));
    open.add(runner);
    return runner;
  }

  private static Hold hold(Runner runner, long nanos) {
    return Objects.requireNonNull(runner.gmp.hold(System.nanoTime() + nanos));
  }

  private static void untilAllRest(Runner runner, Hold hold) {
    Threads.until(() -> runner.gmp.resting(hold) == runner.gmp.all().length);
  }

  private static Thread go(Runner runner, Runnable task) {
    Thread thread = JDK.create(runner, "goroutine", task);
    thread.start();
    return thread;
  }

  private static void join(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** One that computes, and has begun to, until it is stopped. */
  private Thread computing(Runner runner) {
    Thread computes =
        go(
            runner,
            () -> {
              while (!stop) {
                runs.incrementAndGet();
              }
            });
    Threads.until(() -> runs.get() > 0);
    return computes;
  }

  /** Threads that give way, wake each other and wait for a time, until they are stopped. */
  @SuppressWarnings("ThreadPriorityCheck") // giving way is one of the things that are done
  private List<Thread> busy(Runner runner, int n) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int way = i % 3;
      Runnable task =
          () -> {
            while (!stop) {
              runs.incrementAndGet();
              switch (way) {
                case 0 -> Thread.yield();
                case 1 -> LockSupport.parkNanos(20_000);
                default -> {
                  Thread self = Thread.currentThread();
                  Thread.startVirtualThread(() -> LockSupport.unpark(self));
                  LockSupport.park();
                }
              }
            }
          };
      threads.add(go(runner, task));
    }
    return threads;
  }

  /** Returns when others had time to do what they must not. */
  private void meanwhile() throws InterruptedException {
    Runner other = start(2);
    for (int i = 0; i < 20; i++) {
      go(other, () -> LockSupport.parkNanos(2 * Sysmon.SLICE_NANOS / 10)).join();
    }
  }

  // --------------- What is held ---------------

  @Test
  void nothingBeginsUntilItIsReleasedAndThenAllGoOn() throws Exception {
    Runner runner = start(2);
    List<Thread> threads = busy(runner, 12);
    for (int round = 0; round < 10; round++) {
      long before = runs.get();
      Threads.until(() -> runs.get() > before + 100);
      Hold hold = hold(runner, LONG);
      untilAllRest(runner, hold);
      long held = runs.get();
      for (int i = 0; i < 300; i++) { // more than fit into a ring
        threads.add(go(runner, runs::incrementAndGet));
      }
      meanwhile();
      assertEquals(held, runs.get());
      assertEquals(runner.gmp.all().length, runner.gmp.resting(hold));
      assertTrue(runner.gmp.release(hold));
      Threads.until(() -> runs.get() >= held + 400);
    }
    stop = true;
    join(threads);
  }

  @Test
  void thoseThatWaitedForWorkStandStillAsWellAndRunWhatCame() throws Exception {
    Runner runner = start(4);
    for (int round = 0; round < 100; round++) {
      Threads.until(() -> runner.gmp.idle() == 4);
      Hold hold = hold(runner, LONG);
      untilAllRest(runner, hold);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < round % 7; i++) {
        threads.add(go(runner, runs::incrementAndGet));
      }
      assertTrue(runner.gmp.release(hold));
      join(threads);
      assertTrue(runner.gmp.spinning() >= 0);
    }
    Threads.until(() -> runner.gmp.idle() == 4 && runner.gmp.spinning() == 0);
  }

  @Test
  void whoComputesIsNotStoppedAndStandsStillAfterwards() throws Exception {
    Runner runner = start(2);
    Thread computes = computing(runner);
    Hold hold = hold(runner, LONG);
    // Its P may have been taken from it before; then another is in its place.
    Threads.until(() -> runner.gmp.resting(hold) == runner.gmp.all().length - 1);
    long before = runs.get();
    Threads.until(() -> runs.get() > before);
    meanwhile();
    assertEquals(runner.gmp.all().length - 1, runner.gmp.resting(hold));
    stop = true;
    computes.join();
    untilAllRest(runner, hold);
    assertTrue(runner.gmp.release(hold));
  }

  @Test
  void noProcessorIsTakenFromWhoStandsStill() throws Exception {
    Runner runner = start(2);
    List<Thread> threads = busy(runner, 4);
    Hold hold = hold(runner, LONG);
    untilAllRest(runner, hold);
    Stats before = runner.stats();
    for (int i = 0; i < 10; i++) {
      threads.add(go(runner, runs::incrementAndGet));
    }
    meanwhile();
    meanwhile();
    Stats after = runner.stats();
    assertEquals(before.machines, after.machines);
    assertEquals(2, after.procs);
    assertEquals(
        before.computing + before.blocked + before.inNative + before.refused,
        after.computing + after.blocked + after.inNative + after.refused);
    assertTrue(runner.gmp.release(hold));
    stop = true;
    join(threads);
  }

  @Test
  void itIsHeldForOneAtATime() {
    Runner runner = start(1);
    Hold hold = hold(runner, LONG);
    assertNull(runner.gmp.hold(System.nanoTime() + LONG));
    assertTrue(runner.gmp.release(hold));
    assertFalse(runner.gmp.release(hold));
    Hold next = runner.gmp.hold(System.nanoTime() + LONG);
    assertNotNull(next);
    assertFalse(runner.gmp.release(hold), "that of somebody else");
    assertTrue(runner.gmp.release(next));
  }

  // --------------- How it ends by itself ---------------

  @Test
  void itGoesOnByItselfWhenTheTimeIsOver() throws Exception {
    Runner runner = start(2);
    Hold hold = hold(runner, 50_000_000);
    go(runner, runs::incrementAndGet).join();
    Threads.until(() -> runner.gmp.hold() == null);
    assertFalse(runner.gmp.release(hold));
    assertEquals(0, runner.gmp.resting(hold));
  }

  @Test
  void itGoesOnByItselfAlsoIfNobodyEverStoodStill() throws Exception {
    Runner runner = start(1);
    Thread computes = computing(runner);
    Hold hold = hold(runner, 10_000_000);
    Threads.until(() -> runner.gmp.hold() == null);
    assertFalse(runner.gmp.release(hold));
    go(runner, () -> stop = true).join(); // for which it loses its P
    computes.join();
  }

  // --------------- What changes meanwhile ---------------

  @Test
  void moreProcessorsStandStillAsWellAndFewerLeaveAfterwards() throws Exception {
    Runner runner = start(2);
    List<Thread> threads = busy(runner, 6);
    for (int round = 0; round < 20; round++) {
      Hold hold = hold(runner, LONG);
      untilAllRest(runner, hold);
      long held = runs.get();
      assertEquals(5, runner.setProcs(5));
      untilAllRest(runner, hold);
      assertTrue(runner.gmp.resting(hold) >= 5);
      threads.add(go(runner, runs::incrementAndGet));
      assertEquals(1, runner.setProcs(1));
      if (round == 0) {
        meanwhile();
      }
      assertEquals(held, runs.get());
      assertTrue(runner.gmp.release(hold));
      Threads.until(() -> runner.gmp.all().length == 1);
      Threads.until(() -> runs.get() > held + 10);
      assertEquals(2, runner.setProcs(2));
    }
    stop = true;
    join(threads);
  }

  @Test
  void whoeverGetsAProcessorJustAsItIsReleasedGoesOn() throws Exception {
    Runner runner = start(1);
    Thread changes =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  for (int i = 0; !stop; i++) {
                    runner.setProcs(1 + i % 4);
                  }
                });
    for (int round = 0; round < 2_000; round++) {
      Hold hold = hold(runner, LONG);
      Thread thread = go(runner, runs::incrementAndGet);
      assertTrue(runner.gmp.release(hold));
      thread.join();
    }
    stop = true;
    changes.join();
    runner.setProcs(4);
    Threads.until(() -> runner.gmp.all().length == 4 && runner.gmp.idle() == 4);
  }

  @Test
  void whoIsQueuedWhenItIsClosedRunsAtTheJdks() throws Exception {
    for (int round = 0; round < 20; round++) {
      Runner runner = start(2);
      stop = false;
      List<Thread> threads = busy(runner, 6);
      Hold hold = hold(runner, LONG);
      untilAllRest(runner, hold);
      for (int i = 0; i < 10; i++) {
        threads.add(go(runner, runs::incrementAndGet));
      }
      runner.close();
      assertNull(runner.gmp.hold());
      assertFalse(runner.gmp.release(hold));
      assertNull(runner.gmp.hold(System.nanoTime() + LONG), "it is closed");
      long before = runs.get();
      Threads.until(() -> runs.get() > before + 10);
      stop = true;
      join(threads);
      Threads.until(() -> runner.gmp.all().length == 0);
    }
  }
}
