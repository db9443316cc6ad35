package dev.selvage.internal;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A time that stands still until somebody moves it. It governs what runs in {@link #call} and the
 * goroutines started from there, and theirs. {@code dev.selvage.time.ManualClock} is what users see
 * of it.
 */
public final class ManualClockwork extends Clockwork {
  /*
   * Who moves the time must know that nothing is going on that happens before it moves. So the
   * goroutines are listed, weakly: one that nobody can wake is garbage as ever, and is then as quiet
   * as can be.
   *
   * Quiet is who waits in an operation of Selvage, was not interrupted, and whose wait nobody has
   * ended. It stays so until another goroutine does something, or the time moves. All are quiet at
   * once if two looks at all of them find each in the same wait both times: between the looks all
   * were. A waiter that is used again counts its waits, so that the same wait can be told from the
   * next.
   */
  private static final ScopedValue<@Nullable Governed> CURRENT = ScopedValue.newInstance();

  private static final Set<WeakReference<ManualClockwork>> ALL = ConcurrentHashMap.newKeySet();

  private final Instant start;
  private final Object face;
  private volatile long now;

  /** How long others may take to become quiet, in real time, before that is an error. */
  private volatile Duration patience = Duration.ofSeconds(10);

  /** Held by who moves the time or waits for quiet. */
  private final ReentrantLock mover = new ReentrantLock();

  private final Set<Listed> goroutines = ConcurrentHashMap.newKeySet();
  private final ReferenceQueue<Governed> gone = new ReferenceQueue<>();

  /**
   * Creates one.
   *
   * @param start the point of the calendar at which its scale begins
   * @param face what {@link #face} returns
   */
  public ManualClockwork(Instant start, Object face) {
    this.start = start;
    this.face = face;
    ALL.removeIf(other -> other.refersTo(null));
    ALL.add(new WeakReference<>(this));
  }

  // --------------- Who is governed ---------------

  /** A thread that is governed by a clockwork. */
  public static final class Governed {
    private final ManualClockwork clockwork;
    private final Listed listed;
    private volatile @Nullable Thread thread; // null until it runs

    private Governed(ManualClockwork clockwork) {
      this.clockwork = clockwork;
      this.listed = new Listed(this, clockwork.gone);
    }

    /** Runs a goroutine's task, in its thread. */
    public void run(ScopedValue.CallableOp<?, Throwable> task) throws Throwable {
      thread = Thread.currentThread();
      try {
        ScopedValue.where(CURRENT, this).call(task);
      } finally {
        clockwork.goroutines.remove(listed);
      }
    }
  }

  private static final class Listed extends WeakReference<Governed> {
    Listed(Governed governed, ReferenceQueue<Governed> gone) {
      super(governed, gone);
    }
  }

  /** Runs something in the current thread, governed by this. */
  public <R extends @Nullable Object, X extends Throwable> R call(
      ScopedValue.CallableOp<? extends R, X> body) throws X {
    replace();
    return ScopedValue.where(CURRENT, new Governed(this)).<R, X>call(body);
  }

  /** Runs something in the current thread, governed by the system's time. */
  public static <R extends @Nullable Object, X extends Throwable> R callWithSystemTime(
      ScopedValue.CallableOp<? extends R, X> body) throws X {
    return ScopedValue.where(CURRENT, null).<R, X>call(body);
  }

  static @Nullable ManualClockwork bound() {
    Governed governed = CURRENT.isBound() ? CURRENT.get() : null;
    return governed == null ? null : governed.clockwork;
  }

  /** Lists a goroutine that the current thread starts. */
  Governed adopt() {
    for (Reference<? extends Governed> ended; (ended = gone.poll()) != null; ) {
      goroutines.remove(ended);
    }
    Governed governed = new Governed(this);
    goroutines.add(governed.listed);
    return governed;
  }

  // --------------- Time ---------------

  @Override
  public long now() {
    return now;
  }

  @Override
  public Instant instant() {
    return instant(now);
  }

  private Instant instant(long time) {
    return start.plusNanos(time);
  }

  @Override
  public Object face() {
    return face;
  }

  @Override
  void wake() {
    // Nobody waits: alarms ring when the time is moved.
  }

  /** The time of the earliest alarm; null if there is none. */
  public @Nullable Instant next() {
    long next = earliest();
    return next == Alarms.NEVER ? null : instant(Math.max(next, now));
  }

  /** Whether any of them has an alarm that is to ring when its time is moved. */
  static boolean isAnyAlarmPending() {
    for (WeakReference<ManualClockwork> reference : ALL) {
      ManualClockwork clockwork = reference.get();
      if (clockwork != null && clockwork.earliest() != Alarms.NEVER) {
        return true;
      }
    }
    return false;
  }

  private long earliest() {
    lock.lock();
    try {
      return wheel.earliest();
    } finally {
      lock.unlock();
    }
  }

  /** Sets how long others may take to become quiet. */
  public void setPatience(Duration patience) {
    this.patience = patience;
  }

  // --------------- Moving it ---------------

  /** Moves the time on by a span, from alarm to alarm; before each step all are quiet. */
  public void advance(long nanos) throws InterruptedException {
    move(
        () -> {
          // The last time of all is never reached, as nothing could come after it.
          long target = Math.min(Alarms.after(nanos), Alarms.NEVER - 1);
          while (step(target)) {
            awaitQuiet();
          }
          now = target;
          return true;
        });
  }

  /**
   * Moves the time on to the earliest alarm.
   *
   * @return false when there is none
   */
  public boolean advanceToNext() throws InterruptedException {
    return move(() -> step(Alarms.NEVER - 1));
  }

  /** Returns when all goroutines are quiet. */
  public void settle() throws InterruptedException {
    move(() -> true);
  }

  private boolean move(ScopedValue.CallableOp<Boolean, InterruptedException> how)
      throws InterruptedException {
    if (!mover.tryLock()) {
      throw new IllegalStateException(
          "another thread moves this clock just now: let one thread of the test do that");
    }
    try {
      awaitQuiet();
      boolean moved = call(how);
      awaitQuiet();
      return moved;
    } finally {
      mover.unlock();
    }
  }

  private boolean step(long target) {
    long next = earliest();
    if (next > target) {
      return false;
    }
    now = Math.max(now, next);
    boolean more = true;
    while (more) {
      more = ringDue();
    }
    return true;
  }

  // --------------- Quiet ---------------

  private record Wait(Waiter waiter, int number) {}

  private void awaitQuiet() throws InterruptedException {
    Duration limit = patience;
    long end = System.nanoTime() + Alarms.nanos(limit);
    List<Wait> before = null;
    int looks = 0;
    try {
      while (true) {
        List<Wait> now = new ArrayList<>();
        Governed busy = look(now);
        if (busy == null && now.equals(before)) {
          return;
        }
        before = busy == null ? now : null;
        Interrupts.check();
        if (System.nanoTime() - end > 0) {
          throw restless(busy, limit);
        }
        if (busy != null) {
          Backoff.pause(looks++);
        }
      }
    } finally {
      Backoff.end(looks);
    }
  }

  private static IllegalStateException restless(@Nullable Governed busy, Duration limit) {
    Thread thread = busy == null ? null : busy.thread;
    String which = thread == null ? "a goroutine" : "goroutine " + name(thread);
    String what =
        thread == null || thread.getState() == Thread.State.RUNNABLE
            ? " still runs"
            : " waits (" + thread.getState() + ") for something that this clock does not know";
    IllegalStateException e =
        new IllegalStateException(
            which
                + what
                + " after "
                + limit.toMillis()
                + " ms of real time, so the time of a manual clock cannot move: what it governs"
                + " must end, or wait in operations of Selvage (the cause shows where it is)");
    if (thread != null) {
      Throwable where = new Throwable("where " + which + " is");
      where.setStackTrace(thread.getStackTrace());
      e.initCause(where);
    }
    return e;
  }

  private static String name(Thread thread) {
    return "#" + thread.threadId() + (thread.getName().isEmpty() ? "" : " " + thread.getName());
  }

  /** Looks at all goroutines until one is found that is not quiet. */
  private @Nullable Governed look(List<Wait> waits) {
    for (Listed listed : goroutines) {
      Governed governed = listed.get();
      Thread thread = governed == null ? null : governed.thread;
      if (governed == null || thread == Thread.currentThread()) {
        continue;
      }
      Wait wait = thread == null ? null : quietIn(thread);
      if (wait == null) {
        return governed;
      }
      waits.add(wait);
    }
    return null;
  }

  private static @Nullable Wait quietIn(Thread thread) {
    if (!(LockSupport.getBlocker(thread) instanceof Waiter waiter)) {
      return null;
    }
    Wait wait = new Wait(waiter, waiter.number());
    boolean quiet =
        thread.getState() == Thread.State.WAITING
            && !thread.isInterrupted()
            && waiter.isWaiting()
            && waiter.number() == wait.number;
    return quiet ? wait : null;
  }
}
