package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.diagnostics.jdk.Jdk.Container;
import dev.selvage.observe.WaitReason;
import java.lang.ref.WeakReference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Finds the threads of this JVM that can never run again. */
public final class Prover implements Leaks {
  /*
   * Invariants.
   *  1. No false positive. A thread is proven only when two rounds found it, in the same park, and
   *     it was still in that park after the second. What the first round's collection set off
   *     (finalizers, references that were handed to their queues) is strongly reachable in the
   *     second, so a thread which it is going to wake is not found again.
   *  2. Proven is sticky: a proven thread is reported until it ends. One that is seen to have run
   *     is counted as refuted and reported as such, for ever.
   *  3. Nothing here refers to a thread of the program, except from within a look. What is
   *     remembered are thread ids, which are never used twice.
   *  4. Looks are done one after the other, by a platform thread of our own, so that no frame of a
   *     caller matters. The lock of the Jdk keeps provers of other class loaders out.
   *
   * Two rounds, as a timeline:
   *
   *     collector                         program
   *     round 1: T is not reached
   *       its finalizable objects are     finalizer wakes T      -> T is not parked, or its stack is
   *       queued, weak references clear                             another: not proven
   *                                       listener was only weak -> T's last way to wake is gone:
   *                                                                 see docs/adr
   *     round 2: T is not reached
   *       T is in the park of round 1     -> proven
   *
   * A third round is held when the second found threads that the first had not: those that hung on
   * a thread which an ordinary collection had found first.
   */

  private static final int MAX_ROUNDS = 4;

  /**
   * A program that leaks all the time always has something new; what is found last waits for the
   * next look.
   */
  private static final int MAX_CONFIRMING_ROUNDS = 3;

  /** How often rounds are held anew because of threads that wait for the collector. */
  private static final int MAX_NEW_ROOTS = 3;

  private static final int MAX_CONCURRENT_ROUNDS = 10;

  /** How many threads are looked at one by one to tell input and output from other raw parks. */
  private static final int MAX_RAW_PARKS = 20_000;

  private static final Prover INSTANCE = new Prover(Jdk.ofThisJvm());

  private final Jdk jdk;
  private final Collector collector = new Collector();
  private final List<Watch> watches = new CopyOnWriteArrayList<>(); // each is used under lock
  private final ReentrantLock lock = new ReentrantLock();

  // guarded by lock
  private final LongTable proven = new LongTable(); // id -> park identity, index of group
  private final List<Group> groups = new ArrayList<>();
  private final Map<Group.Key, Integer> groupIndex = new LinkedHashMap<>();
  private final Map<Long, Contained> contained = new HashMap<>();
  private final Observations observations;
  private long refuted;

  /**
   * What else is remembered of a proven thread that is in a container.
   *
   * @param end the latch that the JDK counts down when the thread ends
   */
  private record Contained(CountDownLatch end, WeakReference<Object> container) {}

  Prover(Jdk jdk) {
    this.jdk = jdk;
    this.observations = new Observations(jdk);
  }

  /** The one of this JVM (of this copy of Selvage in it). */
  public static Prover ofThisJvm() {
    return INSTANCE;
  }

  /** Adds something that may grow to what reports speak of. */
  public void add(Watch watch) {
    watches.add(watch);
  }

  /**
   * Takes a sample of what may grow, and notes which threads are blocked since when. Cheap; call it
   * now and then.
   */
  public void sample() {
    lock.lock();
    try {
      observations.observe();
      for (Watch watch : watches) {
        watch.sample();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Report find(Mode mode) {
    return onOwnThread(() -> locked(() -> look(mode)));
  }

  private <T> T locked(Callable<T> work) throws Exception {
    lock.lock();
    try {
      synchronized (jdk.lock()) {
        return work.call();
      }
    } finally {
      lock.unlock();
    }
  }

  private static <T> T onOwnThread(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform()
        .daemon()
        .name("selvage-prover")
        .inheritInheritableThreadLocals(false)
        .start(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          // a look that has begun must end: threads are out of their places meanwhile
          interrupted = true;
        } catch (ExecutionException e) {
          if (e.getCause() instanceof RuntimeException runtime) {
            throw runtime;
          }
          throw new IllegalStateException("the look failed: " + e.getCause(), e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  // ------------------------------------------------------------------ the look

  private Report look(Mode mode) throws InterruptedException {
    long start = System.nanoTime();
    Report.Proof proof;
    checkProven();
    String refusal = jdk.canHide() ? collector.refusal(mode) : closed();
    if (refusal != null) {
      proof = new Report.Proof("none", 0, 0, 0, false, false, refuted, refusal);
    } else if (mode == Mode.RECLAIM) {
      proof = reclaim();
    } else {
      proof = prove(mode);
    }
    Census census = new Census(jdk, proven, observations, MAX_RAW_PARKS);
    Report.Goroutines goroutines =
        jdk.canHide() ? census.count(refusal == null) : ThreadDumpList.count();
    long now = System.nanoTime();
    List<Finding> findings = new ArrayList<>();
    for (Group group : groups) {
      findings.addAll(group.findings(now));
    }
    findings.addAll(census.suspects());
    List<String> notes = new ArrayList<>(notes());
    for (Watch watch : watches) {
      addSuspects(watch, findings, notes);
    }
    findings.sort(
        Comparator.comparingInt(Prover::rank)
            .thenComparing(f -> -f.details().count())
            .thenComparing(f -> f.details().fingerprint()));
    return new Report(
        Instant.now(),
        new Report.Vm(
            ProcessHandle.current().pid(),
            System.getProperty("java.version", "unknown"),
            collector.name()),
        capabilities(),
        goroutines,
        new Report.Proof(
            proof.mode(),
            proof.rounds(),
            proof.pauseMillis(),
            (System.nanoTime() - start) / 1e6,
            proof.complete(),
            proof.canary(),
            proof.refuted(),
            proof.why()),
        findings,
        notes);
  }

  /** A watch that fails costs its suspicions, never the proof: the report says so. */
  private static void addSuspects(Watch watch, List<Finding> findings, List<String> notes) {
    try {
      findings.addAll(watch.suspects());
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      notes.add("some of what grows could not be judged: " + e);
    }
  }

  private static int rank(Finding finding) {
    return switch (finding) {
      case Finding.Proven _ -> 0;
      case Finding.Deadlocked _ -> 1;
      case Finding.Suspected _ -> 2;
    };
  }

  private String closed() {
    StringBuilder flags = new StringBuilder();
    for (Report.Missing missing : jdk.missing()) {
      if (!missing.costs().contains("--add-opens")) {
        return missing.costs(); // another reason than a closed package
      }
      flags.append(flags.isEmpty() ? "" : " ").append(missing.open());
    }
    return "this JVM does not let Selvage see its virtual threads ("
        + flags
        + " not open): start it"
        + " under the agent (-javaagent:selvage-agent.jar), or with --add-opens"
        + " java.base/java.lang=ALL-UNNAMED --add-opens java.base/java.lang.ref=ALL-UNNAMED"
        + " --add-opens java.base/jdk.internal.vm=ALL-UNNAMED --add-opens"
        + " java.base/java.util.concurrent=ALL-UNNAMED";
  }

  /** What is possible in this JVM. */
  public Report.Capabilities capabilities() {
    List<String> modes = new ArrayList<>();
    if (jdk.canHide()) {
      for (Mode mode : collector.modes()) {
        modes.add(mode.text());
      }
    }
    return new Report.Capabilities("jdk", modes, jdk.missing());
  }

  private static List<String> notes() {
    String note = JdkBuild.note(Runtime.version());
    return note == null ? List.of() : List.of(note);
  }

  // ------------------------------------------------------------------ rounds

  private Report.Proof prove(Mode mode) throws InterruptedException {
    // Who waits for a reference or a finalizer is woken by the collector, not by a thread; and may
    // then wake others. It is known only by its stack, which is read only of those that were found,
    // or by having run between the rounds: so these are held anew, with such threads as roots.
    LongTable roots = new LongTable();
    Report.Proof proof = prove(mode, roots);
    for (int i = 0; proof == null && i < MAX_NEW_ROOTS; i++) {
      proof = prove(mode, roots);
    }
    return proof != null
        ? proof
        : new Report.Proof(
            mode.text(),
            0,
            0,
            0,
            false,
            false,
            refuted,
            "threads that only the collector wakes keep coming: ask again later");
  }

  /**
   * Null if threads were found that must be roots; they are in the table then, and nothing was
   * accepted.
   */
  private Report.@Nullable Proof prove(Mode mode, LongTable roots) throws InterruptedException {
    long canary = Canary.plant(jdk);
    int max = mode == Mode.CONCURRENT ? MAX_CONCURRENT_ROUNDS : MAX_ROUNDS;
    int knownRoots = roots.size();
    LongTable before = new LongTable(); // id -> park identity, round
    boolean canaryFound = false;
    double pause = 0;
    int rounds = 0;
    Round.@Nullable Found found = null;
    boolean again = true;
    while (again && rounds < max) {
      if (found != null) {
        found.release();
      }
      found = null;
      rounds++;
      Round round = new Round(jdk, canary, roots);
      found = round.run(question(mode, round, rounds > 2 && !canaryFound));
      pause = Math.max(pause, round.pauseMillis());
      jdk.awaitReferenceProcessing();
      int fresh = note(found, before, rounds, canary, roots);
      canaryFound = contains(found, canary);
      // A round that found something for the first time wants another one that confirms it. One
      // that found nothing but the canary and what is proven already has nothing left to confirm.
      again = !canaryFound || (fresh > 0 && rounds < MAX_CONFIRMING_ROUNDS);
    }
    boolean accepted = found == null || accept(found, before, rounds, canary, roots, knownRoots);
    if (!accepted) {
      if (!canaryFound) {
        endCanary(canary);
      }
      return null;
    }
    if (!canaryFound) {
      endCanary(canary);
    }
    String why =
        canaryFound
            ? null
            : mode == Mode.CONCURRENT
                ? "the leak that the prover planted is still too young for concurrent cycles: ask"
                    + " again later, or use mode now"
                : "the leak that the prover planted was not found: the collector was not run, or"
                    + " something holds every thread (a debugger, a profiler)";
    return new Report.Proof(mode.text(), rounds, pause, 0, canaryFound, canaryFound, refuted, why);
  }

  private Round.Question question(Mode mode, Round round, boolean insist) {
    if (mode == Mode.CONCURRENT) {
      return () -> collector.collectConcurrently(round.canaryFound());
    }
    return insist
        ? () -> {
          collector.histogram();
          return collector.collectNow();
        }
        : collector::collectNow;
  }

  private static boolean contains(Round.Found found, long id) {
    for (long each : found.ids) {
      if (each == id) {
        return true;
      }
    }
    return false;
  }

  /** Notes who was found in which park since which round; returns how many want a further round. */
  private int note(Round.Found found, LongTable before, int round, long canary, LongTable roots) {
    int fresh = 0;
    for (long id : found.moved) {
      if (id != canary) {
        roots.put(id, 1, 1);
      }
    }
    for (int i = 0; i < found.size(); i++) {
      long id = found.ids[i];
      int earlier = before.first(id, 0);
      if (earlier != found.parks[i]) {
        if (earlier != 0 && id != canary) {
          roots.put(id, 1, 1);
        }
        before.put(id, found.parks[i], round);
        if (id != canary && proven.first(id, 0) != found.parks[i]) {
          fresh++;
        }
      }
    }
    return fresh;
  }

  private void endCanary(long canary) {
    jdk.forEachThread(
        thread -> {
          if (thread.threadId() == canary) {
            Canary.release(thread);
          }
        });
  }

  /**
   * Takes into the report what the last round confirmed; false, and nothing taken, if there are new
   * roots among it.
   */
  private boolean accept(
      Round.Found found,
      LongTable before,
      int lastRound,
      long canary,
      LongTable roots,
      int knownRoots) {
    // Also those that are not confirmed are looked at: one of them may wait for the collector.
    List<Integer> fresh = new ArrayList<>();
    boolean anyConfirmed = false;
    for (int i = 0; i < found.size(); i++) {
      long id = found.ids[i];
      if (id == canary) {
        Canary.release(found.threads[i]);
      } else if (!proven.contains(id)) {
        fresh.add(i);
        anyConfirmed |= before.second(id, lastRound) < lastRound;
      }
    }
    if (!anyConfirmed) {
      return true;
    }
    int[] indices = fresh.stream().mapToInt(Integer::intValue).toArray();
    StackTraceElement[][] stacks = Stacks.of(jdk, found.threads, indices);
    WaitReason[] reasons = new WaitReason[indices.length];
    for (int k = 0; k < indices.length; k++) {
      reasons[k] = Waits.classify(Activity.PARKED, stacks[k]);
      if (reasons[k] == WaitReason.REFERENCE_QUEUE) {
        roots.put(found.ids[indices[k]], 1, 1);
      }
    }
    noteWhoRan(before, canary, roots);
    if (roots.size() > knownRoots) {
      return false;
    }
    IdentityHashMap<Object, WeakReference<Object>> containers = new IdentityHashMap<>();
    for (int k = 0; k < indices.length; k++) {
      int i = indices[k];
      Thread thread = found.threads[i];
      Container container = found.containers[i];
      // before the last question whether it is there: a thread that ends counts down only a latch
      // that it finds
      CountDownLatch end = container.kind() == Container.Kind.ROOT ? null : jdk.termination(thread);
      boolean confirmed = before.second(found.ids[i], lastRound) < lastRound;
      if (!confirmed || !stillThere(thread, found.parks[i])) {
        continue;
      }
      List<StackTraceElement> stack = List.of(stacks[k]);
      WaitReason reason = reasons[k];
      String except = container.kind() == Container.Kind.EXECUTOR ? "interrupt" : null;
      Group.Key key = Group.key(reason, stack, except);
      int index = groupIndexOf(key, stack);
      groups.get(index).add(thread.getName(), since(thread));
      proven.put(found.ids[i], found.parks[i], index);
      if (end != null) {
        WeakReference<Object> weak =
            containers.computeIfAbsent(container.jdkContainer(), WeakReference::new);
        contained.put(found.ids[i], new Contained(end, weak));
      }
    }
    return true;
  }

  /**
   * Notes as roots those that one round found and that have run since. Nothing that lives reached
   * them, so a finalizer woke them; they may wait for the next one now, or have handed on what they
   * held, and wake one day whom every round has found.
   */
  private void noteWhoRan(LongTable before, long canary, LongTable roots) {
    LongTable still = new LongTable();
    jdk.forEachThread(
        thread -> {
          long id = thread.threadId();
          if (before.contains(id) && stillThere(thread, before.first(id, 0))) {
            still.put(id, 1, 1);
          }
        });
    before.forEach(
        (id, _, _) -> {
          if (id != canary && !still.contains(id)) {
            roots.put(id, 1, 1);
          }
        });
  }

  /** Since when it waits: as it says itself, or else since it was first seen. */
  private long since(Thread thread) {
    OwnWait own = OwnWait.of(thread);
    long since = observations.since(thread.threadId());
    return own == null ? since : Math.min(since, System.nanoTime() - own.nanos());
  }

  private boolean stillThere(Thread thread, int park) {
    return jdk.isParked(thread) && jdk.parkIdentity(thread) == park;
  }

  /** What it finds is gone afterwards, so it is kept as a finding that does not change any more. */
  private Report.Proof reclaim() throws InterruptedException {
    long canary = Canary.plant(jdk);
    double[] pause = new double[1];
    boolean canaryFound = false;
    for (Reclaim.Gone gone : new Reclaim(jdk).run(() -> pause[0] = collector.collectNow())) {
      if (gone.id() == canary) {
        canaryFound = true;
        continue;
      }
      Group.Key key = Group.key(gone.reason(), gone.stack(), null);
      groups.get(groupIndexOf(key, gone.stack())).add(gone.name(), observations.since(gone.id()));
    }
    if (!canaryFound) {
      endCanary(canary);
    }
    return new Report.Proof(
        Mode.RECLAIM.text(),
        1,
        pause[0],
        0,
        canaryFound,
        canaryFound,
        refuted,
        canaryFound ? null : "the leak that the prover planted was not found in one collection");
  }

  private int groupIndexOf(Group.Key key, List<StackTraceElement> stack) {
    Integer index = groupIndex.get(key);
    if (index == null) {
      index = groups.size();
      groups.add(new Group(key, stack));
      groupIndex.put(key, index);
    }
    return index;
  }

  // ------------------------------------------------------------------ what was proven before

  /** Looks whether each proven thread is still where it was. */
  private void checkProven() {
    if (proven.size() == 0) {
      return;
    }
    LongTable present = new LongTable();
    LongTable moved = new LongTable();
    jdk.forEachThread(
        thread -> {
          long id = thread.threadId();
          if (proven.contains(id)) {
            present.put(id, 0, 0);
            if (!stillThere(thread, proven.first(id, 0)) && !walked(thread, id)) {
              moved.put(id, 0, 0);
            }
          }
        });
    List<Long> ended = new ArrayList<>();
    proven.forEach(
        (id, _, index) -> {
          boolean here = present.contains(id);
          if (here && !moved.contains(id)) {
            return;
          }
          Group group = groups.get(index);
          group.count--;
          if (collected(id, here) || interruptedByItsExecutor(id, group)) {
            group.gone++;
          } else {
            group.refuted++;
            refuted++;
            System.getLogger("dev.selvage")
                .log(
                    System.Logger.Level.WARNING,
                    "refuted: a thread that was proven to be leaked at {0} has run again; please"
                        + " report this as a bug of Selvage",
                    dev.selvage.diagnostics.Frames.site(group.stack));
          }
          ended.add(id);
        });
    ended.forEach(proven::remove);
    ended.forEach(contained::remove);
  }

  /**
   * Whether the thread is gone without having ended: with its dropped executor an ordinary
   * collection took it away, as the JDK allows, for nothing lists such a thread strongly.
   */
  private boolean collected(long id, boolean here) {
    Contained in = contained.get(id);
    return !here && in != null && in.end.getCount() > 0;
  }

  /** Whether the thread only looked unparked because somebody walked its stack at that moment. */
  private boolean walked(Thread thread, long id) {
    LockSupport.parkNanos(1_000_000);
    return stillThere(thread, proven.first(id, 0));
  }

  /** Threads of one group may be in different executors, so the thread's own is asked. */
  private boolean interruptedByItsExecutor(long id, Group group) {
    Contained in = contained.get(id);
    if (group.key.except() == null || in == null) {
      return false;
    }
    Object executor = in.container.get();
    return executor == null || jdk.isShutdown(new Container("", Container.Kind.EXECUTOR, executor));
  }

  // ------------------------------------------------------------------ lists

  @Override
  public List<GoroutineInfo> goroutines() {
    return onOwnThread(() -> locked(() -> list(false)));
  }

  @Override
  public List<GoroutineInfo> leaked() {
    return onOwnThread(() -> locked(() -> list(true)));
  }

  private List<GoroutineInfo> list(boolean onlyLeaked) {
    if (!jdk.canHide()) {
      return onlyLeaked ? List.of() : ThreadDumpList.of();
    }
    List<Thread> threads = new ArrayList<>();
    List<String> containers = new ArrayList<>();
    jdk.forEach(
        (container, thread) -> {
          if (Census.isOwnOrJdks(thread)) {
            return;
          }
          if (!onlyLeaked || proven.contains(thread.threadId())) {
            threads.add(thread);
            containers.add(container.name());
          }
        });
    Thread[] array = threads.toArray(Thread[]::new);
    StackTraceElement[][] stacks = Stacks.of(jdk, array, Stacks.all(array.length));
    long now = System.nanoTime();
    List<GoroutineInfo> list = new ArrayList<>(array.length);
    for (int i = 0; i < array.length; i++) {
      Thread thread = array[i];
      Activity activity = jdk.activity(thread);
      if (activity == Activity.NOT_ALIVE) {
        continue;
      }
      long id = thread.threadId();
      long since = observations.sinceIfKnown(id);
      OwnWait own = OwnWait.of(thread);
      if (own != null) {
        since = System.nanoTime() - own.nanos();
      }
      list.add(
          new GoroutineInfo(
              id,
              thread.getName(),
              Waits.classify(activity, stacks[i]),
              since == Long.MIN_VALUE
                  ? OptionalLong.empty()
                  : OptionalLong.of(Math.max(0, (now - since) / 1_000_000_000L)),
              own == null ? List.of() : own.objects(),
              proven.contains(id) && stillThere(thread, proven.first(id, 0)),
              containers.get(i),
              List.of(stacks[i])));
    }
    return list;
  }
}
