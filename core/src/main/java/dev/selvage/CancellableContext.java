package dev.selvage;

import dev.selvage.internal.Resources;
import java.time.Instant;
import java.util.Objects;
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

  static CancellableContext derive(
      Context parent, @Nullable Instant deadline, @Nullable Throwable cause, String name) {
    Cancellation parents = parent.cancellation();
    Cancellation cancellation = new Cancellation(parents);
    View view = new View(parent, cancellation, deadline, name);
    cancellation.list(Resources.register(cancellation, "context"));
    Cancellation.Ending already = parent.ending();
    if (already != null) {
      cancellation.cancelled(already);
    } else {
      if (parents != null) {
        parents.add(cancellation);
      }
      if (deadline != null) {
        cancellation.cancelAt(deadline, cause);
      }
    }
    return new CancellableContext(cancellation, view);
  }

  /**
   * Cancels this context and all derived from it, with a {@link ContextCanceledException} as the
   * cause. Has no effect if it is done already. Does not block.
   */
  public void cancel() {
    cancellation.cancel(null);
  }

  /** Cancels like {@link #cancel()}, with a cause of your own. */
  public void cancel(Throwable cause) {
    cancellation.cancel(Objects.requireNonNull(cause, "a cancellation needs a cause"));
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
  Cancellation.@Nullable Ending ending() {
    return view.ending();
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
  Cancellation cancellation() {
    return cancellation;
  }

  @Override
  public String toString() {
    return view.toString();
  }
}
