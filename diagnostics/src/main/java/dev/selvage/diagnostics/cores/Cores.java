package dev.selvage.diagnostics.cores;

import dev.selvage.observe.Probe;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.WeakHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The copies of the language in this JVM, asked through their probes: our own, that of the class
 * path, and those in the class loaders of the program as far as somebody names the loaded classes.
 * Thread-safe.
 */
public final class Cores {
  /*
   * Like the growth watches this calls the probe by reflection, so that a copy of another version
   * in another class loader is asked like our own; only JDK types cross. Classes and loaders are
   * held weakly. A copy without one of the methods counts as one that has nothing to tell.
   */
  private static final String PROBE = "dev.selvage.observe.Probe";
  private static final int FIRST_PROTOCOL = 1;

  private static volatile Supplier<Class<?>[]> loadedClasses = () -> new Class<?>[0];

  // guarded by itself
  private static final Map<ClassLoader, WeakReference<@Nullable Class<?>>> FOUND =
      new WeakHashMap<>();

  /** How to ask the copy that a goroutine's handler is of for its labels. */
  private static final ClassValue<@Nullable MethodHandle> LABELS = asking("labels");

  private static ClassValue<@Nullable MethodHandle> asking(String name) {
    return new ClassValue<>() {
      @Override
      protected @Nullable MethodHandle computeValue(Class<?> handler) {
        ClassLoader loader = handler.getClassLoader();
        if (loader == null || !handler.getName().startsWith("dev.selvage.")) {
          return null;
        }
        Class<?> probe = probe(loader);
        try {
          return probe == null
              ? null
              : MethodHandles.publicLookup().unreflect(probe.getMethod(name, Thread.class));
        } catch (ReflectiveOperationException _) {
          return null;
        }
      }
    };
  }

  /** How to ask the copy that a goroutine's handler is of for what that has used. */
  private static final ClassValue<@Nullable MethodHandle> USAGE = asking("usage");

  /** How to ask it whether that is parked for ever on purpose. */
  private static final ClassValue<@Nullable MethodHandle> PARKED = asking("parkedForever");

  // How to ask the copy that a park blocker is of who keeps the thread waiting, in short and at
  // length; and the one that a goroutine's handler is of by which group that is counted.
  private static final ClassValue<@Nullable MethodHandle> KEEPER = asking("keeperOf");
  private static final ClassValue<@Nullable MethodHandle> OBSTACLE = asking("obstacle");
  private static final ClassValue<@Nullable MethodHandle> COUNTED_BY = asking("countedBy");

  /** How to ask the copy that a park blocker is of who last had to do with it. */
  private static final ClassValue<@Nullable MethodHandle> LAST_ACTORS = asking("lastActors");

  /** What {@link #keeperOf} says if it is the goroutines of a group. */
  public static final long GROUP = -1;

  private Cores() {}

  /** Lets class loaders be found by the classes that they have loaded. */
  public static void use(Supplier<Class<?>[]> classes) {
    loadedClasses = classes;
  }

  /** The labels of a thread; empty if it is no goroutine. */
  public static Map<String, String> labels(Thread thread) {
    Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
    MethodHandle labels = handler == null ? null : LABELS.get(handler.getClass());
    if (labels == null) {
      return Map.of();
    }
    try {
      return strings(labels.invoke(thread));
    } catch (Throwable _) {
      return Map.of();
    }
  }

  /** Why a thread may be parked for ever, as its own code has said; null if it has not. */
  public static @Nullable String parkedForever(Thread thread) {
    Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
    MethodHandle parked = handler == null ? null : PARKED.get(handler.getClass());
    try {
      return parked != null && parked.invoke(thread) instanceof String why ? why : null;
    } catch (Throwable _) {
      return null;
    }
  }

  /**
   * Who keeps a thread waiting in a lock or group of the language: the identifier of a thread, or
   * {@link #GROUP}; 0 if it waits for something else, for a limited time, or it is not known.
   *
   * @param blocker its park blocker
   */
  public static long keeperOf(Thread thread, Object blocker) {
    MethodHandle keeper = KEEPER.get(blocker.getClass());
    try {
      return keeper == null ? 0 : (long) keeper.invokeExact(thread);
    } catch (Throwable _) {
      return 0;
    }
  }

  /**
   * What keeps a thread waiting, as {@code Probe.obstacle} has it.
   *
   * @param thread the identifier of the thread that has it; 0 for a group
   * @param group the mark of the group; null for a thread
   * @param what what is waited for, in words
   * @param by words that the name of that thread follows
   * @param owned whether nobody else can end the wait, but by an interrupt
   */
  public record Obstacle(
      long thread, @Nullable Object group, String what, String by, boolean owned) {}

  /** The same at length; null if {@link #keeperOf} says 0. */
  public static @Nullable Obstacle obstacle(Thread thread, Object blocker) {
    MethodHandle obstacle = OBSTACLE.get(blocker.getClass());
    try {
      return obstacle != null
              && obstacle.invoke(thread) instanceof Map<?, ?> map
              && map.get("thread") instanceof Long keeper
              && map.get("what") instanceof String what
              && map.get("by") instanceof String by
              && map.get("owned") instanceof Boolean owned
          ? new Obstacle(keeper, map.get("group"), what, by, owned)
          : null;
    } catch (Throwable _) {
      return null;
    }
  }

  /**
   * Who last did what would end a wait, as {@code Probe.lastActors} has it.
   *
   * @param thread its identifier; 0 if nobody has
   * @param what what is waited on
   * @param did words that the name of that thread follows
   */
  public record LastActor(long thread, String what, String did) {}

  /** Those of what a thread waits on; none where that is not known. */
  public static List<LastActor> lastActors(Thread thread, Object blocker) {
    MethodHandle last = LAST_ACTORS.get(blocker.getClass());
    try {
      List<LastActor> actors = new ArrayList<>();
      if (last != null && last.invoke(thread) instanceof List<?> all) {
        for (Object each : all) {
          if (each instanceof Map<?, ?> map
              && map.get("thread") instanceof Long id
              && map.get("what") instanceof String what
              && map.get("did") instanceof String did) {
            actors.add(new LastActor(id, what, did));
          }
        }
      }
      return actors;
    } catch (Throwable _) {
      return List.of();
    }
  }

  /** The mark of the group that has started a goroutine and waits for it; null if none has. */
  public static @Nullable Object countedBy(Thread thread) {
    Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
    MethodHandle counted = handler == null ? null : COUNTED_BY.get(handler.getClass());
    try {
      return counted == null ? null : counted.invoke(thread);
    } catch (Throwable _) {
      return null;
    }
  }

  /**
   * What a goroutine has used.
   *
   * @param cpuNanos processor time; empty where nothing was counted
   * @param startedBy the thread that started it; empty where that was not noted
   * @param startedAt the line that did; likewise
   */
  public record Usage(
      OptionalLong cpuNanos, OptionalLong startedBy, Optional<StackTraceElement> startedAt) {}

  private static final Usage UNKNOWN =
      new Usage(OptionalLong.empty(), OptionalLong.empty(), Optional.empty());

  /** What a goroutine has used, as far as that was counted. */
  public static Usage usage(Thread thread) {
    Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
    MethodHandle usage = handler == null ? null : USAGE.get(handler.getClass());
    try {
      if (usage == null || !(usage.invoke(thread) instanceof Map<?, ?> map)) {
        return UNKNOWN;
      }
      return new Usage(
          map.get("cpuNanos") instanceof Long nanos ? OptionalLong.of(nanos) : OptionalLong.empty(),
          map.get("startedBy") instanceof Long by ? OptionalLong.of(by) : OptionalLong.empty(),
          map.get("startedAt") instanceof StackTraceElement at
              ? Optional.of(at)
              : Optional.empty());
    } catch (Throwable _) {
      return UNKNOWN;
    }
  }

  private static Map<String, String> strings(@Nullable Object map) {
    if (!(map instanceof Map<?, ?> any) || any.isEmpty()) {
      return Map.of();
    }
    Map<String, String> strings = new TreeMap<>();
    any.forEach(
        (key, value) -> {
          if (key instanceof String k && value instanceof String v) {
            strings.put(k, v);
          }
        });
    return strings;
  }

  /**
   * Calls back with the identifier and the labels of each goroutine that the language itself can
   * list: those that have waited in it.
   */
  public static void forEachLabelled(BiConsumer<Long, Map<String, String>> consumer) {
    Consumer<Map<String, Object>> goroutine =
        map -> {
          Map<String, String> labels = strings(map.get("labels"));
          if (!labels.isEmpty() && map.get("id") instanceof Long id) {
            consumer.accept(id, labels);
          }
        };
    forEachGoroutine(goroutine);
  }

  /** Calls back with what each copy says of the goroutines that it can list itself. */
  public static void forEachGoroutine(Consumer<Map<String, Object>> consumer) {
    for (Class<?> probe : probes()) {
      call(probe, "goroutines", new Class<?>[] {Consumer.class}, consumer);
    }
  }

  /** Listens to the labels of all copies until closed. */
  public static AutoCloseable listenToLabels(BiConsumer<Long, Map<String, String>> listener) {
    return all("listenToLabels", new Class<?>[] {BiConsumer.class}, listener);
  }

  /** Listens to what goes wrong in all copies until closed; see {@code Probe}. */
  public static AutoCloseable listenToIncidents(
      long slowNanos, boolean uncaught, Consumer<String> listener) {
    return all(
        "listenToIncidents",
        new Class<?>[] {long.class, boolean.class, Consumer.class},
        slowNanos,
        uncaught,
        listener);
  }

  /** Samples blocking and contention in all copies until closed. */
  public static AutoCloseable sampleContention() {
    return all("sampleContention", new Class<?>[0]);
  }

  /** Counts in all copies what goroutines use, until closed. */
  public static AutoCloseable countUsage() {
    return all("countUsage", new Class<?>[0]);
  }

  /** Measures in all copies how long goroutines are runnable before they run, until closed. */
  public static AutoCloseable measureLatency() {
    return all("measureLatency", new Class<?>[0]);
  }

  /** Sets the rate of one of the profiles in all copies that there are now. */
  public static void setRate(String method, Class<?> type, Object rate) {
    for (Class<?> probe : probes()) {
      call(probe, method, new Class<?>[] {type}, rate);
    }
  }

  private static AutoCloseable all(String method, Class<?>[] types, Object... arguments) {
    List<AutoCloseable> open = new ArrayList<>();
    for (Class<?> probe : probes()) {
      if (call(probe, method, types, arguments) instanceof AutoCloseable one) {
        open.add(one);
      }
    }
    return () -> {
      for (AutoCloseable one : open) {
        one.close();
      }
    };
  }

  /**
   * A place where threads waited.
   *
   * @param stack leaf first
   * @param count how often
   * @param nanos for how long in all
   */
  public record Contention(List<StackTraceElement> stack, long count, long nanos) {}

  /** What was sampled, in all copies. */
  public static List<Contention> contentions(String kind) {
    List<Contention> list = new ArrayList<>();
    for (Class<?> probe : probes()) {
      if (call(probe, "contentions", new Class<?>[] {String.class}, kind) instanceof List<?> all) {
        for (Object one : all) {
          if (one instanceof Map<?, ?> map
              && map.get("count") instanceof Long count
              && map.get("nanos") instanceof Long nanos) {
            list.add(new Contention(stack(map.get("stack")), count, nanos));
          }
        }
      }
    }
    return list;
  }

  /** The program's own profiles, by name, with how much they have. */
  public static Map<String, Integer> profiles() {
    Map<String, Integer> counts = new TreeMap<>();
    for (Class<?> probe : probes()) {
      if (call(probe, "profiles", new Class<?>[0]) instanceof Map<?, ?> map) {
        map.forEach(
            (name, count) -> {
              if (name instanceof String n && count instanceof Integer c) {
                counts.merge(n, c, Integer::sum);
              }
            });
      }
    }
    return counts;
  }

  /** The stacks of one of them. */
  public static List<List<StackTraceElement>> profile(String name) {
    List<List<StackTraceElement>> stacks = new ArrayList<>();
    for (Class<?> probe : probes()) {
      if (call(probe, "profile", new Class<?>[] {String.class}, name) instanceof List<?> all) {
        all.forEach(stack -> stacks.add(stack(stack)));
      }
    }
    return stacks;
  }

  /**
   * Records for an execution trace, in all copies where that is possible; see {@code Probe.trace}.
   * That of the agent is only asked when it schedules threads of the program: asking starts its
   * scheduler.
   *
   * @param impossible is told why a copy cannot
   */
  @SuppressWarnings("unchecked") // as the probe's method says
  public static List<Function<String, @Nullable Object>> trace(
      boolean ring, long mostBytes, long keepNanos, Consumer<String> impossible) {
    List<Function<String, @Nullable Object>> sessions = new ArrayList<>();
    for (Class<?> probe : probes()) {
      if (probe == Probe.class && isAgents() && !Probe.isWholeJvm()) {
        continue;
      }
      if (call(probe, "traceImpossible", new Class<?>[0]) instanceof String why) {
        impossible.accept(why);
      } else if (call(
              probe,
              "trace",
              new Class<?>[] {boolean.class, long.class, long.class},
              ring,
              mostBytes,
              keepNanos)
          instanceof Function<?, ?> session) {
        sessions.add((Function<String, @Nullable Object>) session);
      } else {
        impossible.accept("a copy of the language in the program is too old for traces");
      }
    }
    return sessions;
  }

  /** Whether this runs in the agent, which has a copy that no program uses. */
  private static boolean isAgents() {
    ClassLoader loader = Probe.class.getClassLoader();
    return loader != null && loader.getClass().getName().equals("dev.selvage.agent.Agent$Inside");
  }

  /** What each copy says of its schedulers; see {@link Probe#scheduling}. */
  public static List<Map<?, ?>> scheduling() {
    List<Map<?, ?>> all = new ArrayList<>();
    for (Class<?> probe : probes()) {
      if (call(probe, "scheduling", new Class<?>[0]) instanceof Map<?, ?> map) {
        all.add(map);
      }
    }
    return all;
  }

  /**
   * How many carriers of the schedulers of all copies stand still.
   *
   * @param machines how many there are
   * @param still how many stand still
   */
  public record Standing(int machines, int still) {
    /** Whether all do. */
    public boolean all() {
      return machines == still;
    }
  }

  /** The schedulers of all copies, held; see {@link Probe#hold}. */
  public static final class Hold implements AutoCloseable {
    private final List<Function<?, ?>> copies;
    private final boolean complete;

    private Hold(List<Function<?, ?>> copies, boolean complete) {
      this.copies = copies;
      this.complete = complete;
    }

    /** Whether no copy has a scheduler that cannot be held, as it is too old for that. */
    public boolean isComplete() {
      return complete;
    }

    /** How many carriers stand still now. */
    public Standing standing() {
      int machines = 0;
      int still = 0;
      for (Function<?, ?> copy : copies) {
        if (ask(copy, "standing") instanceof int[] counts && counts.length >= 2) {
          machines += counts[0];
          still += counts[1];
        }
      }
      return new Standing(machines, still);
    }

    /** Lets all go on; whether all that could be held were until now. */
    public boolean resume() {
      boolean held = true;
      for (Function<?, ?> copy : copies) {
        held &= Boolean.TRUE.equals(ask(copy, "resume"));
      }
      return held;
    }

    @SuppressWarnings("unchecked") // as the probe's method says
    private static @Nullable Object ask(Function<?, ?> copy, String word) {
      try {
        return ((Function<String, @Nullable Object>) copy).apply(word);
      } catch (RuntimeException _) {
        return null;
      }
    }

    @Override
    public void close() {
      resume();
    }
  }

  /** Holds the schedulers of all copies, for so long at most. */
  public static Hold hold(Duration most) {
    List<Function<?, ?>> copies = new ArrayList<>();
    boolean complete = true;
    for (Class<?> probe : probes()) {
      if (call(probe, "hold", new Class<?>[] {long.class}, most.toNanos())
          instanceof Function<?, ?> copy) {
        copies.add(copy);
      } else {
        complete &=
            !(call(probe, "scheduling", new Class<?>[0]) instanceof Map<?, ?> map
                && map.get("schedulers") instanceof List<?> schedulers
                && !schedulers.isEmpty());
      }
    }
    return new Hold(copies, complete);
  }

  /** Whether the scheduler of some copy was given every virtual thread of the program. */
  public static boolean isWholeJvm() {
    for (Class<?> probe : probes()) {
      if (Boolean.TRUE.equals(call(probe, "isWholeJvm", new Class<?>[0]))) {
        return true;
      }
    }
    return false;
  }

  private static List<StackTraceElement> stack(@Nullable Object stack) {
    return stack instanceof List<?> frames
        ? frames.stream()
            .filter(StackTraceElement.class::isInstance)
            .map(StackTraceElement.class::cast)
            .toList()
        : List.of();
  }

  private static @Nullable Object call(
      Class<?> probe, String name, Class<?>[] types, Object... arguments) {
    try {
      Method method = probe.getMethod(name, types);
      return method.invoke(null, arguments);
    } catch (ReflectiveOperationException | RuntimeException | LinkageError _) {
      return null;
    }
  }

  private static Set<Class<?>> probes() {
    Set<Class<?>> probes = new LinkedHashSet<>();
    probes.add(Probe.class);
    add(probes, ClassLoader.getSystemClassLoader());
    for (Class<?> type : loadedClasses.get()) {
      if (type.getClassLoader() != null && type.getName().startsWith("dev.selvage.")) {
        add(probes, type.getClassLoader());
      }
    }
    return probes;
  }

  private static void add(Set<Class<?>> probes, ClassLoader loader) {
    WeakReference<@Nullable Class<?>> known;
    synchronized (FOUND) {
      known = FOUND.get(loader);
    }
    if (known == null) {
      Class<?> found = probe(loader);
      known = new WeakReference<>(found);
      synchronized (FOUND) {
        // One that has no language now may be given it later, as the class path never is.
        if (found != null || loader == ClassLoader.getSystemClassLoader()) {
          FOUND.put(loader, known);
        }
      }
    }
    Class<?> probe = known.get();
    if (probe != null) {
      probes.add(probe);
    }
  }

  private static @Nullable Class<?> probe(ClassLoader loader) {
    try {
      Class<?> probe = Class.forName(PROBE, true, loader);
      return probe.getMethod("protocol").invoke(null) instanceof Integer version
              && version >= FIRST_PROTOCOL
          ? probe
          : null;
    } catch (ReflectiveOperationException | RuntimeException | LinkageError _) {
      return null;
    }
  }
}
