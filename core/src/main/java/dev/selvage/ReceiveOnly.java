package dev.selvage;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A channel that can only be received from, whatever it is cast to. */
sealed class ReceiveOnly<T> implements ReceiveChannel<T> permits DoneChannel {
  final Channel<T> channel;

  ReceiveOnly(Channel<T> channel) {
    this.channel = channel;
  }

  @Override
  public T receive() throws InterruptedException {
    return channel.receive();
  }

  @Override
  public @Nullable T receiveOrNull() throws InterruptedException {
    return channel.receiveOrNull();
  }

  @Override
  public Optional<T> receive(Duration timeout) throws InterruptedException {
    return channel.receive(timeout);
  }

  @Override
  public Optional<T> tryReceive() {
    return channel.tryReceive();
  }

  @Override
  public int len() {
    return channel.len();
  }

  @Override
  public int cap() {
    return channel.cap();
  }

  @Override
  public String toString() {
    return channel.toString();
  }
}
