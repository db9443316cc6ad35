package dev.selvage.verification.graphs;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Where the members of a batch write down what they do: numbers only, so that who reads it holds
 * nothing of theirs.
 */
final class Board {
  /** The step that each is at, or how many it has if it has ended. */
  final AtomicIntegerArray at;

  /** What each holds, as bits. */
  final AtomicLongArray holds;

  /** What static fields hold of a graph, as bits, at its first member. */
  final AtomicLongArray statics;

  /** Their threads' identifiers. */
  final AtomicLongArray ids;

  /** Counted down to tell who idles to go on. */
  final CountDownLatch told = new CountDownLatch(1);

  Board(int members) {
    at = new AtomicIntegerArray(members);
    holds = new AtomicLongArray(members);
    statics = new AtomicLongArray(members);
    ids = new AtomicLongArray(members);
  }

  boolean isTold() {
    return told.getCount() == 0;
  }
}
