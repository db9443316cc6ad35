package dev.selvage;

/**
 * What somebody waited for failed in another goroutine, perhaps: a child of a {@link Scope}, or a
 * task of an {@code ErrorGroup} or a {@code SingleFlight}. The {@linkplain #getCause() cause} is
 * what was thrown there, with the stack of that; this exception's own stack is that of whoever
 * waited. Unchecked, because a task may throw anything: {@code catch (TaskFailedException e)} and
 * look at the cause.
 */
public final class TaskFailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Creates one for who waited for a task that threw this. */
  public TaskFailedException(Throwable cause) {
    super("a task failed: " + cause, cause);
  }
}
