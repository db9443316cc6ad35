package com.acme;

import dev.selvage.Context;
import dev.selvage.Scope;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Locker;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.Once;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.Lock;

/** A program that takes locks of Selvage. Every wait ends when its thread is interrupted. */
public final class Depot {
  private Depot() {}

  /** Takes both, the second only when two have taken their first. */
  public static void ship(Locker from, Locker to, CountDownLatch both) throws InterruptedException {
    from.lock();
    try {
      both.countDown();
      both.await();
      take(to);
    } finally {
      from.unlock();
    }
  }

  /** The same from another line. */
  public static void fetch(Locker from, Locker to, CountDownLatch both)
      throws InterruptedException {
    from.lock();
    try {
      both.countDown();
      both.await();
      to.lock();
      to.unlock();
    } finally {
      from.unlock();
    }
  }

  /** Takes one. */
  public static void take(Locker lock) throws InterruptedException {
    lock.lock();
    lock.unlock();
  }

  /** With a lock of the JDK in hand takes one of Selvage's. */
  public static void out(Lock from, Locker to, CountDownLatch both) throws InterruptedException {
    from.lockInterruptibly();
    try {
      both.countDown();
      both.await();
      take(to);
    } finally {
      from.unlock();
    }
  }

  /** The other way round. */
  public static void in(Locker from, Lock to, CountDownLatch both) throws InterruptedException {
    from.lock();
    try {
      both.countDown();
      both.await();
      to.lockInterruptibly();
      to.unlock();
    } finally {
      from.unlock();
    }
  }

  /** Takes what it has. */
  public static void twice(Mutex mutex) throws InterruptedException {
    mutex.lock();
    try {
      mutex.lock();
    } finally {
      mutex.unlock();
    }
  }

  /** Reads, and reads once more when somebody wants to write. */
  public static void readAgain(RWMutex mutex, CountDownLatch reads, CountDownLatch again)
      throws InterruptedException {
    mutex.rLock();
    try {
      reads.countDown();
      again.await();
      mutex.rLock();
      mutex.rUnlock();
    } finally {
      mutex.rUnlock();
    }
  }

  /** Waits with a lock in hand for those that a group counts. */
  public static void gather(Locker lock, WaitGroup group) throws InterruptedException {
    lock.lock();
    try {
      group.await();
    } finally {
      lock.unlock();
    }
  }

  /** The same with a lock of the JDK, and a group that nobody else can count down. */
  public static void gather(Lock lock, ErrorGroup group) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      group.await();
    } finally {
      lock.unlock();
    }
  }

  /** The same for a child. */
  public static void join(Lock lock, Scope.Body<Integer> child) throws InterruptedException {
    lock.lockInterruptibly();
    try (Scope scope = Scope.open(Context.background())) {
      scope.fork(child);
      scope.join();
    } finally {
      lock.unlock();
    }
  }

  /** Something that is done once asks for itself. */
  public static void ask(Once once) throws InterruptedException {
    once.run(() -> again(once));
  }

  /** With one answer on its way asks for another. */
  public static void price(
      SingleFlight<String, Integer> flight, String one, String other, CountDownLatch both)
      throws InterruptedException {
    flight.run(
        one,
        () -> {
          both.countDown();
          both.await();
          return flight.run(other, () -> 1).value();
        });
  }

  private static void again(Once once) throws InterruptedException {
    once.run(() -> {});
  }
}
