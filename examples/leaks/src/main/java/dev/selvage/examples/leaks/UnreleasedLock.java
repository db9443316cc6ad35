package dev.selvage.examples.leaks;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Scenario 5, a lock that is never released.
 *
 * <p>Two helpers work on one order and take turns with its lock. The first returns early when the
 * warehouse has enough, and with that return it leaves the lock locked: its owner is a thread that
 * has ended. The second waits for the lock for ever. The request does not wait for either.
 *
 * <p>The fix: {@code unlock} in a {@code finally}, right after {@code lock}.
 */
final class UnreleasedLock {
  private static final LongAdder SHIPPED = new LongAdder();

  private UnreleasedLock() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) throws InterruptedException {
      var lock = new ReentrantLock();
      var reserved = new CountDownLatch(1);
      Thread.startVirtualThread(() -> reserve(order, lock, reserved));
      boolean unusedInTime = reserved.await(50, MILLISECONDS);
      Thread.startVirtualThread(() -> ship(lock));
    }

    @SuppressWarnings("LockNotBeforeTry") // the missing finally is the leak
    private static void reserve(Order order, ReentrantLock lock, CountDownLatch reserved) {
      lock.lock();
      reserved.countDown();
      if (!order.item().isEmpty()) {
        return;
      }
      lock.unlock();
    }

    private static void ship(ReentrantLock lock) {
      lock.lock(); // LEAK 5b
      try {
        SHIPPED.increment();
      } finally {
        lock.unlock();
      }
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) throws InterruptedException {
      var lock = new ReentrantLock();
      var reserved = new CountDownLatch(1);
      Thread.startVirtualThread(() -> reserve(lock, reserved));
      boolean unusedInTime = reserved.await(50, MILLISECONDS);
      Thread.startVirtualThread(() -> ship(lock));
    }

    private static void reserve(ReentrantLock lock, CountDownLatch reserved) {
      lock.lock();
      try {
        reserved.countDown();
      } finally {
        lock.unlock();
      }
    }

    private static void ship(ReentrantLock lock) {
      lock.lock();
      try {
        SHIPPED.increment();
      } finally {
        lock.unlock();
      }
    }
  }
}
