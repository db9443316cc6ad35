package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.HiddenThread;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Container;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One question to the collector: which of the threads that are parked now does nothing that lives
 * reach? Everything that was hidden for it is in its place again when {@link #run} returns,
 * whatever happens in between.
 */
final class Round {
  /*
   * Invariants.
   *  1. Between hide and restore no frame, field or array of ours refers to a hidden thread other
   *     than through its HiddenThread. So hiding is done in a method that has returned before the
   *     collector is asked, and only handles are kept.
   *  2. The handles stay reachable until each has been asked: see the fence.
   *  3. Only parked threads are hidden. A parked thread that is woken meanwhile is reached by
   *     whatever woke it, then by its scheduler's queue, then by its carrier; so it is not found,
   *     or it was found at a moment when it could not be woken.
   */

  /** How often putting back is tried again where memory is short: for about ten seconds. */
  private static final int MAX_SHORTAGES = 1_000;

  /** Asks the collector; returns how long the program stood still, in milliseconds. */
  interface Question {
    double ask() throws InterruptedException;
  }

  /** The threads that were found. Holds them strongly until {@link #release}. */
  static final class Found {
    final long[] ids;
    final int[] parks;
    final Container[] containers;
    Thread[] threads;

    /** Threads that were found, but were not parked any more when the round ended. */
    final long[] moved;

    private Found(long[] ids, int[] parks, Thread[] threads, Container[] containers, long[] moved) {
      this.moved = moved;
      this.ids = ids;
      this.parks = parks;
      this.threads = threads;
      this.containers = containers;
    }

    int size() {
      return ids.length;
    }

    /**
     * Lets go of the threads, which must be before the next round: what we hold cannot be found.
     */
    void release() {
      threads = new Thread[0];
    }
  }

  private final Jdk jdk;
  private HiddenThread[] handles = new HiddenThread[256];
  private Container[] containers = new Container[256];
  private long[] ids = new long[256];
  private int size;
  private int restored;
  private double pauseMillis;
  private final long canary;
  private final LongTable roots;
  private int canaryIndex = -1;

  /**
   * Prepares a round.
   *
   * @param canary the id of the thread that must be found
   * @param roots ids of threads that are not hidden, so that whatever they reach is not found
   *     either
   */
  Round(Jdk jdk, long canary, LongTable roots) {
    this.jdk = jdk;
    this.canary = canary;
    this.roots = roots;
  }

  /** Hides, asks, restores. */
  Found run(Question question) throws InterruptedException {
    try {
      hide();
      pauseMillis = question.ask();
      return restoreAndCollect();
    } finally {
      restore(); // does nothing unless something failed
      Reference.reachabilityFence(handles);
    }
  }

  /** How long the question stopped the program, in milliseconds. */
  double pauseMillis() {
    return pauseMillis;
  }

  /** Whether the canary has been found; may be asked while the collector still works. */
  BooleanSupplier canaryFound() {
    return () -> canaryIndex >= 0 && handles[canaryIndex].found();
  }

  private void hide() {
    jdk.prepare();
    jdk.forEach(
        (container, thread) -> {
          if (jdk.isParked(thread) && !roots.contains(thread.threadId())) {
            add(container, thread);
          }
        });
  }

  private void add(Container container, Thread thread) {
    if (size == ids.length) {
      handles = Arrays.copyOf(handles, size * 2);
      containers = Arrays.copyOf(containers, size * 2);
      ids = Arrays.copyOf(ids, size * 2);
    }
    HiddenThread handle = jdk.handle(thread);
    handles[size] = handle;
    containers[size] = container;
    ids[size] = thread.threadId();
    if (ids[size] == canary) {
      canaryIndex = size;
    }
    size++; // before hiding: whatever was hidden is restored
    jdk.hide(container, thread, handle);
  }

  private void restore() {
    RuntimeException failure = null;
    int shortages = 0;
    while (restored < size) {
      int i = restored;
      try {
        jdk.restore(containers[i], ids[i], handles[i].thread());
      } catch (RuntimeException e) {
        failure = e; // told once all the others are in their places again
      } catch (OutOfMemoryError e) {
        // The program's heap is full. Who is not put back is missing from every thread dump.
        if (++shortages < MAX_SHORTAGES) {
          LockSupport.parkNanos(10_000_000);
          continue;
        }
        throw e;
      }
      restored++;
    }
    if (failure != null) {
      throw failure;
    }
  }

  private Found restoreAndCollect() {
    restore();
    int n = 0;
    int gone = 0;
    long[] moved = new long[size];
    long[] foundIds = new long[size];
    int[] parks = new int[size];
    Thread[] threads = new Thread[size];
    Container[] of = new Container[size];
    for (int i = 0; i < size; i++) {
      if (!handles[i].found()) {
        continue;
      }
      Thread thread = handles[i].thread();
      int park = parkOf(thread);
      if (park == 0) {
        moved[gone++] = ids[i];
        continue;
      }
      foundIds[n] = ids[i];
      parks[n] = park;
      threads[n] = thread;
      of[n] = containers[i];
      n++;
    }
    return new Found(
        Arrays.copyOf(foundIds, n),
        Arrays.copyOf(parks, n),
        Arrays.copyOf(threads, n),
        Arrays.copyOf(of, n),
        Arrays.copyOf(moved, gone));
  }

  /** The identity of the thread's park; 0 if it is not parked (any more). */
  private int parkOf(@Nullable Thread thread) {
    if (thread == null || !jdk.isParked(thread)) {
      return 0;
    }
    int park = jdk.parkIdentity(thread);
    return jdk.isParked(thread) ? park : 0;
  }
}
