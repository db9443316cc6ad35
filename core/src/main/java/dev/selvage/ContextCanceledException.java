package dev.selvage;

import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The error of a context that was cancelled, and its cause if no other was given. Its stack says by
 * whom.
 */
public final class ContextCanceledException extends CancellationException {
  private static final long serialVersionUID = 1;

  ContextCanceledException(@Nullable Throwable cause) {
    super("context canceled");
    if (cause != null) {
      initCause(cause);
    }
  }
}
