package dev.selvage.internal;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Tells listeners, while there are any, what went wrong: an exception that a goroutine did not
 * catch, a task or region of a trace that took longer than somebody thinks it should. Thread-safe.
 */
public final class Incidents {
  /**
   * Who listens.
   *
   * @param slowNanos tasks and regions that took longer are told; {@link Long#MAX_VALUE} for none
   * @param uncaught whether exceptions are told
   */
  private record Listener(long slowNanos, boolean uncaught, Consumer<String> to) {}

  private static final List<Listener> LISTENERS = new CopyOnWriteArrayList<>();

  /** The least that is too long for any of them; plain, as a thread may notice late. */
  @SuppressWarnings("NonFinalStaticField") // written under the monitor of LISTENERS
  private static long slowest = Long.MAX_VALUE;

  private Incidents() {}

  /** Adds a listener; see {@code Probe.listenToIncidents}. */
  public static AutoCloseable listen(long slowNanos, boolean uncaught, Consumer<String> to) {
    // A lambda of its own in it, so that the same consumer may be added twice.
    Listener mine = new Listener(slowNanos, uncaught, what -> to.accept(what));
    synchronized (LISTENERS) {
      LISTENERS.add(mine);
      count();
    }
    return () -> {
      synchronized (LISTENERS) {
        LISTENERS.remove(mine);
        count();
      }
    };
  }

  private static void count() {
    slowest = LISTENERS.stream().mapToLong(Listener::slowNanos).min().orElse(Long.MAX_VALUE);
  }

  /** Whether anybody wants to know how long tasks and regions take. */
  public static boolean areTimed() {
    return slowest != Long.MAX_VALUE;
  }

  /** A task or region has taken that long. */
  public static void took(String kind, String type, long nanos) {
    if (nanos <= slowest) {
      return;
    }
    for (Listener listener : LISTENERS) {
      if (nanos > listener.slowNanos) {
        tell(listener, String.format(Locale.ROOT, "%s %s took %.3f s", kind, type, nanos / 1e9));
      }
    }
  }

  /** A goroutine ends with an exception. */
  public static void uncaught(Thread thread, Throwable e) {
    for (Listener listener : LISTENERS) {
      if (listener.uncaught) {
        String name = thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName();
        tell(listener, "goroutine " + name + " ended with " + e.getClass().getName());
      }
    }
  }

  private static void tell(Listener listener, String what) {
    try {
      listener.to.accept(what);
    } catch (RuntimeException e) {
      Log.error("a listener to what goes wrong failed", e);
    }
  }
}
