package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.diagnostics.jdk.Jdk;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads that leave no carrier of the JDK's scheduler any time, kept off them all the same. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HeldCarriersTests {
  private static final long LONG = 600_000_000_000L;

  private final Jdk jdk = Jdk.ofThisJvm();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicLong turns = new AtomicLong();
  private int carriers;
  private volatile boolean stop;

  @BeforeEach
  void isOpen() {
    assumeTrue(jdk.defaultScheduler() instanceof ForkJoinPool, "the scheduler is not known");
    if (jdk.defaultScheduler() instanceof ForkJoinPool pool) {
      carriers = pool.getParallelism();
    }
  }

  @AfterEach
  void end() throws InterruptedException {
    stop = true;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        LockSupport.unpark(thread);
        thread.join(1);
      }
    }
  }

  private void go(Runnable task) {
    threads.add(Thread.ofVirtual().start(task));
  }

  /** Two that wake each other: their carrier always finds one in its own queue. */
  private void pair() {
    var first = new AtomicReference<@Nullable Thread>();
    var second = new AtomicReference<@Nullable Thread>();
    for (int i = 0; i < 2; i++) {
      var own = i == 0 ? first : second;
      var other = i == 0 ? second : first;
      go(
          () -> {
            own.set(Thread.currentThread());
            while (!stop) {
              turns.incrementAndGet();
              LockSupport.unpark(other.get());
              LockSupport.park();
            }
            LockSupport.unpark(other.get());
          });
    }
    LockSupport.unpark(first.get());
  }

  @SuppressWarnings("ThreadPriorityCheck") // to yield is the point
  private void yielding() {
    go(
        () -> {
          while (!stop) {
            turns.incrementAndGet();
            Thread.yield();
          }
        });
  }

  private static void until(BooleanSupplier so) throws InterruptedException {
    while (!so.getAsBoolean()) {
      Thread.sleep(1);
    }
  }

  private void isBusy() throws InterruptedException {
    long before = turns.get();
    until(() -> turns.get() > before + 1_000);
  }

  private HeldCarriers held(long nanos, int most) {
    return new HeldCarriers(jdk, System.nanoTime() + nanos, most);
  }

  @Test
  void threadsThatAlwaysFindOneAnotherAreKeptOffAndGoOnAfterwards() throws Exception {
    for (int i = 0; i < 3 * carriers; i++) {
      pair();
      yielding();
    }
    for (int round = 0; round < 5; round++) {
      isBusy();
      try (HeldCarriers held = held(LONG, 1 << 16)) {
        assertEquals(carriers, held.carriers());
        assertTrue(held.await(System.nanoTime() + LONG / 10));
        assertEquals(0, held.inUse());
        long before = turns.get();
        var started = Thread.ofVirtual().start(turns::incrementAndGet);
        Thread.sleep(20);
        assertEquals(before, turns.get());
        assertTrue(started.isAlive());
        threads.add(started);
        assertFalse(held.isLapsed());
      }
    }
    isBusy();
  }

  @Test
  void theyGoOnByThemselvesIfNobodyLetsThem() throws Exception {
    for (int i = 0; i < 3 * carriers; i++) {
      pair();
      yielding();
    }
    isBusy();
    HeldCarriers held = held(300_000_000, 1 << 16);
    boolean _ = held.await(System.nanoTime() + 200_000_000);
    isBusy(); // what was taken from the queues as well
    stop = true;
    for (Thread thread : threads) {
      thread.join();
    }
    held.close();
    assertTrue(held.isLapsed());
  }

  @Test
  void nothingIsLostWhereMoreAreRunnableThanItTakes() throws Exception {
    for (int i = 0; i < 10 * carriers; i++) {
      yielding();
    }
    isBusy();
    try (HeldCarriers held = held(LONG, 5)) {
      boolean _ = held.await(System.nanoTime() + 100_000_000);
    }
    isBusy();
    stop = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void carriersThatComputeAreNotStopped() throws Exception {
    for (int i = 0; i < carriers; i++) {
      go(
          () -> {
            while (!stop) {
              turns.incrementAndGet();
            }
          });
    }
    isBusy();
    yielding(); // finds no carrier
    try (HeldCarriers held = held(LONG, 1 << 16)) {
      assertFalse(held.await(System.nanoTime() + 200_000_000));
      assertEquals(carriers, held.inUse());
      isBusy();
    }
  }
}
