package dev.selvage.sync;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.SpinLock;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A lock that any number of readers can have at the same time, or one writer. Without an owner, as
 * in Go: who gives it back need not be who took it. Thread-safe; the forms of {@code lock} and
 * {@code rLock} block, and so does what uses them.
 *
 * <p>As soon as one waits to write, who comes to read waits until that one has written; and when it
 * has, all who wait to read come before the next writer. So neither side can keep the other out.
 * <b>Who reads must not take the read side again</b>: with a writer waiting in between, each would
 * wait for the other for ever. Nor can a read lock be turned into a write lock, or the other way
 * round.
 *
 * <p>What was done before a writer gave the lock back happens before what is done by all who take
 * it later; what was done before a reader gave it back, before what is done by the next writer.
 */
public final class RWMutex implements Locker {
  /*
   * Writers compete for a mutex of their own first, so that only one at a time deals with readers.
   * Everything that decides between that one and the readers is in one word.
   *
   * READERS  (the low bits) how many have the read side
   * WRITER   a writer has the lock or waits for the readers to go; who comes to read queues
   * HELD     that writer has the lock
   * QUEUED   readers wait
   *
   * Invariants
   *  1. HELD implies WRITER, and no READERS. QUEUED implies WRITER.
   *  2. WRITER is set only by who has the mutex of the writers, who does not give that back before
   *     WRITER is cleared.
   *  3. A reader queues, and sets QUEUED, under the queue's lock and by a compare-and-set that
   *     finds WRITER; a word with QUEUED is cleared of WRITER only under that lock, together with
   *     QUEUED, and all readers of the queue are counted as READERS in the same step. They are
   *     woken afterwards; one of them that has given up meanwhile has its count taken off by who
   *     failed to wake it, not by itself.
   *  4. WRITER without HELD and with READERS zero lasts only until the one that counted READERS
   *     down to zero has got the queue's lock, and finds the pending writer there: it sets HELD
   *     and wakes it; or finds that it has given up, and then that one clears WRITER.
   *
   * For tools that look for circles the mutex of the writers knows who writes, or is the next to;
   * and of those who read one is noted, by its identifier. Nothing here depends on it.
   *  5. A reader that is noted has taken the read side and not given it back itself: it is noted
   *     when nobody is, by who has just been counted, and cleared by itself, or by who is about to
   *     leave none. Where read locks are given back by others than have taken them, it may be one
   *     of these for as long as anybody reads.
   */
  private static final int READERS = (1 << 28) - 1;
  private static final int QUEUED = 1 << 28;
  private static final int HELD = 1 << 29;
  private static final int WRITER = 1 << 30;
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(RWMutex.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Mutex writers = new Mutex(WaitReason.RWMUTEX_LOCK, this);
  private volatile int state;
  // One of those who read; 0 if none is known. Racy: see above.
  private long reader;
  private final SpinLock lock = new SpinLock();
  // Guarded by lock.
  private final Waiters readers = new Waiters();
  private @Nullable Place pending;

  /** Creates one that nobody has. */
  public RWMutex() {}

  // --------------- Reading ---------------

  /**
   * Takes the read side; blocks while a writer has the lock or waits for it.
   *
   * @throws InterruptedException when interrupted before; it is not taken then
   */
  public void rLock() throws InterruptedException {
    rLock(Place.FOREVER);
  }

  /**
   * Takes the read side if that is possible within some time.
   *
   * @return false when the time was over before
   * @throws InterruptedException when interrupted before
   */
  public boolean rLock(Duration timeout) throws InterruptedException {
    return rLock(Alarms.nanos(timeout));
  }

  private boolean rLock(long timeout) throws InterruptedException {
    Interrupts.check();
    if (tryRLock()) {
      return true;
    }
    if (timeout <= 0) {
      return false;
    }
    Place self = new Place(WaitReason.RWMUTEX_RLOCK, this);
    self.limit(timeout);
    do {
      if (tryRLock()) {
        self.unlimit();
        return true;
      }
    } while (!queue(self));
    boolean finished = self.await();
    if (self.waiter.winner() == this) {
      noteReader();
      return true;
    }
    lock.lock();
    try {
      readers.remove(self);
    } finally {
      lock.unlock();
    }
    if (!finished) {
      throw new InterruptedException();
    }
    return false;
  }

  /** Queues a reader, which it does only while there is a writer. */
  private boolean queue(Place self) {
    lock.lock();
    try {
      for (int s; ((s = state) & WRITER) != 0; ) {
        if (STATE.compareAndSet(this, s, s | QUEUED)) {
          readers.addLast(self);
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Takes the read side if no writer has the lock or waits for it. Does not block. */
  public boolean tryRLock() {
    for (int s; ((s = state) & WRITER) == 0; ) {
      if (s == READERS) {
        throw new IllegalStateException("an RWMutex has room for 268435455 readers");
      }
      if (STATE.compareAndSet(this, s, s + 1)) {
        noteReader();
        return true;
      }
    }
    return false;
  }

  private void noteReader() {
    if (reader == 0) {
      reader = Thread.currentThread().threadId();
    }
  }

  /** Before somebody gives the read side back; whether there are others then. */
  private void forgetReader(boolean others) {
    long known = reader;
    if (known != 0 && (!others || known == Thread.currentThread().threadId())) {
      reader = 0;
    }
  }

  /**
   * Gives the read side back, once.
   *
   * @throws UnlockException when nobody has it
   */
  public void rUnlock() {
    for (; ; ) {
      int s = state;
      if ((s & READERS) == 0) {
        throw new UnlockException("sync: RUnlock of unlocked RWMutex");
      }
      forgetReader((s & READERS) > 1);
      if (STATE.compareAndSet(this, s, s - 1)) {
        if ((s & READERS) == 1 && (s & WRITER) != 0) {
          letWriterIn();
        }
        return;
      }
    }
  }

  /** Gives the lock to the writer that waits for the readers, if there is one and they are gone. */
  private void letWriterIn() {
    Place writer;
    lock.lock();
    try {
      writer = pending;
      if (writer == null || (state & (READERS | HELD)) != 0 || !writer.claim()) {
        return;
      }
      pending = null;
      STATE.getAndBitwiseOr(this, HELD);
    } finally {
      lock.unlock();
    }
    writer.finish(this);
  }

  /** Takes the read side for the time of a task, and gives it back however that ends. */
  public <X extends Exception> void withRLock(Guarded<X> task) throws X, InterruptedException {
    rLocker().withLock(task);
  }

  /** Like {@link #withRLock}, for a task that has a result. */
  public <T extends @Nullable Object, X extends Exception> T callWithRLock(GuardedCall<T, X> task)
      throws X, InterruptedException {
    return rLocker().callWithLock(task);
  }

  /** The read side as a lock of its own, for who needs a {@link Locker}, say a {@link Cond}. */
  public Locker rLocker() {
    return new Locker() {
      @Override
      public void lock() throws InterruptedException {
        rLock();
      }

      @Override
      public void unlock() {
        rUnlock();
      }

      @Override
      public String toString() {
        return RWMutex.this + ".rLocker()";
      }
    };
  }

  // --------------- Writing ---------------

  /**
   * Takes the lock to write; blocks while anybody has it.
   *
   * @throws InterruptedException when interrupted before; it is not taken then
   */
  @Override
  public void lock() throws InterruptedException {
    writers.lock();
    if (!STATE.compareAndSet(this, 0, WRITER | HELD)) {
      awaitReaders(Place.FOREVER);
    }
  }

  /**
   * Takes the lock to write if that is possible within some time.
   *
   * @return false when the time was over before
   * @throws InterruptedException when interrupted before
   */
  public boolean lock(Duration timeout) throws InterruptedException {
    long nanos = Alarms.nanos(timeout);
    long start = Alarms.now();
    if (!writers.lock(nanos)) {
      return false;
    }
    return STATE.compareAndSet(this, 0, WRITER | HELD)
        || awaitReaders(nanos == Place.FOREVER ? nanos : nanos - (Alarms.now() - start));
  }

  /** Takes the lock to write if nobody has it. Does not block. */
  public boolean tryLock() {
    if (!writers.tryLock()) {
      return false;
    }
    if (STATE.compareAndSet(this, 0, WRITER | HELD)) {
      return true;
    }
    writers.unlock();
    return false;
  }

  /** Waits, as the one writer whose turn it is, for those who read. */
  private boolean awaitReaders(long timeout) throws InterruptedException {
    boolean held = false;
    try {
      if (timeout <= 0) {
        held = STATE.compareAndSet(this, 0, WRITER | HELD);
        return held;
      }
      Place self = new Place(WaitReason.RWMUTEX_LOCK, this);
      self.limit(timeout);
      if (announce(self)) {
        self.unlimit();
        held = true;
        return true;
      }
      boolean finished = self.await();
      held = self.waiter.winner() == this;
      if (!held) {
        letReadersIn(WRITER);
        if (!finished) {
          throw new InterruptedException();
        }
      }
      return held;
    } finally {
      if (!held) {
        writers.unlock();
      }
    }
  }

  /** Keeps readers out from now on; true when there are none, so that the lock is taken. */
  private boolean announce(Place self) {
    lock.lock();
    try {
      for (; ; ) {
        int s = state; // without WRITER, so without QUEUED and HELD
        if (s == 0) {
          if (STATE.compareAndSet(this, 0, WRITER | HELD)) {
            return true;
          }
        } else if (STATE.compareAndSet(this, s, s | WRITER)) {
          pending = self;
          return false;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives the lock back.
   *
   * @throws UnlockException when no writer has it
   */
  @Override
  public void unlock() {
    if (!STATE.compareAndSet(this, WRITER | HELD, 0)) {
      letReadersIn(HELD);
    }
    writers.unlock();
  }

  /** Ends the time of a writer that has the lock (HELD), or one that gave up waiting (WRITER). */
  private void letReadersIn(int required) {
    Place list;
    lock.lock();
    try {
      for (; ; ) {
        int s = state;
        if ((s & required) == 0) {
          throw new UnlockException("sync: Unlock of unlocked RWMutex");
        }
        if (STATE.compareAndSet(this, s, (s & READERS) + readers.size())) {
          break;
        }
      }
      pending = null;
      list = readers.detach();
    } finally {
      lock.unlock();
    }
    for (int gone = Waiters.wake(list, this); gone > 0; gone--) {
      rUnlock();
    }
  }

  /** Whom a thread waits for. */
  enum Ahead {
    /** One of those who read. */
    READER,
    /** Who has the lock to write. */
    WRITER,
    /** A writer that itself waits, and comes first. */
    NEXT_WRITER
  }

  /** For whom that one waits; null if it does not. Any thread may ask. */
  @Nullable Ahead ahead(Waiter waiter) {
    int s = state;
    if ((s & WRITER) == 0) {
      return null;
    }
    if ((s & HELD) != 0) {
      return Ahead.WRITER;
    }
    lock.lock();
    try {
      Place writer = pending;
      return writer != null && writer.waiter == waiter ? Ahead.READER : Ahead.NEXT_WRITER;
    } finally {
      lock.unlock();
    }
  }

  /**
   * A thread which that kind of wait is for, by its identifier; 0 if none is known. Any thread may
   * ask.
   */
  long thread(Ahead ahead) {
    return switch (ahead) {
      case READER -> (state & READERS) == 0 ? 0 : reader;
      case WRITER, NEXT_WRITER -> writers.locker();
    };
  }

  /** As {@code RWMutex(2 readers, writer waiting, 3 waiting)}, for people. */
  @Override
  public String toString() {
    lock.lock();
    try {
      int s = state;
      String writer =
          (s & HELD) != 0
              ? "writer"
              : (s & READERS) + " readers" + ((s & WRITER) != 0 ? ", writer waiting" : "");
      return "RWMutex("
          + writer
          + (readers.isEmpty() ? "" : ", " + readers.size() + " waiting to read")
          + ")";
    } finally {
      lock.unlock();
    }
  }
}
