package dev.selvage.http;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends exchanges in which the other side is too slow. The JDK's server has no such limit for one
 * server alone, and each slow peer would hold a thread of a small pool for ever. Interrupting a
 * thread in a blocking read or write of a channel closes the channel, which is all that is needed.
 * Thread-safe.
 */
final class Watchdog implements AutoCloseable {
  /*
   * Invariants, all under the lock of an Exchange:
   *  - a thread is interrupted only while the exchange it is running has a limit;
   *  - an interrupt of ours does not outlive the limit that it was for.
   */

  private static final ThreadLocal<@Nullable Exchange> CURRENT = new ThreadLocal<>();

  private final ScheduledThreadPoolExecutor clock;

  Watchdog(ThreadFactory threads) {
    // After close there are no limits any more.
    clock = new ScheduledThreadPoolExecutor(1, threads, new ThreadPoolExecutor.DiscardPolicy());
    clock.setRemoveOnCancelPolicy(true);
    clock.setKeepAliveTime(10, TimeUnit.SECONDS);
    clock.allowCoreThreadTimeOut(true);
  }

  /** An executor whose tasks have a limit from their first moment. */
  Executor watch(Executor executor, Duration limit) {
    return task ->
        executor.execute(
            () -> {
              Exchange exchange = new Exchange(Thread.currentThread());
              CURRENT.set(exchange);
              exchange.limit(limit);
              try {
                task.run();
              } finally {
                exchange.unlimited();
                CURRENT.remove();
              }
            });
  }

  /** From now on the current task has this long, instead of what it had before. */
  void limit(Duration limit) {
    Exchange exchange = CURRENT.get();
    if (exchange != null) {
      exchange.unlimited();
      exchange.limit(limit);
    }
  }

  /** From now on the current task has all the time in the world. */
  void unlimited() {
    Exchange exchange = CURRENT.get();
    if (exchange != null) {
      exchange.unlimited();
    }
  }

  /** Lets go of all limits. */
  @Override
  public void close() {
    clock.shutdownNow();
  }

  private final class Exchange {
    private final Thread thread;
    private @Nullable Future<?> limit; // guarded by this
    private boolean interrupted; // guarded by this

    Exchange(Thread thread) {
      this.thread = thread;
    }

    synchronized void limit(Duration duration) {
      limit = clock.schedule(this::tooSlow, duration.toMillis(), TimeUnit.MILLISECONDS);
    }

    synchronized void unlimited() {
      if (limit != null) {
        limit.cancel(false);
        limit = null;
      }
      if (interrupted) {
        interrupted = false;
        // Ours, so it must not meet the next exchange of this thread.
        Thread.interrupted();
      }
    }

    private synchronized void tooSlow() {
      if (limit != null) {
        limit = null;
        interrupted = true;
        thread.interrupt();
      }
    }
  }
}
