package dev.selvage.verification.interleavings;

import dev.selvage.sync.WaitGroup;
import java.time.Duration;

/** Counting down against waiting. */
final class WaitGroups {
  private WaitGroups() {}

  static void doneAgainstAwait() throws InterruptedException {
    WaitGroup group = new WaitGroup();
    group.add(2);
    int[] done = new int[1];
    Race.Part worker =
        () -> {
          done[0]++;
          group.done();
        };
    Race.Part waiter =
        () -> {
          group.await();
          Race.same(2, done[0], "finished at the end of the wait");
        };
    Race.run(worker, worker, waiter, waiter);
  }

  static void timedAndInterruptedAwait() throws InterruptedException {
    WaitGroup group = new WaitGroup();
    group.add(1);
    int[] done = new int[1];
    Thread interrupted =
        Race.start(
            () -> {
              try {
                group.await();
              } catch (InterruptedException e) {
                return;
              }
              Race.same(1, done[0], "finished at the end of the wait");
            });
    Race.run(
        interrupted::interrupt,
        () -> {
          if (group.await(Duration.ofNanos(1000))) {
            Race.same(1, done[0], "finished at the end of the wait");
          }
        },
        () -> {
          done[0]++;
          group.done();
        });
    interrupted.join();
    // Whoever waited is gone, so it may be counted up again.
    group.add(1);
    group.done();
    group.await();
  }
}
