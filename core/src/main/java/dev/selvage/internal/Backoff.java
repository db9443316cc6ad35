package dev.selvage.internal;

import java.util.concurrent.locks.LockSupport;

/**
 * What a thread does while it waits for another to take a few more steps: it spins, then yields,
 * then sleeps for moments. Any thread may; nothing here fails or looks at interrupts.
 *
 * <pre>{@code
 * int looks = 0;
 * while (!ready()) {
 *   Backoff.pause(looks++);
 * }
 * Backoff.end(looks);
 * }</pre>
 */
public final class Backoff {
  /*
   * Why yielding is not enough: a virtual thread that yields goes to the end of its carrier's own
   * queue, and the JDK's carriers look at what others have submitted only when that is empty. Two
   * yielding threads for each carrier keep it from ever being empty, so if the one that they wait
   * for was woken by a timer or another thread of the system, or has itself yielded at a moment at
   * which its carrier had nothing else, it never runs again. A timed park leaves the queue.
   *
   * Why it looks seldom, and gives way soon: a lock that is looked at all the time costs its holder,
   * too, who works on the same cache lines, and who gives way lets a goroutine run that may wait for
   * nothing. Four looks, each after thirty spins, are what Go's runtime takes for its own locks; with
   * a look at each of 64 spins a buffered channel between four and four took two to four times as
   * long (docs/adr/0032).
   *
   * The permit of unpark belongs to somebody else: a nap may have taken it, so end() gives it back.
   * One too many only makes a park return early, which every park may.
   */
  private static final int LOOKS = 4;
  private static final int SPINS = 30;
  private static final int YIELDS = 64;
  private static final int FIRST_NAP_NANOS = 10_000;
  private static final int DOUBLINGS = 6;

  private Backoff() {}

  /** Waits for a moment, the longer the more often that was done before. */
  @SuppressWarnings("ThreadPriorityCheck") // right without yielding, only slower
  static void pause(int before) {
    if (before < LOOKS) {
      for (int i = 0; i < SPINS; i++) {
        Thread.onSpinWait();
      }
    } else if (before < LOOKS + YIELDS) {
      Thread.yield();
    } else {
      nap((long) FIRST_NAP_NANOS << Math.min(before - LOOKS - YIELDS, DOUBLINGS));
    }
  }

  /** Ends the wait, after that many pauses. */
  static void end(int pauses) {
    if (pauses > LOOKS + YIELDS) {
      LockSupport.unpark(Thread.currentThread());
    }
  }

  /**
   * Lets others run, also those that a yield would not let run: for whoever yields in a loop, once
   * in a while.
   */
  public static void breathe() {
    nap(1); // ends at once where there is a permit, as there is after the first breath
    nap(1);
    LockSupport.unpark(Thread.currentThread());
  }

  @SuppressWarnings("ThreadPriorityCheck") // right without yielding, only slower
  private static void nap(long nanos) {
    boolean interrupted = Thread.interrupted(); // else it would not sleep
    try {
      if (interrupted) {
        LockSupport.parkNanos(1); // takes the permit that came with the interrupt
      }
      LockSupport.parkNanos(nanos);
    } catch (OutOfMemoryError e) {
      Thread.yield(); // the next nap may find memory again, and nothing is lost by its being late
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
