package dev.selvage.sync;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.TaskFailedException;
import dev.selvage.internal.Alarms;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.SpinLock;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Goroutines that work on one thing, the first failure among them, and a limit on how many run at a
 * time: Go's {@code golang.org/x/sync/errgroup}.
 *
 * <pre>{@code
 * var group = ErrorGroup.withContext(ctx);
 * group.setLimit(8);
 * for (var page : pages) group.go(() -> fetch(group.context(), page));
 * group.await();
 * }</pre>
 *
 * <p>A failure stops nobody who does not look at the group's {@link #context}, and a block that
 * started a group can be left before its goroutines have ended. Where that must not be, use a
 * {@link dev.selvage.Scope}: it is left only when all have ended, it interrupts them when one
 * fails, and its tasks have values. The group is the better choice when a limit is wanted, or when
 * goroutines are added by threads that have nothing to do with who waits.
 *
 * <p>Thread-safe; only {@link #go} under a limit and {@code await} block. What a thread did before
 * it called {@code go} happens before what the goroutine does, and that happens before {@code
 * await} returns or throws. A group is for one piece of work: its first failure stays.
 */
public final class ErrorGroup {
  /*
   * Invariants
   *  1. active, under the lock, counts who is in go() or tryGo(), and what they started and has not
   *     ended. So the limit cannot change under anybody: who is counted keeps to the slots that it
   *     found when it was.
   *  2. There is one value in slots for each goroutine that runs under that limit. It is sent before
   *     the goroutine is started and taken out by the goroutine at its end.
   *  3. A failure is recorded, and the context cancelled, before the goroutine is counted down.
   */
  private static final Boolean TAKEN = true;

  private final @Nullable CancellableContext context;
  private final WaitGroup running = new WaitGroup();

  private final SpinLock lock = new SpinLock();
  // Guarded by lock.
  private int active;
  private @Nullable Channel<Boolean> slots;
  private @Nullable Throwable first;
  private final List<Throwable> others = new ArrayList<>(0);

  /** Creates a group in which a failure cancels nothing. */
  public ErrorGroup() {
    this(null);
  }

  private ErrorGroup(@Nullable CancellableContext context) {
    this.context = context;
  }

  /**
   * Creates a group with a context of its own, derived from another, which is cancelled by the
   * first failure, with that as its cause, or when {@code await} has seen all end. In the group's
   * goroutines it is {@link Context#current()}.
   */
  public static ErrorGroup withContext(Context parent) {
    return new ErrorGroup(
        Objects.requireNonNull(parent, "cannot create a group from nil context").withCancel());
  }

  /** The context of the group, for its goroutines; the background if it was made without. */
  public Context context() {
    return context == null ? Context.background() : context.view();
  }

  /**
   * Limits how many goroutines of the group run at a time. Under a limit of 0 none can be started.
   *
   * @param limit how many; negative for no limit, as at first
   * @throws IllegalStateException when goroutines of the group have not ended, or are to be started
   */
  public void setLimit(int limit) {
    Channel<Boolean> made = limit < 0 ? null : Channel.buffered(limit);
    int busy;
    lock.lock();
    try {
      busy = active;
      if (busy == 0) {
        slots = made;
      }
    } finally {
      lock.unlock();
    }
    if (busy != 0) {
      throw new IllegalStateException(
          "errgroup: modify limit while " + busy + " goroutines in the group are still active");
    }
  }

  // --------------- Starting ---------------

  /**
   * Runs a task in a goroutine of its own; blocks while as many run as the limit allows. A task of
   * the group that starts another may so wait for itself.
   *
   * @throws InterruptedException when interrupted before; nothing is started then
   * @throws WaitGroupMisuseException when it is the first, or all others have ended, and somebody
   *     has not returned from waiting; nothing is started then
   */
  public void go(Go.Action task) throws InterruptedException {
    Objects.requireNonNull(task, "task");
    Interrupts.check();
    Channel<Boolean> limit = enter();
    boolean started = false;
    try {
      if (limit != null) {
        limit.send(TAKEN);
      }
      start(task, limit);
      started = true;
    } finally {
      if (!started) {
        leave();
      }
    }
  }

  /**
   * Runs a task in a goroutine of its own if the limit allows that now. Does not block, and does
   * not look at interrupts.
   *
   * @return whether it is run
   * @throws WaitGroupMisuseException as {@link #go} does
   */
  public boolean tryGo(Go.Action task) {
    Objects.requireNonNull(task, "task");
    Channel<Boolean> limit = enter();
    boolean started = false;
    try {
      if (limit == null || limit.trySend(TAKEN)) {
        start(task, limit);
        started = true;
      }
    } finally {
      if (!started) {
        leave();
      }
    }
    return started;
  }

  private @Nullable Channel<Boolean> enter() {
    lock.lock();
    try {
      active++;
      return slots;
    } finally {
      lock.unlock();
    }
  }

  private void leave() {
    lock.lock();
    active--;
    lock.unlock();
  }

  /** Starts it in a slot that is taken; gives the slot back if that fails. */
  private void start(Go.Action task, @Nullable Channel<Boolean> limit) {
    boolean started = false;
    try {
      if (context == null) {
        running.go(() -> run(task, limit));
      } else {
        Go.withContext(context.view(), () -> running.go(() -> run(task, limit)));
      }
      started = true;
    } finally {
      if (!started) {
        giveBack(limit);
      }
    }
  }

  private void run(Go.Action task, @Nullable Channel<Boolean> limit) {
    try {
      task.run();
    } catch (Throwable e) {
      failed(e);
    } finally {
      giveBack(limit);
      leave();
    }
  }

  private static void giveBack(@Nullable Channel<Boolean> limit) {
    if (limit != null && limit.tryReceive().isEmpty()) {
      throw new AssertionError("a slot was given back that nobody had");
    }
  }

  private void failed(Throwable e) {
    boolean consequence =
        context != null
            && context.isDone()
            && (e instanceof CancellationException || e instanceof InterruptedException);
    boolean cancels = false;
    lock.lock();
    try {
      if (first == null) {
        first = e;
        cancels = true;
      } else if (!consequence && e != first) {
        others.add(e);
      }
    } finally {
      lock.unlock();
    }
    if (cancels && context != null) {
      context.cancel(e);
    }
  }

  // --------------- Waiting ---------------

  /**
   * Blocks until every goroutine of the group has ended.
   *
   * @throws TaskFailedException when one failed: the cause is what the first threw, suppressed is
   *     what others threw that was not the consequence of a cancelled context
   * @throws InterruptedException when interrupted before; no goroutine notices, and the context is
   *     not cancelled by that
   */
  public void await() throws InterruptedException {
    running.await(Place.FOREVER, WaitReason.ERROR_GROUP_WAIT, this);
    end();
  }

  /**
   * Blocks until every goroutine of the group has ended, for a limited time.
   *
   * @return false when the time was over before; no goroutine notices
   * @throws TaskFailedException as {@link #await()} does
   * @throws InterruptedException as {@link #await()} does
   */
  public boolean await(Duration timeout) throws InterruptedException {
    if (!running.await(Alarms.nanos(timeout), WaitReason.ERROR_GROUP_WAIT, this)) {
      return false;
    }
    end();
    return true;
  }

  private void end() {
    if (context != null) {
      context.cancel();
    }
    Throwable failure;
    List<Throwable> suppressed;
    lock.lock();
    try {
      failure = first;
      suppressed = List.copyOf(others);
    } finally {
      lock.unlock();
    }
    if (failure != null) {
      TaskFailedException exception = new TaskFailedException(failure);
      suppressed.forEach(exception::addSuppressed);
      throw exception;
    }
  }

  /** What its goroutines are marked with; see {@link WaitGroup#mark}. */
  Object mark() {
    return running.mark();
  }

  /** As {@code ErrorGroup(3 active, limit 8, failed)}, for people. */
  @Override
  public String toString() {
    lock.lock();
    try {
      Channel<Boolean> limit = slots;
      return "ErrorGroup("
          + active
          + " active"
          + (limit == null ? "" : ", limit " + limit.cap())
          + (first == null ? ")" : ", failed)");
    } finally {
      lock.unlock();
    }
  }
}
