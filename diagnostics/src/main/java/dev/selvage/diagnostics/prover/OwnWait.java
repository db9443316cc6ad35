package dev.selvage.diagnostics.prover;

import dev.selvage.observe.Probe;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What a thread that waits in the language, whichever copy of it, tells of its wait.
 *
 * @param nanos for how long, at least
 * @param objects on what, as {@code chan(0/0)}
 */
record OwnWait(long nanos, List<String> objects) {
  /*
   * The park blocker leads to the copy of the language, and its probe is called with types of the
   * JDK only. What a class leads to is kept with that class, so that no class loader is held.
   */
  private static final String WAITER = "dev.selvage.internal.Waiter";
  private static final String PROBE = "dev.selvage.observe.Probe";

  /** The first protocol that has what is asked here; later ones have it, too. */
  private static final int SINCE = 2;

  private static final MethodType WAIT_OF = MethodType.methodType(Map.class, Thread.class);

  private static final ClassValue<List<MethodHandle>> PROBES =
      new ClassValue<>() {
        @Override
        protected List<MethodHandle> computeValue(Class<?> waiter) {
          return probe(waiter);
        }
      };

  /**
   * Since when a thread waits, on the clock of System.nanoTime: as it says itself, or as it was
   * seen; MIN_VALUE if neither is known.
   */
  static long since(Thread thread, Observations observations) {
    OwnWait own = of(thread);
    long seen = observations.sinceIfKnown(thread.threadId());
    if (own == null) {
      return seen;
    }
    long told = System.nanoTime() - own.nanos();
    return seen == Long.MIN_VALUE ? told : Math.min(seen, told);
  }

  /** Null when it does not wait in the language, or in a copy that cannot tell. */
  static @Nullable OwnWait of(Thread thread) {
    Object blocker = LockSupport.getBlocker(thread);
    if (blocker == null || !blocker.getClass().getName().equals(WAITER)) {
      return null;
    }
    for (MethodHandle waitOf : PROBES.get(blocker.getClass())) {
      try {
        return of((Map<?, ?>) waitOf.invoke(thread));
      } catch (Throwable e) {
        return null; // a copy that breaks its promise costs what it would have told
      }
    }
    return null;
  }

  private static @Nullable OwnWait of(@Nullable Map<?, ?> map) {
    if (map == null || !(map.get("waitNanos") instanceof Long nanos)) {
      return null;
    }
    List<String> objects = new ArrayList<>();
    if (map.get("objects") instanceof List<?> list) {
      for (Object each : list) {
        if (each instanceof Map<?, ?> object && object.get("text") instanceof String text) {
          objects.add(text);
        }
      }
    }
    return new OwnWait(nanos, objects);
  }

  /** How to ask the copy that a waiter is of; empty if it cannot be asked. */
  private static List<MethodHandle> probe(Class<?> waiter) {
    try {
      Class<?> probe =
          waiter.getClassLoader() == Probe.class.getClassLoader()
              ? Probe.class
              : Class.forName(PROBE, true, waiter.getClassLoader());
      MethodHandles.Lookup lookup = MethodHandles.publicLookup();
      int version =
          (int) lookup.findStatic(probe, "protocol", MethodType.methodType(int.class)).invoke();
      return version >= SINCE ? List.of(lookup.findStatic(probe, "waitOf", WAIT_OF)) : List.of();
    } catch (Throwable e) {
      return List.of(); // an older copy, or something that only has the name
    }
  }
}
