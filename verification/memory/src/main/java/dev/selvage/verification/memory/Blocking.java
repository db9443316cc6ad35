package dev.selvage.verification.memory;

import dev.selvage.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.Callable;

/** What an actor does that may block. Nobody interrupts actors, so an interrupt is a mistake. */
final class Blocking {
  static final Duration LIMIT = Duration.ofNanos(10_000);

  private Blocking() {}

  interface Action {
    void run() throws Exception;
  }

  static void run(Action action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  static <T> T call(Callable<? extends T> action) {
    try {
      return action.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Whether an operation finds its channel closed. */
  static boolean isClosed(Runnable operation) {
    try {
      operation.run();
      return false;
    } catch (ClosedChannelException e) {
      return true;
    }
  }
}
