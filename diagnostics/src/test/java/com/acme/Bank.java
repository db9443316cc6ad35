package com.acme;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** A program that takes locks. Every wait ends when its thread is interrupted. */
public final class Bank {
  private Bank() {}

  /** Something that blocks. */
  public interface Step {
    void run() throws InterruptedException;
  }

  /** Runs it; an interrupt ends it. */
  public static void quietly(Step step) {
    try {
      step.run();
    } catch (InterruptedException e) {
      // it was meant to end
    }
  }

  /** Takes both, the second only when two have taken their first. */
  public static void transfer(Lock from, Lock to, CountDownLatch both) throws InterruptedException {
    from.lockInterruptibly();
    try {
      both.countDown();
      both.await();
      to.lockInterruptibly();
      to.unlock();
    } finally {
      from.unlock();
    }
  }

  /** The same from another line. */
  public static void refund(Lock from, Lock to, CountDownLatch both) throws InterruptedException {
    from.lockInterruptibly();
    try {
      both.countDown();
      both.await();
      to.lockInterruptibly();
      to.unlock();
    } finally {
      from.unlock();
    }
  }

  /** Takes one. */
  public static void balance(Lock lock) throws InterruptedException {
    lock.lockInterruptibly();
    lock.unlock();
  }

  /** Reads, and wants to write. */
  public static void upgrade(ReentrantReadWriteLock lock) throws InterruptedException {
    lock.readLock().lock();
    try {
      lock.writeLock().lockInterruptibly();
      lock.writeLock().unlock();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Waits for the end of another while it has the lock. */
  public static void joinWith(Lock lock, CountDownLatch held, Thread other)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      held.countDown();
      other.join();
    } finally {
      lock.unlock();
    }
  }

  /** Takes a lock in a monitor. */
  public static void inside(Object monitor, Lock lock, CountDownLatch both)
      throws InterruptedException {
    synchronized (monitor) {
      both.countDown();
      both.await();
      balance(lock);
    }
  }

  /** Enters a monitor with a lock in hand. */
  public static void outside(Lock lock, Object monitor, CountDownLatch both)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      both.countDown();
      both.await();
      synchronized (monitor) {
        monitor.notifyAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes the lock once another has it. */
  public static void after(CountDownLatch held, Lock lock) throws InterruptedException {
    held.await();
    balance(lock);
  }
}
