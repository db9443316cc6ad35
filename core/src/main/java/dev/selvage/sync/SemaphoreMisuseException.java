package dev.selvage.sync;

/** More permits were given back to a {@link Semaphore} than had been taken. */
public final class SemaphoreMisuseException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  SemaphoreMisuseException(String message) {
    super(message);
  }
}
