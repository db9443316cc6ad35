package com.acme;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.LockSupport;

/** A user's program, for the tests of the prover: its frames must not belong to Selvage. */
public final class Leaky {
  public static final LinkedBlockingQueue<Integer> GLOBAL = new LinkedBlockingQueue<>();

  private Leaky() {}

  /** Puts where nobody takes. */
  public static void put() {
    try {
      new SynchronousQueue<Integer>().put(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes from a queue that everybody can reach. */
  public static void takeGlobal() {
    try {
      GLOBAL.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Two that wait for each other. */
  public static void cycle() {
    CountDownLatch a = new CountDownLatch(1);
    CountDownLatch b = new CountDownLatch(1);
    Thread.ofVirtual().name("cycle-a").start(() -> await(a, b));
    Thread.ofVirtual().name("cycle-b").start(() -> await(b, a));
  }

  /** One that waits for a latch which a sleeper will count down. */
  public static void besideASleeper() {
    CountDownLatch latch = new CountDownLatch(1);
    Thread.ofVirtual().name("waits-for-sleeper").start(() -> await(latch, latch));
    Thread.ofVirtual()
        .name("sleeper")
        .start(
            () -> {
              try {
                Thread.sleep(600_000);
              } catch (InterruptedException e) {
                latch.countDown();
              }
            });
  }

  /** Leaks in an executor; returns it. */
  public static ExecutorService executor(int leaks) {
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    fill(executor, leaks);
    return executor;
  }

  public static void fill(Executor executor, int leaks) {
    for (int i = 0; i < leaks; i++) {
      executor.execute(Leaky::put);
    }
  }

  /** A thread whose only way to be woken is the finalizer of an object that only it reaches. */
  public static void wokenByFinalizer() {
    Thread.ofVirtual().name("finalizer-wakes").start(() -> park(new Waker(Thread.currentThread())));
  }

  private static void park(Waker waker) {
    while (!waker.woken) {
      LockSupport.park(waker);
    }
    takeGlobal();
  }

  private static void await(CountDownLatch first, CountDownLatch second) {
    try {
      first.await();
      second.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Waker {
    private final Thread thread;
    volatile boolean woken;

    Waker(Thread thread) {
      this.thread = thread;
    }

    @Override
    @SuppressWarnings({"removal", "deprecation", "Finalize"}) // this trap is what is tested
    protected void finalize() {
      woken = true;
      LockSupport.unpark(thread);
    }
  }
}
