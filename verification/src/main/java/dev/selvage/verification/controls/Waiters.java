package dev.selvage.verification.controls;

import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Starts the threads of the controls, and counts by name those that have not ended yet. */
public final class Waiters {
  private static final Map<String, AtomicInteger> WAITING = new ConcurrentHashMap<>();

  private Waiters() {}

  /** What a thread does; an interrupt is one way to be woken. */
  interface Body {
    void run() throws Exception;
  }

  /** Starts a virtual thread of that name. */
  static Thread go(String name, Body body) {
    return Thread.ofVirtual().name(name).start(counted(name, body));
  }

  /** The body, counted as waiting from now until it has run. */
  static Runnable counted(String name, Body body) {
    AtomicInteger waiting = WAITING.computeIfAbsent(name, _ -> new AtomicInteger());
    waiting.incrementAndGet();
    return () -> {
      try {
        body.run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (Exception e) {
        throw new IllegalStateException(name, e);
      }
      waiting.decrementAndGet();
    };
  }

  /** How many threads of that name have not ended. */
  static int waiting(String name) {
    return Objects.requireNonNull(WAITING.get(name)).get();
  }

  /** Names and numbers of those that have not ended. */
  public static Map<String, Integer> waiting() {
    var waiting = new TreeMap<String, Integer>();
    WAITING.forEach(
        (name, count) -> {
          if (count.get() > 0) {
            waiting.put(name, count.get());
          }
        });
    return waiting;
  }
}
