package dev.selvage;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** A {@code for} loop over a channel. For one thread. */
final class ReceiveIterator<T> implements Iterator<T> {
  private final ReceiveChannel<T> channel;
  private @Nullable T next;
  private boolean ended;

  ReceiveIterator(ReceiveChannel<T> channel) {
    this.channel = channel;
  }

  @Override
  public boolean hasNext() {
    if (next == null && !ended) {
      next = ReceiveSpliterator.next(channel);
      ended = next == null;
    }
    return next != null;
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the channel is closed and drained");
    }
    T value = next;
    next = null;
    if (value == null) {
      throw new AssertionError("hasNext() found a value");
    }
    return value;
  }
}
