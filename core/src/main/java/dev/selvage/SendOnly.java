package dev.selvage;

import java.time.Duration;

/** A channel that can only be sent on and closed, whatever it is cast to. */
final class SendOnly<T> implements SendChannel<T> {
  final Channel<T> channel;

  SendOnly(Channel<T> channel) {
    this.channel = channel;
  }

  @Override
  public void send(T value) throws InterruptedException {
    channel.send(value);
  }

  @Override
  public boolean send(T value, Duration timeout) throws InterruptedException {
    return channel.send(value, timeout);
  }

  @Override
  public boolean trySend(T value) {
    return channel.trySend(value);
  }

  @Override
  public void close() {
    channel.close();
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
