package dev.selvage.diagnostics.profile;

import org.jspecify.annotations.Nullable;

/** A profile could not be taken. Its message says why, and what can be done about it. */
public final class ProfileException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean busy;

  ProfileException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private ProfileException(String message, @Nullable Throwable cause, boolean busy) {
    super(message, cause);
    this.busy = busy;
  }

  /** Somebody else takes such a profile now. */
  static ProfileException busy(String message) {
    return new ProfileException(message, null, true);
  }

  /** Whether it would work later, when somebody else's profile is done. */
  public boolean isBusy() {
    return busy;
  }
}
