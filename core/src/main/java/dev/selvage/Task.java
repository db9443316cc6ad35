package dev.selvage;

import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * What a child of a {@link Scope} was forked to find out. It holds the outcome and nothing else:
 * who keeps a task keeps neither the scope nor a goroutine.
 *
 * <p>The outcome may be asked once the scope has been joined after the fork, or closed; in a {@code
 * component} scope once the child has ended. What the child did happens before what is done with
 * its outcome. Thread-safe; nothing here blocks.
 *
 * @param <T> the type of the value, which may be null
 */
public final class Task<T extends @Nullable Object> {
  private sealed interface Outcome<T extends @Nullable Object> {}

  private record Success<T extends @Nullable Object>(T value) implements Outcome<T> {}

  private record Failure<T extends @Nullable Object>(Throwable exception) implements Outcome<T> {}

  private record Canceled<T extends @Nullable Object>(Throwable cause, @Nullable Throwable thrown)
      implements Outcome<T> {}

  /** How many forks of a scope were followed by a join. */
  static final class Joins {
    private final boolean needed;
    private volatile long reached;

    Joins(boolean needed) {
      this.needed = needed;
    }

    /** Called under the lock of the scope. */
    void reached(long fork) {
      reached = fork;
    }
  }

  private final Joins joins;
  private final long number;
  private volatile @Nullable Outcome<T> outcome;

  Task(Joins joins, long number) {
    this.joins = joins;
    this.number = number;
  }

  void succeeded(T value) {
    outcome = new Success<>(value);
  }

  void failed(Throwable exception) {
    outcome = new Failure<>(exception);
  }

  void cancelled(Throwable cause, @Nullable Throwable thrown) {
    outcome = new Canceled<>(cause, thrown);
  }

  /**
   * What has become of it; may be asked at any time. {@code CANCELLED} means that its scope was
   * cancelled: it was not started any more, or it ended with an {@code InterruptedException} or a
   * {@code CancellationException} because of that.
   */
  public Future.State state() {
    return switch (outcome) {
      case null -> Future.State.RUNNING;
      case Success<T> s -> Future.State.SUCCESS;
      case Failure<T> f -> Future.State.FAILED;
      case Canceled<T> c -> Future.State.CANCELLED;
    };
  }

  /**
   * The value.
   *
   * @throws TaskFailedException when it failed; the cause is what it threw
   * @throws ScopeCanceledException when it was cancelled; the cause is why the scope was
   * @throws IllegalStateException when it may not be asked yet
   */
  public T get() {
    return switch (outcome("get")) {
      case Success<T>(T value) -> value;
      case Failure<T>(Throwable exception) -> throw new TaskFailedException(exception);
      case Canceled<T>(Throwable cause, Throwable thrown) -> {
        ScopeCanceledException exception = new ScopeCanceledException(cause);
        if (thrown != null && thrown != cause) {
          exception.addSuppressed(thrown);
        }
        throw exception;
      }
    };
  }

  /**
   * What it threw, or why it was not started; null when it has a value.
   *
   * @throws IllegalStateException when it may not be asked yet
   */
  public @Nullable Throwable exception() {
    return switch (outcome("exception")) {
      case Success<T> s -> null;
      case Failure<T>(Throwable exception) -> exception;
      case Canceled<T>(Throwable cause, Throwable thrown) -> thrown == null ? cause : thrown;
    };
  }

  private Outcome<T> outcome(String operation) {
    if (joins.needed && joins.reached < number) {
      throw new IllegalStateException(operation + ": join the scope before asking its tasks");
    }
    Outcome<T> o = outcome;
    if (o == null) {
      throw new IllegalStateException(operation + ": the task is still running");
    }
    return o;
  }

  /** As {@code task(SUCCESS)}, for people. */
  @Override
  public String toString() {
    return "task(" + state() + ")";
  }
}
