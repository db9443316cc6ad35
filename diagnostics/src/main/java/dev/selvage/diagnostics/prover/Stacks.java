package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.StackTable;

/**
 * The stacks of many threads, each distinct one once; taken by two threads where there are many.
 * Used by one thread.
 */
final class Stacks {
  /** With more different stacks than that in memory a new table is begun. */
  private static final int MOST_DISTINCT = 50_000;

  /** Fewer are sooner walked than it takes to find out how their memory is read. */
  private static final int WORTH_RECOGNISING = 2_000;

  private final Jdk jdk;
  private boolean recognises;
  private StackTable own;
  private StackTable helpers;

  Stacks(Jdk jdk) {
    this.jdk = jdk;
    this.own = jdk.stackTable(false);
    this.helpers = jdk.stackTable(false);
  }

  /** The indices from 0 to n. */
  static int[] all(int n) {
    int[] indices = new int[n];
    for (int i = 0; i < n; i++) {
      indices[i] = i;
    }
    return indices;
  }

  /** Finds out how so many are to be recognised, if they are worth that. */
  void prepare(int n) {
    boolean many = n >= WORTH_RECOGNISING;
    if (own.size() > MOST_DISTINCT || (many && !recognises)) {
      recognises |= many;
      own = jdk.stackTable(recognises);
      helpers = jdk.stackTable(recognises);
    }
  }

  /**
   * Takes the stacks of those threads; an empty one of a thread that has ended.
   *
   * @return an id for each of the indices, in their order: threads with the same id have equal
   *     stacks. Good until this is called again.
   */
  int[] take(Thread[] threads, int[] indices) {
    prepare(indices.length);
    int[] ids = new int[indices.length];
    StackTable second = helpers;
    boolean[] byHelper = new boolean[indices.length / Claims.CLAIM + 1]; // by number of the claim
    Claims.of(
        indices.length,
        (from, to) -> {
          second.take(threads, indices, from, to, ids);
          byHelper[from / Claims.CLAIM] = true;
        },
        (from, to) -> own.take(threads, indices, from, to, ids));
    int[] translated = new int[second.size()];
    for (int i = 0; i < translated.length; i++) {
      translated[i] = own.idOf(second.stack(i));
    }
    for (int i = 0; i < ids.length; i++) {
      if (byHelper[i / Claims.CLAIM]) {
        ids[i] = translated[ids[i]];
      }
    }
    return ids;
  }

  /** A stack, leaf first; not to be changed. */
  StackTraceElement[] stack(int id) {
    return own.stack(id);
  }

  /** Ids are smaller. */
  int size() {
    return own.size();
  }
}
