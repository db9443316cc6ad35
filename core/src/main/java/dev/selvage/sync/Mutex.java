package dev.selvage.sync;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.SpinLock;
import dev.selvage.observe.WaitReason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;

/**
 * A lock without an owner, as in Go: who has taken it need not be who gives it back, and who takes
 * it twice waits for ever. Thread-safe; only {@code lock}, {@link #withLock} and {@link
 * #callWithLock} block. What a thread did before it gave the lock back happens before what the next
 * one does that takes it.
 *
 * <p>Fair as Go's: usually a thread that comes by may take a free mutex before those that wait are
 * awake, which is fast; as soon as one has waited for more than a millisecond and was overtaken,
 * the mutex is handed directly from one to the next, in the order in which they came, until it
 * reaches one that has waited for less than that, or the last.
 */
public final class Mutex implements Locker {
  /*
   * Everything that decides is in one word; the queue beside it has a lock of its own.
   *
   * LOCKED    somebody has it, or it is being handed over
   * WOKEN     one thread was taken out of the queue to compete for the mutex, and has neither got
   *           it nor gone back yet; or some unlock() is about to choose that thread
   * STARVING  unlock() hands over to the first in the queue; nobody else can take it
   * QUEUED    the queue is not empty
   *
   * Invariants
   *  1. QUEUED says so exactly whenever the queue's lock is free. It is set and cleared under that
   *     lock, in the same compare-and-set that checks why.
   *  2. Not LOCKED, but QUEUED, implies WOKEN. This is why no wake-up is lost: whenever the mutex
   *     is free and somebody waits, one thread is on its way to look at it. Each step keeps it:
   *       - who queues does it by a compare-and-set that finds LOCKED;
   *       - unlock() of a mutex with a queue gives it up and sets WOKEN at once, if it is not set;
   *       - the woken thread gives WOKEN back in the step that takes the mutex, or in the step
   *         that finds LOCKED and queues it again, at the head, so that the next unlock() wakes it;
   *       - an unlock() that finds nobody left to wake clears WOKEN and QUEUED together.
   *     An interrupt or time limit ends a wait only by claiming the waiter, so a thread is either
   *     woken, and then goes on competing whatever its flag says, or it has left and was not.
   *  3. STARVING implies LOCKED and not WOKEN: only a woken thread that finds the mutex taken
   *     again starts it, in the step that gives WOKEN back.
   *
   * Who has locked it is noted for tools that look for circles; nothing here depends on it. It is a
   * number and no reference, so that a mutex keeps no thread alive.
   *  4. A locker that is noted has locked it, and nobody has given it back since: it is noted by
   *     who has just got LOCKED, and cleared by whoever gives it back, before the step that does so.
   *     In between it may be missing, for a moment.
   */
  private static final int LOCKED = 1;
  private static final int WOKEN = 2;
  private static final int STARVING = 4;
  private static final int QUEUED = 8;

  /** How long somebody may be overtaken, in nanoseconds. */
  private static final long PATIENCE = 1_000_000;

  /** Winner of a wait that ends with the chance to compete. */
  private static final Object WOKE = new Object();

  /** Winner of a wait that ends with the mutex. */
  private static final Object HANDED = new Object();

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Mutex.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final WaitReason reason;
  // What users see of it, for tools.
  private final Object face;
  private volatile int state;
  // The thread that has locked it, by its identifier; 0 if that is not known. Racy: see above.
  private long locker;
  private final SpinLock lock = new SpinLock();
  // Guarded by lock. The note of a place is when its wait began.
  private final Waiters waiters = new Waiters();

  /** Creates a free mutex. */
  public Mutex() {
    this.reason = WaitReason.MUTEX_LOCK;
    this.face = this;
  }

  /** Creates a free mutex that is part of something else, which is what users see. */
  Mutex(WaitReason reason, Object face) {
    this.reason = reason;
    this.face = face;
  }

  // --------------- Taking ---------------

  @Override
  public void lock() throws InterruptedException {
    Interrupts.check();
    if (STATE.compareAndSet(this, 0, LOCKED)) {
      noteLocker();
    } else {
      lockSlowly(Place.FOREVER);
    }
  }

  /**
   * Takes the mutex if that is possible within some time.
   *
   * @return false when the time was over before
   * @throws InterruptedException when interrupted before
   */
  public boolean lock(Duration timeout) throws InterruptedException {
    return lock(Alarms.nanos(timeout));
  }

  boolean lock(long timeout) throws InterruptedException {
    Interrupts.check();
    return lockSlowly(timeout);
  }

  /** Takes the mutex if it is free. Does not block. */
  public boolean tryLock() {
    return take(false);
  }

  private void noteLocker() {
    locker = Thread.currentThread().threadId();
  }

  /** Takes the mutex if it is free, and gives WOKEN back then. */
  private boolean take(boolean woken) {
    for (int s; ((s = state) & LOCKED) == 0; ) {
      if (STATE.compareAndSet(this, s, (woken ? s & ~WOKEN : s) | LOCKED)) {
        noteLocker();
        return true;
      }
    }
    return false;
  }

  private boolean lockSlowly(long timeout) throws InterruptedException {
    if (take(false)) {
      return true;
    }
    if (timeout <= 0) {
      return false;
    }
    Place self = new Place(reason, face);
    self.note = System.nanoTime();
    self.limit(timeout);
    for (boolean woken = false; ; woken = true) {
      long waited = woken ? System.nanoTime() - self.note : 0;
      do {
        if (take(woken)) {
          self.unlimit();
          return true;
        }
      } while (!queue(self, woken, waited > PATIENCE));
      boolean finished = self.await();
      Object winner = self.waiter.winner();
      if (winner == HANDED) {
        noteLocker();
        return true;
      }
      if (winner != WOKE) {
        leave(self);
        if (!finished) {
          throw new InterruptedException();
        }
        return false;
      }
      self.waiter.begin();
      self.limitAgain();
    }
  }

  /** Queues, which it does only while the mutex is taken. */
  private boolean queue(Place self, boolean woken, boolean starving) {
    lock.lock();
    try {
      for (int s; ((s = state) & LOCKED) != 0; ) {
        int next = (woken ? s & ~WOKEN : s) | QUEUED | (starving ? STARVING : 0);
        if (STATE.compareAndSet(this, s, next)) {
          if (woken) {
            waiters.addFirst(self);
          } else {
            waiters.addLast(self);
          }
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Takes out of the queue who gave up. */
  private void leave(Place self) {
    lock.lock();
    try {
      waiters.remove(self);
      if (waiters.isEmpty()) {
        clear(QUEUED | STARVING);
      }
    } finally {
      lock.unlock();
    }
  }

  // --------------- Giving back ---------------

  @Override
  public void unlock() {
    locker = 0;
    if (!STATE.compareAndSet(this, LOCKED, 0)) {
      unlockSlowly();
    }
  }

  private void unlockSlowly() {
    for (; ; ) {
      int s = state;
      if ((s & LOCKED) == 0) {
        throw new UnlockException("sync: unlock of unlocked mutex");
      }
      if ((s & STARVING) != 0) {
        if (handOver()) {
          return;
        }
      } else if ((s & (QUEUED | WOKEN)) == QUEUED) {
        if (STATE.compareAndSet(this, s, (s & ~LOCKED) | WOKEN)) {
          wake();
          return;
        }
      } else if (STATE.compareAndSet(this, s, s & ~LOCKED)) {
        return;
      }
    }
  }

  /** Wakes the first in the queue. WOKEN is set, and the caller's. */
  private void wake() {
    for (; ; ) {
      Place first;
      lock.lock();
      try {
        first = waiters.poll();
        if (first == null) {
          clear(QUEUED | WOKEN);
          return;
        }
        if (waiters.isEmpty()) {
          clear(QUEUED);
        }
      } finally {
        lock.unlock();
      }
      if (first.claim()) {
        first.finish(WOKE);
        return;
      }
    }
  }

  /** Hands a starving mutex to the first in the queue; false when this is to be looked at again. */
  private boolean handOver() {
    Place first;
    boolean claimed;
    lock.lock();
    try {
      if ((state & STARVING) == 0) {
        return false;
      }
      first = waiters.poll();
      claimed = first != null && first.claim();
      if (waiters.isEmpty()) {
        clear(QUEUED | STARVING);
      } else if (first != null && claimed && System.nanoTime() - first.note < PATIENCE) {
        clear(STARVING);
      }
    } finally {
      lock.unlock();
    }
    if (first != null && claimed) {
      first.finish(HANDED);
    }
    return claimed;
  }

  private void clear(int bits) {
    STATE.getAndBitwiseAnd(this, ~bits);
  }

  /**
   * The thread that has locked it, by its identifier; 0 if it is free, or that is not known. Any
   * thread may ask.
   */
  long locker() {
    return (state & LOCKED) == 0 ? 0 : locker; // state first, which whoever took it has written
  }

  /** As {@code Mutex(locked, starving, 3 waiting)} or {@code Mutex(free)}, for people. */
  @Override
  public String toString() {
    lock.lock();
    try {
      int s = state;
      return "Mutex("
          + ((s & LOCKED) != 0 ? "locked" : "free")
          + ((s & STARVING) != 0 ? ", starving" : "")
          + (waiters.isEmpty() ? "" : ", " + waiters.size() + " waiting")
          + ")";
    } finally {
      lock.unlock();
    }
  }
}
