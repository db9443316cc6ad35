package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.profile.StackProfile.Value;
import dev.selvage.diagnostics.text.ClassNames;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryManagerMXBean;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedThread;
import org.jspecify.annotations.Nullable;

/**
 * Takes the profiles of this JVM that Go's {@code runtime/pprof} has, beside those of goroutines
 * ({@link GoroutineProfile}), and a wall-clock profile. What the numbers of each mean here is said
 * in its comments and in the guide.
 *
 * <p>CPU time, allocations and the waits of platform threads come from the JVM's flight recorder,
 * by recordings of its own that leave those of the user alone; blocking and contention from the
 * language's own waits; live objects from the JVM's class histogram. Thread-safe.
 */
public final class Profiler {
  private static final Value COUNT_SAMPLES = new Value("samples", "count");
  private static final Value CPU = new Value("cpu", "nanoseconds");
  private static final Value CONTENTIONS = new Value("contentions", "count");
  private static final Value DELAY = new Value("delay", "nanoseconds");
  private static final Value ALLOC_OBJECTS = new Value("alloc_objects", "count");
  private static final Value ALLOC_SPACE = new Value("alloc_space", "bytes");
  private static final Value INUSE_OBJECTS = new Value("inuse_objects", "count");
  private static final Value INUSE_SPACE = new Value("inuse_space", "bytes");

  private static final Duration CPU_PERIOD = Duration.ofMillis(10);

  /** What is rarer than that is not worth an event for each. */
  private static final Duration WAIT_THRESHOLD = Duration.ofMillis(1);

  private static final Profiler INSTANCE = new Profiler();

  // One at a time each, as in Go: two would count each other, and share what the recorder can do.
  private final AtomicBoolean cpuBusy = new AtomicBoolean();
  private final AtomicBoolean wallBusy = new AtomicBoolean();
  private final AtomicBoolean allocationsBusy = new AtomicBoolean();
  private final AtomicBoolean waitsBusy = new AtomicBoolean();
  private final AtomicBoolean startsBusy = new AtomicBoolean();
  private final AtomicBoolean oldObjectsBusy = new AtomicBoolean();

  private Profiler() {}

  /** The one of this JVM. */
  public static Profiler ofThisJvm() {
    return INSTANCE;
  }

  /**
   * Lets copies of the language in other class loaders than the class path's be found by the
   * classes that those have loaded; the agent knows them.
   */
  public static void findLanguageIn(Supplier<Class<?>[]> loadedClasses) {
    Cores.use(loadedClasses);
  }

  /**
   * Counts what goroutines use, in all copies of the language that there are now, as {@link
   * dev.selvage.scheduler.Scheduler#countUsage} does in one. Stack dumps have it.
   *
   * @return ends it
   */
  public static AutoCloseable countUsage() {
    return Cores.countUsage();
  }

  private interface Taking<T> {
    T take() throws ProfileException, InterruptedException;
  }

  /** Called before each collection that a profile causes, and may wait until it is due. */
  @FunctionalInterface
  public interface Pause {
    /** None. */
    Pause NONE = () -> {};

    /** Returns when a collection may be made. */
    void await() throws InterruptedException;
  }

  /** What is to be done in a recording. */
  private interface Step {
    void run() throws ProfileException, InterruptedException;
  }

  private static <T> T alone(AtomicBoolean busy, String message, Taking<T> taking)
      throws ProfileException, InterruptedException {
    if (!busy.compareAndSet(false, true)) {
      throw ProfileException.busy(message);
    }
    try {
      return taking.take();
    } finally {
      busy.set(false);
    }
  }

  /**
   * Records events for that long, and notes in the profile when that was. What is returned is
   * stopped, and to be read and closed.
   *
   * @param begun what to do as soon as events are recorded
   */
  private static JfrRecording record(
      Map<String, Map<String, String>> events,
      Runnable begun,
      Duration time,
      StackProfile.Builder profile)
      throws ProfileException, InterruptedException {
    return record(events, begun, time, () -> {}, profile);
  }

  /** As above, with something to do before the recording ends. */
  private static JfrRecording record(
      Map<String, Map<String, String>> events,
      Runnable begun,
      Duration time,
      Step atEnd,
      StackProfile.Builder profile)
      throws ProfileException, InterruptedException {
    JfrRecording recording = JfrRecording.start(events);
    boolean recorded = false;
    try {
      begun.run();
      long begin = System.nanoTime();
      Thread.sleep(time);
      atEnd.run();
      recording.stop();
      profile.duration(Duration.ofNanos(System.nanoTime() - begin)).takenAt(Instant.now());
      recorded = true;
      return recording;
    } finally {
      if (!recorded) {
        recording.close();
      }
    }
  }

  // --------------- Processor time ---------------

  /**
   * Where processor time goes from now on: blocks for that long.
   *
   * @throws ProfileException if one is taken already ({@code cpu profiling already in use}, as Go
   *     says), or if the flight recorder does not work here
   */
  public StackProfile cpu(String program, Duration time)
      throws ProfileException, InterruptedException {
    return alone(cpuBusy, "cpu profiling already in use", () -> takeCpu(program, time));
  }

  private static StackProfile takeCpu(String program, Duration time)
      throws ProfileException, InterruptedException {
    boolean exact = JfrRecording.has("jdk.CPUTimeSample");
    if (!exact && AsyncProfiler.isThere()) {
      return AsyncProfiler.cpu(program, time);
    }
    Map<String, Map<String, String>> events = new LinkedHashMap<>();
    if (exact) {
      events.put("jdk.CPUTimeSample", Map.of("throttle", JfrRecording.millis(CPU_PERIOD)));
      events.put("jdk.CPUTimeSamplesLost", Map.of());
    } else {
      events.put("jdk.ExecutionSample", Map.of("period", JfrRecording.millis(CPU_PERIOD)));
    }
    StackProfile.Builder profile =
        StackProfile.named("cpu", program, COUNT_SAMPLES, CPU).period(CPU, CPU_PERIOD.toNanos());
    try (LabelHistory labels = LabelHistory.begin();
        JfrRecording recording =
            record(events, () -> Goroutines.forEachLabelled(labels::add), time, profile)) {
      long[] lost = new long[2];
      recording.read(
          event -> {
            switch (event.getEventType().getName()) {
              case "jdk.CPUTimeSample" -> {
                long nanos = event.getDuration("samplingPeriod").toNanos();
                List<StackTraceElement> stack = recording.stack(event);
                if (event.getBoolean("failed") || stack.isEmpty()) {
                  lost[1]++;
                  stack = List.of(pseudo("[no Java stack]"));
                }
                profile.add(stack, labels(event, event.getThread("eventThread"), labels), 1, nanos);
              }
              case "jdk.ExecutionSample" ->
                  profile.add(
                      recording.stack(event),
                      labels(event, event.getThread("sampledThread"), labels),
                      1,
                      CPU_PERIOD.toNanos());
              case "jdk.CPUTimeSamplesLost" -> lost[0] += event.getInt("lostSamples");
              default -> {}
            }
          });
      profile.comment(
          exact
              ? "processor time of Java threads, sampled each 10 ms of it by the flight recorder"
                  + " (jdk.CPUTimeSample); collector and compiler threads are not in it"
              : "Java threads that ran, sampled each 10 ms by the flight recorder"
                  + " (jdk.ExecutionSample); not in native code, and of many threads only some at"
                  + " a time");
      say(profile, lost[0], "samples were lost by the flight recorder");
      say(profile, lost[1], "samples have no Java stack");
      sayOf(recording, profile);
      profile.comment(
          Goroutines.missing(
              "labels of goroutines that began before the profile, and have not waited in an"
                  + " operation of Selvage, are missing"));
      say(profile, labels.lost(), "changes of labels were too many to be remembered");
      return profile.build();
    }
  }

  private static void sayOf(JfrRecording recording, StackProfile.Builder profile) {
    say(
        profile,
        recording.truncated(),
        "stacks were cut by the flight recorder; -XX:FlightRecorderOptions:stackdepth=256 keeps"
            + " more of them");
    if (recording.isFull()) {
      profile.comment("the flight recorder had to drop the oldest events for lack of room");
    }
  }

  private static void say(StackProfile.Builder profile, long count, String what) {
    if (count > 0) {
      profile.comment(count + " " + what);
    }
  }

  private static StackTraceElement pseudo(String name) {
    return new StackTraceElement(name, "", null, -1);
  }

  private static Map<String, String> labels(
      RecordedEvent event, @Nullable RecordedThread thread, @Nullable LabelHistory history) {
    return labels(thread, history, event.getStartTime());
  }

  private static Map<String, String> labels(
      @Nullable RecordedThread thread, @Nullable LabelHistory history, Instant when) {
    if (thread == null) {
      return Map.of();
    }
    Map<String, String> labels =
        history == null
            ? new HashMap<>()
            : new HashMap<>(history.at(thread.getJavaThreadId(), when));
    String name = thread.getJavaName();
    if (name != null && !name.isEmpty()) {
      labels.put("name", name);
    }
    return labels;
  }

  // --------------- Wall-clock time ---------------

  /**
   * Where all virtual threads and the program's platform threads are from now on, running or not:
   * blocks for that long. Each sample stands for the time since the one before.
   *
   * @throws ProfileException if one is taken already
   */
  public StackProfile wall(String program, Duration time)
      throws ProfileException, InterruptedException {
    return alone(
        wallBusy,
        "wall-clock profiling already in use",
        () -> new WallSampler(program).sample(time));
  }

  // --------------- Memory ---------------

  /**
   * What is allocated from now on, and where: blocks for that long.
   *
   * @throws ProfileException if one is taken already, or if the flight recorder does not work here
   */
  public StackProfile allocations(String program, Duration time)
      throws ProfileException, InterruptedException {
    return alone(
        allocationsBusy,
        "allocation profiling already in use",
        () -> {
          StackProfile.Builder profile = memory("allocs", program).shows("alloc_space");
          addAllocations(profile, time);
          return profile.build();
        });
  }

  private static StackProfile.Builder memory(String name, String program) {
    return StackProfile.named(name, program, ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE)
        .period(new Value("space", "bytes"), 1);
  }

  private static void addAllocations(StackProfile.Builder profile, Duration time)
      throws ProfileException, InterruptedException {
    // Not jdk.ObjectAllocationSample: the first of each thread has the weight of all that the
    // thread allocated before anybody recorded.
    Map<String, Map<String, String>> events =
        Map.of(
            "jdk.ObjectAllocationInNewTLAB", Map.of(), "jdk.ObjectAllocationOutsideTLAB", Map.of());
    try (LabelHistory labels = LabelHistory.begin();
        JfrRecording recording =
            record(events, () -> Goroutines.forEachLabelled(labels::add), time, profile)) {
      recording.read(
          event -> {
            boolean inNew = event.getEventType().getName().equals("jdk.ObjectAllocationInNewTLAB");
            if (inNew || event.getEventType().getName().equals("jdk.ObjectAllocationOutsideTLAB")) {
              RecordedClass type = event.getClass("objectClass");
              long size = Math.max(1, event.getLong("allocationSize"));
              // The object for which a thread needed a new buffer stands for a buffer's worth of
              // objects of its size: the larger it is, the more likely it was the one.
              long bytes = inNew ? Math.max(size, event.getLong("tlabSize")) : size;
              Map<String, String> all =
                  new HashMap<>(labels(event, event.getThread("eventThread"), labels));
              all.put("class", type == null ? "?" : ClassNames.readable(type.getName()));
              profile.add(
                  recording.stack(event), all, Math.round((double) bytes / size), bytes, 0, 0);
            }
          });
      profile.comment(
          "alloc_objects and alloc_space are estimated from one allocation for each buffer of a"
              + " thread (jdk.ObjectAllocationInNewTLAB) and all allocations that fit in none"
              + " (jdk.ObjectAllocationOutsideTLAB)");
      sayOf(recording, profile);
    }
  }

  /**
   * What is in the heap now, by class. Stops the program for as long as it takes to walk the heap.
   *
   * @param collect whether to collect first, so that only reachable objects are counted
   * @throws ProfileException if the JVM has no class histogram
   */
  public StackProfile heap(String program, boolean collect) throws ProfileException {
    StackProfile.Builder profile = memory("heap", program).takenAt(Instant.now());
    addHistogram(profile, collect ? Histogram.ofLive() : Histogram.ofAll());
    profile.comment(
        "inuse_objects and inuse_space are exact, by class: a JVM does not remember where a living"
            + " object was allocated. "
            + (collect
                ? "Only reachable objects."
                : "Garbage that is not collected yet is in it; gc=1 collects first.")
            + " seconds=N has what is allocated meanwhile, with stacks.");
    return profile.build();
  }

  private static void addHistogram(
      StackProfile.Builder profile, Map<String, Histogram.Entry> histogram) {
    histogram.forEach(
        (type, entry) ->
            profile.add(
                List.of(pseudo(type)), Map.of("class", type), 0, 0, entry.count(), entry.bytes()));
  }

  /**
   * What is in the heap after that time and was not before, by class, and what is allocated
   * meanwhile, with stacks: blocks for that long. With async-profiler on the class path what is
   * allocated meanwhile and lives on has its stacks, too.
   *
   * @param collect whether to collect before and after
   * @throws ProfileException as {@link #allocations}
   */
  public StackProfile heap(String program, boolean collect, Duration time)
      throws ProfileException, InterruptedException {
    return heap(program, collect, time, Pause.NONE);
  }

  /**
   * The same, for whoever has to take care that there are not too many collections.
   *
   * @param pause before each of them
   */
  public StackProfile heap(String program, boolean collect, Duration time, Pause pause)
      throws ProfileException, InterruptedException {
    return alone(
        allocationsBusy,
        "allocation profiling already in use",
        () -> {
          if (AsyncProfiler.isThere()) {
            return AsyncProfiler.heap(program, time);
          }
          StackProfile.Builder profile = memory("heap", program);
          Map<String, Histogram.Entry> before = histogram(collect, pause);
          addAllocations(profile, time);
          Map<String, Histogram.Entry> after = histogram(collect, pause);
          addHistogram(profile, Histogram.since(after, before));
          profile.comment("inuse_objects and inuse_space are what came and went, by class");
          return profile.build();
        });
  }

  private static Map<String, Histogram.Entry> histogram(boolean collect, Pause pause)
      throws ProfileException, InterruptedException {
    if (!collect) {
      return Histogram.ofAll();
    }
    pause.await();
    return Histogram.ofLive();
  }

  /**
   * Where objects were allocated, from now on, that outlive a collection and are there at the end:
   * blocks for that long. A sample of them, of which none says how many it stands for.
   *
   * @param collect whether to collect at the end; otherwise only those are told that a collection
   *     of the program's own has found alive
   * @param paths whether to search what holds each, for which the program stands, some seconds at
   *     most
   * @param pause before the collection
   * @throws ProfileException if one is taken already, or if the flight recorder does not sample
   *     such objects here
   */
  public StackProfile oldObjects(
      String program, Duration time, boolean collect, boolean paths, Pause pause)
      throws ProfileException, InterruptedException {
    return alone(
        oldObjectsBusy,
        "profiling of old objects already in use",
        () -> takeOldObjects(program, time, collect, paths, pause));
  }

  private static StackProfile takeOldObjects(
      String program, Duration time, boolean collect, boolean paths, Pause pause)
      throws ProfileException, InterruptedException {
    String impossible =
        OldObjects.impossible(
            ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(MemoryManagerMXBean::getName)
                .toList());
    if (impossible != null) {
      throw new ProfileException(impossible, null);
    }
    StackProfile.Builder profile =
        StackProfile.named("oldobjects", program, COUNT_SAMPLES).period(COUNT_SAMPLES, 1);
    try (LabelHistory labels = LabelHistory.begin();
        JfrRecording recording =
            record(
                Map.of(OldObjects.EVENT, OldObjects.settings(paths)),
                () -> Goroutines.forEachLabelled(labels::add),
                time,
                () -> {
                  if (collect || paths) {
                    pause.await(); // for either of them the program stands still
                  }
                  if (collect) {
                    Histogram.ofLive(); // collects also where System.gc() does not
                  }
                },
                profile)) {
      long[] samples = new long[2];
      recording.read(
          event -> {
            if (event.getEventType().getName().equals(OldObjects.EVENT)) {
              samples[0]++;
              Map<String, String> all =
                  new HashMap<>(
                      labels(
                          event.getThread("eventThread"),
                          labels,
                          event.getInstant("allocationTime")));
              Map<String, String> own = OldObjects.labels(event);
              if (!own.containsKey("path")) {
                samples[1]++;
              }
              all.putAll(own);
              profile.add(recording.stack(event), all, 1);
            }
          });
      profile.comment(
          "where objects were allocated that outlived a collection and were there at the end, one"
              + " for each sample (jdk.OldObjectSample): of some hundred at most, and none says how"
              + " many objects or bytes it stands for; heap has those, by class");
      if (!collect) {
        profile.comment("nothing was collected for this: what no collection has met is not in it");
      }
      if (!paths) {
        profile.comment("paths=1 searches what holds each");
      } else {
        say(
            profile,
            samples[1],
            "samples have no path: none was found within "
                + OldObjects.LONGEST_SEARCH.toSeconds()
                + " s");
      }
      sayOf(recording, profile);
      return profile.build();
    }
  }

  // --------------- Blocking ---------------

  /** Where waits of the language were blocked since the program began, as far as sampled. */
  public StackProfile block(String program) {
    return contentions("block", program)
        .comment(
            "waits of Selvage's language that have ended, as far as"
                + " Contention.setBlockProfileRate sampled them; seconds=N samples for that time"
                + " in any case, and has waits of platform threads, too")
        .build();
  }

  /** Who let others wait for locks of the language since the program began, as far as sampled. */
  public StackProfile mutex(String program) {
    return contentions("mutex", program)
        .comment(
            "waits for Mutex and RWMutex of Selvage's language, at the line that gave the lock"
                + " back, as far as Contention.setMutexProfileFraction sampled them; the JDK does"
                + " not tell who lets others wait for its locks and monitors, see block")
        .build();
  }

  private static StackProfile.Builder contentions(String kind, String program) {
    StackProfile.Builder profile =
        StackProfile.named(kind, program, CONTENTIONS, DELAY)
            .period(CONTENTIONS, 1)
            .takenAt(Instant.now());
    for (Cores.Contention contention : Cores.contentions(kind)) {
      profile.add(contention.stack(), Map.of(), contention.count(), contention.nanos());
    }
    return profile;
  }

  /**
   * Where threads are blocked from now on: waits of the language, and those of platform threads.
   * Blocks for that long.
   *
   * @throws ProfileException if one is taken already
   */
  public StackProfile block(String program, Duration time)
      throws ProfileException, InterruptedException {
    return alone(waitsBusy, "block profiling already in use", () -> takeBlock(program, time));
  }

  private static StackProfile takeBlock(String program, Duration time)
      throws ProfileException, InterruptedException {
    String threshold = JfrRecording.millis(WAIT_THRESHOLD);
    Map<String, Map<String, String>> events = new LinkedHashMap<>();
    for (String event : List.of("jdk.ThreadPark", "jdk.JavaMonitorEnter", "jdk.JavaMonitorWait")) {
      events.put(event, Map.of("threshold", threshold));
    }
    JfrRecording recording = null;
    String failure = null;
    try {
      recording = JfrRecording.start(events);
    } catch (ProfileException e) {
      failure = e.getMessage(); // The language's own waits are told all the same.
    }
    StackProfile own;
    try {
      own = during("block", program, time);
      if (recording != null) {
        recording.stop();
      }
    } catch (InterruptedException | RuntimeException e) {
      if (recording != null) {
        recording.close();
      }
      throw e;
    }
    StackProfile.Builder profile =
        StackProfile.named("block", program, CONTENTIONS, DELAY)
            .period(CONTENTIONS, 1)
            .takenAt(Instant.now())
            .duration(time);
    own.addTo(profile);
    profile.comment(
        "waits of Selvage's language that ended, of 10 µs and more, shorter ones sampled");
    if (recording == null) {
      return profile.comment("no waits of platform threads: " + failure).build();
    }
    try (JfrRecording events2 = recording) {
      events2.read(
          event -> {
            if (events.containsKey(event.getEventType().getName())) {
              profile.add(
                  events2.stack(event),
                  labels(event, event.getThread("eventThread"), null),
                  1,
                  event.getDuration().toNanos());
            }
          });
      profile.comment(
          "waits of platform threads for locks, conditions and monitors that took 1 ms or more"
              + " (jdk.ThreadPark, jdk.JavaMonitorEnter, jdk.JavaMonitorWait); the flight recorder"
              + " sees none of a virtual thread that leaves its carrier, so those on the JDK's own"
              + " locks and queues are missing: the wall profile has them");
      sayOf(events2, profile);
    }
    return profile.build();
  }

  /**
   * Who lets others wait for locks of the language from now on: blocks for that long.
   *
   * @throws ProfileException if one is taken already
   */
  public StackProfile mutex(String program, Duration time)
      throws ProfileException, InterruptedException {
    return during("mutex", program, time);
  }

  private static StackProfile during(String kind, String program, Duration time)
      throws InterruptedException {
    AutoCloseable window = Cores.sampleContention();
    try {
      StackProfile before = contentions(kind, program).build();
      Thread.sleep(time);
      return contentions(kind, program)
          .comment("what was counted in that time")
          .build()
          .since(before);
    } finally {
      try {
        window.close();
      } catch (Exception e) {
        System.getLogger("dev.selvage").log(System.Logger.Level.WARNING, "still sampling", e);
      }
    }
  }

  // --------------- Threads ---------------

  /** The platform threads that live now. Nobody knows any more where they were started. */
  public StackProfile threads(String program) {
    StackProfile.Builder profile = threadcreate(program);
    for (Thread thread : Goroutines.platformThreads()) {
      profile.add(
          List.of(pseudo("[not recorded]")),
          Map.of("name", thread.getName(), "daemon", String.valueOf(thread.isDaemon())),
          1);
    }
    return profile
        .comment(
            "the platform threads that live now; a JVM does not remember where a thread was"
                + " started: seconds=N has those that are started meanwhile, with stacks")
        .build();
  }

  private static StackProfile.Builder threadcreate(String program) {
    return StackProfile.named("threadcreate", program, new Value("threadcreate", "count"))
        .takenAt(Instant.now());
  }

  /**
   * The platform threads that are started from now on, and where: blocks for that long.
   *
   * @throws ProfileException if one is taken already, or if the flight recorder does not work here
   */
  public StackProfile threads(String program, Duration time)
      throws ProfileException, InterruptedException {
    return alone(
        startsBusy,
        "threadcreate profiling already in use",
        () -> {
          StackProfile.Builder profile = threadcreate(program);
          try (JfrRecording recording =
              record(Map.of("jdk.ThreadStart", Map.of()), () -> {}, time, profile)) {
            recording.read(
                event -> {
                  RecordedThread thread = event.getThread("thread");
                  if (event.getEventType().getName().equals("jdk.ThreadStart")
                      && thread != null
                      && !thread.isVirtual()) {
                    profile.add(recording.stack(event), labels(event, thread, null), 1);
                  }
                });
            profile.comment(
                "platform threads that were started in that time, at the line that did");
            sayOf(recording, profile);
            return profile.build();
          }
        });
  }

  // --------------- The program's own ---------------

  /** How much each of the program's own profiles has, by name. */
  public Map<String, Integer> ownProfiles() {
    return Cores.profiles();
  }

  /** One of the program's own profiles ({@code dev.selvage.observe.Profile}). */
  public StackProfile own(String name, String program) {
    StackProfile.Builder profile =
        StackProfile.named(name, program, new Value(name, "count")).takenAt(Instant.now());
    Cores.profile(name).forEach(stack -> profile.add(stack, Map.of(), 1));
    return profile.build();
  }

  // --------------- Rates ---------------

  /** {@code Contention.setBlockProfileRate} of every copy of the language that there is now. */
  public void setBlockProfileRate(long nanos) {
    Cores.setRate("setBlockProfileRate", long.class, nanos);
  }

  /** {@code Contention.setMutexProfileFraction} of every copy of the language that there is now. */
  public void setMutexProfileFraction(int fraction) {
    Cores.setRate("setMutexProfileFraction", int.class, fraction);
  }

  /** How many platform threads there are. */
  public int threadCount() {
    return Goroutines.platformThreads().size();
  }

  /** The places at which waits of a kind were counted; for an index. */
  public int contentionCount(String kind) {
    return Cores.contentions(kind).size();
  }
}
