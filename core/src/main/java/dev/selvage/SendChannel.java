package dev.selvage;

import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;

/**
 * The sending side of a {@link Channel}. Thread-safe.
 *
 * <p>What a thread did before it sent a value happens before what another does after it received
 * that value. A send that throws, or returns false, did not happen: the value is nowhere in the
 * channel. {@code null} is never a value of a channel.
 *
 * @param <T> what is sent
 */
public sealed interface SendChannel<T> permits Channel, SendOnly {
  /**
   * Sends a value; blocks until a receiver takes it or the buffer has room.
   *
   * @throws InterruptedException when interrupted before the value could be sent
   * @throws ClosedChannelException when the channel is closed, or is closed meanwhile
   */
  void send(T value) throws InterruptedException;

  /**
   * Sends a value; blocks for a limited time.
   *
   * @return false when the time was over before the value could be sent
   * @throws InterruptedException when interrupted before the value could be sent
   * @throws ClosedChannelException when the channel is closed, or is closed meanwhile
   */
  boolean send(T value, Duration timeout) throws InterruptedException;

  /**
   * Sends a value if that is possible at once. Does not block, and does not look at interrupts.
   *
   * @return false when it was not possible
   * @throws ClosedChannelException when the channel is closed
   */
  boolean trySend(T value);

  /**
   * Sends each value of a collection, or of another channel until that is closed and drained; see
   * {@link #send(Object)}. Does not close this channel.
   *
   * @throws InterruptedException when interrupted before a value could be sent; those before it
   *     were sent, those after it were not asked for, and it itself is lost if it came from a
   *     channel
   * @throws CancellationException when interrupted while waiting for the next value of a channel
   * @throws ClosedChannelException when the channel is closed, or is closed meanwhile
   */
  default void sendAll(Iterable<? extends T> values) throws InterruptedException {
    for (T value : values) {
      send(value);
    }
  }

  /**
   * Sends each value of a stream, one after the other, as it comes up; see {@link #send(Object)}.
   * Does not close this channel; closes the stream, however it ends. To make a channel of a stream:
   *
   * <pre>{@code
   * go(() -> {
   *   try {
   *     ch.sendAll(stream);
   *   } finally {
   *     ch.close();
   *   }
   * });
   * }</pre>
   *
   * @throws InterruptedException when interrupted before a value could be sent; those before it
   *     were sent
   * @throws ClosedChannelException when the channel is closed, or is closed meanwhile
   */
  default void sendAll(Stream<? extends T> values) throws InterruptedException {
    try (values) {
      for (Iterator<? extends T> i = values.sequential().iterator(); i.hasNext(); ) {
        send(i.next());
      }
    }
  }

  /**
   * Closes the channel: what is in the buffer can still be received, then every receive finds it
   * closed. Senders that are blocked on it fail. Does not block.
   *
   * @throws ClosedChannelException when it is closed already
   */
  void close();

  /** How many values are in the buffer now. */
  int len();

  /** How many values the buffer can hold; 0 for an unbuffered channel. */
  int cap();
}
