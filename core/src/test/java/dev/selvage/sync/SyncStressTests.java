package dev.selvage.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Many threads take and give back by every form, interrupted and timed out all the while. What is
 * kept out must be kept out, and afterwards each lock is as it was in the beginning.
 */
@Timeout(60)
final class SyncStressTests {
  private static final int THREADS = 8;
  private static final int EACH = 4_000;

  /** One attempt of a thread: takes in some way and, if it got it, gives back. */
  private interface Attempt {
    void run(Random random) throws InterruptedException;
  }

  /** Runs attempts in many threads, half of them platform threads, interrupting them. */
  private static void race(Attempt attempt) throws Exception {
    List<Thread> threads = new ArrayList<>();
    ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    WaitGroup running = new WaitGroup();
    for (int t = 0; t < THREADS; t++) {
      Random random = new Random(t);
      running.add(1);
      Go.Action task =
          () -> {
            try {
              for (int i = 0; i < EACH; i++) {
                try {
                  attempt.run(random);
                } catch (InterruptedException e) {
                  // It did not happen.
                }
              }
            } catch (Throwable e) {
              failures.add(e);
            } finally {
              running.done();
            }
          };
      threads.add(
          t % 2 == 0
              ? Threads.start(task)
              : Thread.ofPlatform()
                  .start(
                      () -> {
                        try {
                          task.run();
                        } catch (Throwable e) {
                          failures.add(e);
                        }
                      }));
    }
    Random random = new Random(1);
    while (!running.await(Duration.ofNanos(50_000))) {
      threads.get(random.nextInt(THREADS)).interrupt();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertTrue(failures.isEmpty(), failures::toString);
  }

  private static Duration shortly(Random random) {
    return Duration.ofNanos(random.nextInt(50_000));
  }

  @SuppressWarnings("ThreadPriorityCheck") // to let others in at the worst moment
  private static void work(Random random) {
    if (random.nextInt(8) == 0) {
      Thread.yield();
    }
  }

  @Test
  void aMutexKeepsOthersOut() throws Exception {
    Mutex mutex = new Mutex();
    AtomicInteger inside = new AtomicInteger();
    AtomicLong taken = new AtomicLong();
    long[] count = new long[1];
    race(
        random -> {
          boolean got =
              switch (random.nextInt(4)) {
                case 0 -> mutex.tryLock();
                case 1 -> mutex.lock(shortly(random));
                default -> {
                  mutex.lock();
                  yield true;
                }
              };
          if (got) {
            assertEquals(1, inside.incrementAndGet());
            count[0]++;
            work(random);
            taken.incrementAndGet();
            inside.decrementAndGet();
            mutex.unlock();
          }
        });
    assertEquals(taken.get(), count[0]);
    assertEquals("Mutex(free)", mutex.toString());
    assertTrue(mutex.tryLock());
  }

  @Test
  void aReadWriteMutexKeepsWritersOut() throws Exception {
    RWMutex rw = new RWMutex();
    AtomicInteger readers = new AtomicInteger();
    AtomicInteger writers = new AtomicInteger();
    race(
        random -> {
          if (random.nextInt(3) == 0) {
            boolean got =
                switch (random.nextInt(4)) {
                  case 0 -> rw.tryLock();
                  case 1 -> rw.lock(shortly(random));
                  default -> {
                    rw.lock();
                    yield true;
                  }
                };
            if (got) {
              assertEquals(1, writers.incrementAndGet());
              assertEquals(0, readers.get());
              work(random);
              writers.decrementAndGet();
              rw.unlock();
            }
          } else {
            boolean got =
                switch (random.nextInt(4)) {
                  case 0 -> rw.tryRLock();
                  case 1 -> rw.rLock(shortly(random));
                  default -> {
                    rw.rLock();
                    yield true;
                  }
                };
            if (got) {
              readers.incrementAndGet();
              assertEquals(0, writers.get());
              work(random);
              readers.decrementAndGet();
              rw.rUnlock();
            }
          }
        });
    assertEquals("RWMutex(0 readers)", rw.toString());
    assertTrue(rw.tryLock());
  }

  @Test
  void permitsAreConserved() throws Exception {
    Semaphore semaphore = new Semaphore(5);
    AtomicLong held = new AtomicLong();
    race(
        random -> {
          int n = 1 + random.nextInt(5);
          boolean got =
              switch (random.nextInt(5)) {
                case 0 -> semaphore.tryAcquire(n);
                case 1 -> semaphore.acquire(n, shortly(random));
                case 2 -> acquireInTime(semaphore, n, shortly(random));
                default -> {
                  semaphore.acquire(n);
                  yield true;
                }
              };
          if (got) {
            assertTrue(held.addAndGet(n) <= 5);
            work(random);
            held.addAndGet(-n);
            semaphore.release(n);
          }
        });
    assertEquals("Semaphore(0/5)", semaphore.toString());
  }

  private static boolean acquireInTime(Semaphore semaphore, int n, Duration time)
      throws InterruptedException {
    try (var ctx = Context.background().withTimeout(time)) {
      semaphore.acquire(ctx, n);
      return true;
    } catch (CancellationException e) {
      return false;
    }
  }

  private static void lockWhatever(Mutex mutex) {
    for (; ; ) {
      try {
        mutex.lock();
        return;
      } catch (InterruptedException e) {
        // The token must not be lost.
      }
    }
  }

  /** As many tokens are taken as were put: a signal that is lost leaves somebody waiting. */
  @Test
  void noSignalIsLost() throws Exception {
    Mutex mutex = new Mutex();
    Cond some = new Cond(mutex);
    int[] tokens = {3};
    race(
        random -> {
          mutex.lock();
          try {
            while (tokens[0] == 0) {
              if (random.nextBoolean()) {
                some.await();
              } else if (!some.await(shortly(random))) {
                return;
              }
            }
            tokens[0]--;
          } finally {
            mutex.unlock();
          }
          work(random);
          lockWhatever(mutex);
          tokens[0]++;
          mutex.unlock();
          if (random.nextBoolean()) {
            some.signal();
          } else {
            some.broadcast();
          }
        });
    assertEquals(3, tokens[0]);
    assertEquals("Cond(0 waiting)", some.toString());
    assertEquals("Mutex(free)", mutex.toString());
  }

  @Test
  void everyRoundOfAWaitGroupEnds() throws Exception {
    WaitGroup rounds = new WaitGroup();
    AtomicInteger waiters = new AtomicInteger();
    for (int round = 0; round < 3_000; round++) {
      WaitGroup wg = new WaitGroup();
      wg.add(3);
      for (int i = 0; i < 3; i++) {
        rounds.go(wg::done);
        rounds.go(
            () -> {
              wg.await();
              waiters.incrementAndGet();
            });
      }
      wg.await();
      assertEquals("WaitGroup(0)", wg.toString());
    }
    rounds.await();
    assertEquals(9_000, waiters.get());
  }
}
