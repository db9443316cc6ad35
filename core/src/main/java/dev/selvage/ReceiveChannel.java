package dev.selvage;

import java.time.Duration;
import java.util.Iterator;
import java.util.Optional;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The receiving side of a {@link Channel}. Thread-safe.
 *
 * <p>What a thread did before it sent a value, or before it closed the channel, happens before what
 * another does after it received that value, or found the channel closed. A receive that throws
 * took no value.
 *
 * @param <T> what is received
 */
public sealed interface ReceiveChannel<T> extends Iterable<T> permits Channel, ReceiveOnly {
  /**
   * Receives a value; blocks until there is one.
   *
   * @throws InterruptedException when interrupted before there was one
   * @throws ClosedChannelException when the channel is closed and drained
   */
  T receive() throws InterruptedException;

  /**
   * Receives a value; blocks until there is one or the channel is closed and drained.
   *
   * @return null when closed and drained
   * @throws InterruptedException when interrupted before there was one
   */
  @Nullable T receiveOrNull() throws InterruptedException;

  /**
   * Receives a value; blocks for a limited time.
   *
   * @return empty when the time was over before there was one
   * @throws InterruptedException when interrupted before there was one
   * @throws ClosedChannelException when the channel is closed and drained
   */
  Optional<T> receive(Duration timeout) throws InterruptedException;

  /**
   * Receives a value if there is one. Does not block, and does not look at interrupts.
   *
   * @return empty when there is none now
   * @throws ClosedChannelException when the channel is closed and drained
   */
  Optional<T> tryReceive();

  /** How many values are in the buffer now. */
  int len();

  /** How many values the buffer can hold; 0 for an unbuffered channel. */
  int cap();

  /**
   * Receives until the channel is closed and drained; {@code hasNext} blocks like {@link
   * #receiveOrNull}, and what it received stays with the iterator. An interrupt restores the
   * thread's flag and becomes a {@link CancellationException}.
   */
  @Override
  default Iterator<T> iterator() {
    return new ReceiveIterator<>(this);
  }

  /** What a {@link #stream} is made of. Never splits. */
  @Override
  default Spliterator<T> spliterator() {
    return new ReceiveSpliterator<>(this);
  }

  /**
   * What is received from now on, until the channel is closed and drained. Each value is received
   * when the stream asks for it, and none ahead: after {@code limit(3)} three were received. The
   * terminal operation blocks like {@link #receiveOrNull}; an interrupt restores the thread's flag
   * and becomes a {@link CancellationException}. Sequential, also if made parallel: then whatever
   * thread of the stream asks receives.
   */
  default Stream<T> stream() {
    return StreamSupport.stream(spliterator(), false);
  }
}
