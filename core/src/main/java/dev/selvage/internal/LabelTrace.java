package dev.selvage.internal;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/**
 * Tells listeners which labels come into force in which thread, while there are listeners: so that
 * a profiler can say what a thread worked for at the time of a sample, though the thread has ended
 * since. Thread-safe.
 */
public final class LabelTrace {
  private static final List<BiConsumer<Long, Map<String, String>>> LISTENERS =
      new CopyOnWriteArrayList<>();

  private static volatile boolean on;

  private LabelTrace() {}

  /** Whether anybody listens. */
  public static boolean isOn() {
    return on;
  }

  /**
   * Adds a listener. It is called on the thread whose labels change, with its identifier, so it
   * must be quick and must not block.
   *
   * @return ends it
   */
  public static AutoCloseable listen(BiConsumer<Long, Map<String, String>> listener) {
    // A listener of its own, so that the same one may be added twice.
    BiConsumer<Long, Map<String, String>> mine = (id, labels) -> listener.accept(id, labels);
    synchronized (LISTENERS) {
      LISTENERS.add(mine);
      on = true;
    }
    return () -> {
      synchronized (LISTENERS) {
        LISTENERS.remove(mine);
        on = !LISTENERS.isEmpty();
      }
    };
  }

  /** From now on the current thread has these labels. */
  public static void tell(Map<String, String> labels) {
    long id = Thread.currentThread().threadId();
    for (BiConsumer<Long, Map<String, String>> listener : LISTENERS) {
      try {
        listener.accept(id, labels);
      } catch (RuntimeException e) {
        Log.error("a listener to labels failed", e);
      }
    }
  }
}
