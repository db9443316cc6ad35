package dev.selvage;

import java.util.Objects;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A stream over a channel: one receive for each value that is asked for, none ahead. */
final class ReceiveSpliterator<T> implements Spliterator<T> {
  private final ReceiveChannel<T> channel;

  ReceiveSpliterator(ReceiveChannel<T> channel) {
    this.channel = channel;
  }

  /** The next value, as a loop or a stream receives it; null when closed and drained. */
  static <T> @Nullable T next(ReceiveChannel<T> channel) {
    try {
      return channel.receiveOrNull();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException cancelled =
          new CancellationException("interrupted while waiting for the channel's next value");
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  @Override
  public boolean tryAdvance(Consumer<? super T> action) {
    Objects.requireNonNull(action, "action");
    T value = next(channel);
    if (value == null) {
      return false;
    }
    action.accept(value);
    return true;
  }

  /** Never splits: that would receive ahead, and block for it. */
  @Override
  public @Nullable Spliterator<T> trySplit() {
    return null;
  }

  @Override
  public long estimateSize() {
    return Long.MAX_VALUE;
  }

  @Override
  public int characteristics() {
    return ORDERED | NONNULL;
  }
}
