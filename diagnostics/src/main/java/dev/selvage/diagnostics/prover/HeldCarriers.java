package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;
import java.util.AbstractCollection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The carriers of the JDK's scheduler, each with a task that keeps it from carrying a virtual
 * thread until this is closed, or the time is over. One thread, which is not virtual.
 */
final class HeldCarriers implements AutoCloseable {
  /*
   * A carrier that does a task of ours carries no virtual thread. As many tasks as there are
   * carriers, each of which blocks, so keep all virtual threads off. None is stopped: a thread
   * leaves its carrier where it would have left it anyway.
   *
   * A carrier takes from its own queue until that is empty, then from the one where it has found
   * something last until that is empty, and only then looks at the others (ForkJoinPool.runWorker).
   * So threads that wake each other, or give way, can keep one from ever finding our task. If tasks
   * are not begun within GRACE, we are a thief as every carrier is, but a slow one: we take what is
   * in the queues, and put it back at the end. A thread that was taken is runnable, and waits with
   * us instead of in a queue; whom it would have woken waits for it; and the carrier, which finds
   * its queue empty, comes by our task.
   *
   * Invariants
   *  1. What is taken is in `taken` before anything can fail, and from there goes back to the
   *     scheduler: by close(), or by the first carrier whose time is over. Nothing is taken after.
   *  2. `taken` and `size` are guarded by this.
   */
  private static final long GRACE_NANOS = 50_000_000;
  private static final long STEALING_NANOS = 1_000_000;
  private static final long PAUSE_NANOS = 1_000_000;
  private static final long NO_MEMORY_NANOS = 10_000_000;

  /** More is not taken: then the program makes threads faster than they could be kept waiting. */
  private static final int MOST_TAKEN = 1 << 16;

  private final Jdk jdk;
  private final @Nullable ForkJoinPool scheduler;
  private final long until;
  private final List<ForkJoinTask<?>> holders;
  private final CountDownLatch held;
  private final CountDownLatch over = new CountDownLatch(1);
  private final @Nullable ForkJoinTask<?>[] taken;
  private int size;
  private boolean ended;
  private volatile boolean lapsed;

  /** Begins. {@code until} is by {@link System#nanoTime()}. */
  HeldCarriers(Jdk jdk, long until) {
    this(jdk, until, MOST_TAKEN);
  }

  HeldCarriers(Jdk jdk, long until, int mostTaken) {
    this.jdk = jdk;
    this.until = until;
    scheduler = jdk.defaultScheduler() instanceof ForkJoinPool pool ? pool : null;
    int carriers = scheduler == null ? 0 : scheduler.getParallelism();
    held = new CountDownLatch(carriers);
    taken = new ForkJoinTask<?>[carriers == 0 ? 0 : mostTaken];
    Stream<ForkJoinTask<?>> tasks = Stream.generate(() -> ForkJoinTask.adapt(this::hold));
    holders = tasks.limit(carriers).toList();
    holders.forEach(this::give);
  }

  /** How many carriers there are; 0 if the scheduler is not known. */
  int carriers() {
    return holders.size();
  }

  /** How many of these carry something else still. */
  int inUse() {
    return Math.toIntExact(held.getCount());
  }

  /** Whether they were let go because it took too long. */
  boolean isLapsed() {
    return lapsed;
  }

  /** Waits until all are free; false if they are not by that time. */
  boolean await(long end) throws InterruptedException {
    if (held.await(Math.min(GRACE_NANOS, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
      return true;
    }
    for (long left; (left = end - System.nanoTime()) > 0; ) {
      long pause = steal() ? Math.min(left, PAUSE_NANOS) : left;
      if (held.await(pause, TimeUnit.NANOSECONDS)) {
        return true;
      }
    }
    if (inUse() == carriers()) {
      putBack(); // no carrier would, if this thread did not
    }
    return inUse() == 0;
  }

  /** By a carrier, with no virtual thread on it. */
  private void hold() {
    held.countDown();
    try {
      if (!over.await(until - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        lapsed = true;
        putBack();
      }
    } catch (InterruptedException _) {
      // Whoever wants the carrier gets it; the dump tells what it did with it.
      Thread.currentThread().interrupt();
    }
  }

  // --------------- The thief ---------------

  /** Takes what is in the queues for a moment; false if that is not possible, or no longer. */
  private synchronized boolean steal() {
    ForkJoinPool from = scheduler;
    if (from == null || ended) {
      return false;
    }
    long begun = System.nanoTime();
    do {
      int before = size;
      boolean took;
      try {
        took = jdk.takeQueued(from, new Taken());
      } catch (Full _) {
        took = false;
      }
      giveHoldersBack(before);
      if (!took) {
        putBack();
        return false;
      }
    } while (System.nanoTime() - begun < STEALING_NANOS && held.getCount() > 0);
    return true;
  }

  /** Our own tasks are to be found. */
  private void giveHoldersBack(int from) {
    int kept = from;
    for (int i = from; i < size; i++) {
      ForkJoinTask<?> task = taken[i];
      if (task != null && holders.contains(task)) {
        give(task);
        taken[i] = null;
      } else {
        taken[i] = null;
        taken[kept++] = task;
      }
    }
    size = kept;
  }

  private synchronized void putBack() {
    ended = true;
    for (int i = 0; i < size; i++) {
      ForkJoinTask<?> task = taken[i];
      if (task != null) {
        give(task); // twice does no harm, never would
        taken[i] = null;
      }
    }
    size = 0;
  }

  /** Gives a task to the scheduler; it must not be lost. */
  private void give(ForkJoinTask<?> task) {
    ForkJoinPool to = scheduler;
    while (to != null) {
      try {
        to.execute(task);
        return;
      } catch (OutOfMemoryError | RejectedExecutionException e) {
        if (to.isShutdown()) {
          return; // nobody runs on it any more
        }
        LockSupport.parkNanos(NO_MEMORY_NANOS); // as the JDK does; its queue cannot grow now
      }
    }
  }

  /** Where the scheduler puts what is taken. */
  private final class Taken extends AbstractCollection<Object> {
    @Override
    public boolean add(Object task) {
      taken[size++] = (ForkJoinTask<?>) task;
      if (size == taken.length) {
        throw new Full();
      }
      return true;
    }

    @Override
    public Iterator<Object> iterator() {
      return Collections.emptyIterator();
    }

    @Override
    public int size() {
      return size;
    }
  }

  /** There is room for no more. */
  private static final class Full extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Full() {
      super("too many threads are runnable", null, false, false);
    }
  }

  @Override
  public void close() {
    over.countDown();
    putBack();
  }
}
