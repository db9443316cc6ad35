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
 * A question to the collector, which may be asked again: which of the threads that are parked now
 * does nothing that lives reach? Whoever asks calls {@link #restore} in the end, whatever happens
 * in between: then everything that was hidden is in its place again.
 */
final class Round {
  /*
   * Invariants.
   *  1. While the collector is asked no frame, field or array of ours refers to a hidden thread
   *     other than through its HiddenThread. So hiding is done in a method that has returned before,
   *     and only handles are kept; what was found is let go of before the next question.
   *  2. The handles stay reachable until each has been asked: see the fence. A second thread that
   *     hides or puts back has ended before the collector is asked.
   *  3. Whatever still has a finalizer to run is held while handles can be found, so that a thread
   *     which some finalizer could wake, by itself or by what it makes, is not found. And the
   *     collection does not set off the finalizer of what only a hidden thread holds. Where the
   *     program stands still for the collection, so do finalizers, and what is held is exact. Where
   *     it runs on, the answer is doubtful as soon as any finalizer had its turn meanwhile.
   *     That goes from before the first thread is hidden to after the last handle has been asked:
   *     the program may have a collection of its own at any moment, also while we hide, and what that
   *     finds is found. For each question there are new handles.
   *  4. Only parked threads are hidden. A parked thread that is woken meanwhile is reached by
   *     whatever woke it, then by its scheduler's queue, then by its carrier; so it is not found,
   *     or it was found at a moment when it could not be woken.
   */

  /** How often putting back is tried again where memory is short: for about ten seconds. */
  private static final int MAX_SHORTAGES = 1_000;

  /** In place of the identity of a park, which is positive: of one that has run since. */
  private static final int MOVED = -1;

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

  /** Those threads of the root that a second thread has hidden. */
  private final Part helpers = new Part();

  private final Part own = new Part();
  private double pauseMillis;
  private final long canary;
  private final LongTable roots;
  private final Hold hold;
  private final List<Container> held = new ArrayList<>();
  private volatile @Nullable HiddenThread canaryHandle;
  private boolean hidden;
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
   * Asks. Hides everybody before, or lets go anew of those that are hidden already: nobody else
   * joins them.
   *
   * @param stands whether the program stands still until the question is answered
   */
  Found ask(Question question, boolean stands) throws InterruptedException {
    if (!hidden) {
      jdk.prepare();
    }
    if (stands) {
      synchronized (jdk.finalizerLock()) {
        Object[] unfinalized = jdk.unfinalized();
        try {
          letGo();
          pauseMillis = question.ask();
          return collect();
        } finally {
          Reference.reachabilityFence(unfinalized);
        }
      }
    }
    long turns = jdk.finalizerTurns();
    letGo();
    Object[] unfinalized = jdk.unfinalized();
    try {
      pauseMillis = question.ask();
    } finally {
      Reference.reachabilityFence(unfinalized);
    }
    Found found = collect();
    doubtful = turns < 0 || !jdk.awaitReferenceProcessing() || jdk.finalizerTurns() != turns;
    return found;
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

  private void letGo() {
    if (hidden) {
      helpers.letGoAnew();
      own.letGoAnew();
    } else {
      hidden = true;
      jdk.forEach(Claims.forAbout(jdk.rootSize()), helpers::hide, own::hide);
    }
  }

  /** Puts everybody back, once. */
  void restore() {
    try {
      helpers.restore();
    } finally {
      try {
        own.restore();
      } finally {
        Reference.reachabilityFence(held);
      }
    }
  }

  private Found collect() {
    helpers.collect();
    own.collect();
    int n = helpers.found + own.found;
    Found found =
        new Found(
            new long[n],
            new int[n],
            new Thread[n],
            new Container[n],
            new long[helpers.gone + own.gone],
            helpers.ofExecutors || own.ofExecutors);
    helpers.fill(found, 0, 0);
    own.fill(found, helpers.found, helpers.gone);
    return found;
  }

  /** Some of the threads that are hidden: by one thread, and put back by two. */
  private final class Part {
    private HiddenThread[] handles = new HiddenThread[256];
    private Container[] containers = new Container[256];
    private long[] ids = new long[256];
    private int size;
    private boolean restored;
    private volatile @Nullable RuntimeException failure;

    // what came of the last question: by place, 0 for who was not found
    private int[] parks = new int[0];
    private Thread[] threads = new Thread[0];
    private int found;
    private int gone;

    /** Set by either of two threads, and read when both have ended. */
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

    /** Puts all back, once. Whom that fails for keeps no other from its place. */
    void restore() {
      if (restored) {
        return;
      }
      try {
        Claims.of(size, this::restore, this::restore);
      } catch (OutOfMemoryError _) {
        // The program's heap is full. Who is not put back is missing from every thread dump. Who is
        // back already does not come back twice.
        restorePatiently();
      }
      restored = true;
      RuntimeException thrown = failure;
      if (thrown != null) {
        throw thrown;
      }
    }

    private void restore(int from, int to) {
      for (int i = from; i < to; i++) {
        try {
          jdk.restore(containers[i], ids[i], handles[i].thread());
        } catch (RuntimeException e) {
          failure = e; // told once all the others are in their places again
        }
      }
    }

    private void restorePatiently() {
      int shortages = 0;
      for (int i = 0; i < size; ) {
        try {
          restore(i, i + 1);
          i++;
        } catch (OutOfMemoryError e) {
          if (++shortages >= MAX_SHORTAGES) {
            throw e;
          }
          LockSupport.parkNanos(10_000_000);
        }
      }
    }

    /** Of those that were found the handle refers to them strongly since. */
    void letGoAnew() {
      threads = new Thread[0];
      Claims.of(size, this::letGoAnew, this::letGoAnew);
    }

    private void letGoAnew(int from, int to) {
      for (int i = from; i < to; i++) {
        Thread thread = handles[i].thread();
        HiddenThread handle = jdk.handle(thread);
        Container.Kind kind = containers[i].kind();
        if (kind == Container.Kind.EXECUTOR || kind == Container.Kind.POOL) {
          jdk.carryAgain(containers[i], thread, handle);
        }
        handles[i] = handle;
        if (ids[i] == canary) {
          canaryHandle = handle;
        }
      }
    }

    /** Asks each handle. */
    void collect() {
      parks = new int[size];
      threads = new Thread[size];
      ofExecutors = false;
      Claims.of(size, this::ask, this::ask);
      found = 0;
      gone = 0;
      for (int park : parks) {
        found += park > 0 ? 1 : 0;
        gone += park == MOVED ? 1 : 0;
      }
    }

    /** Writes down those that were found, and those that have run, each from a place on. */
    void fill(Found into, int at, int moved) {
      for (int i = 0; i < size; i++) {
        if (parks[i] == MOVED) {
          into.moved[moved++] = ids[i];
        } else if (parks[i] != 0) {
          into.ids[at] = ids[i];
          into.parks[at] = parks[i];
          into.threads[at] = threads[i];
          into.containers[at++] = containers[i];
        }
      }
    }

    private void ask(int from, int to) {
      for (int i = from; i < to; i++) {
        if (!handles[i].found()) {
          continue;
        }
        if (containers[i].kind() == Container.Kind.EXECUTOR) {
          ofExecutors = true;
        }
        Thread thread = handles[i].thread();
        int park = parkOf(thread);
        // One that has ended was woken after it was hidden, ran, and was garbage when the collector
        // came: it was never found in its park.
        parks[i] = park == 0 && thread.isAlive() ? MOVED : park;
        threads[i] = thread;
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
