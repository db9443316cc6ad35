package dev.selvage.http;

import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps requests from costing the program more than one collection in {@link #REST}: who comes
 * while a look is under way waits for its result, who comes soon after one gets the same result.
 * Thread-safe.
 */
final class Looks {
  /*
   * Invariants:
   *  - At most one task is not done. It is run by the thread that put it there, outside the lock.
   *  - endedAt belongs to the last task and is written before that is done: whoever sees a task
   *    done sees when it ended.
   */

  private static final Logger LOG = System.getLogger(Looks.class.getPackageName());

  /** How long a result is good for, from the end of the look that gave it. */
  static final Duration REST = Duration.ofSeconds(3);

  private final Leaks leaks;
  private final LongSupplier nanoTime;

  private @Nullable FutureTask<Report> last; // guarded by this
  private volatile long endedAt;

  Looks(Leaks leaks, LongSupplier nanoTime) {
    this.leaks = leaks;
    this.nanoTime = nanoTime;
  }

  /**
   * The result of a look that is not older than {@link #REST}. Blocks while one is made.
   *
   * @throws LookFailed if the look threw; it counts as one all the same
   */
  Report look() throws InterruptedException {
    FutureTask<Report> task;
    boolean mine = false;
    synchronized (this) {
      task = last;
      if (task == null || (task.isDone() && nanoTime.getAsLong() - endedAt >= REST.toNanos())) {
        task = new FutureTask<>(this::find);
        last = task;
        mine = true;
      }
    }
    if (mine) {
      task.run();
    }
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new LookFailed(e.getCause() == null ? e : e.getCause());
    }
  }

  private Report find() {
    try {
      return leaks.find(Leaks.Mode.NOW);
    } catch (UnsupportedOperationException e) {
      throw e; // An answer, not a failure.
    } catch (RuntimeException | Error e) {
      // Logged here, once, and not for each of the requests that are answered with it.
      LOG.log(Logger.Level.WARNING, "selvage: looking for leaks failed", e);
      throw e;
    } finally {
      endedAt = nanoTime.getAsLong();
    }
  }

  /** What the look threw is the cause. */
  static final class LookFailed extends RuntimeException {
    private static final long serialVersionUID = 1;

    private LookFailed(Throwable cause) {
      super("looking for leaks failed: " + cause, cause);
    }
  }
}
