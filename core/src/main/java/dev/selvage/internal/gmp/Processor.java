package dev.selvage.internal.gmp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Fields that thieves write. */
@SuppressWarnings("unused") // padding
abstract class ProcessorHead {
  private long a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, aa, ab, ac, ad, ae;
  volatile int head;
  volatile @Nullable Runnable runnext;
}

/** Fields that the owner writes. */
@SuppressWarnings("unused") // padding
abstract class ProcessorTail extends ProcessorHead {
  private long b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, ba, bb, bc, bd, be;
  volatile int tail;

  /** Up to where consumed places of the ring have been cleared. */
  int cleared;

  /** How many more times a task in runnext shall wake nobody; see Gmp. */
  int lazy;

  /** From where {@link #lazy} starts. Doubled by those who were woken in vain. */
  int laziness;

  /** How often runnext came first since anything else did. */
  int inherited;

  /** How many tasks were taken but those that inherited a time slice. */
  int tick;

  // Sysmon's: what it has seen at its last looks, and since when.
  long seenRuns = -1;
  long seenSince;
  int seenTick;
  long seenTickSince;
  boolean seenNext;

  // Counters, only ever written by the owner.
  long runs;
  long steals;
  long stolen;
  long globals;
  long overflows;
  long wakes;
  long futile;

  /** Written under the scheduler's lock, and handed on to who takes its place. */
  long handOffs;
}

/**
 * A P: the right to run goroutines, with a queue of those that are to run next. Put and taken by
 * the one M that has it; stolen from by all others.
 *
 * <p>The queue is Go's: a ring of 256 places with one producer and many consumers, and beside it
 * one place, runnext, for the goroutine that was woken last.
 */
final class Processor extends ProcessorTail {
  /*
   * Invariants
   *  1. Only the owner writes ring and tail. A consumer, the owner or a thief, reads first and then
   *     moves head by a compare-and-set; if that fails what it read is nothing.
   *  2. tail - head is between 0 and 256. Indices run through all ints.
   *  3. Places in [cleared, head) were consumed and may still refer to their tasks; only the owner
   *     clears them, and does it before it waits, so that a P at rest keeps no goroutine alive.
   *  4. runnext goes from null to a task only by the owner, and back by compare-and-set by whoever
   *     takes it. So the owner may write it plainly while it is null.
   *  5. cleared, lazy (but for resets), inherited, tick and the counters are the owner's;
   *     others may read them, and see something that was true a moment ago.
   *
   * status     meaning                            who moves it on
   * RUNNING    its M runs or looks for tasks      the M, to IDLE, when it found none
   * IDLE       its M waits, or is about to        whoever takes it out, once, to RUNNING: a waker
   *                                               who has reserved an idle P, or its M itself
   * request    what others want of the M: it looks when it takes the next task
   */
  static final int SIZE = 256;
  private static final int MASK = SIZE - 1;

  static final int RUNNING = 0;
  static final int IDLE = 1;

  /** Others wait while two or more hand their time slice around: let the ring come first. */
  static final int SLICE = 1;

  /** Its place was taken by another P: what is in the queue goes to others, and the M leaves. */
  static final int ORPHAN = 2;

  private static final VarHandle HEAD;
  private static final VarHandle TAIL;
  private static final VarHandle NEXT;
  private static final VarHandle STATUS;
  private static final VarHandle REQUEST;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEAD = lookup.findVarHandle(ProcessorHead.class, "head", int.class);
      TAIL = lookup.findVarHandle(ProcessorTail.class, "tail", int.class);
      NEXT = lookup.findVarHandle(ProcessorHead.class, "runnext", Runnable.class);
      STATUS = lookup.findVarHandle(Processor.class, "status", int.class);
      REQUEST = lookup.findVarHandle(Processor.class, "request", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // padding
  private long c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, ca, cb, cc, cd, ce;

  private volatile int status = RUNNING;
  private volatile int request;

  /** Its number: from 0 to GOMAXPROCS - 1. That of the P which took its place is the same. */
  final int id;

  /** The M that has it. Written before the P can be found. */
  final Machine machine;

  private final @Nullable Runnable[] ring = new Runnable[SIZE];

  Processor(int id, Machine machine) {
    this.id = id;
    this.machine = machine;
  }

  // --------------- The owner's ---------------

  /** What is in runnext, or null; only a hint but for null, which only the owner changes. */
  boolean hasNext() {
    return runnext != null;
  }

  /** Fills runnext, which is empty; others see it soon. */
  void setNextLazily(Runnable task) {
    NEXT.setRelease(this, task);
  }

  /** Fills runnext; everybody who looks from now on sees it. Returns what was in it before. */
  @Nullable Runnable swapNext(Runnable task) {
    return (Runnable) NEXT.getAndSet(this, task);
  }

  /** Takes what is in runnext. */
  @Nullable Runnable takeNext() {
    Runnable next = runnext;
    return next != null && NEXT.compareAndSet(this, next, (Runnable) null) ? next : null;
  }

  /** Puts a task at the end of the ring; false if that is full. */
  boolean offer(Runnable task) {
    int t = (int) TAIL.get(this);
    int h = (int) HEAD.getAcquire(this);
    if (t - h >= SIZE) {
      return false;
    }
    if (t - cleared >= SIZE) {
      cleared = t - MASK; // the place that is about to be filled, and no longer to be cleared
    }
    ring[t & MASK] = task;
    TAIL.setRelease(this, t + 1);
    return true;
  }

  /** Takes the task at the head of the ring. */
  @Nullable Runnable poll() {
    for (; ; ) {
      int h = (int) HEAD.getAcquire(this);
      int t = (int) TAIL.get(this);
      if (t == h) {
        return null;
      }
      Runnable task = ring[h & MASK];
      if (HEAD.compareAndSet(this, h, h + 1)) {
        return task;
      }
    }
  }

  /**
   * Takes half of a full ring, with one more task at the end, for the global queue. Everything that
   * can fail is done before anything is taken.
   *
   * @return null if the ring is not full any more
   */
  @Nullable Batch overflow(Runnable task) {
    int n = SIZE / 2;
    @Nullable Runnable[] tasks = new Runnable[n + 1];
    Batch batch = new Batch(tasks);
    int h = (int) HEAD.getAcquire(this);
    for (int i = 0; i < n; i++) {
      tasks[i] = ring[(h + i) & MASK];
    }
    if ((int) TAIL.get(this) - h < SIZE || !HEAD.compareAndSet(this, h, h + n)) {
      return null;
    }
    tasks[n] = task;
    return batch;
  }

  /** Clears the places that were consumed. */
  void clear() {
    int h = head;
    for (int i = cleared; i != h; i++) {
      ring[i & MASK] = null;
    }
    cleared = h;
  }

  // --------------- Anybody's ---------------

  /** Whether places that were consumed have not been cleared. */
  boolean isStale() {
    return cleared != head;
  }

  /** How many tasks are in the ring. */
  int length() {
    int h = head;
    int t = tail;
    return Math.clamp(t - h, 0, SIZE);
  }

  boolean isEmpty() {
    return runnext == null && head == tail;
  }

  /**
   * Takes half of the tasks in the ring, rounded up.
   *
   * @return how many
   */
  int stealInto(@Nullable Runnable[] into) {
    for (; ; ) {
      int h = head;
      int t = tail;
      int n = t - h;
      n -= n / 2;
      if (n <= 0) {
        return 0;
      }
      if (n > SIZE / 2) {
        continue; // head and tail were read too far apart
      }
      for (int i = 0; i < n; i++) {
        into[i] = ring[(h + i) & MASK];
      }
      if (HEAD.compareAndSet(this, h, h + n)) {
        return n;
      }
    }
  }

  /** Takes that task from runnext, if it is still there. */
  boolean stealNext(Runnable next) {
    return NEXT.compareAndSet(this, next, (Runnable) null);
  }

  boolean isIdle() {
    return status == IDLE;
  }

  void idle() {
    status = IDLE;
  }

  /** Takes it out of idleness; true for exactly one. */
  boolean claim() {
    return status == IDLE && STATUS.compareAndSet(this, IDLE, RUNNING);
  }

  void request(int bit) {
    REQUEST.getAndBitwiseOr(this, bit);
  }

  void clearRequest(int bit) {
    REQUEST.getAndBitwiseAnd(this, ~bit);
  }

  int requested() {
    return (int) REQUEST.getOpaque(this);
  }

  boolean isOrphan() {
    return (request & ORPHAN) != 0;
  }

  /** Shows each task in the queue, in a picture that is of no one moment. */
  void forEach(Consumer<Runnable> visitor) {
    Runnable next = runnext;
    if (next != null) {
      visitor.accept(next);
    }
    int t = tail;
    for (int i = head; i - t < 0; i++) {
      Runnable task = ring[i & MASK];
      if (task != null) {
        visitor.accept(task);
      }
    }
  }
}
