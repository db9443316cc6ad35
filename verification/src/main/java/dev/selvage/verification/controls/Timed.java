package dev.selvage.verification.controls;

import static dev.selvage.verification.controls.Waiters.go;

import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.Exchanger;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** Threads that a clock wakes, and those that the clock's threads wake in turn. */
public final class Timed implements Control {
  private static final long SECONDS = 12;

  @Override
  public void start() throws Exception {
    waitsWithALimit();
    whatSleepersReach();
    whatTimersReach();
  }

  @Override
  public void wake() {}

  private static void waitsWithALimit() {
    go("sleep", () -> Thread.sleep(Duration.ofSeconds(SECONDS)));
    go("poll", () -> none(new SynchronousQueue<Integer>().poll(SECONDS, TimeUnit.SECONDS) == null));
    go("offer", () -> none(!new SynchronousQueue<Integer>().offer(1, SECONDS, TimeUnit.SECONDS)));
    go("latch", () -> none(!new CountDownLatch(1).await(SECONDS, TimeUnit.SECONDS)));
    go("semaphore", () -> none(!new Semaphore(0).tryAcquire(SECONDS, TimeUnit.SECONDS)));
    go("parkNanos", () -> park(System.nanoTime() + SECONDS * 1_000_000_000));
    go(
        "future",
        () -> {
          try {
            new CompletableFuture<Integer>().get(SECONDS, TimeUnit.SECONDS);
          } catch (TimeoutException expected) {
            none(true);
          }
        });
    go(
        "exchanger",
        () -> {
          try {
            new Exchanger<Integer>().exchange(1, SECONDS, TimeUnit.SECONDS);
          } catch (TimeoutException expected) {
            none(true);
          }
        });
    go(
        "condition",
        () -> {
          var lock = new ReentrantLock();
          var condition = lock.newCondition();
          lock.lock();
          try {
            long left = TimeUnit.SECONDS.toNanos(SECONDS);
            while (left > 0) {
              left = condition.awaitNanos(left);
            }
          } finally {
            lock.unlock();
          }
        });
    go(
        "monitor",
        () -> {
          var monitor = new Object();
          long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
          synchronized (monitor) {
            for (long left; (left = end - System.nanoTime()) > 0; ) {
              monitor.wait(left / 1_000_000 + 1);
            }
          }
        });
    go(
        "delay queue",
        () -> {
          var queue = new DelayQueue<Due>();
          queue.add(new Due(System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS)));
          queue.take();
        });
    go(
        "process",
        () -> none(new ProcessBuilder("sleep", Long.toString(SECONDS)).start().waitFor() == 0));
  }

  private static void whatSleepersReach() {
    var queue = new ArrayBlockingQueue<Integer>(1);
    var latch = new CountDownLatch(1);
    go("waits for a sleeper", queue::take);
    go(
        "waits for one who waits for a sleeper",
        () -> {
          latch.await();
          queue.put(1);
        });
    go(
        "sleeper",
        () -> {
          Thread.sleep(Duration.ofSeconds(SECONDS));
          latch.countDown();
        });
  }

  private static void whatTimersReach() {
    var scheduled = new CountDownLatch(1);
    go("waits for a scheduled task", scheduled::await);
    var scheduler = Executors.newSingleThreadScheduledExecutor(Timed::daemon);
    ScheduledFuture<?> unused = scheduler.schedule(scheduled::countDown, SECONDS, TimeUnit.SECONDS);
    scheduler.shutdown();

    var delayed = new LinkedBlockingQueue<Integer>();
    go("waits for a delayed task", delayed::take);
    CompletableFuture.delayedExecutor(SECONDS, TimeUnit.SECONDS).execute(() -> delayed.add(1));

    go(
        "orTimeout",
        () -> {
          try {
            new CompletableFuture<Integer>().orTimeout(SECONDS, TimeUnit.SECONDS).get();
          } catch (ExecutionException expected) {
            none(expected.getCause() instanceof TimeoutException);
          }
        });
    go(
        "completeOnTimeout",
        () ->
            new CompletableFuture<Integer>().completeOnTimeout(1, SECONDS, TimeUnit.SECONDS).get());

    var timed = new CountDownLatch(1);
    go("waits for a timer task", timed::await);
    new Timer("timer", true)
        .schedule(
            new TimerTask() {
              @Override
              public void run() {
                timed.countDown();
              }
            },
            TimeUnit.SECONDS.toMillis(SECONDS));
  }

  private static Thread daemon(Runnable task) {
    return Thread.ofPlatform().daemon().unstarted(task);
  }

  private static void park(long end) {
    for (long left; (left = end - System.nanoTime()) > 0; ) {
      LockSupport.parkNanos(left);
    }
  }

  private static void none(boolean asExpected) {
    if (!asExpected) {
      throw new IllegalStateException("somebody came");
    }
  }

  private record Due(long at) implements Delayed {
    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(at - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }
}
