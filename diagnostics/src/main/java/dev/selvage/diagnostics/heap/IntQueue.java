package dev.selvage.diagnostics.heap;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Numbers that are taken in the order in which they were added. Those that have been taken take no
 * room. For one thread.
 */
final class IntQueue {
  private static final int PIECE = 1 << 12;

  private static final class Piece {
    final int[] numbers = new int[PIECE];
    @Nullable Piece next;
  }

  private Piece first = new Piece();
  private Piece last = first;
  private int from; // in the first
  private int to; // in the last

  boolean isEmpty() {
    return first == last && from == to;
  }

  void add(int number) {
    if (to == PIECE) {
      var piece = new Piece();
      last.next = piece;
      last = piece;
      to = 0;
    }
    last.numbers[to++] = number;
  }

  /** The next; there must be one. */
  int take() {
    if (from == PIECE) {
      first = Objects.requireNonNull(first.next);
      from = 0;
    }
    return first.numbers[from++];
  }
}
