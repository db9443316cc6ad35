package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.observe.Probe;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Does work on many things with a second thread, which lives for as long as that takes. Each of the
 * two takes the next claim when it is done with its last, so that neither waits long for the other:
 * on a busy machine one of them may come late, or not at all before everything is done.
 */
final class Claims {
  private static final int WORTH_A_SECOND_THREAD = 5_000;

  /** How many things are taken at a time. */
  static final int CLAIM = 1_024;

  private Claims() {}

  /** Works on the things from one index to another. */
  interface Work {
    void on(int from, int to);
  }

  /** Whether a second thread would be used for so many. */
  static boolean areWorthIt(int n) {
    return n >= WORTH_A_SECOND_THREAD;
  }

  /**
   * Does work on all that is from 0 to n, by claims; the second work alone, at once, where there
   * are few. Blocks until all is done, also when interrupted. What one of them throws is thrown on.
   *
   * @param helpers done by a thread that is started for it
   */
  static void of(int n, Work helpers, Work own) {
    if (!areWorthIt(n)) {
      own.on(0, n);
      return;
    }
    AtomicInteger next = new AtomicInteger();
    both(() -> take(next, n, helpers), () -> take(next, n, own));
  }

  private static void take(AtomicInteger next, int n, Work work) {
    for (int from = next.getAndAdd(CLAIM); from < n; from = next.getAndAdd(CLAIM)) {
      work.on(from, Math.min(n, from + CLAIM));
    }
  }

  /** How two works on about so many things are to be done. */
  static Jdk.Both forAbout(int n) {
    return areWorthIt(n)
        ? Claims::both
        : (helpers, own) -> {
          own.run();
          helpers.run();
        };
  }

  /** Does both, the first by a thread that is started for it, or here if none can be started. */
  static void both(Runnable helpers, Runnable own) {
    Helper helper = new Helper(helpers);
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-helper")
            .inheritInheritableThreadLocals(false)
            .unstarted(helper);
    Probe.vouchFor(thread);
    try {
      thread.start();
    } catch (OutOfMemoryError _) {
      helper.run(); // no more threads can be had
    }
    try {
      own.run();
    } finally {
      await(thread);
    }
    helper.rethrow();
  }

  private static void await(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Helper implements Runnable {
    private final Runnable work;
    private @Nullable RuntimeException exception; // read after the thread has ended
    private @Nullable Error error;

    Helper(Runnable work) {
      this.work = work;
    }

    @Override
    public void run() {
      try {
        work.run();
      } catch (RuntimeException e) {
        exception = e;
      } catch (Error e) {
        error = e;
      }
    }

    void rethrow() {
      if (exception != null) {
        throw exception;
      }
      if (error != null) {
        throw error;
      }
    }
  }
}
