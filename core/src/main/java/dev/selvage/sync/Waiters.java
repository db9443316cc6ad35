package dev.selvage.sync;

import dev.selvage.internal.Waiter;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Threads that wait for the same thing, oldest first. Guarded by the lock of what they wait for.
 */
final class Waiters {
  private final ArrayDeque<Waiter> queue = new ArrayDeque<>(2);

  void add(Waiter waiter) {
    queue.addLast(waiter);
  }

  /** Takes out one that gave up. */
  void remove(Waiter waiter) {
    queue.removeFirstOccurrence(waiter);
  }

  /** Takes out and claims the oldest that nobody has claimed; the caller must finish it. */
  @Nullable Waiter claimFirst() {
    for (Waiter waiter; (waiter = queue.pollFirst()) != null; ) {
      if (waiter.claim()) {
        return waiter;
      }
    }
    return null;
  }
}
