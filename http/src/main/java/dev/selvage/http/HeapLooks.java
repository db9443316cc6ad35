package dev.selvage.http;

import dev.selvage.diagnostics.profile.ProfileException;
import dev.selvage.diagnostics.profile.StackProfile;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps requests from walking, or collecting, the heap more than once in {@link Looks#REST}: who
 * comes meanwhile waits for the result, who comes soon after gets the same. Thread-safe.
 */
final class HeapLooks {
  /** Walks the heap. */
  interface Walk {
    /** Does it, after a collection or without one. */
    StackProfile walk(boolean collect) throws ProfileException;
  }

  private final Walk walk;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();

  // guarded by lock
  private @Nullable StackProfile last;
  private boolean lastCollected;
  private long endedAt;

  HeapLooks(Walk walk, LongSupplier nanoTime) {
    this.walk = walk;
    this.nanoTime = nanoTime;
  }

  /** A result that is not older than {@link Looks#REST}. */
  StackProfile look(boolean collect) throws ProfileException, InterruptedException {
    lock.lockInterruptibly();
    try {
      StackProfile result = last;
      // One after a collection is good for who did not ask for one, too.
      boolean fits = lastCollected || !collect;
      if (result == null || !fits || nanoTime.getAsLong() - endedAt >= Looks.REST.toNanos()) {
        result = walk.walk(collect);
        last = result;
        lastCollected = collect;
        endedAt = nanoTime.getAsLong();
      }
      return result;
    } finally {
      lock.unlock();
    }
  }
}
