package dev.selvage.verification.library;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/** Spring's schedulers and executors, and its context. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class Spring {
  private static final List<Object> KEPT = new CopyOnWriteArrayList<>();

  private Spring() {}

  private static <T> T kept(T it) {
    KEPT.add(it);
    return it;
  }

  /** An asynchronous task is stuck. */
  static void asyncTask(Threads threads) {
    var executor = kept(new SimpleAsyncTaskExecutor(threads.factory()));
    executor.execute(
        () -> {
          try {
            new SynchronousQueue<Integer>().take(); // LEAK asyncTask
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** All the tasks that may run at a time are stuck, and a caller waits for its turn. */
  static void concurrencyLimit(Threads threads) {
    var executor = new SimpleAsyncTaskExecutor(threads.factory());
    executor.setConcurrencyLimit(1);
    executor.execute(
        () -> {
          try {
            new CountDownLatch(1).await(); // LEAK hasTheTurn
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    threads.go(
        () -> {
          executor.execute(() -> {}); // LEAK concurrencyLimit
        });
  }

  private static ThreadPoolTaskScheduler scheduler() {
    var scheduler = new ThreadPoolTaskScheduler();
    scheduler.setDaemon(true);
    scheduler.initialize();
    return scheduler;
  }

  /** Runs in an hour. */
  static void scheduled(Threads threads) {
    var latch = new CountDownLatch(1);
    kept(scheduler()).schedule(latch::countDown, Instant.now().plus(Duration.ofHours(1)));
    threads.go(
        () -> {
          latch.await(); // LINE scheduled
        });
  }

  /** Would have run in an hour, but its scheduler was shut down. */
  static void schedulerShutDown(Threads threads) {
    var scheduler = scheduler();
    var latch = new CountDownLatch(1);
    scheduler.schedule(latch::countDown, Instant.now().plus(Duration.ofHours(1)));
    scheduler.shutdown();
    threads.go(
        () -> {
          latch.await(); // LEAK schedulerShutDown
        });
  }

  /** A scheduled task is stuck, in a virtual thread of its own. */
  static void scheduledTask(Threads threads) {
    var scheduler = kept(new SimpleAsyncTaskScheduler());
    scheduler.setThreadFactory(threads.factory());
    scheduler.schedule(
        () -> {
          try {
            new SynchronousQueue<Integer>().take(); // LEAK scheduledTask
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        },
        Instant.now());
  }

  private static GenericApplicationContext context(CountDownLatch closed) {
    var context = new GenericApplicationContext();
    context.addApplicationListener(
        (ApplicationListener<ContextClosedEvent>) _ -> closed.countDown());
    context.refresh();
    return context;
  }

  /** The context is there, and may be closed. */
  static void contextIsOpen(Threads threads) {
    var closed = new CountDownLatch(1);
    kept(context(closed));
    threads.go(
        () -> {
          closed.await(); // LINE contextIsOpen
        });
  }

  /** Nobody has the context any more that was to be closed. */
  static void contextForgotten(Threads threads) {
    var closed = new CountDownLatch(1);
    context(closed);
    threads.go(
        () -> {
          closed.await(); // LEAK contextForgotten
        });
  }
}
