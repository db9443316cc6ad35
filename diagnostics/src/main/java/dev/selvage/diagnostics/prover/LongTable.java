package dev.selvage.diagnostics.prover;

/**
 * A map from thread ids to two ints, for millions of entries without an object each. Ids are
 * positive. Not thread-safe.
 */
final class LongTable {
  /*
   * Open addressing with linear probing. A key of 0 is an empty slot; thread ids are positive.
   * Removal shifts the rest of the run back, so there are no tombstones. At most half of the slots
   * are in use.
   *
   * Ids that follow one another lie side by side, BLOCK of them at a time: threads are listed by
   * their ids, so that whoever asks for one after the other finds the next where the processor has
   * just read. Blocks are scattered, so that ranges of ids which meet do not make one long run.
   */

  private static final int BLOCK = 16;

  private long[] keys = new long[1024];
  private int[] first = new int[1024];
  private int[] second = new int[1024];
  private int size;

  /** What to do with an entry. */
  interface Visitor {
    void visit(long key, int first, int second);
  }

  int size() {
    return size;
  }

  /** The slot in which an entry is if nobody was there before. */
  private int home(long key) {
    long hash = (key / BLOCK) * 0x9E3779B97F4A7C15L;
    int blocks = keys.length / BLOCK; // a power of two
    int block = (int) (hash >>> (Long.numberOfLeadingZeros(blocks) + 1));
    return block * BLOCK + (int) (key % BLOCK);
  }

  private int slot(long key) {
    int mask = keys.length - 1;
    int i = home(key);
    while (keys[i] != 0 && keys[i] != key) {
      i = (i + 1) & mask;
    }
    return i;
  }

  boolean contains(long key) {
    return keys[slot(key)] == key;
  }

  int first(long key, int otherwise) {
    int i = slot(key);
    return keys[i] == key ? first[i] : otherwise;
  }

  int second(long key, int otherwise) {
    int i = slot(key);
    return keys[i] == key ? second[i] : otherwise;
  }

  /**
   * Where the entry is, between 0 and {@link #places}, until something is put or removed; negative
   * if there is none.
   */
  int place(long key) {
    int i = slot(key);
    return keys[i] == key ? i : -1;
  }

  /** Places are smaller. */
  int places() {
    return keys.length;
  }

  /** The first number of the entry at a place. */
  int firstAt(int place) {
    return first[place];
  }

  /** The second number of the entry at a place. */
  int secondAt(int place) {
    return second[place];
  }

  /** Makes room for so many entries in all. */
  void reserve(int entries) {
    while (entries > keys.length / 2) {
      grow();
    }
  }

  void put(long key, int a, int b) {
    if (key <= 0) {
      throw new IllegalArgumentException("not a thread id: " + key);
    }
    int i = slot(key);
    if (keys[i] == 0) {
      if ((size + 1) * 2 > keys.length) {
        grow();
        i = slot(key);
      }
      size++;
    }
    keys[i] = key;
    first[i] = a;
    second[i] = b;
  }

  void remove(long key) {
    int hole = slot(key);
    if (keys[hole] != key) {
      return;
    }
    size--;
    int mask = keys.length - 1;
    int i = hole;
    while (true) {
      i = (i + 1) & mask;
      if (keys[i] == 0) {
        break;
      }
      int home = home(keys[i]);
      // may the entry at i move to the hole? only if its home is not in (hole, i]
      boolean stays = hole <= i ? hole < home && home <= i : hole < home || home <= i;
      if (!stays) {
        keys[hole] = keys[i];
        first[hole] = first[i];
        second[hole] = second[i];
        hole = i;
      }
    }
    keys[hole] = 0;
  }

  void forEach(Visitor visitor) {
    for (int i = 0; i < keys.length; i++) {
      if (keys[i] != 0) {
        visitor.visit(keys[i], first[i], second[i]);
      }
    }
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldFirst = first;
    int[] oldSecond = second;
    keys = new long[oldKeys.length * 2];
    first = new int[keys.length];
    second = new int[keys.length];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        int slot = slot(oldKeys[i]);
        keys[slot] = oldKeys[i];
        first[slot] = oldFirst[i];
        second[slot] = oldSecond[i];
      }
    }
  }
}
