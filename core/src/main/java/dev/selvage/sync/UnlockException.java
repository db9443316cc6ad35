package dev.selvage.sync;

/** A lock was given back that nobody had taken. */
public final class UnlockException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  UnlockException(String message) {
    super(message);
  }
}
