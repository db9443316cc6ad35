package dev.selvage.diagnostics.jdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.SynchronousQueue;
import org.junit.jupiter.api.Test;

/** What a thread does is read while it goes on. */
class ActivityTests {
  private static final int LOOKS = 300_000;

  /**
   * Two threads that hand over to each other run or wait, and never wait on a carrier: a look at a
   * thread that parks between the two readings of its state must not make that of it.
   */
  @Test
  void aThreadThatParksAndRunsInTurnsIsNeverPinned() throws InterruptedException {
    Jdk jdk = Jdk.ofThisJvm();
    SynchronousQueue<Integer> queue = new SynchronousQueue<>();
    Thread taker = Thread.ofVirtual().start(() -> untilInterrupted(queue::take));
    Thread putter = Thread.ofVirtual().start(() -> untilInterrupted(() -> queue.put(1)));
    Set<Jdk.Activity> seen = EnumSet.noneOf(Jdk.Activity.class);
    int parked = 0;
    try {
      long end = System.nanoTime() + 30_000_000_000L;
      for (int i = 0; i < LOOKS || (parked < 1_000 && System.nanoTime() - end < 0); i++) {
        Jdk.Activity activity = jdk.activity(taker);
        seen.add(activity);
        seen.add(jdk.activity(putter));
        if (activity == Jdk.Activity.PARKED) {
          parked++;
        }
      }
    } finally {
      taker.interrupt();
      putter.interrupt();
      taker.join(10_000);
      putter.join(10_000);
    }
    assertFalse(taker.isAlive() || putter.isAlive());
    assertTrue(parked >= 1_000, "it must have been met while it waits and while it runs");
    seen.removeAll(EnumSet.of(Jdk.Activity.PARKED, Jdk.Activity.RUNNABLE));
    assertEquals(EnumSet.noneOf(Jdk.Activity.class), seen);
  }

  private interface Step {
    void run() throws InterruptedException;
  }

  private static void untilInterrupted(Step step) {
    try {
      while (true) {
        step.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
