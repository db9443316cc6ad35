package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Growth;
import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.jdk.FieldReader;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TimerTask;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Suspects tasks that are given to the JDK's own schedulers, {@code ScheduledThreadPoolExecutor}
 * and {@code java.util.Timer}, again and again and never cancelled. Finds their queues through
 * their platform threads and reads them; takes no lock. One thread at a time.
 */
final class JdkTimerGrowth implements Watch {
  /*
   * Queues are read while their owners change them, so a task may be counted twice or missed in one
   * sample. A queue of thousands makes that small; of a few it is rare. Tasks that are done or
   * cancelled are left out: those go when their time comes.
   *
   * A task that runs once goes by itself after its delay, so its number grows only until that has
   * passed once. It is suspected only when it waits for long.
   */
  private static final int MOST_READ = 50_000;
  private static final int MOST_CLASSES = 1_000;
  private static final int LEAST_PERIODIC = 8;
  private static final int LEAST_ONCE = 32;
  private static final long LONG_DELAY_NANOS = 60_000_000_000L;
  private static final int TIMER_TASK_CANCELLED = 3;

  private final Supplier<Class<?>[]> loadedClasses;
  private final LongSupplier nanos;
  private final Shapes shapes;
  private final Map<Key, Tasks> tasks = new LinkedHashMap<>();
  private long failures;

  JdkTimerGrowth(Supplier<Class<?>[]> loadedClasses, FieldReader reader, LongSupplier nanos) {
    this.loadedClasses = loadedClasses;
    this.nanos = nanos;
    this.shapes = new Shapes(reader);
  }

  /**
   * Tasks that count together.
   *
   * @param captured what a lambda captures, which tells the lambdas of one class apart
   */
  private record Key(String taskClass, List<String> captured, String scheduler, boolean periodic) {}

  private static final class Tasks {
    final WeakReference<Class<?>> type;
    final Curve curve = new Curve();
    int now;
    long latest;

    Tasks(Class<?> type) {
      this.type = new WeakReference<>(type);
    }
  }

  /** How many samples failed as a whole. */
  long failures() {
    return failures;
  }

  @Override
  public void sample() {
    try {
      for (Tasks known : tasks.values()) {
        known.now = 0;
        known.latest = 0;
      }
      readAll();
      long now = nanos.getAsLong();
      tasks.values().forEach(t -> t.curve.add(now, t.now));
    } catch (RuntimeException | LinkageError e) {
      // A queue that changed under the reading; the next sample sees it afresh.
      failures++;
    }
  }

  private void readAll() {
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Thread thread : platformThreads()) {
      Object target = shapes.get(shapes.get(thread, "holder"), "task");
      Object pool = target == null ? null : shapes.get(target, "this$0");
      if (pool instanceof ThreadPoolExecutor) {
        Object queue = shapes.get(pool, "workQueue");
        if (queue != null
            && queue.getClass().getName().endsWith("$DelayedWorkQueue")
            && seen.add(queue)) {
          scheduled(queue);
        }
      } else if (thread.getClass().getName().equals("java.util.TimerThread")) {
        Object queue = shapes.get(thread, "queue");
        if (queue != null && seen.add(queue)) {
          timer(queue);
        }
      }
    }
  }

  static List<Thread> platformThreads() {
    ThreadGroup root = Thread.currentThread().getThreadGroup();
    while (root != null && root.getParent() != null) {
      root = root.getParent();
    }
    if (root == null) {
      return List.of();
    }
    @Nullable Thread[] threads = new @Nullable Thread[64];
    int count = root.enumerate(threads);
    while (count == threads.length) {
      threads = new @Nullable Thread[threads.length * 2];
      count = root.enumerate(threads);
    }
    List<Thread> found = new ArrayList<>(count);
    for (Thread thread : threads) {
      if (thread != null) {
        found.add(thread);
      }
    }
    return found;
  }

  private void scheduled(Object queue) {
    if (!(shapes.get(queue, "queue") instanceof Object[] heap)) {
      return;
    }
    long now = System.nanoTime();
    for (int i = 0; i < Math.min(heap.length, MOST_READ); i++) {
      if (heap[i] instanceof FutureTask<?> task && shapes.number(task, "state") <= 1) {
        Object callable = shapes.get(task, "callable");
        Object inner = shapes.get(callable, "task");
        Object user = inner == null ? callable : inner;
        if (user != null) {
          boolean periodic = shapes.number(task, "period") != 0;
          count(user, "ScheduledThreadPoolExecutor", periodic, shapes.number(task, "time") - now);
        }
      }
    }
  }

  private void timer(Object queue) {
    if (!(shapes.get(queue, "queue") instanceof Object[] heap)) {
      return;
    }
    long now = System.currentTimeMillis();
    long size = shapes.number(queue, "size");
    for (int i = 1; i < heap.length && i <= Math.min(size, MOST_READ); i++) {
      if (heap[i] instanceof TimerTask task
          && shapes.number(task, "state") != TIMER_TASK_CANCELLED) {
        long delay = (shapes.number(task, "nextExecutionTime") - now) * 1_000_000;
        count(task, "java.util.Timer", shapes.number(task, "period") != 0, delay);
      }
    }
  }

  private void count(Object user, String scheduler, boolean periodic, long delay) {
    Class<?> type = user.getClass();
    if (Names.isJdk(type) || Frames.isSelvage(type.getName())) {
      return;
    }
    Key key = new Key(Names.of(type), captured(type), scheduler, periodic);
    Tasks of = tasks.get(key);
    if (of == null) {
      if (tasks.size() >= MOST_CLASSES) {
        return;
      }
      of = new Tasks(type);
      tasks.put(key, of);
    }
    of.now++;
    of.latest = Math.max(of.latest, delay);
  }

  private final Map<Class<?>, List<String>> capturedTypes = new java.util.WeakHashMap<>();

  private List<String> captured(Class<?> type) {
    return type.isHidden()
        ? capturedTypes.computeIfAbsent(type, ScheduleSites::captured)
        : List.of();
  }

  @Override
  public List<Finding.Suspected> suspects() {
    Map<Finding.Suspected, Long> found = new HashMap<>();
    Class<?>[] loaded = loadedClasses.get();
    tasks.forEach(
        (key, of) -> {
          if (grows(key, of)) {
            found.put(finding(key, of, loaded), of.curve.last());
          }
        });
    return found.entrySet().stream()
        .sorted(
            Map.Entry.<Finding.Suspected, Long>comparingByValue(java.util.Comparator.reverseOrder())
                .thenComparing(e -> e.getKey().details().fingerprint()))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static Finding.Suspected finding(Key key, Tasks of, Class<?>[] loaded) {
    Class<?> type = of.type.get();
    List<String> sites =
        type == null ? List.of() : ScheduleSites.find(type, key.captured(), loaded);
    String once = key.periodic() ? "periodic tasks" : "tasks that run once";
    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put("taskClass", key.taskClass());
    evidence.put("scheduler", key.scheduler());
    evidence.put("periodic", key.periodic());
    evidence.put("queued", of.curve.last());
    evidence.put("grewBy", of.curve.last() - of.curve.first());
    evidence.put("seconds", Math.round(of.curve.seconds() * 10) / 10.0);
    evidence.put("perSecond", of.curve.perSecond());
    evidence.put("sizes", of.curve.text(12));
    if (!key.periodic()) {
      evidence.put("longestDelaySeconds", of.latest / 1_000_000_000L);
    }
    if (!sites.isEmpty()) {
      evidence.put("scheduleSites", sites);
    }
    return new Finding.Suspected(
        new Finding.Details(
            Finding.State.OPEN,
            "timer growth",
            (int) Math.min(Integer.MAX_VALUE, of.curve.last()),
            sites.isEmpty() ? null : sites.getFirst(),
            null,
            OptionalLong.of((long) of.curve.seconds()),
            OptionalLong.empty(),
            List.of(key.taskClass()),
            List.of(),
            Frames.fingerprint("timer growth", key.taskClass(), List.of()),
            null,
            evidence,
            "the "
                + once
                + " of class "
                + key.taskClass()
                + " in a "
                + key.scheduler()
                + " only grew in number, from "
                + of.curve.first()
                + " to "
                + of.curve.last()
                + " in "
                + evidence.get("seconds")
                + " s",
            key.periodic()
                ? "keep what schedule returned and cancel it where the task's user ends, or"
                    + " schedule one task for all users"
                : "cancel the task once it is not needed (with setRemoveOnCancelPolicy(true)), or"
                    + " shorten its delay"));
  }

  private static boolean grows(Key key, Tasks of) {
    boolean grows =
        key.periodic()
            ? of.curve.onlyGrows(LEAST_PERIODIC)
            : of.curve.onlyGrows(LEAST_ONCE) && of.latest >= LONG_DELAY_NANOS;
    return grows && of.now > 0;
  }

  @Override
  public List<Growth> growth() {
    List<Growth> all = new ArrayList<>();
    tasks.forEach(
        (key, of) ->
            all.add(
                new Growth(
                    "scheduled task",
                    key.taskClass() + " in " + key.scheduler(),
                    null,
                    grows(key, of),
                    of.curve.points())));
    return all;
  }
}
