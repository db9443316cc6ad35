package dev.selvage;

import java.util.concurrent.CancellationException;

/** The cause of a context that was cancelled without another cause. Its stack says by whom. */
public final class ContextCanceledException extends CancellationException {
  private static final long serialVersionUID = 1;

  ContextCanceledException() {
    super("context canceled");
  }
}
