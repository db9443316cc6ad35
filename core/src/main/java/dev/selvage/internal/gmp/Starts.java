package dev.selvage.internal.gmp;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The door through which a scheduler gets goroutines started, without either package showing its
 * inside. Only the class of goroutines, when initialised, sets the starter.
 */
public final class Starts {
  private static volatile @Nullable Starter starter;

  private Starts() {}

  /** What a goroutine does. */
  public interface Task {
    /** Does it. */
    void run() throws Throwable;
  }

  /** Starts goroutines. */
  public interface Starter {
    /** Starts one on that scheduler, in the environment of the current thread. */
    Thread start(Runner runner, @Nullable String name, Task task);
  }

  /** Says who starts them. */
  public static void setStarter(Starter starter) {
    Starts.starter = starter;
  }

  /** Starts one on that scheduler, in the environment of the current thread. */
  public static Thread start(Runner runner, @Nullable String name, Task task) {
    if (starter == null) {
      try {
        Class.forName("dev.selvage.Routine"); // initialises it
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException(e);
      }
    }
    return Objects.requireNonNull(starter).start(runner, name, task);
  }
}
