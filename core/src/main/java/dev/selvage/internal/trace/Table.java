package dev.selvage.internal.trace;

import dev.selvage.internal.SpinLock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Gives things numbers, from 1. Has room for so many; what comes after has the number 0. */
final class Table<T> {
  private final SpinLock lock = new SpinLock();
  private final Map<Key<T>, Integer> numbers = new HashMap<>();
  private final List<T> all = new ArrayList<>();
  private final int most;

  /** What is looked for, with its hash, which is not to be computed under the lock. */
  private record Key<T>(T thing, int hash) {
    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key<?> key && key.hash == hash && key.thing.equals(thing);
    }
  }

  Table(int most) {
    this.most = most;
  }

  int number(T thing) {
    Key<T> key = new Key<>(thing, thing.hashCode());
    lock.lock();
    try {
      Integer known = numbers.get(key);
      if (known != null) {
        return known;
      }
      if (all.size() >= most) {
        return 0;
      }
      all.add(thing);
      numbers.put(key, all.size());
      return all.size();
    } finally {
      lock.unlock();
    }
  }

  /** What has number i + 1 is in place i. */
  List<T> all() {
    lock.lock();
    try {
      return new ArrayList<>(all);
    } finally {
      lock.unlock();
    }
  }
}
