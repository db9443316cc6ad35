package dev.selvage.sync;

import static dev.selvage.Select.done;
import static dev.selvage.Select.receive;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Select;
import dev.selvage.internal.Alarms;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.SpinLock;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.concurrent.CancellationException;

/**
 * A number of permits, of which each user takes as many as its work weighs: Go's {@code
 * golang.org/x/sync/semaphore}. Thread-safe; only {@code acquire} blocks.
 *
 * <p>Permits are given in the order in which they were asked for, whatever the weights: who asks
 * for many is not overtaken by who asks for few. So {@link #tryAcquire} fails while somebody waits.
 * What a thread did before it gave permits back happens before what another does that takes them.
 *
 * <p>Asking for more permits than there are is a mistake, and said so at once; in Go it waits until
 * its context is done, or for ever.
 */
public final class Semaphore {
  /*
   * Invariants, under the lock
   *  1. 0 <= held <= size. What a place waits for, its note, is counted as held in the same step
   *     that takes it out of the queue and claims it.
   *  2. What the first in the queue waits for is not free, but while somebody is in grant(): who
   *     gives permits back, or leaves the queue without any, calls it, and it ends only when that
   *     is so again. Nobody takes permits while there is a queue.
   *
   * Who last took permits and who last gave some back is noted for tools that explain a leak;
   * nothing here depends on it. They are numbers, so that a semaphore keeps no thread alive. Who was
   * granted what it had waited for notes that without the lock, so of several it is one.
   */
  private final long size;
  private final SpinLock lock = new SpinLock();
  // Guarded by lock.
  private long held;
  // The threads, by their identifiers; 0 for nobody.
  private long lastTaker;
  private long lastReleaser;
  private final Waiters waiters = new Waiters();

  /** The place of one that waits for a context, too, in a select. Being granted cannot fail. */
  private static final class InSelect extends Place {
    final Channel<Boolean> granted = Channel.unbuffered();

    InSelect(Semaphore semaphore) {
      super(WaitReason.SELECT, semaphore);
    }

    @Override
    boolean claim() {
      return true;
    }

    @Override
    void finish(Object winner) {
      granted.close();
    }
  }

  /**
   * Creates a semaphore.
   *
   * @param size how many permits there are
   * @throws IllegalArgumentException when it is negative
   */
  public Semaphore(long size) {
    if (size < 0) {
      throw new IllegalArgumentException("a semaphore of " + size + " permits; give 0 or more");
    }
    this.size = size;
  }

  // --------------- Taking ---------------

  /**
   * Takes one permit; blocks until that is possible.
   *
   * @throws InterruptedException when interrupted before; nothing is taken then
   */
  public void acquire() throws InterruptedException {
    acquire(1);
  }

  /**
   * Takes some permits at once; blocks until that is possible.
   *
   * @throws IllegalArgumentException when that will never be possible
   * @throws InterruptedException when interrupted before; nothing is taken then
   */
  public void acquire(long permits) throws InterruptedException {
    acquire(permits, Place.FOREVER);
  }

  /**
   * Takes some permits at once, if that is possible within some time.
   *
   * @return false when the time was over before
   * @throws IllegalArgumentException when that will never be possible
   * @throws InterruptedException when interrupted before; nothing is taken then
   */
  public boolean acquire(long permits, Duration timeout) throws InterruptedException {
    return acquire(permits, Alarms.nanos(timeout));
  }

  private boolean acquire(long permits, long timeout) throws InterruptedException {
    check(permits);
    Interrupts.check();
    if (tryAcquire(permits)) {
      return true;
    }
    if (timeout <= 0) {
      return false;
    }
    Place self = new Place(WaitReason.SEMACQUIRE, this);
    self.limit(timeout);
    if (!queue(self, permits)) {
      self.unlimit();
      return true;
    }
    boolean finished = self.await();
    if (self.waiter.winner() == this) {
      noteTaker();
      return true;
    }
    leave(self);
    if (!finished) {
      throw new InterruptedException();
    }
    return false;
  }

  /**
   * Takes some permits at once; blocks until that is possible or a context is done. If both have
   * come to pass, nothing is taken.
   *
   * @throws CancellationException when the context is done: its {@linkplain Context#error() error}
   * @throws IllegalArgumentException when that will never be possible
   * @throws InterruptedException when interrupted before; nothing is taken then
   */
  public void acquire(Context context, long permits) throws InterruptedException {
    check(permits);
    Interrupts.check();
    throwIfDone(context);
    InSelect self = new InSelect(this);
    if (!queue(self, permits)) {
      return;
    }
    boolean granted = false;
    try {
      boolean free =
          Select.select(
              receive(self.granted, v -> v).orClosed(() -> true), done(context, cause -> false));
      throwIfDone(context);
      granted = free;
    } finally {
      if (granted) {
        noteTaker();
      } else {
        leave(self);
      }
    }
  }

  private static void throwIfDone(Context context) {
    CancellationException error = context.error();
    if (error != null) {
      throw error;
    }
  }

  /** Takes one permit if that is possible now. Does not block. */
  public boolean tryAcquire() {
    return tryAcquire(1);
  }

  /** Takes some permits at once if that is possible now. Does not block. */
  public boolean tryAcquire(long permits) {
    checkNotNegative(permits);
    lock.lock();
    try {
      return take(permits);
    } finally {
      lock.unlock();
    }
  }

  /** Guarded by lock. */
  private boolean take(long permits) {
    if (!waiters.isEmpty() || size - held < permits) {
      return false;
    }
    held += permits;
    noteTaker();
    return true;
  }

  private void noteTaker() {
    lastTaker = Thread.currentThread().threadId();
  }

  /** Queues; false when the permits were there to be taken after all. */
  private boolean queue(Place self, long permits) {
    self.note = permits;
    lock.lock();
    try {
      if (take(permits)) {
        return false;
      }
      waiters.addLast(self);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Takes out of the queue who gave up; what was granted to it all the same is given back. */
  private void leave(Place self) {
    lock.lock();
    try {
      if (!waiters.remove(self)) {
        held -= self.note;
      }
    } finally {
      lock.unlock();
    }
    grant();
  }

  private void check(long permits) {
    checkNotNegative(permits);
    if (permits > size) {
      throw new IllegalArgumentException(
          permits + " permits will never be free, as the semaphore has only " + size);
    }
  }

  private static void checkNotNegative(long permits) {
    if (permits < 0) {
      throw new IllegalArgumentException(permits + " permits; give 0 or more");
    }
  }

  // --------------- Giving back ---------------

  /**
   * Gives one permit back.
   *
   * @throws SemaphoreMisuseException when none is taken
   */
  public void release() {
    release(1);
  }

  /**
   * Gives some permits back. Need not be called by the thread that took them. Does not block.
   *
   * @throws SemaphoreMisuseException when fewer are taken; nothing is given back then
   */
  public void release(long permits) {
    checkNotNegative(permits);
    lock.lock();
    try {
      if (permits > held) {
        throw new SemaphoreMisuseException("semaphore: released more than held");
      }
      held -= permits;
      lastReleaser = Thread.currentThread().threadId();
    } finally {
      lock.unlock();
    }
    grant();
  }

  /** Gives what is free to those who wait, in their order. */
  private void grant() {
    for (; ; ) {
      Place first;
      boolean claimed;
      lock.lock();
      try {
        first = waiters.first();
        if (first == null || size - held < first.note) {
          return;
        }
        waiters.remove(first);
        claimed = first.claim();
        if (claimed) {
          held += first.note;
        } else {
          first.note = 0; // it has given up, and is granted nothing
        }
      } finally {
        lock.unlock();
      }
      if (claimed) {
        first.finish(this);
      }
    }
  }

  /** The thread that last took permits, by its identifier; 0 if none has. Any thread may ask. */
  long lastTaker() {
    lock.lock();
    try {
      return lastTaker;
    } finally {
      lock.unlock();
    }
  }

  /** The thread that last gave permits back; likewise. */
  long lastReleaser() {
    lock.lock();
    try {
      return lastReleaser;
    } finally {
      lock.unlock();
    }
  }

  /** As {@code Semaphore(3/10, 2 waiting)}: permits taken and in all, for people. */
  @Override
  public String toString() {
    lock.lock();
    try {
      return "Semaphore("
          + held
          + "/"
          + size
          + (waiters.isEmpty() ? "" : ", " + waiters.size() + " waiting")
          + ")";
    } finally {
      lock.unlock();
    }
  }
}
