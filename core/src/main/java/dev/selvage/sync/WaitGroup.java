package dev.selvage.sync;

import dev.selvage.Go;
import dev.selvage.internal.Alarms;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.Roster;
import dev.selvage.internal.SpinLock;
import dev.selvage.observe.WaitReason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Waits until a number of goroutines have finished. Best used with {@link #go}, which counts by
 * itself:
 *
 * <pre>{@code
 * var wg = new WaitGroup();
 * for (var page : pages) wg.go(() -> fetch(page));
 * wg.await();
 * }</pre>
 *
 * <p>Thread-safe; only {@code await} blocks. What a thread did before it counted down happens
 * before what another does after its wait. The counter must not be counted up from zero while
 * somebody waits or has not yet returned from waiting: that is a mistake of the program, thrown
 * where it is made.
 */
public final class WaitGroup {
  /*
   * One word decides; the queue beside it has a lock of its own.
   *
   * counter   (the upper half) what has been added and is not done
   * PRESENT   (the bits above WAKING) how many threads are inside await(), having found the counter
   *           positive: they wait; or, once it is zero, they are to return
   * WAKING    who counted to zero has not told all of them yet
   *
   * Invariants
   *  1. The counter is never negative, and goes up from zero only when nobody is PRESENT.
   *  2. Who is about to wait counts itself as PRESENT by a compare-and-set that finds the counter
   *     positive, and queues, under the queue's lock without letting go. Who counts to zero takes
   *     that lock afterwards, and so finds in the queue all that were PRESENT then. By the first
   *     invariant nobody joins them.
   *
   * Who last counted down is noted for tools that explain a leak; nothing here depends on it. It is
   * a number, so that a group keeps no thread alive, and of several that count down at the same
   * time it is one.
   */
  private static final long WAKING = 1;
  private static final long PRESENT = 2;
  private static final int COUNTER_SHIFT = 32;
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(WaitGroup.class, "state", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile long state;
  // The thread, by its identifier; 0 for nobody. Racy: see above.
  private long lastDone;
  private final SpinLock lock = new SpinLock();
  // Guarded by lock.
  private final Waiters waiters = new Waiters();

  /** Creates a group whose counter is zero. */
  public WaitGroup() {}

  /**
   * Runs a task in a goroutine of its own, counted from now until it ends, in whatever way.
   *
   * @throws WaitGroupMisuseException as {@link #add} does
   */
  public void go(Go.Action task) {
    Objects.requireNonNull(task, "task");
    start(counted -> Go.go(counted), task);
  }

  /** The same with a name for the thread. */
  public void go(String name, Go.Action task) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(task, "task");
    start(counted -> Go.go(name, counted), task);
  }

  private void start(Consumer<Go.Action> starter, Go.Action task) {
    add(1);
    boolean started = false;
    try {
      starter.accept(
          () -> {
            Roster.setCountedBy(mark());
            try {
              task.run();
            } finally {
              Roster.setCountedBy(null);
              done();
            }
          });
      started = true;
    } finally {
      if (!started) {
        done();
      }
    }
  }

  /**
   * Adds to the counter. If it becomes zero, all who wait go on.
   *
   * @throws NegativeWaitGroupException when the counter would become negative; it stays as it was
   * @throws WaitGroupMisuseException when the counter would go up from zero while somebody has not
   *     returned from waiting; it stays as it was
   */
  public void add(int delta) {
    for (; ; ) {
      long s = state;
      int counter = counter(s);
      long sum = (long) counter + delta;
      if (sum < 0) {
        throw new NegativeWaitGroupException();
      }
      if (sum > Integer.MAX_VALUE) {
        throw new IllegalArgumentException("a WaitGroup counts to 2147483647 at most");
      }
      boolean present = (int) s >>> 1 != 0;
      if (counter == 0 && delta > 0 && present) {
        throw new WaitGroupMisuseException(
            (s & WAKING) != 0
                ? "sync: WaitGroup misuse: Add called concurrently with Wait"
                : "sync: WaitGroup is reused before previous Wait has returned");
      }
      boolean release = counter > 0 && sum == 0 && present;
      long next = (s + ((long) delta << COUNTER_SHIFT)) | (release ? WAKING : 0);
      if (STATE.compareAndSet(this, s, next)) {
        if (delta < 0) {
          lastDone = Thread.currentThread().threadId();
        }
        if (release) {
          release();
        }
        return;
      }
    }
  }

  private void release() {
    Place list;
    lock.lock();
    try {
      list = waiters.detach();
    } finally {
      lock.unlock();
    }
    Waiters.wake(list, this);
    STATE.getAndBitwiseAnd(this, ~WAKING);
  }

  private static int counter(long state) {
    return (int) (state >>> COUNTER_SHIFT);
  }

  /**
   * Counts down by one.
   *
   * @throws NegativeWaitGroupException when the counter is zero
   */
  public void done() {
    add(-1);
  }

  /**
   * Blocks until the counter is zero.
   *
   * @throws InterruptedException when interrupted before
   */
  public void await() throws InterruptedException {
    await(Place.FOREVER);
  }

  /**
   * Blocks until the counter is zero, for a limited time.
   *
   * @return false when the time was over before
   * @throws InterruptedException when interrupted before
   */
  public boolean await(Duration timeout) throws InterruptedException {
    return await(Alarms.nanos(timeout));
  }

  private boolean await(long timeout) throws InterruptedException {
    return await(timeout, WaitReason.WAIT_GROUP_WAIT, this);
  }

  /**
   * The wait of something that is made of a group, told in its own words.
   *
   * @param timeout in nanoseconds
   * @param object what is waited on, as far as the program knows
   */
  boolean await(long timeout, WaitReason reason, Object object) throws InterruptedException {
    Interrupts.check();
    if (counter(state) == 0) {
      return true;
    }
    if (timeout <= 0) {
      return false;
    }
    Place self = new Place(reason, object);
    self.limit(timeout);
    if (!queue(self)) {
      self.unlimit();
      return true;
    }
    boolean finished = self.await();
    boolean released = self.waiter.winner() == this;
    if (!released) {
      lock.lock();
      try {
        waiters.remove(self);
      } finally {
        lock.unlock();
      }
    }
    STATE.getAndAdd(this, -PRESENT);
    if (!finished) {
      throw new InterruptedException();
    }
    return released;
  }

  /** Queues, which it does only while the counter is positive. */
  private boolean queue(Place self) {
    lock.lock();
    try {
      for (; ; ) {
        long s = state;
        if (counter(s) == 0) {
          return false;
        }
        if (STATE.compareAndSet(this, s, s + PRESENT)) {
          waiters.addLast(self);
          return true;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * What goroutines are marked with that {@link #go} has started and that are not done. It leads
   * nowhere, so that they do not keep the group for who only has one of them.
   */
  Object mark() {
    return lock;
  }

  /** The thread that last counted down, by its identifier; 0 if none has. Any thread may ask. */
  long lastDone() {
    return lastDone;
  }

  /** The counter, for people. */
  @Override
  public String toString() {
    return "WaitGroup(" + counter(state) + ")";
  }
}
