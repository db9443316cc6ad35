package dev.selvage.sync;

import dev.selvage.internal.Interrupts;
import dev.selvage.observe.WaitReason;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Does something once, however many ask for it, and at the same time. Who comes while it is being
 * done waits until it is done; who comes later goes on at once.
 *
 * <pre>{@code
 * private final Once opened = new Once();
 * void use() throws InterruptedException {
 *   opened.run(this::open);
 *   …
 * }
 * }</pre>
 *
 * <p>An action that throws counts as done, as in Go: its exception goes to the one caller that ran
 * it, and nobody runs it again. Where later callers must hear of it there are {@link #func} and
 * {@link #value}. What was cancelled did not happen, here as everywhere: after an {@link
 * InterruptedException} or a {@link CancellationException} the next caller runs its action. An
 * action that must not be begun twice goes into {@code Go.uninterruptibly}.
 *
 * <p>An action that calls {@link #run} of its own {@code Once} waits for itself, for ever.
 *
 * <p>Thread-safe; only {@link #run} blocks. What the action did happens before every call of {@code
 * run} returns.
 */
public final class Once {
  /*
   * Go's design (sync/once.go): a mutex around the action, and a flag that saves taking it. The
   * flag is written last, so who finds it set also finds what the action did.
   */
  private final Mutex mutex = new Mutex(WaitReason.MUTEX_LOCK, this);
  private volatile boolean done;

  /** Creates one that has done nothing yet. */
  public Once() {}

  /** Something to be done once, which yields nothing. */
  @FunctionalInterface
  public interface Action<X extends Exception> {
    /** Does it. */
    void run() throws InterruptedException, X;
  }

  /** Something to be found out once. */
  @FunctionalInterface
  public interface Body<T extends @Nullable Object, X extends Exception> {
    /** Finds it out. */
    T run() throws InterruptedException, X;
  }

  /**
   * Runs an action if none was run before; blocks while another thread runs one (Go's {@code Do}).
   *
   * @throws X what the action throws; it counts as done then
   * @throws InterruptedException when interrupted before, while waiting, or in the action; that
   *     does not count as done
   */
  public <X extends Exception> void run(Action<? extends X> action) throws X, InterruptedException {
    Objects.requireNonNull(action, "action");
    Interrupts.check();
    if (done) {
      return;
    }
    mutex.lock();
    try {
      if (!done) {
        runFirst(action);
      }
    } finally {
      mutex.unlock();
    }
  }

  private <X extends Exception> void runFirst(Action<? extends X> action)
      throws X, InterruptedException {
    boolean over = true;
    try {
      action.run();
    } catch (InterruptedException | CancellationException e) {
      over = false;
      throw e;
    } finally {
      done = over;
    }
  }

  /**
   * Makes an action into one that runs once, when it is first called (Go's {@code OnceFunc}). If it
   * throws, every call throws that.
   */
  public static <X extends Exception> OnceFunc<X> func(Action<? extends X> action) {
    Objects.requireNonNull(action, "action");
    return new OnceFunc<>(
        Once.<@Nullable Void, X>value(
            () -> {
              action.run();
              return null;
            }));
  }

  /**
   * Makes a value that is found out once, when it is first asked for (Go's {@code OnceValue}). If
   * that throws, every call throws it. For Go's {@code OnceValues} let the value be a record; the
   * second one is an error there most times, which is an exception here.
   */
  public static <T extends @Nullable Object, X extends Exception> OnceValue<T, X> value(
      Body<? extends T, ? extends X> body) {
    return new OnceValue<>(Objects.requireNonNull(body, "body"));
  }

  /** The thread that runs the action now, by its identifier; 0 if none is known. */
  long runner() {
    return mutex.locker();
  }

  /** As {@code Once(done)} or {@code Once(not done)}, for people. */
  @Override
  public String toString() {
    return done ? "Once(done)" : "Once(not done)";
  }
}
