package dev.selvage;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.Obstacles;
import dev.selvage.internal.Roster;
import dev.selvage.internal.SpinLock;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Goroutines that belong together, and a block that is not left before all of them have ended:
 *
 * <pre>{@code
 * try (var scope = Scope.open(ctx)) {
 *   var price = scope.fork(() -> quote(scope.context()));
 *   var stock = scope.fork(() -> stock(scope.context()));
 *   scope.join();
 *   return combine(price.get(), stock.get());
 * }
 * }</pre>
 *
 * <p>There are three kinds:
 *
 * <ul>
 *   <li>{@link #open}: the first child that fails cancels the others, and {@link #join} throws what
 *       it threw.
 *   <li>{@link #collecting}: each child ends by itself; every {@link Task} knows what became of it.
 *   <li>{@link #component}: belongs to an object instead of a block: opened in its constructor,
 *       closed with it, by whatever thread. Any thread may fork. A child that fails does so like
 *       any goroutine, and leaves the others alone.
 * </ul>
 *
 * <p><b>Cancelling</b> a scope cancels its {@link #context} and interrupts each open child, once.
 * That happens when a child of an {@code open} scope fails, when the context it was opened with is
 * done, when its time is over, by {@link #cancel()} and by {@link #close()}. A child is not stopped
 * by force: it ends when it notices, its {@code finally} blocks run, and where those must send or
 * lock once more there is {@link Go#uninterruptibly}. A scope that is cancelled starts nothing: the
 * task of a later fork is cancelled from the start.
 *
 * <p><b>Threads.</b> A scope that belongs to a block has an owner, the thread that opened it: only
 * that may join and close. The owner and the children may fork, and the children of a scope that a
 * child opened. Cancelling is for everybody. Each mistake is thrown where it is made.
 *
 * <p>Only {@link #join} and {@link #close} block. What a thread did before it forked happens before
 * what the child does, and that happens before what the owner does after its join.
 *
 * <p>A child has what any goroutine has from who starts it ({@link Goroutine}), but its {@link
 * Context#current()} is the scope's context. It has no {@link ScopedValue} bindings of the owner.
 */
public final class Scope implements AutoCloseable {
  /*
   * Who refers to whom
   *
   *   owner's stack ──> Scope ──> Child (open) ──> its thread
   *                      │ ^  <────┘   └──> Task <── user
   *                      v │
   *   context's Cancellation <── parent's Cancellation, alarm queue (deadline)
   *
   * So whoever can reach the scope, or can cancel a context it depends on, can reach the children
   * and wake them: a blocked child is no leak then. When nobody can, scope, children and an owner
   * that waits for them are garbage together. Nothing leads from a task, or from a child that has
   * ended, to the scope.
   *
   * Invariants
   *  1. open counts the children that were counted in by begin() and have not gone through end().
   *     Who waits, waits only while open > 0, and is taken out by whoever brings it to zero.
   *  2. A child is in children before the outcome of the context is looked at, and cancelling sets
   *     that outcome before it walks over children: one of the two interrupts it.
   *  3. A task has its outcome, and a failure is recorded, before the child is counted out.
   *  4. first is the failure that cancelled the scope. All others came after a cancellation.
   */

  private enum Kind {
    FAIL_FAST,
    COLLECTING,
    COMPONENT
  }

  private static final long NOBODY = -1;

  static {
    // Not owned, as a scope that is cancelled interrupts its children. The lock is a mark that
    // leads nowhere.
    Obstacles.add(
        (object, _) ->
            object instanceof Scope scope
                ? Obstacles.Obstacle.group(scope.lock, scope, "whose child is", false)
                : null);
  }

  // --------------- Immutable ---------------

  private final Kind kind;
  private final CancellableContext context;
  private final long owner;

  /**
   * The child that opened it. Weak: a scope that somebody keeps must not keep the one around it.
   */
  private final @Nullable WeakReference<Child<?>> opener;

  /** How far the joins have got; shared with the tasks. */
  private final Task.Joins joins;

  // --------------- State ---------------

  private final Set<Child<?>> children = ConcurrentHashMap.newKeySet();
  private final SpinLock lock = new SpinLock();

  // Guarded by lock.
  private int open;
  private long forked;
  private boolean closed;
  private boolean incomplete;
  private boolean told;
  private @Nullable Throwable first;
  private final List<Throwable> others = new ArrayList<>(0);
  private final List<Waiter> waiters = new ArrayList<>(1);

  private Scope(Kind kind, CancellableContext context) {
    this.kind = kind;
    this.context = context;
    boolean component = kind == Kind.COMPONENT;
    this.owner = component ? NOBODY : Thread.currentThread().threadId();
    Child<?> child = component ? null : currentChild();
    this.opener = child == null ? null : new WeakReference<>(child);
    this.joins = new Task.Joins(!component);
  }

  private static Scope open(Kind kind, CancellableContext context) {
    Scope scope = new Scope(kind, context);
    context.cancellation().add(new Cancel(scope));
    return scope;
  }

  /** Interrupts the children when the scope's context is cancelled, in whatever way. */
  private record Cancel(Scope scope) implements Dependent {
    @Override
    public void cancelled(Cancellation.Ending ending) {
      if (Alarms.onTimerThread()) {
        // An interrupt may close a channel of NIO, and that can block: not here.
        Go.go(scope::interruptAll);
      } else {
        scope.interruptAll();
      }
    }
  }

  // --------------- Opening ---------------

  /**
   * Opens a scope whose first failure cancels the rest, for the current thread.
   *
   * @param parent cancels the scope when it is done
   */
  public static Scope open(Context parent) {
    return open(Kind.FAIL_FAST, notNull(parent).withCancel());
  }

  /** The same for a limited time, after which it is cancelled. */
  public static Scope open(Context parent, Duration timeout) {
    return open(Kind.FAIL_FAST, notNull(parent).withTimeout(timeout));
  }

  /**
   * Opens a scope that lets every child end by itself, for the current thread.
   *
   * @param parent cancels the scope when it is done
   */
  public static Scope collecting(Context parent) {
    return open(Kind.COLLECTING, notNull(parent).withCancel());
  }

  /** The same for a limited time, after which it is cancelled. */
  public static Scope collecting(Context parent, Duration timeout) {
    return open(Kind.COLLECTING, notNull(parent).withTimeout(timeout));
  }

  /**
   * Opens a scope that belongs to a component, not to a thread. Whoever closes the component closes
   * it. A component that is dropped without that drops its blocked children with it.
   *
   * @param parent cancels the scope when it is done
   */
  public static Scope component(Context parent) {
    return open(Kind.COMPONENT, notNull(parent).withCancel());
  }

  private static Context notNull(Context parent) {
    return Objects.requireNonNull(parent, "cannot create a scope from nil context");
  }

  /**
   * The context of the scope, for the children: done when the scope is cancelled, with the first
   * failure as its cause if that was why. It cannot be used to cancel.
   */
  public Context context() {
    return context.view();
  }

  // --------------- Forking ---------------

  /** What a child does to yield a value, which may be null. May throw anything. */
  @FunctionalInterface
  public interface Body<T extends @Nullable Object> {
    /** Does it. */
    T run() throws Throwable;
  }

  /**
   * Runs something in a goroutine of its own that belongs to this scope.
   *
   * @return the task, with the outcome in it once the scope is joined
   * @throws WrongThreadException when the scope has an owner, and the current thread is neither
   *     that nor a child
   * @throws IllegalStateException when the scope is closed
   */
  public <T extends @Nullable Object> Task<T> fork(Body<? extends T> body) {
    return start(null, Objects.requireNonNull(body, "body"));
  }

  /** The same with a name for the thread. */
  public <T extends @Nullable Object> Task<T> fork(String name, Body<? extends T> body) {
    return start(Objects.requireNonNull(name, "name"), Objects.requireNonNull(body, "body"));
  }

  /**
   * Runs something that yields nothing, like {@link #fork(Body)}. In a {@code component} scope its
   * failure goes where that of any goroutine goes; in a {@code collecting} one to {@link
   * #failures()}.
   */
  public void go(Go.Action action) {
    startAction(null, Objects.requireNonNull(action, "action"));
  }

  /** The same with a name for the thread. */
  public void go(String name, Go.Action action) {
    startAction(Objects.requireNonNull(name, "name"), Objects.requireNonNull(action, "action"));
  }

  private void startAction(@Nullable String name, Go.Action action) {
    this.<@Nullable Void>start(
        name,
        () -> {
          try {
            action.run();
          } catch (Throwable e) {
            if (kind != Kind.COMPONENT || isConsequence(e)) {
              throw e;
            }
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
          }
          return null;
        });
  }

  private <T extends @Nullable Object> Task<T> start(
      @Nullable String name, Body<? extends T> body) {
    boolean member = isMember();
    if (!member && owner != NOBODY) {
      throw new WrongThreadException(
          "fork: only the thread that opened the scope and its children may; use"
              + " Scope.component for a scope that every thread may fork in");
    }
    Task<T> task;
    lock.lock();
    try {
      if (closed && !(member && open > 0)) {
        throw new IllegalStateException("fork: the scope is closed");
      }
      task = new Task<>(joins, ++forked);
      Cancellation.Ending ending = context.ending();
      if (ending != null) {
        incomplete = true;
        task.cancelled(ending.cause(), ending.error());
        return task;
      }
      open++;
    } finally {
      lock.unlock();
    }
    Child<T> child = new Child<>(this, task, body);
    boolean started = false;
    try {
      children.add(child);
      if (context.ending() != null) {
        child.interruptOnce();
      }
      Routine.start(name, context, child);
      started = true;
    } finally {
      if (!started) {
        end(child, false); // nobody has the task
      }
    }
    return task;
  }

  /** Whether the current thread is the owner, a child, or below a child. */
  private boolean isMember() {
    if (Thread.currentThread().threadId() == owner) {
      return true;
    }
    for (Child<?> child = currentChild(); child != null; ) {
      Scope scope = child.scope;
      if (scope == this) {
        return true;
      }
      child = scope.opener == null ? null : scope.opener.get();
    }
    return false;
  }

  private static @Nullable Child<?> currentChild() {
    return Interrupts.current() instanceof Child<?> child ? child : null;
  }

  // --------------- Children ---------------

  private static final class Child<T extends @Nullable Object> extends Interrupts.Mask
      implements Go.Action {
    final Scope scope;
    private final Task<T> task;
    private final Body<? extends T> body;
    private boolean interrupted; // guarded by scope.lock

    Child(Scope scope, Task<T> task, Body<? extends T> body) {
      this.scope = scope;
      this.task = task;
      this.body = body;
    }

    @Override
    public void run() {
      boolean complete = false;
      Roster.setCountedBy(scope.lock);
      try {
        // As long as its mask is on, the thread is known as this child.
        task.succeeded(this.<T, Throwable>run(body::run));
        complete = true;
      } catch (Throwable e) {
        scope.failed(task, e);
      } finally {
        Roster.setCountedBy(null);
        scope.end(this, !complete);
      }
    }

    void interruptOnce() {
      scope.lock.lock();
      boolean now = !interrupted;
      interrupted = true;
      scope.lock.unlock();
      if (now) {
        interrupt();
      }
    }
  }

  /** Whether a child threw this because the scope was cancelled. */
  private boolean isConsequence(Throwable e) {
    return context.isDone()
        && (e instanceof InterruptedException || e instanceof CancellationException);
  }

  private void failed(Task<?> task, Throwable e) {
    boolean cancels = kind == Kind.FAIL_FAST && context.cancellation().cancel(e);
    if (!cancels && isConsequence(e)) {
      task.cancelled(Objects.requireNonNull(context.cause(), "a done context has a cause"), e);
      return;
    }
    task.failed(e);
    if (kind == Kind.COMPONENT) {
      return; // it may run for years: the task alone knows
    }
    lock.lock();
    try {
      if (cancels) {
        first = e;
      } else {
        others.add(e);
      }
    } finally {
      lock.unlock();
    }
  }

  private void end(Child<?> child, boolean incomplete) {
    children.remove(child);
    List<Waiter> released = List.of();
    lock.lock();
    try {
      this.incomplete |= incomplete;
      open--;
      if (open == 0 && !waiters.isEmpty()) {
        released = new ArrayList<>(waiters.size());
        for (Waiter waiter : waiters) {
          if (waiter.claim()) {
            released.add(waiter);
          }
        }
        waiters.clear();
      }
    } finally {
      lock.unlock();
    }
    for (Waiter waiter : released) {
      waiter.finish(this);
    }
  }

  // --------------- Cancelling ---------------

  /**
   * Cancels the scope: its context is done, and every open child is interrupted. Any thread may.
   * Has no effect if it is cancelled already. Does not wait.
   */
  public void cancel() {
    context.cancel();
  }

  /** Cancels like {@link #cancel()}, with a cause of your own. */
  public void cancel(Throwable cause) {
    context.cancel(cause);
  }

  private void interruptAll() {
    for (Child<?> child : children) {
      child.interruptOnce();
    }
  }

  // --------------- Joining ---------------

  /**
   * Blocks until every child has ended, also if the scope is cancelled. After that the owner may
   * ask the tasks, fork again and join again.
   *
   * @throws TaskFailedException when a child of an {@code open} scope failed: the cause is what the
   *     first threw, suppressed is what others threw afterwards
   * @throws ScopeCanceledException when an {@code open} scope was cancelled in another way, and so
   *     not every child has a value; the cause says why it was
   * @throws InterruptedException when interrupted before; no child notices
   * @throws WrongThreadException when the scope has an owner, and the current thread is another; or
   *     when it is a child of the scope, which would wait for itself
   * @throws IllegalStateException when the scope is closed
   */
  public void join() throws InterruptedException {
    checkNotAnothers("join");
    lock.lock();
    boolean over = closed;
    lock.unlock();
    if (over) {
      throw new IllegalStateException("join: the scope is closed");
    }
    await();
    if (kind != Kind.FAIL_FAST) {
      return;
    }
    RuntimeException failure = failure();
    if (failure != null) {
      throw failure;
    }
  }

  private @Nullable RuntimeException failure() {
    Throwable failure;
    List<Throwable> suppressed;
    lock.lock();
    try {
      if (!incomplete) {
        return null;
      }
      told = true;
      failure = first;
      suppressed = List.copyOf(others);
    } finally {
      lock.unlock();
    }
    RuntimeException exception =
        failure != null
            ? new TaskFailedException(failure)
            : new ScopeCanceledException(
                Objects.requireNonNull(context.cause(), "what is incomplete was cancelled"));
    for (Throwable e : suppressed) {
      exception.addSuppressed(e);
    }
    return exception;
  }

  /**
   * What the children threw so far, in the order in which they ended; without those that ended
   * because the scope was cancelled. Always empty for a {@code component} scope.
   */
  public List<Throwable> failures() {
    lock.lock();
    try {
      List<Throwable> failures = new ArrayList<>(others.size() + 1);
      if (first != null) {
        failures.add(first);
      }
      failures.addAll(others);
      return failures;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Cancels the scope, and blocks until every child has ended, also if the current thread is
   * interrupted; the interrupt flag is as before then, or set if an interrupt came. Has no effect
   * the second time, but to wait.
   *
   * @throws TaskFailedException when a child of an {@code open} scope failed and no {@link #join}
   *     has said so: no failure is lost
   * @throws WrongThreadException as {@link #join} does; nothing is closed then
   */
  @Override
  public void close() {
    checkNotAnothers("close");
    lock.lock();
    closed = true;
    lock.unlock();
    context.close();
    try {
      Interrupts.<@Nullable Void, InterruptedException>uninterruptibly(
          () -> {
            await();
            return null;
          });
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted in spite of the mask", e);
    }
    lock.lock();
    boolean untold = first != null && !told;
    lock.unlock();
    RuntimeException failure = untold ? failure() : null;
    if (failure != null) {
      throw failure;
    }
  }

  private void checkNotAnothers(String operation) {
    if (owner != NOBODY) {
      if (Thread.currentThread().threadId() != owner) {
        throw new WrongThreadException(
            operation + ": only the thread that opened the scope may; cancel() is for everybody");
      }
    } else if (isMember()) {
      throw new WrongThreadException(
          operation + ": a child of the scope would wait for itself; it may cancel() the scope");
    }
  }

  private void await() throws InterruptedException {
    Interrupts.check();
    Waiter self;
    lock.lock();
    try {
      if (open == 0) {
        joins.reached(forked);
        return;
      }
      self = new Waiter(WaitReason.SCOPE, this);
      waiters.add(self);
    } finally {
      lock.unlock();
    }
    boolean finished = self.await();
    lock.lock();
    try {
      if (!finished) {
        waiters.remove(self);
        throw new InterruptedException();
      }
      joins.reached(forked);
    } finally {
      lock.unlock();
    }
  }

  /** As {@code scope(3 open)}, for people. */
  @Override
  public String toString() {
    lock.lock();
    try {
      return "scope("
          + open
          + " open"
          + (context.isDone() ? ", cancelled" : "")
          + (closed ? ", closed)" : ")");
    } finally {
      lock.unlock();
    }
  }
}
