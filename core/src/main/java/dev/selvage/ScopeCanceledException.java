package dev.selvage;

import java.util.concurrent.CancellationException;

/**
 * A {@link Scope} was cancelled before every child had a value, and not by the failure of one. The
 * {@linkplain #getCause() cause} is that of the scope's context: a {@link
 * DeadlineExceededException} when its time was over, a {@link ContextCanceledException} when the
 * scope or the context it was opened with was cancelled, or what was given as the cause then.
 */
public final class ScopeCanceledException extends CancellationException {
  private static final long serialVersionUID = 1;

  ScopeCanceledException(Throwable cause) {
    super("scope canceled: " + cause.getMessage());
    initCause(cause);
  }
}
