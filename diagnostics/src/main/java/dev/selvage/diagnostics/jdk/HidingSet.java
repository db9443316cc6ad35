package dev.selvage.diagnostics.jdk;

import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Spliterator;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A set of threads that can hold some of its members weakly without its owner noticing. It stands
 * in for the set in which an executor counts its threads, while a proof runs, or while threads are
 * carried.
 */
final class HidingSet extends AbstractSet<Thread> {
  /*
   * Invariants.
   *  1. A member is in `strong` or in `hidden`, never in neither: members move
   *     between the two only under the lock of this set.
   *  2. size, isEmpty, remove, contains and iteration never miss a hidden member: what they cannot
   *     answer from `strong` alone they answer under the lock. An executor that asks "am I empty?"
   *     while its last thread is hidden hears "no".
   *  3. Iteration goes over a copy made under the lock, also while nothing is hidden: a proof that
   *     begins in the middle of shutdownNow() must not take threads away from under it, for they
   *     would never be interrupted.
   *  4. Where a member moves, it is added before it is removed, since the addition can run out of
   *     memory. So under the lock it may be in both for a moment.
   *  5. `strong` is the very set that the owner had before, so that a call that was under way when
   *     the owner's field was changed still works on the right one. Such a call cannot concern a
   *     hidden thread: only threads that were seen parked after the exchange are hidden, a thread
   *     removes itself only while it runs, and it reads the owner's field anew after it was woken.
   *     A call that walks over all members is another matter: the set is busy while there may be
   *     one, and hides nothing.
   *  6. An executor uses the iterator to interrupt its threads, and for nothing else. So each use
   *     is counted, before the first thread is handed out. Who only lists them uses a stream or an
   *     array. A set of another copy of this class that lies below counts in the same way.
   *
   * Add goes to `strong` without the lock: threads are added before they are started and hidden
   * only once they are parked.
   */

  static {
    // Its iterator's class is loaded now: later a thread of the program would have to load it, and
    // the agent's jar may have been replaced by then.
    new HidingSet(Set.of(), new AtomicLong()).clear();
  }

  private final Set<Thread> strong;
  private final AtomicLong interruptions;
  // guarded by this: thread id to the weak handle
  private final Map<Long, HiddenThread> hidden = new HashMap<>();

  private volatile boolean busy;

  /**
   * A set that stands in for another.
   *
   * @param strong the owner's own
   * @param interruptions incremented before the owner interrupts its threads
   */
  HidingSet(Set<Thread> strong, AtomicLong interruptions) {
    this.strong = strong;
    this.interruptions = interruptions;
  }

  /** Whether somebody may still walk over the set that was there before. Nothing is hidden then. */
  boolean isBusy() {
    return busy;
  }

  /** Says whether somebody may still walk over the set that was there before. */
  void busy(boolean busy) {
    this.busy = busy;
  }

  /** Lets go of a member, keeping only the handle. False if it is not (or no longer) a member. */
  synchronized boolean hide(Thread thread, HiddenThread handle) {
    if (busy || !strong.contains(thread)) {
      return false;
    }
    hidden.put(thread.threadId(), handle);
    if (strong.remove(thread)) {
      return true;
    }
    hidden.remove(thread.threadId());
    return false;
  }

  /** Holds a hidden member strongly again; does nothing if it has been removed meanwhile. */
  synchronized void restore(long id, Thread thread) {
    if (hidden.containsKey(id)) {
      strong.add(thread);
      hidden.remove(id);
    }
  }

  /**
   * Keeps a thread by its handle only, which need not be a member: of a set of our own, in which
   * threads stand that were taken out of a list of the JDK's.
   */
  synchronized void take(Thread thread, HiddenThread handle) {
    hidden.put(thread.threadId(), handle);
  }

  /** Exchanges the handle of a hidden member; does nothing if it has been removed meanwhile. */
  synchronized void again(Thread thread, HiddenThread handle) {
    if (hidden.containsKey(thread.threadId()) || (!busy && strong.contains(thread))) {
      hidden.put(thread.threadId(), handle);
      strong.remove(thread); // where another copy of this class has held it again
    }
  }

  /** Calls back for each member that is not hidden; no reference to one that is is read. */
  void forEachListed(Consumer<Thread> consumer) {
    strong.stream().forEach(consumer); // not by the iterator, which would count
  }

  /** Whether anything is hidden. */
  synchronized boolean isHiding() {
    return !hidden.isEmpty();
  }

  @Override
  public boolean add(Thread thread) {
    return strong.add(thread);
  }

  @Override
  public boolean remove(@Nullable Object o) {
    if (!(o instanceof Thread thread)) {
      return false;
    }
    if (strong.remove(thread)) {
      return true;
    }
    synchronized (this) {
      return strong.remove(thread) || hidden.remove(thread.threadId()) != null;
    }
  }

  @Override
  public boolean contains(@Nullable Object o) {
    if (!(o instanceof Thread thread)) {
      return false;
    }
    if (strong.contains(thread)) {
      return true;
    }
    synchronized (this) {
      return strong.contains(thread) || hidden.containsKey(thread.threadId());
    }
  }

  @Override
  public boolean isEmpty() {
    if (!strong.isEmpty()) {
      return false;
    }
    synchronized (this) {
      return strong.isEmpty() && hidden.isEmpty();
    }
  }

  @Override
  public synchronized int size() {
    return strong.size() + hidden.size();
  }

  private synchronized List<Thread> copy(boolean interrupts) {
    List<Thread> all = new ArrayList<>();
    if (interrupts) {
      for (Thread thread : strong) {
        all.add(thread);
      }
    } else {
      all.addAll(Arrays.asList(strong.toArray(Thread[]::new)));
    }
    for (HiddenThread handle : hidden.values()) {
      Thread thread = handle.thread();
      if (thread.getState() != Thread.State.TERMINATED) { // one that is carried may have ended
        all.add(thread);
      }
    }
    return all;
  }

  @Override
  public Spliterator<Thread> spliterator() {
    return copy(false).spliterator();
  }

  @Override
  public Object[] toArray() {
    return copy(false).toArray();
  }

  @Override
  public <T> T[] toArray(T[] array) {
    return copy(false).toArray(array);
  }

  @Override
  public Iterator<Thread> iterator() {
    interruptions.incrementAndGet();
    Iterator<Thread> iterator = copy(true).iterator();
    return new Iterator<>() {
      private @Nullable Thread last;

      @Override
      public boolean hasNext() {
        return iterator.hasNext();
      }

      @Override
      public Thread next() {
        Thread next = iterator.next();
        last = next;
        return next;
      }

      @Override
      public void remove() {
        if (last == null) {
          throw new IllegalStateException("next has not been called");
        }
        HidingSet.this.remove(last);
        last = null;
      }
    };
  }

  @Override
  public void clear() {
    for (Iterator<Thread> i = iterator(); i.hasNext(); ) {
      i.next();
      i.remove();
    }
  }
}
