package dev.selvage.cli;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Ends the wait for an answer that does not come: closes what it is read from, so that who reads is
 * thrown out, and has the reason. One for a connection, for as long as that lasts.
 */
final class TimeLimit implements AutoCloseable {
  /*
   * Invariants.
   *  1. Nothing is closed while nothing is expected.
   *  2. failure is set before anything is closed for it, and never changes again.
   */
  private final String who;
  private final String stoppedTold;
  private final BooleanSupplier stopped;
  private final Runnable cut;
  private final Thread thread;

  // Guarded by this.
  private @Nullable Duration patience;
  private long until;
  private boolean closed;
  private @Nullable CommandFailure failure;

  /**
   * A limit for nothing yet.
   *
   * @param who as {@code process 4711}
   * @param stopped whether the wait is in vain in any case, looked at now and then
   * @param stoppedTold what is said then
   * @param cut closes what is read from; called by another thread, once at most
   */
  TimeLimit(String who, BooleanSupplier stopped, String stoppedTold, Runnable cut) {
    this.who = who;
    this.stopped = stopped;
    this.stoppedTold = stoppedTold;
    this.cut = cut;
    thread = Thread.ofPlatform().daemon().name("selvage-time-limit").unstarted(this::watch);
    thread.start();
  }

  /** From now on the next bytes must come within that time. */
  synchronized void expect(Duration time) {
    patience = time;
    until = System.nanoTime() + time.toNanos();
  }

  /** Some have come: as much time for the next. */
  synchronized void progress() {
    if (patience != null) {
      until = System.nanoTime() + patience.toNanos();
    }
  }

  /** Nothing is expected any more. */
  synchronized void done() {
    patience = null;
  }

  /** Why the wait was ended; null if it was not. */
  synchronized @Nullable CommandFailure failure() {
    return failure;
  }

  private void watch() {
    try {
      while (!isOver(stopped.getAsBoolean())) {
        Thread.sleep(Stopped.LOOK_EVERY);
      }
    } catch (InterruptedException _) {
      return; // Closed.
    }
    if (failure() != null) {
      cut.run();
    }
  }

  private synchronized boolean isOver(boolean isStopped) {
    if (closed) {
      return true;
    }
    Duration limit = patience;
    if (limit == null || (!isStopped && System.nanoTime() - until < 0)) {
      return false;
    }
    failure =
        new CommandFailure(
            ExitCode.UNREACHABLE,
            who
                + " "
                + (isStopped ? stoppedTold : "did not answer within " + Durations.text(limit)));
    return true;
  }

  @Override
  public synchronized void close() {
    closed = true;
    thread.interrupt();
  }
}
