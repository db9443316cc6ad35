package dev.selvage.sync;

import dev.selvage.internal.Interrupts;
import dev.selvage.observe.WaitReason;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A value that is found out once, when it is first asked for: Go's {@code sync.OnceValue}. Made by
 * {@link Once#value}.
 *
 * <pre>{@code
 * private final OnceValue<Config, IOException> config = Once.value(() -> Config.read(path));
 * }</pre>
 *
 * <p>Thread-safe; {@link #get} blocks while another thread finds the value out. What that did
 * happens before every call returns, or throws what it threw. What it was found out with is let go
 * then.
 *
 * @param <T> the type of the value, which may be null
 * @param <X> what finding it out may throw
 */
public final class OnceValue<T extends @Nullable Object, X extends Exception> {
  private sealed interface Outcome<T extends @Nullable Object> {}

  private record Success<T extends @Nullable Object>(T value) implements Outcome<T> {}

  private record Failure<T extends @Nullable Object>(Throwable exception) implements Outcome<T> {}

  private final Mutex mutex = new Mutex(WaitReason.MUTEX_LOCK, this);
  // Guarded by mutex; null once there is an outcome.
  private Once.@Nullable Body<? extends T, ? extends X> body;
  // Written once, under mutex.
  private volatile @Nullable Outcome<T> outcome;

  OnceValue(Once.Body<? extends T, ? extends X> body) {
    this.body = body;
  }

  /**
   * The value; blocks while another thread finds it out. After an {@link InterruptedException} or a
   * {@link CancellationException}, which say that this was cancelled, the next call finds it out.
   *
   * @throws X what finding it out threw, whoever did: the same exception each time, with the stack
   *     of the first
   * @throws InterruptedException when interrupted before, while waiting, or while finding it out
   */
  public T get() throws X, InterruptedException {
    Interrupts.check();
    Outcome<T> o = outcome;
    if (o == null) {
      o = findOut();
    }
    return switch (o) {
      case Success<T>(T value) -> value;
      case Failure<T>(Throwable exception) -> throw OnceValue.<X>rethrow(exception);
    };
  }

  private Outcome<T> findOut() throws X, InterruptedException {
    mutex.lock();
    try {
      Outcome<T> o = outcome;
      if (o == null) {
        Once.Body<? extends T, ? extends X> todo = Objects.requireNonNull(body);
        try {
          o = new Success<>(todo.run());
        } catch (InterruptedException | CancellationException e) {
          throw e;
        } catch (Throwable e) {
          o = new Failure<>(e);
        }
        outcome = o;
        body = null;
      }
      return o;
    } finally {
      mutex.unlock();
    }
  }

  /** Throws it; declared to return something, so that it can stand behind a {@code throw}. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the body throws an X, or what
  private static <X extends Throwable> Error rethrow(Throwable e) throws X { // need not be declared
    throw (X) e;
  }

  /** The thread that finds it out now, by its identifier; 0 if none is known. */
  long runner() {
    return mutex.locker();
  }

  String state() {
    return switch (outcome) {
      case null -> "not done";
      case Success<T> s -> "done";
      case Failure<T> f -> "failed";
    };
  }

  /** As {@code OnceValue(done)}, {@code OnceValue(failed)}, {@code OnceValue(not done)}. */
  @Override
  public String toString() {
    return "OnceValue(" + state() + ")";
  }
}
