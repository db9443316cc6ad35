package dev.selvage.http;

import dev.selvage.diagnostics.profile.ProfileException;
import dev.selvage.diagnostics.profile.StackProfile;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps requests from walking, or collecting, the heap more than once in {@link Looks#REST}: who
 * comes meanwhile waits for the result, who comes soon after gets the same. What collects for
 * itself waits for its turn. Thread-safe.
 */
final class HeapLooks {
  /** Walks the heap. */
  interface Walk {
    /** Does it, after a collection or without one. */
    StackProfile walk(boolean collect) throws ProfileException;
  }

  /** How time passes. */
  interface Clock {
    /** As {@link System#nanoTime}. */
    long nanoTime();

    /** Lets that many nanoseconds pass. */
    void sleep(long nanos) throws InterruptedException;
  }

  private final Walk walk;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();

  // guarded by lock
  private @Nullable StackProfile last;
  private boolean lastCollected;
  private long endedAt;
  private boolean collected;
  private long collectedAt;

  HeapLooks(Walk walk, LongSupplier nanoTime) {
    this(
        walk,
        new Clock() {
          @Override
          public long nanoTime() {
            return nanoTime.getAsLong();
          }

          @Override
          public void sleep(long nanos) throws InterruptedException {
            TimeUnit.NANOSECONDS.sleep(nanos);
          }
        });
  }

  HeapLooks(Walk walk, Clock clock) {
    this.walk = walk;
    this.clock = clock;
  }

  /** A result that is not older than {@link Looks#REST}. */
  StackProfile look(boolean collect) throws ProfileException, InterruptedException {
    lock.lockInterruptibly();
    try {
      StackProfile result = last;
      // One after a collection is good for who did not ask for one, too.
      boolean fits = lastCollected || !collect;
      if (result == null || !fits || clock.nanoTime() - endedAt >= Looks.REST.toNanos()) {
        if (collect) {
          rest();
        }
        result = walk.walk(collect);
        last = result;
        lastCollected = collect;
        endedAt = clock.nanoTime();
        if (collect) {
          collectedAt = endedAt;
        }
      }
      return result;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the turn to collect, which is then taken. */
  void awaitTurn() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      rest();
    } finally {
      lock.unlock();
    }
  }

  /** Who looks meanwhile waits, too, and then has a result that is newer. */
  private void rest() throws InterruptedException {
    long left;
    while (collected && (left = Looks.REST.toNanos() - (clock.nanoTime() - collectedAt)) > 0) {
      clock.sleep(left);
    }
    collected = true;
    collectedAt = clock.nanoTime();
  }
}
