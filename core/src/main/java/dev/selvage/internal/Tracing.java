package dev.selvage.internal;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the language tells an execution trace beyond what the scheduler sees. Called on the thread
 * that does it; nothing here blocks or throws.
 */
public abstract class Tracing {
  // Plain, as nothing depends on when a thread notices.
  @SuppressWarnings("NonFinalStaticField") // the seam
  private static @Nullable Tracing current;

  private static volatile @Nullable Door door;

  /** For the recorder. */
  protected Tracing() {}

  /** How a tool has something recorded. */
  public interface Door {
    /** Why that is not possible; null if it is. */
    @Nullable String impossible();

    /** Whether this copy's scheduler was given every virtual thread of the program. */
    boolean isWholeJvm();

    /** Begins. See {@code Probe.trace}. */
    Function<String, @Nullable Object> open(boolean ring, long mostBytes, long keepNanos);

    /** Counts, once more or once less, what goroutines use. Starts no scheduler. */
    void countUsage(boolean on);

    /** Measures, once more or once less, how long goroutines are runnable. Starts no scheduler. */
    void measureLatency(boolean on);
  }

  /** Says how. */
  public static void setDoor(Door opens) {
    door = opens;
  }

  /** How a tool has something recorded. */
  public static Door door() {
    if (door == null) {
      try {
        Class.forName("dev.selvage.internal.trace.Session"); // initialises it
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException(e);
      }
    }
    return Objects.requireNonNull(door);
  }

  /** Who records; null while nobody does. */
  public static @Nullable Tracing current() {
    return current;
  }

  /** Says who records from now on; null for nobody. */
  protected static void set(@Nullable Tracing tracing) {
    current = tracing;
  }

  /** The current thread is about to park. */
  public abstract void parking(Object reason);

  /** It goes on, having parked or not. */
  public abstract void parked();

  /** A task begins. */
  public abstract void beginTask(long task, long parent, String type);

  /** A task ends. */
  public abstract void endTask(long task);

  /** The current thread begins a region of a task. */
  public abstract void beginRegion(long task, String type);

  /** It ends it. */
  public abstract void endRegion(long task, String type);

  /** Something is said. */
  public abstract void log(long task, String category, String message);
}
