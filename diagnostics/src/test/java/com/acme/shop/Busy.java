package com.acme.shop;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;

/** A program that computes, allocates, waits, contends and starts threads, until it is closed. */
public final class Busy implements AutoCloseable {
  /** How many do each of these things. */
  public static final int EACH = 2;

  @SuppressWarnings("unused") // so that the loop is not optimised away
  private static volatile long result;

  @SuppressWarnings("unused") // likewise
  private static volatile byte[] garbage = new byte[0];

  private static final LongAdder ALLOCATED = new LongAdder();

  private final WaitGroup ended = new WaitGroup();
  private final Channel<Integer> nobody = Channel.unbuffered();
  private final Mutex mutex = new Mutex();
  private final Object monitor = new Object();
  private volatile boolean stop;

  /** What a test counts. */
  public static final class Kept {
    @SuppressWarnings("unused")
    private long number;
  }

  /** How many bytes the last one that began has allocated. */
  public static long allocated() {
    return ALLOCATED.sum();
  }

  /** Begins, and returns when everything is under way. */
  public void begin() throws InterruptedException {
    ALLOCATED.reset();
    CountDownLatch begun = new CountDownLatch(4 * EACH);
    Go.labelled(
        "job",
        "pricing",
        () -> {
          for (int i = 0; i < EACH; i++) {
            ended.go(
                () -> {
                  begun.countDown();
                  compute();
                });
            ended.go(
                () -> {
                  begun.countDown();
                  allocate();
                });
            ended.go(
                () -> {
                  begun.countDown();
                  waitForNobody();
                });
            ended.go(
                () -> {
                  begun.countDown();
                  contend();
                });
          }
        });
    for (int i = 0; i < EACH; i++) {
      platform(this::enterMonitor);
    }
    platform(this::startThreads);
    begun.await();
  }

  private interface Task {
    void run() throws InterruptedException;
  }

  private void platform(Task task) {
    ended.add(1);
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                task.run();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              } finally {
                ended.done();
              }
            });
  }

  private void compute() throws InterruptedException {
    while (!stop) {
      long sum = 0;
      for (int i = 0; i < 1_000_000; i++) {
        sum += i * 31L ^ sum >>> 3;
      }
      result = sum;
      Thread.sleep(1); // not yield: two that only yield can keep all others from running
    }
  }

  private void allocate() throws InterruptedException {
    while (!stop) {
      for (int i = 0; i < 10_000; i++) {
        garbage = new byte[1_000];
      }
      ALLOCATED.add(10_000 * 1_016);
      Thread.sleep(1);
    }
  }

  private void waitForNobody() throws InterruptedException {
    nobody.receiveOrNull();
  }

  private void contend() throws InterruptedException {
    while (!stop) {
      mutex.lock();
      try {
        Thread.sleep(3);
      } finally {
        mutex.unlock();
      }
    }
  }

  private void enterMonitor() throws InterruptedException {
    while (!stop) {
      synchronized (monitor) {
        Thread.sleep(5);
      }
    }
  }

  private void startThreads() throws InterruptedException {
    while (!stop) {
      Thread.ofPlatform().name("short").start(() -> {}).join();
      Thread.sleep(20);
    }
  }

  /** Ends it. */
  @Override
  public void close() {
    stop = true;
    nobody.close();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
