package dev.selvage.diagnostics.heap;

import java.util.Arrays;

/** Numbers from 0 by keys, in a table with open addressing. For one thread. */
final class LongIntMap {
  private long[] keys = new long[16];
  private int[] values = new int[16];
  private int size;

  LongIntMap() {
    Arrays.fill(values, -1);
  }

  int size() {
    return size;
  }

  /** The value; -1 for none. */
  int get(long key) {
    for (int i = slot(key); ; i = i + 1 & keys.length - 1) {
      if (values[i] < 0 || keys[i] == key) {
        return values[i];
      }
    }
  }

  /** Sets a value, at least 0. */
  void put(long key, int value) {
    if (size * 2 >= keys.length) {
      grow();
    }
    int i = slot(key);
    while (values[i] >= 0 && keys[i] != key) {
      i = i + 1 & keys.length - 1;
    }
    if (values[i] < 0) {
      size++;
    }
    keys[i] = key;
    values[i] = value;
  }

  private int slot(long key) {
    long h = key * 0x9E3779B97F4A7C15L;
    return (int) (h >>> 33) & keys.length - 1;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldValues = values;
    keys = new long[oldKeys.length * 2];
    values = new int[oldKeys.length * 2];
    Arrays.fill(values, -1);
    size = 0;
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldValues[i] >= 0) {
        put(oldKeys[i], oldValues[i]);
      }
    }
  }
}
