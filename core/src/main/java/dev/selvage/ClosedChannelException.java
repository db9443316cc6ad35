package dev.selvage;

/**
 * A channel was used in a way that its being closed forbids: sent on, closed once more, or asked
 * for a value that will not come. The first two are mistakes of the program and carry Go's words.
 */
public final class ClosedChannelException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  ClosedChannelException(String message) {
    super(message);
  }

  static ClosedChannelException onSend() {
    return new ClosedChannelException("send on closed channel");
  }

  static ClosedChannelException onReceive() {
    return new ClosedChannelException("receive from closed channel");
  }
}
