package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.HiddenThread;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Container;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
   *  2. The handles stay reachable until each has been asked: see the fence. A second thread that
   *     hides or puts back has ended before the collector is asked.
   *  3. Whatever still has a finalizer to run is held while the collector is asked, so that a thread
   *     which some finalizer could wake, by itself or by what it makes, is not found. And the
   *     collection does not set off the finalizer of what only a hidden thread holds. Where the
   *     program stands still for the collection, so do finalizers, and what is held is exact. Where
   *     it runs on, the answer is doubtful as soon as any finalizer had its turn meanwhile.
   *  4. Only parked threads are hidden. A parked thread that is woken meanwhile is reached by
   *     whatever woke it, then by its scheduler's queue, then by its carrier; so it is not found,
   *     or it was found at a moment when it could not be woken.
   */

  /** How often putting back is tried again where memory is short: for about ten seconds. */
  private static final int MAX_SHORTAGES = 1_000;

  /** Asks the collector; returns how long the program stood still, in milliseconds. */
  interface Question {
    double ask() throws InterruptedException;
  }

  /** Whose threads are let go of. */
  enum Hold {
    /** Nobody holds a thread that is parked. */
    NOBODY,

    /**
     * Executors hold theirs, as they do outside of a look. Executors that nobody uses are held for
     * that: else the collection would take them away with their threads, as an ordinary one does.
     */
    EXECUTORS
  }

  /** The threads that were found. Holds them strongly until {@link #release}. */
  static final class Found {
    final long[] ids;
    final int[] parks;
    Container[] containers;
    Thread[] threads;

    /** Threads that were found and have run since, and have not ended. */
    final long[] moved;

    /** Whether there are threads of executors among those that were found. */
    final boolean ofExecutors;

    private Found(
        long[] ids,
        int[] parks,
        Thread[] threads,
        Container[] containers,
        long[] moved,
        boolean ofExecutors) {
      this.ids = ids;
      this.parks = parks;
      this.threads = threads;
      this.containers = containers;
      this.moved = moved;
      this.ofExecutors = ofExecutors;
    }

    int size() {
      return ids.length;
    }

    /**
     * Lets go of the threads, which must be before the collector is asked again: what we hold
     * cannot be found.
     */
    void release() {
      threads = new Thread[0];
      containers = new Container[0];
    }

    /** The same threads, as far as they are still in their parks; to be had after a release. */
    Found again(Jdk jdk) {
      LongTable places = new LongTable();
      for (int i = 0; i < ids.length; i++) {
        places.put(ids[i], i, parks[i]);
      }
      Thread[] present = new Thread[ids.length];
      Container[] in = new Container[ids.length];
      jdk.forEach(
          (container, thread) -> {
            int i = places.first(thread.threadId(), -1);
            if (i >= 0 && jdk.isParked(thread) && jdk.parkIdentity(thread) == parks[i]) {
              present[i] = thread;
              in[i] = container;
            }
          });
      int n = 0;
      long[] theirIds = new long[ids.length];
      int[] theirParks = new int[ids.length];
      for (int i = 0; i < ids.length; i++) {
        if (present[i] != null) {
          theirIds[n] = ids[i];
          theirParks[n] = parks[i];
          present[n] = present[i];
          in[n] = in[i];
          n++;
        }
      }
      return new Found(
          Arrays.copyOf(theirIds, n),
          Arrays.copyOf(theirParks, n),
          Arrays.copyOf(present, n),
          Arrays.copyOf(in, n),
          moved,
          ofExecutors);
    }
  }

  private final Jdk jdk;

  /** Of the threads of the root about half, hidden and put back by a second thread. */
  private final Part helpers = new Part();

  private final Part own = new Part();
  private double pauseMillis;
  private final long canary;
  private final LongTable roots;
  private final Hold hold;
  private final List<Container> held = new ArrayList<>();
  private volatile @Nullable HiddenThread canaryHandle;
  private boolean doubtful;

  /**
   * Prepares a round.
   *
   * @param canary the id of the thread that must be found
   * @param roots ids of threads that are not hidden, so that whatever they reach is not found
   *     either
   * @param hold who holds parked threads all the same
   */
  Round(Jdk jdk, long canary, LongTable roots, Hold hold) {
    this.jdk = jdk;
    this.canary = canary;
    this.roots = roots;
    this.hold = hold;
  }

  /**
   * Hides, asks, restores.
   *
   * @param stands whether the program stands still until the question is answered
   */
  Found run(Question question, boolean stands) throws InterruptedException {
    try {
      hide();
      if (stands) {
        askAlone(question);
        return restoreAndCollect();
      }
      long turns = jdk.finalizerTurns();
      askBeside(question);
      Found found = restoreAndCollect();
      doubtful = turns < 0 || !jdk.awaitReferenceProcessing() || jdk.finalizerTurns() != turns;
      return found;
    } finally {
      restore(); // does nothing unless something failed
      Reference.reachabilityFence(helpers);
      Reference.reachabilityFence(own);
      Reference.reachabilityFence(held);
    }
  }

  private void askAlone(Question question) throws InterruptedException {
    synchronized (jdk.finalizerLock()) {
      askBeside(question);
    }
  }

  private void askBeside(Question question) throws InterruptedException {
    Object[] unfinalized = jdk.unfinalized();
    try {
      pauseMillis = question.ask();
    } finally {
      Reference.reachabilityFence(unfinalized);
    }
  }

  /**
   * Whether the answer must not be used, since a finalizer that ran at the same time could have
   * hidden from the collector what it can wake.
   */
  boolean doubtful() {
    return doubtful;
  }

  /** How long the question stopped the program, in milliseconds. */
  double pauseMillis() {
    return pauseMillis;
  }

  /** Whether the canary has been found; may be asked while the collector still works. */
  BooleanSupplier canaryFound() {
    return () -> {
      HiddenThread handle = canaryHandle;
      return handle != null && handle.found();
    };
  }

  private void hide() {
    jdk.prepare();
    jdk.forEach(Halves.forAbout(jdk.rootSize()), helpers::hide, own::hide);
  }

  private void restore() {
    if (Halves.areWorthIt(helpers.left())) {
      try {
        Halves.both(helpers::restore, own::restore);
      } catch (OutOfMemoryError _) {
        // What is left is put back below, which waits for memory.
      }
    }
    helpers.restore();
    own.restore();
  }

  private Found restoreAndCollect() {
    restore();
    Halves.forAbout(helpers.size).run(helpers::collect, own::collect);
    return new Found(
        concat(helpers.ids, helpers.found, own.ids, own.found),
        concat(helpers.parks, helpers.found, own.parks, own.found),
        concat(helpers.threads, helpers.found, own.threads, own.found),
        concat(helpers.containers, helpers.found, own.containers, own.found),
        concat(helpers.moved, helpers.gone, own.moved, own.gone),
        own.ofExecutors);
  }

  private static long[] concat(long[] a, int n, long[] b, int m) {
    long[] both = Arrays.copyOf(a, n + m);
    System.arraycopy(b, 0, both, n, m);
    return both;
  }

  private static int[] concat(int[] a, int n, int[] b, int m) {
    int[] both = Arrays.copyOf(a, n + m);
    System.arraycopy(b, 0, both, n, m);
    return both;
  }

  private static <T> T[] concat(T[] a, int n, T[] b, int m) {
    T[] both = Arrays.copyOf(a, n + m);
    System.arraycopy(b, 0, both, n, m);
    return both;
  }

  /** Some of the threads that are hidden. Used by one thread at a time. */
  private final class Part {
    private HiddenThread[] handles = new HiddenThread[256];
    private Container[] containers = new Container[256];
    private long[] ids = new long[256];
    private int size;
    private int restored;

    // of those that were found: moved to the front of ids and containers
    private int found;
    private int[] parks = new int[0];
    private Thread[] threads = new Thread[0];
    private long[] moved = new long[0];
    private int gone;
    private boolean ofExecutors;

    void hide(Container container, Thread thread) {
      if (hold == Hold.EXECUTORS && container.kind() == Container.Kind.EXECUTOR) {
        if (held.isEmpty() || !held.getLast().equals(container)) {
          held.add(container);
        }
      } else if (jdk.isParked(thread) && !roots.contains(thread.threadId())) {
        add(container, thread);
      }
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
        canaryHandle = handle;
      }
      size++; // before hiding: whatever was hidden is restored
      jdk.hide(container, thread, handle);
    }

    int left() {
      return size - restored;
    }

    void restore() {
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

    /** Asks each handle, when all threads are in their places again. */
    void collect() {
      moved = new long[size];
      parks = new int[size];
      threads = new Thread[size];
      for (int i = 0; i < size; i++) {
        if (!handles[i].found()) {
          continue;
        }
        ofExecutors |= containers[i].kind() == Container.Kind.EXECUTOR;
        Thread thread = handles[i].thread();
        int park = parkOf(thread);
        if (park == 0) {
          // One that has ended was woken after it was hidden, ran, and was garbage when the
          // collector came: it was never found in its park.
          if (thread.isAlive()) {
            moved[gone++] = ids[i];
          }
          continue;
        }
        ids[found] = ids[i];
        containers[found] = containers[i];
        parks[found] = park;
        threads[found] = thread;
        found++;
      }
    }
  }

  /** The identity of the thread's park; 0 if it is not parked (any more). */
  private int parkOf(Thread thread) {
    if (!jdk.isParked(thread)) {
      return 0;
    }
    int park = jdk.parkIdentity(thread);
    return jdk.isParked(thread) ? park : 0;
  }
}
