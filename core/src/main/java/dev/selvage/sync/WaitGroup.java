package dev.selvage.sync;

import dev.selvage.Go;
import dev.selvage.internal.Alarms;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.SpinLock;
import dev.selvage.internal.Timeout;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

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
   * Invariants, under the lock
   *  1. Somebody waits only while the counter is positive: who counts it to zero takes all waiters
   *     out of the queue at the same moment.
   *  2. leaving is the number of threads that were taken out then and have not returned yet; waking
   *     is true while the one that took them out has not told all of them. Both are zero and false
   *     whenever the counter may go up from zero.
   */
  private final SpinLock lock = new SpinLock();

  // Guarded by lock.
  private int counter;
  private int leaving;
  private boolean waking;
  private final Waiters waiters = new Waiters();

  /** Creates a group whose counter is zero. */
  public WaitGroup() {}

  /**
   * Runs a task in a goroutine of its own, counted from now until it ends, in whatever way.
   *
   * @throws WaitGroupMisuseException as {@link #add} does
   */
  public void go(Go.Action task) {
    add(1);
    boolean started = false;
    try {
      Go.go(
          () -> {
            try {
              task.run();
            } finally {
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
    List<Waiter> released = new ArrayList<>();
    lock.lock();
    try {
      long sum = (long) counter + delta;
      if (sum < 0) {
        throw new NegativeWaitGroupException();
      }
      if (sum > Integer.MAX_VALUE) {
        throw new IllegalArgumentException("a WaitGroup counts to 2147483647 at most");
      }
      if (counter == 0 && delta > 0 && leaving > 0) {
        throw new WaitGroupMisuseException(
            waking
                ? "sync: WaitGroup misuse: Add called concurrently with Wait"
                : "sync: WaitGroup is reused before previous Wait has returned");
      }
      counter = (int) sum;
      if (counter == 0) {
        for (Waiter w; (w = waiters.claimFirst()) != null; ) {
          released.add(w);
        }
        leaving += released.size();
        waking = !released.isEmpty();
      }
    } finally {
      lock.unlock();
    }
    if (released.isEmpty()) {
      return;
    }
    for (Waiter waiter : released) {
      waiter.finish(this);
    }
    lock.lock();
    try {
      waking = false;
    } finally {
      lock.unlock();
    }
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
    await(Long.MAX_VALUE);
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
    Interrupts.check();
    Waiter self;
    lock.lock();
    try {
      if (counter == 0) {
        return true;
      }
      if (timeout <= 0) {
        return false;
      }
      self = new Waiter(WaitReason.WAIT_GROUP_WAIT);
      waiters.add(self);
    } finally {
      lock.unlock();
    }
    Timeout limit = timeout == Long.MAX_VALUE ? null : Timeout.start(self, timeout);
    boolean finished = self.await();
    if (limit != null) {
      limit.stop();
    }
    boolean released = self.winner() == this;
    lock.lock();
    try {
      if (released) {
        leaving--;
      } else {
        waiters.remove(self);
      }
    } finally {
      lock.unlock();
    }
    if (!finished) {
      throw new InterruptedException();
    }
    return released;
  }

  /** The counter, for people. */
  @Override
  public String toString() {
    lock.lock();
    try {
      return "WaitGroup(" + counter + ")";
    } finally {
      lock.unlock();
    }
  }
}
