package dev.selvage;

/**
 * A child of a {@link Scope} failed. The {@linkplain #getCause() cause} is what it threw, with the
 * child's stack; this exception's own stack is that of whoever joined. Unchecked, because a child
 * may throw anything: {@code catch (TaskFailedException e)} and look at the cause.
 */
public final class TaskFailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  TaskFailedException(Throwable cause) {
    super("a task of the scope failed: " + cause, cause);
  }
}
