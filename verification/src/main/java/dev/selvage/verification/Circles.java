package dev.selvage.verification;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A program that deadlocks over locks in static fields, where no collector can prove anything, next
 * to threads that take and release such locks all the time.
 */
@SuppressWarnings("LockNotBeforeTry") // nothing happens with these locks
public final class Circles {
  static final int PAIRS = 3;
  static final int BEHIND = 4;

  private static final Lock[] FROM = locks();
  private static final Lock[] TO = locks();
  private static final ReentrantReadWriteLock DATA = new ReentrantReadWriteLock();
  private static final Lock BUSY = new ReentrantLock();
  private static final Lock ALSO_BUSY = new ReentrantLock();
  private static final LongAdder DONE = new LongAdder();

  private Circles() {}

  /** Says ready, ends on a line of standard input, and says whether the busy still work. */
  public static void main(String[] args) throws Exception {
    for (int i = 0; i < PAIRS; i++) {
      CountDownLatch both = new CountDownLatch(2);
      Lock from = FROM[i];
      Lock to = TO[i];
      Thread.ofVirtual().name("transfer-", i).start(() -> transfer(from, to, both));
      // one of the pairs has a thread of either kind
      Thread.Builder second = i == 0 ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
      second.name("refund-" + i).start(() -> refund(to, from, both));
    }
    Thread.ofVirtual().name("upgrade").start(Circles::upgrade);
    for (int i = 0; i < 6; i++) {
      boolean opposite = i % 2 == 0;
      Thread.ofVirtual().name("busy-", i).start(() -> work(opposite));
    }
    Thread.sleep(500);
    for (int i = 0; i < BEHIND; i++) {
      Thread.ofVirtual().name("behind-", i).start(() -> look(FROM[0]));
    }
    Thread.sleep(500);
    System.out.println("ready");
    System.in.read();
    long before = DONE.sum();
    while (DONE.sum() < before + 1_000) {
      Thread.sleep(1);
    }
    System.out.println("works");
  }

  private static Lock[] locks() {
    Lock[] locks = new Lock[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
      locks[i] = new ReentrantLock();
    }
    return locks;
  }

  private static void transfer(Lock from, Lock to, CountDownLatch both) {
    from.lock();
    try {
      meet(both);
      to.lock(); // LEAK transfer
      to.unlock();
    } finally {
      from.unlock();
    }
  }

  private static void refund(Lock from, Lock to, CountDownLatch both) {
    from.lock();
    try {
      meet(both);
      to.lock(); // LEAK refund
      to.unlock();
    } finally {
      from.unlock();
    }
  }

  private static void upgrade() {
    DATA.readLock().lock();
    try {
      DATA.writeLock().lock(); // LEAK upgrade
      DATA.writeLock().unlock();
    } finally {
      DATA.readLock().unlock();
    }
  }

  private static void meet(CountDownLatch both) {
    both.countDown();
    try {
      both.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void look(Lock lock) {
    lock.lock();
    lock.unlock();
  }

  private static void work(boolean opposite) {
    Lock first = opposite ? ALSO_BUSY : BUSY;
    Lock second = opposite ? BUSY : ALSO_BUSY;
    while (true) {
      first.lock();
      try {
        if (opposite) {
          if (second.tryLock(200, TimeUnit.MICROSECONDS)) {
            second.unlock();
          }
        } else {
          look(second);
        }
        DONE.increment();
        Thread.sleep(0, 100_000);
      } catch (InterruptedException e) {
        return;
      } finally {
        first.unlock();
      }
    }
  }
}
