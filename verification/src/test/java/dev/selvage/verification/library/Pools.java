package dev.selvage.verification.library;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;

/** Executors of the JDK, whose workers are virtual. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class Pools {
  private static final List<ExecutorService> IN_USE = new CopyOnWriteArrayList<>();

  private Pools() {}

  private static <E extends ExecutorService> E inUse(E executor) {
    IN_USE.add(executor);
    return executor;
  }

  /** Never shut down, and forgotten: its workers wait for tasks. */
  static void forgotten(Threads threads) {
    var pool = Executors.newFixedThreadPool(2, threads.factory());
    pool.execute(() -> {});
    pool.execute(() -> {});
  }

  /** The same, and somebody may still give it tasks. */
  static void idle(Threads threads) {
    var pool = inUse(Executors.newFixedThreadPool(2, threads.factory()));
    pool.execute(() -> {});
    pool.execute(() -> {});
  }

  /** The only worker waits for a task of its own pool. */
  static void starved(Threads threads) {
    var pool = Executors.newSingleThreadExecutor(threads.factory());
    pool.execute(
        () -> {
          try {
            pool.submit(() -> 1).get(); // LEAK starved
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  /** The same in a pool that is in use, and is held with its workers. */
  static void starvedInUse(Threads threads) {
    var pool = inUse(Executors.newFixedThreadPool(1, threads.factory()));
    pool.execute(
        () -> {
          try {
            pool.submit(() -> 1).get(); // LEAK starvedInUse
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  /** A task in an executor with a thread for each. */
  static void taskForEver(Threads threads) {
    var executor = inUse(Executors.newThreadPerTaskExecutor(threads.factory()));
    executor.execute(
        () -> {
          try {
            new SynchronousQueue<Integer>().take(); // LEAK taskForEver
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Outside, waits for the end of an executor whose task is stuck. */
  static void awaitsItsEnd(Threads threads) {
    var executor = Executors.newThreadPerTaskExecutor(threads.factory());
    executor.execute(
        () -> {
          try {
            new CountDownLatch(1).await(); // LEAK taskOfItsEnd
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    threads.go(
        () -> {
          executor.close(); // LEAK awaitsItsEnd
        });
  }

  /** Shut down now, while what it was to run is waited for. */
  static void shutDownUnderneath(Threads threads) {
    var scheduler = Executors.newScheduledThreadPool(1, threads.factory());
    var later = scheduler.schedule(() -> 1, 1, TimeUnit.HOURS);
    scheduler.shutdownNow();
    threads.go(
        () -> {
          later.get(); // LEAK shutDownUnderneath
        });
  }

  /** Will run in an hour. */
  static void scheduled(Threads threads) {
    var scheduler = inUse(Executors.newScheduledThreadPool(1, threads.factory()));
    var later = scheduler.schedule(() -> 1, 1, TimeUnit.HOURS);
    threads.go(
        () -> {
          later.get(); // LINE scheduled
        });
  }
}
