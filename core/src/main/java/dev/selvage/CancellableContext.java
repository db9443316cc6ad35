package dev.selvage;

import dev.selvage.internal.Resources;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A context together with the right to cancel it, for who derived it. Must be closed, best by
 * {@code try (…)}; children are given its {@link #view()}.
 */
public final class CancellableContext extends Context implements AutoCloseable {
  private final Cancellation cancellation;
  private final View view;

  private CancellableContext(Cancellation cancellation, View view) {
    this.cancellation = cancellation;
    this.view = view;
  }

  static CancellableContext derive(Context parent, @Nullable Instant deadline, String name) {
    Cancellation parents = parent.cancellation();
    Cancellation cancellation = new Cancellation(parents);
    View view = new View(parent, cancellation, deadline, name);
    cancellation.list(Resources.register(cancellation, "context"));
    Throwable already = parent.cause();
    if (already != null) {
      cancellation.cancel(already);
    } else {
      if (parents != null) {
        parents.add(cancellation);
      }
      if (deadline != null) {
        cancellation.cancelAt(deadline);
      }
    }
    return new CancellableContext(cancellation, view);
  }

  /**
   * Cancels this context and all derived from it, with a {@link ContextCanceledException} as the
   * cause. Has no effect if it is done already. Does not block.
   */
  public void cancel() {
    if (view.cause() == null) {
      cancellation.cancel(new ContextCanceledException());
    }
  }

  /** Cancels like {@link #cancel()}, with a cause of your own. */
  public void cancel(Throwable cause) {
    cancellation.cancel(cause);
  }

  /** The same as {@link #cancel()}. */
  @Override
  public void close() {
    cancel();
  }

  @Override
  public ReceiveChannel<Void> done() {
    return cancellation.done();
  }

  @Override
  public @Nullable Throwable cause() {
    return view.cause();
  }

  @Override
  public Optional<Instant> deadline() {
    return view.deadline();
  }

  @Override
  public <T> @Nullable T value(Key<T> key) {
    return view.value(key);
  }

  @Override
  public Context view() {
    return view;
  }

  @Override
  @Nullable Cancellation cancellation() {
    return cancellation;
  }

  @Override
  public String toString() {
    return view.toString();
  }
}
