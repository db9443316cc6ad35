package com.acme;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;

/** Threads that something alive reaches, and that wait for it all the same. */
public final class Piles {
  /** What everybody can reach. */
  public static final BlockingQueue<String> QUEUE = new LinkedBlockingQueue<>();

  private static final Object MONITOR = new Object();

  private Piles() {}

  /** Waits for a latch that others have. */
  public static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Has the monitor until then. */
  public static void hold(CountDownLatch held, CountDownLatch until) {
    synchronized (MONITOR) {
      held.countDown();
      await(until);
    }
  }

  /** Has it for no time, as soon as it can. */
  public static void enter(CountDownLatch left) {
    synchronized (MONITOR) {
      left.countDown();
    }
  }

  /** Makes threads that have a frame of the program below what they are given. */
  public static ThreadFactory factory() {
    return task -> Thread.ofVirtual().unstarted(() -> run(task));
  }

  private static void run(Runnable task) {
    task.run();
  }

  /** Takes one thing after the other, until it is told to end. */
  public static void work() {
    try {
      while (!QUEUE.take().isEmpty()) {
        Thread.onSpinWait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
