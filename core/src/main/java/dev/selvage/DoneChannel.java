package dev.selvage;

import org.jspecify.annotations.Nullable;

/**
 * The channel of a context's end. A class of its own, so that a stack tells for what kind of thing
 * somebody waits: a report knows a context that nobody cancels from a channel that nobody closes.
 */
final class DoneChannel extends ReceiveOnly<Void> {
  /** That of a context which nobody can cancel any more, and nobody has: it is never ready. */
  static final DoneChannel NEVER = new DoneChannel(Channel.never());

  DoneChannel(Channel<Void> channel) {
    super(channel);
  }

  // Not for what they do, but for their frames.

  @Override
  public Void receive() throws InterruptedException {
    return super.receive();
  }

  @Override
  public @Nullable Void receiveOrNull() throws InterruptedException {
    return super.receiveOrNull();
  }
}
