package dev.selvage.diagnostics.heap;

import java.util.Arrays;

/**
 * Numbers in pieces, so that growing copies little and wastes less; few take little room. For one
 * thread.
 */
final class IntList {
  private static final int SHIFT = 16;
  private static final int PIECE = 1 << SHIFT;
  private static final int MASK = PIECE - 1;
  private static final int FEW = 8;

  private int[][] pieces = new int[4][];
  private int size;

  int size() {
    return size;
  }

  /** Adds a number; at most 2^31 - 1 have room. */
  void add(int value) {
    int piece = size >>> SHIFT;
    if (piece == pieces.length) {
      pieces = Arrays.copyOf(pieces, piece + (piece >> 1));
    }
    int[] p = pieces[piece];
    if (p == null) {
      p = new int[piece == 0 ? FEW : PIECE];
      pieces[piece] = p;
    } else if ((size & MASK) == p.length) {
      p = Arrays.copyOf(p, p.length << 1); // the first piece, until it is one
      pieces[piece] = p;
    }
    p[size & MASK] = value;
    size = Math.incrementExact(size);
  }

  int get(int index) {
    return pieces[index >>> SHIFT][index & MASK];
  }

  void set(int index, int value) {
    pieces[index >>> SHIFT][index & MASK] = value;
  }

  /** Sets a number at an index that may be beyond the end; what is between becomes the filler. */
  void put(int index, int value, int filler) {
    while (size <= index) {
      add(filler);
    }
    set(index, value);
  }
}
