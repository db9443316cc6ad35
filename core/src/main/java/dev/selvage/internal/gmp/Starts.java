package dev.selvage.internal.gmp;

import dev.selvage.Go;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The door through which a scheduler gets goroutines started, without either package showing its
 * inside. Only the class of goroutines, when initialised, sets the starter.
 */
public final class Starts {
  private static volatile @Nullable Starter starter;

  private Starts() {}

  /** Starts goroutines. */
  public interface Starter {
    /** Starts one on that scheduler, in the environment of the current thread. */
    Thread start(Runner runner, @Nullable String name, Go.Action task);
  }

  /** Says who starts them. */
  public static void setStarter(Starter starter) {
    Starts.starter = starter;
  }

  /** Starts one on that scheduler, in the environment of the current thread. */
  public static Thread start(Runner runner, @Nullable String name, Go.Action task) {
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
