package dev.selvage.internal.gmp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The end of the queue at which is taken. */
@SuppressWarnings("unused") // padding
abstract class GlobalQueueHead {
  private long a0, a1, a2, a3, a4, a5, a6, a7;
  volatile Batch head;
  private long b0, b1, b2, b3, b4, b5, b6, b7;

  GlobalQueueHead(Batch head) {
    this.head = head;
  }
}

/** The end at which is added. */
@SuppressWarnings("unused") // padding
abstract class GlobalQueueTail extends GlobalQueueHead {
  volatile Batch tail;
  private long c0, c1, c2, c3, c4, c5, c6, c7;

  GlobalQueueTail(Batch tail) {
    super(tail);
    this.tail = tail;
  }
}

/**
 * Tasks that belong to no P: what threads outside the scheduler submit, and what did not fit into a
 * P's ring. First in, first out by batches; without a bound. Thread-safe, without locks, so that a
 * thread that lost its core in here holds up nobody. Nothing here fails or allocates.
 */
final class GlobalQueue extends GlobalQueueTail {
  /*
   * The queue of Michael and Scott (PODC 1996), whose nodes are batches, each with its own index of
   * what was taken. So the 129 tasks that a ring gives away at once cost one node, and are taken
   * with one compare-and-set.
   *
   * Invariants
   *  1. A place of a batch belongs to who moved `taken` over it, and who also clears it: nothing
   *     here refers to a task that was taken.
   *  2. All batches before `head` have been taken to their ends. `tail` is the last, or on its way.
   *  3. size is not less than the number of tasks to be had: it goes up before they are, and down
   *     after they were taken.
   */
  private static final VarHandle HEAD;
  private static final VarHandle TAIL;
  private static final VarHandle SIZE;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEAD = lookup.findVarHandle(GlobalQueueHead.class, "head", Batch.class);
      TAIL = lookup.findVarHandle(GlobalQueueTail.class, "tail", Batch.class);
      SIZE = lookup.findVarHandle(GlobalQueue.class, "size", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile int size;

  GlobalQueue() {
    super(new Batch(new @Nullable Runnable[0]));
  }

  /** Adds tasks, which are this queue's from here on. */
  void add(Batch batch) {
    SIZE.getAndAdd(this, batch.length());
    for (; ; ) {
      Batch last = tail;
      Batch next = last.next;
      if (next != null) {
        TAIL.compareAndSet(this, last, next);
      } else if (last.append(batch)) {
        TAIL.compareAndSet(this, last, batch);
        return;
      }
    }
  }

  /**
   * Takes up to so many tasks, all of one batch.
   *
   * @return how many; 0 when the queue is empty
   */
  int take(@Nullable Runnable[] into, int most) {
    for (; ; ) {
      Batch first = head;
      int n = first.take(into, most);
      if (n > 0) {
        SIZE.getAndAdd(this, -n);
        return n;
      }
      Batch next = first.next;
      if (next == null) {
        return 0;
      }
      if (tail == first) {
        TAIL.compareAndSet(this, first, next);
      }
      HEAD.compareAndSet(this, first, next);
    }
  }

  /** Whether there is nothing. Never wrong about what was added before. */
  boolean isEmpty() {
    return size == 0;
  }

  /** How many there are. */
  int size() {
    return Math.max(0, size);
  }

  /** Shows each task to the visitor, in a picture that is of no one moment. */
  void forEach(Consumer<Runnable> visitor) {
    for (Batch batch = head; batch != null; batch = batch.next) {
      batch.forEach(visitor);
    }
  }
}
