package dev.selvage.verification;

import dev.selvage.Go;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A program that deadlocks over Selvage's locks and groups in static fields, where no collector can
 * prove anything, next to goroutines that take and release such locks all the time.
 */
@SuppressWarnings("LockNotBeforeTry") // nothing happens with these locks
public final class OwnCircles {
  private static final Mutex FROM = new Mutex();
  private static final Mutex TO = new Mutex();
  private static final RWMutex DATA = new RWMutex();
  private static final Mutex SHARED = new Mutex();
  private static final WaitGroup GROUP = new WaitGroup();
  private static final Lock LOCK = new ReentrantLock();
  private static final ErrorGroup ERRORS = new ErrorGroup();
  private static final Mutex BUSY = new Mutex();
  private static final RWMutex ALSO_BUSY = new RWMutex();
  private static final LongAdder DONE = new LongAdder();

  private OwnCircles() {}

  /** Says ready, ends on a line of standard input, and says whether the busy still work. */
  public static void main(String[] args) throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    Go.go("ship", () -> ship(both));
    Thread.ofPlatform().daemon().name("fetch").start(() -> quietly(() -> fetch(both)));

    CountDownLatch reads = new CountDownLatch(1);
    CountDownLatch writes = new CountDownLatch(1);
    Go.go("reads", () -> readAgain(reads, writes));
    reads.await();
    Go.go("writes", () -> write(writes));

    CountDownLatch gathers = new CountDownLatch(1);
    GROUP.go("worker", () -> work(gathers));
    Go.go("gathers", () -> gather(gathers));

    CountDownLatch waits = new CountDownLatch(1);
    ERRORS.go(() -> help(waits));
    Go.go("waits", () -> await(waits));

    for (int i = 0; i < 6; i++) {
      boolean opposite = i % 2 == 0;
      Go.go("busy", () -> takeBoth(opposite));
    }
    Thread.sleep(1_500);
    System.out.println("ready");
    System.in.read();
    long before = DONE.sum();
    while (DONE.sum() < before + 1_000) {
      Thread.sleep(1);
    }
    System.out.println("works");
  }

  private static void quietly(Step step) {
    try {
      step.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private interface Step {
    void run() throws InterruptedException;
  }

  private static void ship(CountDownLatch both) throws InterruptedException {
    FROM.lock();
    both.countDown();
    both.await();
    TO.lock(); // LEAK ship
  }

  private static void fetch(CountDownLatch both) throws InterruptedException {
    TO.lock();
    both.countDown();
    both.await();
    FROM.lock(); // LEAK fetch
  }

  private static void readAgain(CountDownLatch reads, CountDownLatch writes)
      throws InterruptedException {
    DATA.rLock();
    reads.countDown();
    writes.await();
    Thread.sleep(500);
    DATA.rLock(); // LEAK read again
  }

  private static void write(CountDownLatch writes) throws InterruptedException {
    writes.countDown();
    DATA.lock(); // LEAK write
  }

  private static void gather(CountDownLatch gathers) throws InterruptedException {
    SHARED.lock();
    gathers.countDown();
    GROUP.await(); // LEAK gather
  }

  private static void work(CountDownLatch gathers) throws InterruptedException {
    gathers.await();
    SHARED.lock(); // LEAK work
  }

  private static void await(CountDownLatch waits) throws InterruptedException {
    LOCK.lock();
    waits.countDown();
    ERRORS.await(); // LEAK await
  }

  private static void help(CountDownLatch waits) throws InterruptedException {
    waits.await();
    LOCK.lock(); // LEAK help
  }

  private static void takeBoth(boolean opposite) throws InterruptedException {
    while (true) {
      if (opposite) {
        ALSO_BUSY.lock();
        if (BUSY.lock(Duration.ofNanos(200_000))) {
          BUSY.unlock();
        }
        ALSO_BUSY.unlock();
      } else {
        BUSY.lock();
        ALSO_BUSY.rLock();
        ALSO_BUSY.rUnlock();
        BUSY.unlock();
      }
      DONE.increment();
      Thread.sleep(0, 100_000);
    }
  }
}
