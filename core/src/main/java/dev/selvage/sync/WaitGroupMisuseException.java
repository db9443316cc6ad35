package dev.selvage.sync;

/** A {@link WaitGroup} was counted up from zero while somebody had not returned from waiting. */
public final class WaitGroupMisuseException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  WaitGroupMisuseException(String message) {
    super(message);
  }
}
