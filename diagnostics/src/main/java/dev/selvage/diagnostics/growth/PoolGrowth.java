package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Growth;
import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.jdk.FieldReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Suspects the JDK's pools of platform threads: those whose unbounded queue only grows, and those
 * that are made again and again and never shut down. Finds them through their threads and reads
 * them; takes no lock, calls no method of the program and keeps no pool alive. One thread at a
 * time.
 */
final class PoolGrowth implements Watch {
  /*
   * A dropped pool is not garbage: its idle threads hold it, and nothing ends them. Whether
   * somebody else still has it cannot be known without the whole heap. What can be known is that
   * pools of one make (class, sizes, queue, thread factory) become more and more, run, have nothing
   * to do, and are not used again: those that were there in the middle of the time are there still,
   * and have done nothing since. A pool whose threads end by themselves, for lack of a core or by
   * allowCoreThreadTimeOut, goes by itself; ForkJoinPools do.
   *
   * A queue that grows for some seconds may be a burst. It is suspected only if, at the rate at
   * which tasks are done, what waits would last for some seconds more although none came; or if it
   * grew for a minute.
   *
   * The number of tasks that are done is summed over workers while they go on, so it may be late by
   * a few; a pool that did anything since the last sample counts as used.
   */
  private static final int MOST_POOLS = 2_000;
  private static final int MOST_MAKES = 500;
  private static final int MOST_WORKERS = 1_000;
  private static final int MOST_TASKS = 64;
  private static final int MOST_NAMES = 10;
  private static final int LEAST_POOLS = 8;
  private static final int LEAST_QUEUED = 32;
  private static final StackTraceElement[] NO_FRAMES = {};
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final double LONG_DRAIN_SECONDS = 5;
  private static final double LONG_GROWTH_SECONDS = 60;

  /** Fields by which the JDK's task objects hold what the program gave them. */
  private static final String[] TASK_FIELDS = {"callable", "task", "runnable", "fn", "action"};

  private final Supplier<Class<?>[]> loadedClasses;
  private final LongSupplier nanos;
  private final Shapes shapes;
  private final Containers containers;
  private final Workers workers;
  private final long coreTimesOut;
  private final List<Pool> pools = new ArrayList<>();
  private final Map<Make, Curve> unused = new LinkedHashMap<>();
  private int samples;
  private long failures;

  PoolGrowth(Supplier<Class<?>[]> loadedClasses, FieldReader reader, LongSupplier nanos) {
    this.loadedClasses = loadedClasses;
    this.nanos = nanos;
    this.shapes = new Shapes(reader);
    this.containers = new Containers(shapes);
    this.workers = new Workers(shapes);
    this.coreTimesOut = coreTimesOut(reader);
  }

  private static long coreTimesOut(FieldReader reader) {
    try {
      return reader.offset(ThreadPoolExecutor.class.getDeclaredField("allowCoreThreadTimeOut"));
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException("this JDK's ThreadPoolExecutor is another", e);
    }
  }

  /** What pools have in common that were made by one line. */
  private record Make(String pool, String factory, int core, int max, String queue) {}

  /** A pool that is followed, with what is known of it. */
  private static final class Pool extends WeakReference<Object> {
    final Make make;
    final Curve queue = new Curve();
    final Curve done = new Curve();
    State state;
    String thread = "";

    /** Since when it has done nothing, on our clock; {@link Long#MAX_VALUE} while it does. */
    long idleSince = Long.MAX_VALUE;

    Pool(Object pool, Make make, State state) {
      super(pool);
      this.make = make;
      this.state = state;
    }
  }

  /**
   * What a pool is doing.
   *
   * @param running whether nobody has shut it down
   * @param workers how many threads it has
   * @param busy how many of them are in a task
   * @param queued how many tasks wait; -1 where the queue does not tell
   * @param done how many tasks have ended
   */
  private record State(boolean running, int workers, int busy, long queued, long done) {
    boolean isIdle() {
      return running && busy == 0 && queued == 0;
    }
  }

  /** How many samples failed as a whole. */
  long failures() {
    return failures;
  }

  @Override
  public void sample() {
    try {
      long now = nanos.getAsLong();
      IdentityHashMap<Object, Thread> live = livePools();
      IdentityHashMap<Object, Pool> known = Followed.byReferent(pools);
      live.forEach((it, thread) -> note(it, thread, known.get(it), now));
      count(live, now);
      samples++;
    } catch (RuntimeException | LinkageError e) {
      // A pool that changed under the reading; the next sample sees it afresh.
      failures++;
    }
  }

  private IdentityHashMap<Object, Thread> livePools() {
    IdentityHashMap<Object, Thread> live = new IdentityHashMap<>();
    for (Thread thread : JdkTimerGrowth.platformThreads()) {
      Object pool = workers.poolOf(thread);
      if (pool != null && !Frames.isSelvage(pool.getClass().getName())) {
        live.putIfAbsent(pool, thread);
      }
    }
    return live;
  }

  private void note(Object it, Thread thread, @Nullable Pool known, long now) {
    State state = state(it);
    Pool pool = known;
    if (pool == null) {
      if (pools.size() >= MOST_POOLS) {
        return;
      }
      pool = new Pool(it, make(it), state);
      pools.add(pool);
      pool.idleSince = state.isIdle() ? now : Long.MAX_VALUE;
    } else if (!state.isIdle()) {
      pool.idleSince = Long.MAX_VALUE;
    } else if (pool.idleSince == Long.MAX_VALUE || state.done() != pool.state.done()) {
      pool.idleSince = now;
    }
    pool.state = state;
    pool.thread = thread.getName();
    if (state.queued() >= 0) {
      pool.queue.add(now, state.queued());
      pool.done.add(now, state.done());
    }
  }

  /** How many of each make run and have nothing to do. */
  private void count(IdentityHashMap<Object, Thread> live, long now) {
    Map<Make, Integer> counts = new HashMap<>();
    for (Pool pool : pools) {
      Object it = pool.get();
      if (it != null && live.containsKey(it) && isUnused(it, pool)) {
        counts.merge(pool.make, 1, Integer::sum);
      }
    }
    for (Make make : counts.keySet()) {
      if (unused.size() < MOST_MAKES) {
        unused.computeIfAbsent(make, _ -> new Curve());
      }
    }
    unused.forEach((make, curve) -> curve.add(now, counts.getOrDefault(make, 0)));
  }

  /** Whether it has nothing to do, and nothing but a shutdown will end its threads. */
  private boolean isUnused(Object it, Pool pool) {
    return it instanceof ThreadPoolExecutor
        && pool.idleSince != Long.MAX_VALUE
        && pool.make.core() > 0
        && !shapes.reader().booleanAt(it, coreTimesOut);
  }

  // ------------------------------------------------------------------ reading a pool

  private State state(Object it) {
    return it instanceof ForkJoinPool ? forkJoin(it) : threadPool(it);
  }

  private State threadPool(Object it) {
    Object queue = shapes.get(it, "workQueue");
    long[] sums = new long[3]; // workers, busy, done
    sums[2] = Math.max(0, shapes.number(it, "completedTaskCount"));
    Object set = shapes.get(it, "workers");
    if (set != null) {
      containers.entries(
          set,
          MOST_WORKERS,
          (worker, _) -> {
            if (worker != null) {
              sums[0]++;
              sums[1] += shapes.number(worker, "state") == 0 ? 0 : 1;
              sums[2] += Math.max(0, shapes.number(worker, "completedTasks"));
            }
            return true;
          });
    }
    // The sign bit of ctl says that it runs.
    boolean running = shapes.get(it, "ctl") instanceof Number ctl && ctl.intValue() < 0;
    return new State(running, (int) sums[0], (int) sums[1], queued(queue), sums[2]);
  }

  private long queued(@Nullable Object queue) {
    if (queue == null) {
      return -1;
    }
    if (queue.getClass().getName().equals("java.util.concurrent.SynchronousQueue")) {
      return 0;
    }
    long size = containers.size(queue);
    size = size < 0 ? shapes.number(queue, "count") : size; // ArrayBlockingQueue
    return size < 0 ? shapes.number(queue, "size") : size; // that of a scheduler
  }

  /** What was submitted from outside: what tasks fork themselves is theirs to join. */
  private State forkJoin(Object it) {
    long queued = 0;
    long done = Math.max(0, shapes.number(it, "stealCount"));
    int threads = 0;
    if (shapes.get(it, "queues") instanceof Object[] queues) {
      for (int i = 0; i < queues.length; i++) {
        Object each = queues[i];
        if (each == null) {
          continue;
        }
        if ((i & 1) == 0) {
          queued += Math.max(0, shapes.number(each, "top") - shapes.number(each, "base"));
        } else {
          threads++;
          done += Math.max(0, shapes.number(each, "nsteals"));
        }
      }
    }
    return new State(true, threads, threads, queued, done);
  }

  private Make make(Object it) {
    Object factory = shapes.get(it, it instanceof ForkJoinPool ? "factory" : "threadFactory");
    Object queue = shapes.get(it, "workQueue");
    return new Make(
        Names.of(it.getClass()),
        factory == null ? "" : Names.of(factory.getClass()),
        (int) shapes.number(it, "corePoolSize"),
        (int) shapes.number(it, "maximumPoolSize"),
        queue == null ? "" : Names.of(queue.getClass()));
  }

  // ------------------------------------------------------------------ what is suspected

  private boolean queueGrows(Object it, Pool pool) {
    if (!pool.state.running() || !pool.queue.onlyGrows(LEAST_QUEUED) || isScheduler(it)) {
      return false;
    }
    Object queue = shapes.get(it, "workQueue");
    if (queue != null && !hasNoBound(queue)) {
      return false;
    }
    double seconds = pool.queue.seconds();
    double done = pool.done.last() - pool.done.first();
    return seconds >= LONG_GROWTH_SECONDS
        || pool.queue.last() * seconds >= LONG_DRAIN_SECONDS * Math.max(0, done);
  }

  /** One that is not known, or is an array, counts as bounded. */
  private boolean hasNoBound(Object queue) {
    return containers.size(queue) >= 0 && containers.limit(queue) == Long.MAX_VALUE;
  }

  /** Its queue is watched by {@link JdkTimerGrowth}, which tells tasks apart. */
  private static boolean isScheduler(Object it) {
    return it instanceof ScheduledThreadPoolExecutor;
  }

  /** Those of that make that have done nothing since a time, and run still. */
  private List<Pool> unusedSince(Make make, long time) {
    List<Pool> found = new ArrayList<>();
    for (Pool pool : pools) {
      Object it = pool.get();
      if (it != null
          && pool.make.equals(make)
          && pool.idleSince <= time
          && isUnused(it, pool)
          && state(it).isIdle()) {
        found.add(pool);
      }
    }
    return found;
  }

  private boolean poolsGrow(Make make, Curve curve) {
    if (!curve.onlyGrows(LEAST_POOLS)) {
      return false;
    }
    // Asked anew: a collection since then may have let the JDK shut down what was dropped.
    long middle = nanosOfLastSample(curve) - curve.sinceMiddleNanos();
    return unusedSince(make, middle).size() * 10L >= curve.middle() * 9
        && unusedSince(make, Long.MAX_VALUE - 1).size() * 10L >= curve.last() * 9;
  }

  private static long nanosOfLastSample(Curve curve) {
    return curve.points().getLast().nanos();
  }

  @Override
  public List<Finding.Suspected> suspects() {
    if (samples < 2) {
      return List.of();
    }
    Class<?>[] loaded = loadedClasses.get();
    Map<String, Finding.Suspected> found = new LinkedHashMap<>();
    for (Pool pool : pools) {
      Object it = pool.get();
      if (it != null && queueGrows(it, pool)) {
        Finding.Suspected finding = queueFinding(it, pool, loaded);
        found.merge(
            finding.details().fingerprint(),
            finding,
            (a, b) -> a.details().count() >= b.details().count() ? a : b);
      }
    }
    unused.forEach(
        (make, curve) -> {
          if (poolsGrow(make, curve)) {
            Finding.Suspected finding = poolsFinding(make, curve, loaded);
            found.put(finding.details().fingerprint(), finding);
          }
        });
    return found.values().stream()
        .sorted(
            Comparator.comparing((Finding.Suspected f) -> -f.details().count())
                .thenComparing(f -> f.details().fingerprint()))
        .toList();
  }

  private Finding.Suspected queueFinding(Object it, Pool pool, Class<?>[] loaded) {
    State state = state(it);
    Class<?> task = taskClass(it);
    List<String> sites =
        task == null ? List.of() : ScheduleSites.submits(task, loaded, bodies(it, task));
    double seconds = Math.round(pool.queue.seconds() * 10) / 10.0;
    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put("pool", pool.make.pool());
    evidence.put("thread", pool.thread);
    evidence.put("workers", state.workers());
    if (!(it instanceof ForkJoinPool)) {
      evidence.put("busy", state.busy());
      evidence.put("queue", pool.make.queue());
    }
    evidence.put("queued", pool.queue.last());
    evidence.put("grewBy", pool.queue.last() - pool.queue.first());
    evidence.put("seconds", seconds);
    evidence.put("perSecond", pool.queue.perSecond());
    evidence.put("donePerSecond", Math.max(0, pool.done.perSecond()));
    evidence.put("sizes", pool.queue.text(12));
    if (task != null) {
      evidence.put("taskClass", Names.of(task));
    }
    if (!sites.isEmpty()) {
      evidence.put("submitSites", sites);
    }
    String of = pool.make.pool() + " " + (task == null ? "" : Names.of(task));
    return new Finding.Suspected(
        new Finding.Details(
            Finding.State.OPEN,
            "queue growth",
            (int) Math.min(Integer.MAX_VALUE, Math.max(1, pool.queue.last())),
            sites.size() == 1 ? sites.getFirst() : null,
            null,
            OptionalLong.of((long) pool.queue.seconds()),
            OptionalLong.empty(),
            List.of(pool.thread),
            List.of(),
            Frames.fingerprint("queue growth", of, List.of()),
            null,
            evidence,
            "the queue of the pool of thread "
                + pool.thread
                + " has no bound and only grew, from "
                + pool.queue.first()
                + " to "
                + pool.queue.last()
                + " tasks in "
                + seconds
                + " s: more come than are done",
            "give the pool a queue with a bound, and say what becomes of a task that does not fit"
                + " (CallerRunsPolicy lets who submits wait)"));
  }

  private Finding.Suspected poolsFinding(Make make, Curve curve, Class<?>[] loaded) {
    List<Pool> all = unusedSince(make, Long.MAX_VALUE - 1);
    int threads = 0;
    List<String> names = new ArrayList<>();
    for (Pool pool : all) {
      threads += pool.state.workers();
      if (names.size() < MOST_NAMES && !pool.thread.isEmpty()) {
        names.add(pool.thread);
      }
    }
    List<String> sites = PoolSites.find(make.pool(), make.factory(), loaded);
    double seconds = Math.round(curve.seconds() * 10) / 10.0;
    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put("pool", make.pool());
    evidence.put("threadsEach", make.core());
    evidence.put("threads", threads);
    evidence.put("idle", all.size());
    evidence.put("grewBy", curve.last() - curve.first());
    evidence.put("seconds", seconds);
    evidence.put("perSecond", curve.perSecond());
    evidence.put("sizes", curve.text(12));
    if (!Frames.isJdk(make.factory()) && !make.factory().isEmpty()) {
      evidence.put("threadFactory", make.factory());
    }
    if (!sites.isEmpty()) {
      evidence.put("createSites", sites);
    }
    return new Finding.Suspected(
        new Finding.Details(
            Finding.State.OPEN,
            "executor growth",
            Math.max(1, all.size()),
            sites.size() == 1 ? sites.getFirst() : null,
            null,
            OptionalLong.of((long) curve.seconds()),
            OptionalLong.empty(),
            names,
            List.of(),
            Frames.fingerprint("executor growth", make.toString(), List.of()),
            null,
            evidence,
            "the executors of this kind that nobody shut down only grew in number, from "
                + curve.first()
                + " to "
                + curve.last()
                + " in "
                + seconds
                + " s, and those that were there did nothing any more; their "
                + threads
                + " idle threads keep them",
            "close it where its work ends: try (var executor = …) { … }, or make one for all"));
  }

  /** The class of most of the tasks that wait, as far as the program wrote it. */
  private @Nullable Class<?> taskClass(Object it) {
    Map<Class<?>, Integer> counts = new HashMap<>();
    if (it instanceof ForkJoinPool) {
      if (shapes.get(it, "queues") instanceof Object[] queues) {
        for (int i = 0; i < queues.length; i += 2) {
          if (shapes.get(queues[i], "array") instanceof Object[] tasks) {
            for (int j = 0; j < Math.min(tasks.length, MOST_TASKS); j++) {
              countTask(tasks[j], counts);
            }
          }
        }
      }
    } else {
      Object queue = shapes.get(it, "workQueue");
      if (queue != null) {
        containers.entries(
            queue,
            MOST_TASKS,
            (_, task) -> {
              countTask(task, counts);
              return true;
            });
      }
    }
    return counts.entrySet().stream()
        .max(
            Map.Entry.<Class<?>, Integer>comparingByValue()
                .thenComparing(e -> e.getKey().getName()))
        .map(Map.Entry::getKey)
        .orElse(null);
  }

  /** The methods of that class in which the pool's threads are: what its tasks do. */
  private Set<String> bodies(Object it, Class<?> task) {
    Set<String> bodies = new HashSet<>();
    String definer = Names.definer(task);
    for (Thread thread : JdkTimerGrowth.platformThreads()) {
      if (bodies.size() < MOST_NAMES && workers.poolOf(thread) == it) {
        ThreadInfo info = THREADS.getThreadInfo(thread.threadId(), Integer.MAX_VALUE);
        StackTraceElement body = null; // the first of its frames that was called
        for (StackTraceElement frame : info == null ? NO_FRAMES : info.getStackTrace()) {
          body = frame.getClassName().equals(definer) ? frame : body;
        }
        if (body != null) {
          bodies.add(body.getMethodName());
        }
      }
    }
    return bodies;
  }

  private void countTask(@Nullable Object task, Map<Class<?>, Integer> counts) {
    Object at = task;
    for (int i = 0; at != null && i < 6; i++) {
      if (!Names.isJdk(at.getClass())) {
        counts.merge(at.getClass(), 1, Integer::sum);
        return;
      }
      Object next = null;
      for (String field : TASK_FIELDS) {
        next = next == null ? shapes.get(at, field) : next;
      }
      at = next;
    }
  }

  @Override
  public List<Growth> growth() {
    List<Growth> all = new ArrayList<>();
    for (Pool pool : pools) {
      Object it = pool.get();
      if (it != null && pool.queue.samples() > 0) {
        all.add(
            new Growth(
                "queue",
                "the queue of " + pool.thread,
                null,
                queueGrows(it, pool),
                pool.queue.points()));
      }
    }
    unused.forEach(
        (make, curve) ->
            all.add(
                new Growth(
                    "executor",
                    make.pool() + " of " + make.core() + ", unused",
                    null,
                    poolsGrow(make, curve),
                    curve.points())));
    return all;
  }
}
