package dev.selvage.diagnostics.heap;

import java.util.Arrays;

/**
 * Which object an identifier stands for: its number in the order of the file. 12 bytes an object
 * and a little; twice that and 4 while {@link #freeze} sorts. For one thread.
 */
final class Ids {
  /*
   * Identifiers are addresses, and objects lie close together: so a directory of one entry for
   * every few of them, by the high bits, leaves a handful to search through.
   */
  private long[] ids = new long[1 << 16];
  private int size;
  private int[] number = {};
  private int[] directory = {};
  private long least;
  private int shift;

  /** Adds the next object's identifier; before {@link #freeze}. */
  void add(long id) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, (int) Math.min(Integer.MAX_VALUE - 8L, size + (size >> 1) + 1L));
    }
    ids[size++] = id;
  }

  int size() {
    return size;
  }

  /** No more will be added: makes ready for questions. */
  void freeze() {
    long[] inOrder = ids;
    long[] sorted = Arrays.copyOf(inOrder, size);
    Arrays.sort(sorted);
    ids = sorted;
    if (size > 0) {
      least = sorted[0];
      long span = sorted[size - 1] - least;
      int buckets = Math.max(1, size / 4);
      while (span >>> shift >= buckets) {
        shift++;
      }
      directory = new int[(int) (span >>> shift) + 2];
      int bucket = 0;
      for (int i = 0; i < size; i++) {
        int of = (int) ((sorted[i] - least) >>> shift);
        while (bucket <= of) {
          directory[bucket++] = i;
        }
      }
      while (bucket < directory.length) {
        directory[bucket++] = size;
      }
    }
    number = new int[size];
    for (int i = 0; i < size; i++) {
      number[rank(inOrder[i])] = i;
    }
  }

  /** The object's number; -1 if there is none with that identifier. */
  int find(long id) {
    int rank = rank(id);
    return rank < 0 ? -1 : number[rank];
  }

  private int rank(long id) {
    if (size == 0 || id < least || id > ids[size - 1]) {
      return -1;
    }
    int bucket = (int) ((id - least) >>> shift);
    int i = Arrays.binarySearch(ids, directory[bucket], directory[bucket + 1], id);
    return i < 0 ? -1 : i;
  }

  /** How far apart the least and the greatest are. */
  long span() {
    return size == 0 ? 0 : ids[size - 1] - least;
  }
}
