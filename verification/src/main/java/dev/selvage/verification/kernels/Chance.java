package dev.selvage.verification.kernels;

import dev.selvage.Go;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Gives others a chance, where Go's scheduler would by itself: it preempts, and runs what was woken
 * or started last first. The JVM's goes by turns, so what is a rare order there may be none here.
 */
final class Chance {
  private Chance() {}

  /** Lets others run, anything from not at all to a few turns. */
  static void give() throws InterruptedException {
    give(5);
  }

  /** Lets others run for at most so many turns. */
  static void give(int most) throws InterruptedException {
    for (int turns = ThreadLocalRandom.current().nextInt(most + 1); turns > 0; turns--) {
      Go.yield();
    }
  }

  /**
   * The same, or now and then a moment's sleep: for loops in which others wait for timers. The
   * JDK's scheduler lets threads that yield go round in their carrier's own queue, and turns to
   * what a timer has woken only when that is empty; so it would never, while such loops run.
   */
  static void giveOrRest() throws InterruptedException {
    if (ThreadLocalRandom.current().nextInt(4) == 0) {
      Go.sleep(Duration.ofNanos(1));
    } else {
      give();
    }
  }
}
