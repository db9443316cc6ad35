package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.observe.Probe;

/** Takes the stacks of many threads, on two threads where there are many. */
final class Stacks {
  private static final int WORTH_A_SECOND_THREAD = 5_000;

  private Stacks() {}

  /** The indices from 0 to n. */
  static int[] all(int n) {
    int[] indices = new int[n];
    for (int i = 0; i < n; i++) {
      indices[i] = i;
    }
    return indices;
  }

  /**
   * The stacks of those threads, in the order of the indices; an empty one for a thread that has
   * ended.
   */
  static StackTraceElement[][] of(Jdk jdk, Thread[] threads, int[] indices) {
    StackTraceElement[][] stacks = new StackTraceElement[indices.length][];
    int half = indices.length < WORTH_A_SECOND_THREAD ? 0 : indices.length / 2;
    Thread helper =
        half == 0
            ? null
            : Thread.ofPlatform()
                .daemon()
                .name("selvage-stacks")
                .unstarted(() -> fill(jdk, threads, indices, stacks, 0, half));
    if (helper != null) {
      Probe.vouchFor(helper);
      helper.start();
    }
    fill(jdk, threads, indices, stacks, half, indices.length);
    if (helper != null) {
      boolean interrupted = false;
      while (helper.isAlive()) {
        try {
          helper.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return stacks;
  }

  private static void fill(
      Jdk jdk, Thread[] threads, int[] indices, StackTraceElement[][] stacks, int from, int to) {
    for (int i = from; i < to; i++) {
      stacks[i] = jdk.stack(threads[indices[i]]);
    }
  }
}
