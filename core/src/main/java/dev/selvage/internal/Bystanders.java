package dev.selvage.internal;

import java.lang.Thread.State;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Threads and shutdown hooks that are known never to act for the program, by their identity: those
 * that this copy of the language was told of, and those of the agent, if it is there. Thread-safe.
 */
public final class Bystanders {
  /*
   * The agent has a class loader of its own, with a copy of the language of its own; its tools tell
   * that copy. Its one class that everybody sees is asked, and answers in types of the JDK. So no
   * copy has to be found by anybody, and an agent that comes late is asked as well.
   *
   * Whatever goes wrong with an answer counts as none: then nobody vouches, and nothing is said.
   */
  private static final String AGENT_IS_THERE = "dev.selvage.agent";
  private static final String AGENT = "dev.selvage.agent.Agent";

  /** Weakly, since nobody says when one has ended. */
  private static final List<WeakReference<Thread>> KNOWN = new ArrayList<>(); // guarded by itself

  private static volatile Supplier<Map<String, List<?>>> endings = Map::of;
  private static volatile @Nullable Agent agent;

  private Bystanders() {}

  /** From now on this thread, or hook, does not count. */
  public static void add(Thread thread) {
    synchronized (KNOWN) {
      KNOWN.removeIf(Bystanders::hasEnded);
      KNOWN.add(new WeakReference<>(thread));
    }
  }

  private static boolean hasEnded(WeakReference<Thread> known) {
    Thread thread = known.get();
    return thread == null || thread.getState() == State.TERMINATED;
  }

  /** Whether this copy was told of it. */
  public static boolean isKnown(Thread thread) {
    synchronized (KNOWN) {
      for (WeakReference<Thread> known : KNOWN) {
        if (known.refersTo(thread)) {
          return true;
        }
      }
      return false;
    }
  }

  /** Whether this copy or the agent knows it. */
  static boolean contains(Thread thread) {
    if (isKnown(thread)) {
      return true;
    }
    Agent a = agent();
    return a != null && Boolean.TRUE.equals(ask(a.isOwn, thread));
  }

  // --------------- Endings ---------------

  /** Who can list hooks and handlers. */
  public static void setEndings(Supplier<Map<String, List<?>>> lists) {
    endings = lists;
  }

  /** What this copy can list; {@code dev.selvage.observe.Probe} says what is in it. */
  public static Map<String, List<?>> endings() {
    return endings.get();
  }

  /** Whether nobody but bystanders has registered a shutdown hook; null if that is not known. */
  static @Nullable Boolean ownAllHooks() {
    List<?> hooks = list("hooks");
    if (hooks == null) {
      return null;
    }
    for (Object hook : hooks) {
      if (!(hook instanceof Thread thread) || !contains(thread)) {
        return false;
      }
    }
    return true;
  }

  /** Whether nobody handles signals; null if that is not known. */
  static @Nullable Boolean ownAllSignals() {
    List<?> signals = list("signals");
    return signals == null ? null : signals.isEmpty();
  }

  /** The agent first: it has everything open, where a tool of the program may have a part. */
  private static @Nullable List<?> list(String key) {
    Agent a = agent();
    return a != null && ask(a.endings) instanceof Map<?, ?> map && map.get(key) instanceof List<?> l
        ? l
        : endings().get(key);
  }

  // --------------- The agent ---------------

  private record Agent(Method isOwn, Method endings, Method asleep) {}

  /** Tells the agent, if there is one, of a deadlock that is in the log. */
  static void tellAgent(String report) {
    Agent a = agent();
    if (a != null) {
      ask(a.asleep, report);
    }
  }

  private static @Nullable Agent agent() {
    Agent a = agent;
    if (a == null && System.getProperty(AGENT_IS_THERE) != null) {
      try {
        Class<?> type = Class.forName(AGENT, true, ClassLoader.getSystemClassLoader());
        a =
            new Agent(
                type.getMethod("isOwn", Thread.class),
                type.getMethod("endings"),
                type.getMethod("asleep", String.class));
        agent = a;
      } catch (ReflectiveOperationException | LinkageError e) {
        return null; // an older one
      }
    }
    return a;
  }

  private static @Nullable Object ask(Method method, Object... arguments) {
    try {
      return method.invoke(null, arguments);
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      return null;
    }
  }
}
