package dev.selvage;

import java.util.concurrent.CancellationException;

/** The error of a context whose deadline came, and its cause if no other was given. */
public final class DeadlineExceededException extends CancellationException {
  private static final long serialVersionUID = 1;

  DeadlineExceededException() {
    super("context deadline exceeded");
  }

  /** Leaves the stack out: it would only show the thread of the timers. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
