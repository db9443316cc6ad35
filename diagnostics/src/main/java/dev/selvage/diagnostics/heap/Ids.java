package dev.selvage.diagnostics.heap;

import java.util.Arrays;

/**
 * Which object an identifier stands for: its number in the order of the file. 8 bytes an object and
 * a little, 12 in heaps of more than 32 GiB; twice 8 while {@link #freeze} sorts. For one thread.
 */
final class Ids {
  /*
   * Identifiers are addresses. Those of a heap below 32 GiB lie less than 2^32 steps of 8 bytes
   * apart: so how far one is from the least, and the number of its object, fit into one long, and
   * sorting sorts both. Where they do not, numbers have an array of their own.
   *
   * Objects lie close together: so a directory of one entry for every few of them, by the high bits
   * of the distance, leaves a handful to search through.
   */
  private static final int SHIFT = 16;
  private static final int PIECE = 1 << SHIFT;
  private static final int MASK = PIECE - 1;
  private static final int STEP = 3; // as a power of two
  private static final int HALF = 32;
  private static final long MOST_PACKED = 1L << HALF;
  private static final long BIAS = 1L << (HALF - 1); // distances are sorted as signed numbers

  private long[][] inOrder = new long[4][];
  private int size;
  private long least = Long.MAX_VALUE;
  private long greatest = Long.MIN_VALUE;
  private long differing; // the bits in which any two differ, and some others

  // from freeze on
  private long[] sorted = {}; // distance and number, or the identifier
  private int[] numbers = {};
  private int[] directory = {};
  private int unit;
  private boolean packed;
  private int shift;

  /** Adds the next object's identifier; before {@link #freeze}. */
  void add(long id) {
    int piece = size >>> SHIFT;
    if (piece == inOrder.length) {
      inOrder = Arrays.copyOf(inOrder, piece + (piece >> 1));
    }
    long[] p = inOrder[piece];
    if (p == null) {
      p = new long[PIECE];
      inOrder[piece] = p;
    }
    p[size & MASK] = id;
    size++;
    least = Math.min(least, id);
    greatest = Math.max(greatest, id);
    differing |= id ^ inOrder[0][0];
  }

  int size() {
    return size;
  }

  /** No more will be added: makes ready for questions. */
  void freeze() {
    unit = Long.numberOfTrailingZeros(differing) >= STEP ? STEP : 0;
    packed = span() >>> unit < MOST_PACKED;
    sorted = new long[size];
    for (int i = 0; i < size; i++) {
      long id = inOrder[i >>> SHIFT][i & MASK];
      sorted[i] = packed ? ((((id - least) >>> unit) - BIAS) << HALF) | i : id;
    }
    if (packed) {
      inOrder = new long[0][];
    }
    Arrays.sort(sorted);
    makeDirectory();
    if (!packed) {
      numbers = new int[size];
      for (int i = 0; i < size; i++) {
        numbers[rank(inOrder[i >>> SHIFT][i & MASK])] = i;
      }
      inOrder = new long[0][];
    }
  }

  private void makeDirectory() {
    if (size == 0) {
      return;
    }
    long most = distance(size - 1);
    int buckets = Math.max(1, size / 4);
    while (most >>> shift >= buckets) {
      shift++;
    }
    directory = new int[(int) (most >>> shift) + 2];
    int bucket = 0;
    for (int i = 0; i < size; i++) {
      int of = (int) (distance(i) >>> shift);
      while (bucket <= of) {
        directory[bucket++] = i;
      }
    }
    while (bucket < directory.length) {
      directory[bucket++] = size;
    }
  }

  /** The object's number; -1 if there is none with that identifier. */
  int find(long id) {
    int rank = rank(id);
    if (rank < 0) {
      return -1;
    }
    return packed ? (int) sorted[rank] : numbers[rank];
  }

  private int rank(long id) {
    if (id < least || id > greatest) {
      return -1;
    }
    long distance = (id - least) >>> unit;
    if (least + (distance << unit) != id) {
      return -1;
    }
    int bucket = (int) (distance >>> shift);
    int low = directory[bucket];
    int high = directory[bucket + 1] - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long at = distance(middle);
      if (at == distance) {
        return middle;
      } else if (at < distance) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /** How far that one, in the order of identifiers, is from the least, in units. */
  private long distance(int rank) {
    return packed ? (sorted[rank] >> HALF) + BIAS : (sorted[rank] - least) >>> unit;
  }

  /** How far apart the least and the greatest are. */
  long span() {
    return size == 0 ? 0 : greatest - least;
  }
}
