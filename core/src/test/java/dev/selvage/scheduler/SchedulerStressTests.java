package dev.selvage.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Goroutines that do everything at random, on a scheduler whose Ps come and go: each must run to
 * its end exactly once. The system property {@code selvage.stress.seconds} says for how long; a
 * second without it, two minutes with the profile {@code long}.
 */
@Timeout(value = 900, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SchedulerStressTests {
  private static final int BATCH = 10_000;
  private static final long NANOS = Long.getLong("selvage.stress.seconds", 1) * 1_000_000_000;

  @Test
  void everyGoroutineRunsToItsEndOnce() throws Exception {
    assumeTrue(
        Go.runtime().missing().stream().noneMatch(m -> m.open().equals("java.base/java.lang")),
        "java.base/java.lang is not open");
    try (Scheduler scheduler = Scheduler.create(2)) {
      var stop = new AtomicBoolean();
      Thread changer =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    while (!stop.get()) {
                      scheduler.setGomaxprocs(1 + ThreadLocalRandom.current().nextInt(4));
                      LockSupport.parkNanos(500_000);
                    }
                  });
      long begun = System.nanoTime();
      long total = 0;
      do {
        batch(scheduler);
        total += BATCH;
      } while (System.nanoTime() - begun < NANOS);
      stop.set(true);
      changer.join();
      assertTrue(total > 0);
    }
  }

  private static void batch(Scheduler scheduler) throws InterruptedException {
    var ran = new AtomicIntegerArray(BATCH);
    var failed = new AtomicLong();
    var wg = new WaitGroup();
    Channel<Integer> unbuffered = Channel.unbuffered();
    Channel<Integer> buffered = Channel.buffered(16);
    var transfer = new LinkedTransferQueue<Integer>();
    var mutex = new Mutex();
    var lock = new ReentrantLock();
    Object monitor = new Object();
    wg.add(BATCH);
    for (int g = 0; g < BATCH; g += 2) {
      int id = g;
      scheduler.go(
          () -> {
            int kind = ThreadLocalRandom.current().nextInt(8);
            // Half of those that wait for each other are started by goroutines.
            Go.go(
                () ->
                    life(
                        id + 1,
                        kind,
                        false,
                        ran,
                        wg,
                        failed,
                        unbuffered,
                        buffered,
                        transfer,
                        mutex,
                        lock,
                        monitor));
            life(
                id,
                kind,
                true,
                ran,
                wg,
                failed,
                unbuffered,
                buffered,
                transfer,
                mutex,
                lock,
                monitor);
          });
    }
    wg.await();
    for (int g = 0; g < BATCH; g++) {
      assertEquals(1, ran.get(g), "goroutine " + g);
    }
    assertEquals(0, failed.get());
  }

  /** What one of a pair does; both do the same kind of thing, one to the other. */
  @SuppressWarnings({
    "ThreadPriorityCheck",
    "WaitNotInLoop"
  }) // that it yields and waits is what counts
  private static void life(
      int id,
      int kind,
      boolean first,
      AtomicIntegerArray ran,
      WaitGroup wg,
      AtomicLong failed,
      Channel<Integer> unbuffered,
      Channel<Integer> buffered,
      LinkedTransferQueue<Integer> transfer,
      Mutex mutex,
      ReentrantLock lock,
      Object monitor) {
    try {
      switch (kind) {
        case 0 -> {
          if (first) {
            unbuffered.send(id);
          } else {
            unbuffered.receive();
          }
        }
        case 1 -> {
          if (first) {
            buffered.send(id);
          } else {
            buffered.receive();
          }
        }
        case 2 -> {
          if (first) {
            transfer.transfer(id);
          } else {
            transfer.take();
          }
        }
        case 3 -> {
          for (int i = 0; i < 5; i++) {
            Thread.yield();
          }
        }
        case 4 -> mutex.withLock(() -> Thread.yield());
        case 5 -> {
          lock.lock();
          try {
            Thread.yield();
          } finally {
            lock.unlock();
          }
          Thread inner = Thread.startVirtualThread(Thread::yield);
          inner.join();
        }
        case 6 -> {
          synchronized (monitor) {
            if (ThreadLocalRandom.current().nextInt(50) == 0) {
              monitor.wait(1);
            }
            Thread.yield();
          }
        }
        default -> {
          if (ThreadLocalRandom.current().nextInt(20) == 0) {
            Go.sleep(Duration.ofNanos(200_000));
          } else if (ThreadLocalRandom.current().nextInt(200) == 0) {
            long until = System.nanoTime() + 12_000_000;
            while (System.nanoTime() < until) {
              Thread.onSpinWait();
            }
          } else {
            throw new ArithmeticException("caught by whoever runs it");
          }
        }
      }
    } catch (ArithmeticException e) {
      // as intended
    } catch (Throwable e) {
      failed.incrementAndGet();
    } finally {
      ran.incrementAndGet(id);
      wg.done();
    }
  }
}
