package dev.selvage;

import dev.selvage.internal.Alarms;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A deadline, a cancellation signal and values of a request, handed down to whatever works for it.
 * Contexts are derived from each other, starting at {@link #background()}; when one is cancelled
 * all derived from it are. Immutable but for that one change; thread-safe; only waiting for {@link
 * #done()} blocks. A context never interrupts a thread.
 *
 * <p>Who derives a context that can be cancelled gets a {@link CancellableContext} and must close
 * it:
 *
 * <pre>{@code
 * try (var ctx = Context.background().withTimeout(Duration.ofSeconds(2))) {
 *   go(() -> work(ctx.view()));
 * }
 * }</pre>
 *
 * <p>Every other context, and so every {@linkplain #view() view} and everything derived with {@link
 * #withValue}, can be asked and waited for, but refers to no means of cancelling. Hand those to
 * children: a goroutine that waits for the end of a context that nobody has the means to cancel any
 * more is then garbage, even while the context itself is still in use, and is reported as leaked.
 */
public abstract sealed class Context
    permits CancellableContext, Context.Background, Context.View, Context.Valued, Context.Detached {
  /*
   * Who refers to whom
   *
   *   CancellableContext ──> View ──weak──> Cancellation ──> done channel ──> who waits
   *            │               ├──> Outcome <───┘   ├──> dependents: Cancellations of derived
   *            │               │                    │    contexts, AfterFuncs, Scopes
   *            │               └──> parent's View   └──weak──> parent's Cancellation
   *            └───────────────────────────> Cancellation <── alarm queue (until the deadline)
   *
   * The Cancellation is the means to cancel. Strongly it is reachable only from who can use it: the
   * CancellableContext, the parent's Cancellation, and the alarm queue. A view finds it while it is
   * there. When it is gone nobody will ever cancel, and the view's done channel is never ready; if
   * it was cancelled before it went, the Outcome, which everybody shares, says so.
   */

  /** A name for a value in a context. Each key is a thing of its own, whatever its name. */
  @SuppressWarnings("UnusedTypeParameter") // it ties the value given to the value got
  public static final class Key<T> {
    private final String name;

    private Key(String name) {
      this.name = name;
    }

    /** Creates a key. The name is for people. */
    public static <T> Key<T> of(String name) {
      return new Key<>(name);
    }

    /** The name. */
    @Override
    public String toString() {
      return name;
    }
  }

  Context() {}

  /** The root of all contexts: is never done, has no deadline and no values. */
  public static Context background() {
    return Background.INSTANCE;
  }

  /**
   * The context that is bound to the current thread: by {@link Go#withContext}, by a scope, or, in
   * a goroutine, to who started it at that moment. The background if there is none. It is always a
   * view, which cannot cancel.
   */
  public static Context current() {
    return Environment.current().context();
  }

  // --------------- Asking ---------------

  /**
   * The channel that is closed when the context is done; no value ever comes. It is never ready if
   * the context cannot be cancelled (any more). Does not refer to the context.
   */
  public abstract ReceiveChannel<Void> done();

  /**
   * Why the context is done: what the first cancellation, its own or that of a context from which
   * it is derived, was given; if that was nothing, the same as {@link #error()}. Null while it is
   * not done. Once this is not null, {@link #done()} is ready.
   */
  public final @Nullable Throwable cause() {
    Cancellation.Ending ending = ending();
    return ending == null ? null : ending.cause();
  }

  /**
   * In which way the context is done, whatever the cause: a {@link ContextCanceledException} or a
   * {@link DeadlineExceededException} (Go's {@code Err}). Null while it is not done.
   */
  public final @Nullable CancellationException error() {
    Cancellation.Ending ending = ending();
    return ending == null ? null : ending.error();
  }

  /** Whether the context is done. */
  public final boolean isDone() {
    return ending() != null;
  }

  /** When the context will be cancelled at the latest; empty if no deadline is set. */
  public abstract Optional<Instant> deadline();

  /** The value of a key; null if none was set. */
  public abstract <T> @Nullable T value(Key<T> key);

  /** This context without the right to cancel it. */
  public abstract Context view();

  // --------------- Deriving ---------------

  /** Derives a context that can be cancelled. */
  public final CancellableContext withCancel() {
    return CancellableContext.derive(view(), null, null, ".WithCancel");
  }

  /**
   * Derives a context that is cancelled after that time, with a {@link DeadlineExceededException},
   * or before.
   */
  public final CancellableContext withTimeout(Duration timeout) {
    return deriveUntil(in(timeout), null);
  }

  /** The same with a cause of your own for when the time is over; only for that. */
  public final CancellableContext withTimeout(Duration timeout, Throwable cause) {
    return deriveUntil(in(timeout), Objects.requireNonNull(cause, "cause"));
  }

  /**
   * Derives a context that is cancelled at that time, with a {@link DeadlineExceededException}, or
   * before. If this context has an earlier deadline, that one holds.
   */
  public final CancellableContext withDeadline(Instant deadline) {
    return deriveUntil(deadline, null);
  }

  /**
   * The same with a cause of your own for when the time has come; only for that, and not if an
   * earlier deadline of this context holds.
   */
  public final CancellableContext withDeadline(Instant deadline, Throwable cause) {
    return deriveUntil(deadline, Objects.requireNonNull(cause, "cause"));
  }

  private CancellableContext deriveUntil(Instant deadline, @Nullable Throwable cause) {
    return deadline().filter(d -> d.isBefore(deadline)).isPresent()
        ? withCancel()
        : CancellableContext.derive(view(), deadline, cause, ".WithDeadline(" + deadline + ")");
  }

  private static Instant in(Duration timeout) {
    Instant now = Alarms.instant();
    try {
      return now.plus(timeout);
    } catch (ArithmeticException | DateTimeException e) {
      return timeout.isNegative() ? Instant.MIN : Instant.MAX;
    }
  }

  /**
   * Derives a context with the same values that is not done when this one is: never, and it has no
   * deadline. For work that must go on when what caused it is over.
   */
  public final Context withoutCancel() {
    return new Detached(view());
  }

  /**
   * Runs a task in a goroutine of its own once this context is done; now if it is. It has the
   * labels and the context that are bound here and now. It is run at most once; {@link
   * AfterFunc#stop()} on what this returns prevents that.
   */
  public final AfterFunc afterFunc(Go.Action task) {
    return AfterFunc.register(Objects.requireNonNull(task, "task"), this);
  }

  /** Derives a context that also has a value. It cannot be cancelled by itself. */
  public final <T> Context withValue(Key<T> key, T value) {
    Objects.requireNonNull(key, "nil key");
    Objects.requireNonNull(value, "null is never the value of a key");
    return new Valued(view(), key, value);
  }

  /** The means to cancel, if anybody still has them. */
  abstract @Nullable Cancellation cancellation();

  /** How it ended; null while it is not done. */
  abstract Cancellation.@Nullable Ending ending();

  // --------------- The kinds ---------------

  static final class Background extends Context {
    static final Background INSTANCE = new Background();

    private Background() {}

    @Override
    public ReceiveChannel<Void> done() {
      return Channel.never();
    }

    @Override
    Cancellation.@Nullable Ending ending() {
      return null;
    }

    @Override
    public Optional<Instant> deadline() {
      return Optional.empty();
    }

    @Override
    public <T> @Nullable T value(Key<T> key) {
      return null;
    }

    @Override
    public Context view() {
      return this;
    }

    @Override
    @Nullable Cancellation cancellation() {
      return null;
    }

    @Override
    public String toString() {
      return "context.Background";
    }
  }

  /** What children get of a context that can be cancelled. */
  static final class View extends Context {
    private final Context parent;
    private final Cancellation.Outcome outcome;
    private final Cancellation.Link link;
    private final @Nullable Instant deadline;
    private final String name;

    View(Context parent, Cancellation cancellation, @Nullable Instant deadline, String name) {
      this.parent = parent;
      this.outcome = cancellation.outcome();
      this.link = cancellation.link();
      this.deadline = deadline;
      this.name = name;
    }

    @Override
    public ReceiveChannel<Void> done() {
      Cancellation c = link.get();
      if (c != null) {
        return c.done();
      }
      return ending() == null ? DoneChannel.NEVER : Channel.closed();
    }

    @Override
    Cancellation.@Nullable Ending ending() {
      return Cancellation.ending(outcome, link);
    }

    @Override
    public Optional<Instant> deadline() {
      return deadline == null ? parent.deadline() : Optional.of(deadline);
    }

    @Override
    public <T> @Nullable T value(Key<T> key) {
      return parent.value(key);
    }

    @Override
    public Context view() {
      return this;
    }

    @Override
    @Nullable Cancellation cancellation() {
      return link.get();
    }

    @Override
    public String toString() {
      return parent + name;
    }
  }

  private static final class Valued extends Context {
    private final Context parent;
    private final Key<?> key;
    private final Object value;

    Valued(Context parent, Key<?> key, Object value) {
      this.parent = parent;
      this.key = key;
      this.value = value;
    }

    @Override
    public ReceiveChannel<Void> done() {
      return parent.done();
    }

    @Override
    Cancellation.@Nullable Ending ending() {
      return parent.ending();
    }

    @Override
    public Optional<Instant> deadline() {
      return parent.deadline();
    }

    @Override
    @SuppressWarnings("unchecked") // withValue tied the types together
    public <T> @Nullable T value(Key<T> key) {
      return this.key == key ? (T) value : parent.value(key);
    }

    @Override
    public Context view() {
      return this;
    }

    @Override
    @Nullable Cancellation cancellation() {
      return parent.cancellation();
    }

    @Override
    public String toString() {
      return parent + ".WithValue(" + key + ")";
    }
  }

  /** Values only. */
  private static final class Detached extends Context {
    private final Context parent;

    Detached(Context parent) {
      this.parent = parent;
    }

    @Override
    public ReceiveChannel<Void> done() {
      return Channel.never();
    }

    @Override
    Cancellation.@Nullable Ending ending() {
      return null;
    }

    @Override
    public Optional<Instant> deadline() {
      return Optional.empty();
    }

    @Override
    public <T> @Nullable T value(Key<T> key) {
      return parent.value(key);
    }

    @Override
    public Context view() {
      return this;
    }

    @Override
    @Nullable Cancellation cancellation() {
      return null;
    }

    @Override
    public String toString() {
      return parent + ".WithoutCancel";
    }
  }
}
