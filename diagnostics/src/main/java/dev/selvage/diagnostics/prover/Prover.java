package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Growth;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Locks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.Rules;
import dev.selvage.diagnostics.Tally;
import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.diagnostics.jdk.Jdk.Container;
import dev.selvage.diagnostics.jdk.LockQueues;
import dev.selvage.observe.Probe;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Finds the threads of this JVM that can never run again. */
public final class Prover implements Leaks {
  /*
   * Invariants.
   *  1. No false positive. A thread is proven only when two rounds found it, in the same park, and
   *     it was still in that park after the last. In each round everything that runs, or can still
   *     run, was a root for the collector: also what has a finalizer that is still to run. So what
   *     can run never had a reference that leads to the thread, and can never get one.
   *  2. Proven is sticky: a proven thread is reported until it ends. One that is seen to have run
   *     is counted as refuted and reported as such, for ever; unless we had unwound threads since.
   *  3. Nothing here refers to a thread of the program, except from within a look. What is
   *     remembered are thread ids, which are never used twice.
   *  4. Looks are done one after the other, by a platform thread of our own, so that no frame of a
   *     caller matters. The lock of the Jdk keeps provers of other class loaders out.
   *
   * Why two rounds, if one is a proof: the second is there for what we have not thought of. What the
   * first collection set off has shown itself by then.
   *
   * In the always-on mode (Carried, AlwaysOnThread) there are no rounds: the same two findings come
   * from collections that the program has anyway. A look puts down whoever is carried, first of all.
   *
   * A third round is held when the second found threads that the first had not: those that hung on
   * a thread which an ordinary collection had found first. One more may tell which of them an
   * executor could still wake: see Rounds.
   */

  /** How often rounds are held anew because of threads that have run though they were found. */
  private static final int MAX_NEW_ROOTS = 3;

  /** How many threads are looked at one by one to tell input and output from other raw parks. */
  private static final int MAX_RAW_PARKS = 20_000;

  /** The word for it in reports. */
  static final String ALWAYS_ON = "always-on";

  private static final Prover INSTANCE = new Prover(Jdk.ofThisJvm());

  private final Jdk jdk;
  private final @Nullable LockQueues queues = LockQueues.create();
  private final Collector collector = new Collector();
  private final List<Consumer<Report>> listeners = new CopyOnWriteArrayList<>();
  private final List<Watch> watches = new CopyOnWriteArrayList<>(); // each is used under lock
  private final ReentrantLock lock = new ReentrantLock();

  // guarded by lock
  private final LongTable proven = new LongTable(); // id -> park identity, index of group
  private final List<Group> groups = new ArrayList<>();
  private final Map<Group.Key, Integer> groupIndex = new LinkedHashMap<>();
  private final Map<Long, Contained> contained = new HashMap<>();
  private final LongTable unwound = new LongTable(); // ids of proven threads that we interrupted
  private final Observations observations;
  private long refuted;
  private Rules rules = Rules.NONE; // by which the last look judged
  private @Nullable Carried carried; // null while nobody is let go of between looks

  /** The always-on mode; null while it is off. Set under the lock. */
  private volatile @Nullable AlwaysOnThread alwaysOn;

  /** It has names and numbers only. */
  private volatile @Nullable Report last;

  /** By which every look judges. */
  private volatile Rules standing = Rules.NONE;

  /**
   * What else is remembered of a proven thread that is in a container, or that an executor may
   * wake.
   *
   * @param end the latch that the JDK counts down when the thread ends; null if the JDK lists the
   *     thread, so that no collection takes it away
   * @param interruptions how often executors had interrupted their threads when the look began that
   *     proved it
   */
  private record Contained(@Nullable CountDownLatch end, long interruptions) {}

  Prover(Jdk jdk) {
    this.jdk = jdk;
    this.observations = new Observations(jdk);
  }

  static {
    Probe.setEndings(Jdk.ofThisJvm()::endings);
  }

  /** The one of this JVM (of this copy of Selvage in it). */
  public static Prover ofThisJvm() {
    return INSTANCE;
  }

  /** Adds something that may grow to what reports speak of. */
  public void add(Watch watch) {
    watches.add(watch);
  }

  /** Judges by these rules, too, from now on. */
  public void judgeAlsoBy(Rules more) {
    lock.lock();
    try {
      standing = standing.and(more);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes a sample of what may grow, and notes which threads are blocked since when. Cheap; call it
   * now and then.
   */
  public void sample() {
    lock.lock();
    try {
      observations.observe();
      noteDropped();
      for (Watch watch : watches) {
        watch.sample();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Report find(Mode mode) {
    return find(mode, Rules.NONE);
  }

  /** The same by more rules, for this look only. */
  public Report find(Mode mode, Rules more) {
    return told(onOwnThread(() -> locked(() -> look(mode, standing.and(more)))));
  }

  /** Gives a report to all who listen, with no lock held. */
  Report told(Report report) {
    listeners.forEach(listener -> listener.accept(report));
    return report;
  }

  /**
   * Gives each report to a listener from now on, on the thread that asked for it, with no lock of
   * the prover's held.
   *
   * @return ends it
   */
  public AutoCloseable listen(Consumer<Report> listener) {
    Consumer<Report> mine = report -> listener.accept(report); // the same one may be added twice
    listeners.add(mine);
    return () -> listeners.remove(mine);
  }

  /**
   * Looks, unwinds what is proven to leak, and looks again: each such thread is interrupted, so
   * that the wait ends with an exception, {@code finally} blocks run, and memory comes back. No
   * other thread is interrupted. What they do then is up to the program, so this is for when
   * somebody has asked for it by name. Threads whose wait does not give way to an interrupt stay as
   * they are.
   *
   * <p>Blocks for two looks, and between them until all have ended, at most for {@code patience}.
   *
   * @return what the second look saw; the threads that ended are in it, as {@linkplain
   *     Finding.State#RECOVERED recovered}
   * @throws IllegalArgumentException for {@link Leaks.Mode#RECLAIM}, after which nothing is left
   *     that could be unwound
   */
  public Report recover(Mode mode, Duration patience) {
    return recover(mode, patience, Rules.NONE);
  }

  /** The same by more rules, for these looks only. What is excused is not unwound. */
  public Report recover(Mode mode, Duration patience, Rules more) {
    if (mode == Mode.RECLAIM) {
      throw new IllegalArgumentException(
          "what is reclaimed is gone, and cannot be unwound: ask for one of the two");
    }
    return told(
        onOwnThread(
            () ->
                locked(
                    () -> {
                      Rules by = standing.and(more);
                      Report before = look(mode, by);
                      String done = unwind(patience);
                      return done == null ? before : look(mode, by).withNote(done);
                    })));
  }

  /** Interrupts what is proven, and waits until it has ended; null if there is nothing. */
  private @Nullable String unwind(Duration patience) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    jdk.forEachThread(
        thread -> {
          long id = thread.threadId();
          if (proven.contains(id)
              && !isExcused(groups.get(proven.second(id, 0)))
              && stillThere(thread, proven.first(id, 0))) {
            threads.add(thread);
          }
        });
    if (threads.isEmpty()) {
      return null;
    }
    // All of them before the first: what one does when it is woken may wake another.
    proven.forEach((id, _, _) -> unwound.put(id, 0, 0));
    threads.forEach(Thread::interrupt);
    long start = System.nanoTime();
    List<Thread> left = new ArrayList<>(threads);
    while (true) {
      left.removeIf(thread -> !thread.isAlive());
      if (left.isEmpty() || System.nanoTime() - start > patience.toNanos()) {
        break;
      }
      Thread.sleep(2);
    }
    int ended = threads.size() - left.size();
    return "interrupted "
        + threads.size()
        + " leaked threads: "
        + ended
        + " have ended"
        + (left.isEmpty()
            ? ""
            : ", " + left.size() + " have not: their wait does not give way, or they went on");
  }

  private boolean isExcused(Group group) {
    return group.key.excuse() != null || rules.excuses().ofStack(group.stack) != null;
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
    Thread prover =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-prover")
            .inheritInheritableThreadLocals(false)
            .unstarted(task);
    Probe.vouchFor(prover);
    prover.start();
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

  private Report look(Mode mode, Rules by) throws InterruptedException {
    long start = System.nanoTime();
    Preloading preloading =
        last == null && jdk.canHide() ? Preloading.begin(jdk) : Preloading.none();
    Report.Proof proof;
    if (carried != null) {
      carried.putAllDown();
    }
    judgeBy(by);
    observations.dropped().settle(observations);
    noteDropped();
    checkProven();
    String refusal = refusal(mode);
    if (refusal != null) {
      proof = new Report.Proof("none", 0, 0, 0, false, false, refuted, refusal);
    } else if (mode == Mode.RECLAIM) {
      proof = reclaim();
    } else {
      proof = prove(mode);
    }
    Census census = new Census(jdk, proven, groups.size(), observations, MAX_RAW_PARKS);
    Report.Goroutines goroutines =
        jdk.canHide() ? census.count(refusal == null) : ThreadDumpList.count();
    Deadlocks.Found deadlocks = Deadlocks.find(jdk, queues, observations, proven, this::excuse);
    preloading.await();
    List<Finding> findings = provenFindings(known(deadlocks, census.ofGroups()));
    findings.addAll(census.suspects(rules, this::wakers));
    findings.addAll(deadlocks.findings());
    List<String> notes = new ArrayList<>(notes());
    for (Watch watch : watches) {
      addSuspects(watch, findings, notes);
    }
    Report report =
        report(proof, start, goroutines.withoutWakeable(deadlocks.parked()), findings, notes);
    last = report;
    return report;
  }

  /**
   * What is known of the threads of each group: the circle that they are in, or else what they wait
   * on and who could have woken them.
   *
   * @param threads some of each group; of none where nobody has looked
   */
  private List<Map<String, Object>> known(Deadlocks.Found deadlocks, List<List<Thread>> threads) {
    List<Map<String, Object>> known = wakers(threads);
    for (int i = 0; i < known.size(); i++) {
      List<String> cycle = deadlocks.ofGroup(i);
      if (!cycle.isEmpty()) {
        known.set(i, Map.of("cycle", cycle));
      }
    }
    return known;
  }

  /** What some threads of each of several findings wait on. */
  private List<Map<String, Object>> wakers(List<List<Thread>> findings) {
    return Wakers.of(jdk, queues, this::leaksAt, findings);
  }

  private @Nullable String leaksAt(long id) {
    int group = proven.second(id, -1);
    return group < 0 ? null : Wakers.at(groups.get(group).stack);
  }

  /** What is said of proven threads, with what else is known of each group, if anything. */
  private List<Finding> provenFindings(List<Map<String, Object>> known) {
    long now = System.nanoTime();
    List<Finding> findings = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      findings.addAll(groups.get(i).findings(now, i < known.size() ? known.get(i) : Map.of()));
    }
    return findings;
  }

  private Report report(
      Report.Proof proof,
      long start,
      Report.Goroutines goroutines,
      List<Finding> findings,
      List<String> notes) {
    findings.replaceAll(rules.excuses()::applied);
    findings.sort(Finding.WORST_FIRST);
    return new Report(
        Instant.now(),
        new Report.Vm(
            ProcessHandle.current().pid(),
            System.getProperty("java.version", "unknown"),
            collector.name()),
        capabilities(),
        goroutines.withExcused(Excuses.threads(findings)),
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

  private String closed() {
    StringBuilder flags = new StringBuilder();
    StringBuilder others = new StringBuilder();
    for (Report.Missing missing : jdk.missing()) {
      if (missing.costs().contains("--add-opens")) {
        flags.append(flags.isEmpty() ? "" : " ").append(missing.open());
      } else { // another reason than a closed package
        others.append(others.isEmpty() ? "" : "; ");
        others.append(missing.open()).append(": ").append(missing.costs());
      }
    }
    if (flags.isEmpty()) {
      return others.toString();
    }
    return (others.isEmpty() ? "" : others + "; besides, ")
        + "this JVM does not let Selvage see its virtual threads ("
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
      if (collector.finds()) {
        modes.add(ALWAYS_ON);
      }
    }
    return new Report.Capabilities(jdk.hasOwnScheduler() ? "gmp" : "jdk", modes, jdk.missing());
  }

  /** The name of the garbage collector, as {@code G1}. */
  public String collector() {
    return collector.name();
  }

  /** Why a proof of that mode is not possible here, and what to do; null if it is. */
  public @Nullable String refusal(Mode mode) {
    return jdk.canHide() ? collector.refusal(mode) : closed();
  }

  private static List<String> notes() {
    String note = JdkBuild.note(Runtime.version());
    return note == null ? List.of() : List.of(note);
  }

  // ------------------------------------------------------------------ rounds

  private Report.Proof prove(Mode mode) throws InterruptedException {
    // Who was found and has run since was woken in a way that is not known: by the collector, say.
    // It may wake others that every round has found. So the rounds are held anew, with it as a
    // root.
    LongTable roots = new LongTable();
    if (carried != null) {
      roots.put(carried.canary(), 1, 1); // no leak of the program's
    }
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
            "threads that nothing should be able to wake keep running: ask again later");
  }

  /**
   * Null if threads were found that must be roots; they are in the table then, and nothing was
   * accepted.
   */
  private Report.@Nullable Proof prove(Mode mode, LongTable roots) throws InterruptedException {
    long interruptions = jdk.interruptions();
    long canary = Canary.plant(jdk);
    Rounds rounds = new Rounds(jdk, collector, mode, canary, proven, roots, interruptions);
    int knownRoots = roots.size();
    rounds.clearAway();
    Round.Found found = rounds.run();
    boolean accepted =
        found == null || accept(found, rounds, canary, roots, knownRoots, interruptions);
    if (!rounds.canaryFound()) {
      endCanary(canary);
    }
    if (!accepted) {
      return null;
    }
    String why = rounds.why();
    return new Report.Proof(
        mode.text(),
        rounds.count(),
        rounds.pauseMillis(),
        0,
        why == null,
        rounds.canaryFound(),
        refuted,
        why);
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
      Rounds rounds,
      long canary,
      LongTable roots,
      int knownRoots,
      long interruptions) {
    // Also those that are not confirmed are looked at: one of them may wait for the collector.
    int[] fresh = new int[found.size()];
    int n = 0;
    boolean anyConfirmed = false;
    for (int i = 0; i < found.size(); i++) {
      long id = found.ids[i];
      if (id == canary) {
        Canary.release(found.threads[i]);
      } else if (!proven.contains(id)) {
        fresh[n++] = i;
        anyConfirmed = anyConfirmed || rounds.confirmed(id);
      }
    }
    if (!anyConfirmed) {
      return true;
    }
    int[] indices = Arrays.copyOf(fresh, n);
    Stacks stacks = new Stacks(jdk);
    int[] stackIds = stacks.take(found.threads, indices);
    WaitReason[] reasons = new WaitReason[stacks.size()];
    for (int id = 0; id < reasons.length; id++) {
      reasons[id] = Waits.classify(Activity.PARKED, stacks.stack(id));
    }
    for (int k = 0; k < indices.length; k++) {
      if (reasons[stackIds[k]] == WaitReason.REFERENCE_QUEUE) {
        roots.put(found.ids[indices[k]], 1, 1);
      }
    }
    Judged judged = new Judged(found, rounds, indices);
    Claims.of(indices.length, judged::on, judged::on);
    Claims.of(found.size(), judged::known, judged::known);
    rounds.noteWhoRan(judged.places);
    if (roots.size() > knownRoots) {
      return false;
    }
    int[] freeGroups = new int[stacks.size()]; // by stack, one more than the group; 0 if not known
    int[] otherGroups = new int[stacks.size()];
    proven.reserve(proven.size() + indices.length);
    for (int k = 0; k < indices.length; k++) {
      if (!judged.isProven[k]) {
        continue;
      }
      int i = indices[k];
      boolean free = judged.isFree[k];
      int[] groupOf = free ? freeGroups : otherGroups;
      int stackId = stackIds[k];
      Excuses.Excuse excuse = judged.excuses[k];
      int index = excuse == null ? groupOf[stackId] - 1 : -1;
      if (index < 0) {
        List<StackTraceElement> stack = List.of(stacks.stack(stackId));
        Group.Key key = Group.key(reasons[stackId], stack, free ? null : "interrupt");
        index = groupIndexOf(key.with(excuse), stack);
        if (excuse == null) {
          groupOf[stackId] = index + 1;
        }
      }
      groups.get(index).add(judged.names[k], judged.since[k]);
      proven.put(found.ids[i], found.parks[i], index);
      if (judged.ends[k] != null || !free) {
        contained.put(found.ids[i], new Contained(judged.ends[k], interruptions));
      }
    }
    return true;
  }

  /** Takes one into the report, if it is still in its park. */
  private void take(
      Carried.Confirmed one, StackTraceElement[] frames, WaitReason reason, long interruptions) {
    Thread thread = one.thread();
    // before the last question whether it is there: a thread that ends counts down only a latch
    // that it finds
    CountDownLatch end =
        one.container().kind() == Container.Kind.ROOT ? null : jdk.termination(thread);
    if (!stillThere(thread, one.park())) {
      return;
    }
    List<StackTraceElement> stack = List.of(frames);
    Group.Key key = Group.key(reason, stack, one.free() ? null : "interrupt").with(excuse(thread));
    int index = groupIndexOf(key, stack);
    groups.get(index).add(thread.getName(), since(thread));
    proven.put(one.id(), one.park(), index);
    if (end != null || !one.free()) {
      contained.put(one.id(), new Contained(end, interruptions));
    }
  }

  /** What is asked of each thread that is new, by two threads; and whether the others are there. */
  private final class Judged {
    private static final int NOT_ASKED = -2;

    /** Of all that were found, in the table of the rounds; negative for who is not there. */
    final int[] places;

    final boolean[] isProven;
    final boolean[] isFree;
    final long[] since;
    final String[] names;
    final @Nullable CountDownLatch[] ends;
    final Excuses.@Nullable Excuse[] excuses;
    private final Round.Found found;
    private final Rounds rounds;
    private final int[] indices;

    Judged(Round.Found found, Rounds rounds, int[] indices) {
      this.found = found;
      this.rounds = rounds;
      this.indices = indices;
      this.places = new int[found.size()];
      Arrays.fill(places, NOT_ASKED);
      this.isProven = new boolean[indices.length];
      this.isFree = new boolean[indices.length];
      this.since = new long[indices.length];
      this.names = new String[indices.length];
      this.ends = new @Nullable CountDownLatch[indices.length];
      this.excuses = new Excuses.@Nullable Excuse[indices.length];
    }

    void on(int from, int to) {
      for (int k = from; k < to; k++) {
        int i = indices[k];
        Thread thread = found.threads[i];
        Container container = found.containers[i];
        // before the last question whether it is there: a thread that ends counts down only a latch
        // that it finds
        ends[k] = container.kind() == Container.Kind.ROOT ? null : jdk.termination(thread);
        places[i] = rounds.placeIfThere(found, i);
        isProven[k] = places[i] >= 0 && rounds.confirmedAt(places[i]);
        isFree[k] = rounds.isFree(found.ids[i], found.parks[i], container);
        since[k] = since(thread);
        names[k] = thread.getName();
        excuses[k] = excuse(thread);
      }
    }

    /** Who was proven before, and the canary. */
    void known(int from, int to) {
      for (int i = from; i < to; i++) {
        if (places[i] == NOT_ASKED) {
          places[i] = rounds.placeIfThere(found, i);
        }
      }
    }
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
      Group.Key key =
          Group.key(gone.reason(), gone.stack(), null)
              .with(rules.excuses().ofThread(null, gone.name()));
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

  /**
   * Threads that went with an executor which nobody used any more: leaks that nothing has repaired,
   * as those that a look reclaims. Those that were proven before are known, and are gone.
   *
   * @return whether there were any
   */
  private boolean noteDropped() {
    boolean any = false;
    for (Dropped.Gone gone : observations.dropped().takeGone()) {
      if (!proven.contains(gone.id())) {
        // Who is gone cannot be judged anew by the rules of a later look.
        Group.Key key = gone.key().with(standing.excuses().ofThread(null, gone.name()));
        Group group = groups.get(groupIndexOf(key, gone.stack()));
        group.add(gone.name(), gone.since());
        group.collected++;
        any = true;
      }
    }
    return any;
  }

  /** Why a thread is excused by itself; null if it is not. */
  private Excuses.@Nullable Excuse excuse(Thread thread) {
    return rules.excuses().ofThread(Cores.parkedForever(thread), thread.getName());
  }

  /**
   * From now on judges by these rules: what was proven under others is put where it belongs. Rules
   * that are about stacks are applied to the findings; here it is about threads.
   */
  private void judgeBy(Rules by) {
    boolean same = by.excuses().equals(rules.excuses());
    rules = by;
    if (same || proven.size() == 0) {
      return;
    }
    jdk.forEachThread(
        thread -> {
          long id = thread.threadId();
          if (!proven.contains(id)) {
            return;
          }
          Group from = groups.get(proven.second(id, 0));
          Group.Key key = from.key.with(excuse(thread));
          if (!key.equals(from.key)) {
            int to = groupIndexOf(key, from.stack);
            from.count--;
            from.names.remove(thread.getName());
            groups.get(to).add(thread.getName(), since(thread));
            proven.put(id, proven.first(id, 0), to);
          }
        });
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
    BitSet present = new BitSet(proven.places());
    BitSet presentToHelper = new BitSet(proven.places());
    LongTable moved = new LongTable();
    if (carried == null || carried.size() == 0) {
      jdk.forEach(
          Claims.forAbout(jdk.rootSize()),
          (_, thread) -> check(thread, presentToHelper, moved),
          (_, thread) -> check(thread, present, moved));
    } else {
      jdk.forEachListed((_, thread) -> check(thread, present, moved));
      if (present.cardinality() < proven.size()) {
        // it may be in a scope of one that is carried, or has ended
        jdk.forEach((_, thread) -> check(thread, present, moved));
      }
    }
    present.or(presentToHelper);
    List<Long> ended = new ArrayList<>();
    proven.forEach(
        (id, _, index) -> {
          boolean here = present.get(proven.place(id));
          if (here && !moved.contains(id)) {
            return;
          }
          Group group = groups.get(index);
          group.count--;
          if (unwound.contains(id)) {
            // One that is still here went on after we had interrupted it: it is judged anew.
            group.recovered += here ? 0 : 1;
          } else if (collected(id, here) || interrupted(id, group)) {
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
    ended.forEach(unwound::remove);
  }

  private void check(Thread thread, BitSet present, LongTable moved) {
    long id = thread.threadId();
    int place = proven.place(id);
    if (place >= 0) {
      present.set(place);
      if (!stillThere(thread, proven.firstAt(place)) && !walked(thread, id)) {
        synchronized (moved) {
          moved.put(id, 0, 0);
        }
      }
    }
  }

  /**
   * Whether the thread is gone without having ended: with its dropped executor an ordinary
   * collection took it away, as the JDK allows, for nothing lists such a thread strongly.
   */
  private boolean collected(long id, boolean here) {
    Contained in = contained.get(id);
    return !here && in != null && in.end != null && in.end.getCount() > 0;
  }

  /** Whether the thread only looked unparked because somebody walked its stack at that moment. */
  private boolean walked(Thread thread, long id) {
    LockSupport.parkNanos(1_000_000);
    return stillThere(thread, proven.first(id, 0));
  }

  /**
   * Whether an executor may have woken the thread: if that was excepted, and any executor has
   * interrupted its threads since. Which one is not asked, for a thread that one of them interrupts
   * can wake those of another, and the executor may be gone by now.
   */
  private boolean interrupted(long id, Group group) {
    Contained in = contained.get(id);
    return group.key.except() != null && in != null && jdk.interruptions() != in.interruptions;
  }

  // ------------------------------------------------------------------ always on

  @Override
  public AlwaysOn.Watching watch(AlwaysOn settings, Consumer<AlwaysOn.News> listener) {
    return onOwnThread(() -> locked(() -> begin(settings, listener)));
  }

  private AlwaysOn.Watching begin(AlwaysOn settings, Consumer<AlwaysOn.News> listener)
      throws InterruptedException {
    if (!jdk.canHide()) {
      throw new IllegalStateException("always-on is not possible: " + closed());
    }
    if (collector.modes().isEmpty()) {
      throw new IllegalStateException(
          "always-on is not possible: " + collector.name() + " does not tell what is unreachable");
    }
    if (alwaysOn != null || !jdk.beginCarrying()) {
      throw new IllegalStateException("always-on is on already in this JVM");
    }
    AlwaysOnThread thread;
    try {
      if (collector.finds()) {
        long canary = Canary.plant(jdk);
        carried =
            new Carried(
                jdk, collector, settings.after().toNanos(), settings.most(), canary, proven);
        observations.spare(carried);
      }
      thread = new AlwaysOnThread(this, settings, listener, fingerprints());
      thread.start();
    } catch (Throwable t) {
      putDown();
      throw t;
    }
    alwaysOn = thread;
    return thread;
  }

  /** Puts everything back. Used by the one that is on, once. */
  void end() {
    onOwnThread(
        () ->
            locked(
                () -> {
                  putDown();
                  alwaysOn = null;
                  return true;
                }));
  }

  private void putDown() {
    Carried now = carried;
    carried = null;
    observations.spare(null);
    if (now != null) {
      now.putAllDown();
      endCanary(now.canary());
    }
    jdk.endCarrying();
  }

  /**
   * What one step of the always-on mode saw.
   *
   * @param changed whether anything was proven
   * @param proven if so, all that is
   * @param accepted how many threads were proven now
   * @param carried null where nobody is carried
   * @param nanos how long it took
   */
  record Step(
      boolean changed,
      List<Finding.Proven> proven,
      int accepted,
      @Nullable Carried carried,
      long nanos) {}

  /**
   * One step of the always-on mode: takes what collections have found, and lets go of who has been
   * parked for long enough.
   *
   * @param by does nothing if that is not on any more
   * @param then is given what came of it, with the locks still held
   */
  void step(AlwaysOnThread by, Consumer<Step> then) throws Exception {
    locked(
        () -> {
          if (alwaysOn != by) {
            return false;
          }
          long start = System.nanoTime();
          judgeBy(standing);
          int accepted = 0;
          Carried now = carried;
          if (now != null) {
            accepted = accept(now, now.judge());
            now.sweep();
          }
          boolean looked = observations.observe();
          boolean changed = noteDropped() || accepted > 0;
          if (looked) {
            checkProven();
          }
          List<Finding.Proven> all = new ArrayList<>();
          if (changed) {
            for (Finding each : provenFindings(List.of())) {
              Finding finding = rules.excuses().applied(each);
              if (finding instanceof Finding.Proven one
                  && one.details().state() == Finding.State.OPEN) {
                all.add(one);
              }
            }
          }
          then.accept(new Step(changed, all, accepted, now, System.nanoTime() - start));
          return true;
        });
  }

  /** Takes into the report what ordinary collections have confirmed; how many that were. */
  private int accept(Carried from, List<Carried.Confirmed> confirmed) {
    if (confirmed.isEmpty()) {
      return 0;
    }
    Thread[] threads = confirmed.stream().map(Carried.Confirmed::thread).toArray(Thread[]::new);
    Stacks stacks = new Stacks(jdk);
    int[] stackIds = stacks.take(threads, Stacks.all(threads.length));
    WaitReason[] reasons = new WaitReason[threads.length];
    List<Long> roots = new ArrayList<>();
    for (int i = 0; i < threads.length; i++) {
      reasons[i] = Waits.classify(Activity.PARKED, stacks.stack(stackIds[i]));
      if (reasons[i] == WaitReason.REFERENCE_QUEUE) { // the collector wakes it
        roots.add(threads[i].threadId());
      }
    }
    if (!roots.isEmpty()) {
      from.makeRoots(roots);
      return 0;
    }
    int before = proven.size();
    for (int i = 0; i < threads.length; i++) {
      take(confirmed.get(i), stacks.stack(stackIds[i]), reasons[i], from.interruptionsBefore());
    }
    return proven.size() - before;
  }

  private List<String> fingerprints() {
    return provenFindings(List.of()).stream()
        .map(finding -> finding.details().fingerprint())
        .toList();
  }

  /** What is known, without a look; what was suspected by the last look is still said. */
  Report known(AlwaysOn.Counters counters) {
    return onOwnThread(() -> locked(() -> report(counters)));
  }

  private Report report(AlwaysOn.Counters counters) {
    long start = System.nanoTime();
    Census census = new Census(jdk, proven, groups.size(), observations, 0);
    Report.Goroutines goroutines = census.count(false);
    List<Finding> findings = provenFindings(wakers(census.ofGroups()));
    Report before = last;
    if (before != null) {
      before.findings().stream()
          .filter(finding -> !(finding instanceof Finding.Proven))
          .forEach(findings::add);
    }
    Report report =
        report(
            new Report.Proof(
                ALWAYS_ON,
                (int) Math.min(Integer.MAX_VALUE, counters.cycles()),
                0,
                0,
                counters.why() == null,
                counters.cycles() > 0,
                refuted,
                counters.why()),
            start,
            goroutines,
            findings,
            notes());
    last = report;
    return report;
  }

  /** Why nobody is carried here, in a sentence. */
  String cannotCarry() {
    return collector.name()
        + " keeps every virtual thread alive that it has met, so only those are reported that an"
        + " ordinary collection took away with an executor that nobody used any more";
  }

  @Override
  public AlwaysOn.@Nullable Counters alwaysOn() {
    AlwaysOnThread on = alwaysOn;
    return on == null ? null : on.counters();
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

  @Override
  public long count() {
    if (!jdk.canHide()) {
      return ThreadDumpList.of().size();
    }
    return onOwnThread(
        () ->
            locked(
                () -> {
                  long[] count = {0};
                  jdk.forEachThread(thread -> count[0] += Census.isOwnOrJdks(thread) ? 0 : 1);
                  return count[0];
                }));
  }

  @Override
  public boolean canVisit() {
    return jdk.canHide();
  }

  @Override
  public @Nullable Report last() {
    return last;
  }

  @Override
  public Tally tally(int mostStacks) {
    return onOwnThread(
        () ->
            locked(
                () ->
                    jdk.canHide()
                        ? new Tallying(jdk, mostStacks).tally(this::isProven)
                        : Tallying.known()));
  }

  private boolean isProven(Thread thread) {
    long id = thread.threadId();
    return proven.contains(id) && stillThere(thread, proven.first(id, 0));
  }

  @Override
  public List<Growth> growth() {
    lock.lock();
    try {
      List<Growth> all = new ArrayList<>();
      watches.forEach(watch -> all.addAll(watch.growth()));
      all.sort(
          Comparator.comparing((Growth g) -> !g.onlyGrows())
              .thenComparing(g -> -g.grewBy())
              .thenComparing(Growth::name));
      return all;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void visit(boolean locks, Visitor visitor) {
    onOwnThread(
        () ->
            locked(
                () -> {
                  visit(false, locks, visitor);
                  return true;
                }));
  }

  private List<GoroutineInfo> list(boolean onlyLeaked) {
    List<GoroutineInfo> list = new ArrayList<>();
    visit(onlyLeaked, false, (goroutine, _) -> list.add(goroutine));
    return list;
  }

  private void visit(boolean onlyLeaked, boolean locks, Visitor visitor) {
    if (!jdk.canHide()) {
      if (!onlyLeaked) {
        ThreadDumpList.of().forEach(goroutine -> visitor.goroutine(goroutine, Locks.NONE));
      }
      return;
    }
    roll().visit(wanted(onlyLeaked), locks, visitor);
  }

  @Override
  public Map<Alike, Long> groups(boolean onlyLeaked) {
    return jdk.canHide()
        ? onOwnThread(() -> locked(() -> roll().groups(wanted(onlyLeaked))))
        : Leaks.super.groups(onlyLeaked);
  }

  private Roll roll() {
    return new Roll(jdk, observations, this::isProven);
  }

  private Predicate<Thread> wanted(boolean onlyLeaked) {
    return thread -> !onlyLeaked || proven.contains(thread.threadId());
  }
}
