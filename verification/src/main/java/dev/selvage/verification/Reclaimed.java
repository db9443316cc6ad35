package dev.selvage.verification;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.LongAdder;

/**
 * A program for the collectors that can only reclaim: leaks that may be reclaimed, leaks in an
 * executor that may not, and threads that go on working all the while.
 */
public final class Reclaimed {
  static final int LEAKS = 50;

  private static final int WORKERS = 10;
  private static final LongAdder DONE = new LongAdder();

  private static final LinkedBlockingQueue<Integer> WORK = new LinkedBlockingQueue<>();
  private static final ExecutorService EXECUTOR = Executors.newVirtualThreadPerTaskExecutor();

  private Reclaimed() {}

  /** Says ready, ends on a line of standard input, and says whether everything else still works. */
  public static void main(String[] args) throws Exception {
    Thread starter = new Thread(Reclaimed::start);
    starter.start();
    starter.join();
    Thread feeder = Thread.ofPlatform().daemon().start(Reclaimed::feed);
    System.out.println("ready");
    System.in.read();
    long before = DONE.sum();
    while (DONE.sum() < before + WORKERS) {
      Thread.sleep(1);
    }
    feeder.interrupt();
    feeder.join();
    EXECUTOR.shutdownNow();
    EXECUTOR.close();
    System.out.println("works");
  }

  private static void start() {
    for (int i = 0; i < LEAKS; i++) {
      Thread.ofVirtual().name("leak-", i).start(Reclaimed::leak);
      EXECUTOR.execute(Reclaimed::leak);
    }
    for (int i = 0; i < WORKERS; i++) {
      Thread.startVirtualThread(Reclaimed::work);
    }
  }

  private static void feed() {
    try {
      while (true) {
        WORK.put(1);
        Thread.sleep(0, 200_000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void leak() {
    try {
      new SynchronousQueue<Integer>().put(1); // LEAK reclaim
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends after one piece of work and starts another: threads end all the time, and none leaks. */
  private static void work() {
    try {
      WORK.take();
      DONE.increment();
      Thread.startVirtualThread(Reclaimed::work);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
