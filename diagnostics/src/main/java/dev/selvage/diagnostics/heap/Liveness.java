package dev.selvage.diagnostics.heap;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Which virtual threads of a dump can still be woken: Go's algorithm. For one thread.
 *
 * <p>Memory: 4 bytes an object beside those of the graph, and some bits.
 */
public final class Liveness {
  /*
   * The argument. What is live is what somebody can use who runs, or can still run:
   *
   *  1. The roots are live: static fields, JNI, stacks of platform threads, and of all virtual
   *     threads that are not blocked, or whose wait cannot be judged.
   *  2. What a live object refers to is live, except what only a virtual thread itself uses: its
   *     continuation, its thread-locals, its park blocker, and the latch of its end. These belong
   *     to its stack.
   *  3. A blocked virtual thread is live, and its stack with it, when what it waits on is live, or
   *     an object by which the JDK or Selvage would wake it (a node of a queue of waiters). Where
   *     we do not know what it waits on, because code that we do not know has parked it: when
   *     anything live refers to it.
   *  4. A Reference of the program's with a live queue is live: the collector may put it there, and
   *     whoever has the queue gets it then.
   *  5. What is in the dump though nothing explains it is a root. The JVM dumps what its collector
   *     has reached, and the dump does not list all ways on which it did.
   *
   * Who is not live then is reached by nobody who can run, except by a reference to the Thread. By
   * that it can be interrupted; who can is told by holdersOf.
   *
   * Marking goes in breadth, so that the path by which an object was reached is a short one.
   */

  /** What a blocked thread waits for. */
  public sealed interface Wait {
    /** It is a root: it can run, or it cannot be judged. */
    record Live() implements Wait {}

    /** It has not begun, or has ended: nothing to judge. */
    record NotAlive() implements Wait {}

    /** Known code of the JDK or of Selvage has parked it, with its blocker. */
    record Blocker() implements Wait {}

    /** In {@code Object.wait}. */
    record Monitor() implements Wait {}

    /** Unknown code has parked it. */
    record Unknown() implements Wait {}
  }

  /** Who decides what a thread waits for. */
  @FunctionalInterface
  public interface Judge {
    /** What that virtual thread waits for. */
    Wait waitOf(HeapThread thread);
  }

  /** The class of what stands for no queue. */
  private static final String NO_QUEUE = "java/lang/ref/ReferenceQueue$Null";

  /** For how many threads of a pile {@link #reachers} asks at most. */
  public static final int MAX_ASKED = 8;

  private static final int MAX_STEPS = 100_000;
  private static final int MAX_OWNERS = 20;
  private static final int NONE = -1;
  private static final int ROOT = -2;
  private static final int UNEXPLAINED = -3;
  private static final int THREADS = -4; // and below: the stack of a thread

  private final HeapGraph graph;
  private final int virtualThreads;
  private final BitSet partOfList = new BitSet();
  private final Map<Integer, Integer> executorOfPart = new HashMap<>();
  private final Map<Integer, Integer> threadOfObject = new HashMap<>();

  private BitSet live = new BitSet();
  private final int[] from;
  private final IntQueue queue = new IntQueue(); // of what was marked and not followed yet

  // by number of the virtual thread
  private final boolean[] candidate;
  private final boolean[] raw;
  private boolean[] alive;
  private final int[] wokenBy;
  private final List<int[]> waitsOn = new ArrayList<>();
  private final BitSet heldByStack = new BitSet();

  // which threads an object wakes
  private final BitSet watched = new BitSet();
  private final LongIntMap firstWatch = new LongIntMap();
  private final IntList watchThread = new IntList();
  private final IntList watchNext = new IntList();
  private int unexplained;

  // what the collector may hand over to who has a queue
  private final BitSet queues = new BitSet();
  private final Map<Integer, IntList> handedOver = new HashMap<>();

  // parts of locks that can be asked who has them
  private final BitSet asked = new BitSet();

  private Liveness(HeapGraph graph) {
    this.graph = graph;
    this.virtualThreads = graph.threads.size() - graph.firstVirtual;
    this.from = new int[graph.size];
    Arrays.fill(from, NONE);
    this.candidate = new boolean[virtualThreads];
    this.raw = new boolean[virtualThreads];
    this.alive = new boolean[virtualThreads];
    this.wokenBy = new int[virtualThreads];
    Arrays.fill(wokenBy, NONE);
    findAsked();
    for (int i = 0; i < graph.handedOver.size(); i += 2) {
      int target = graph.handedOver.get(i + 1);
      if (!graph.internalName(target).equals(NO_QUEUE)) {
        queues.set(target);
        handedOver.computeIfAbsent(target, _ -> new IntList()).add(graph.handedOver.get(i));
      }
    }
  }

  /** Those of the program's own kinds of locks: the JDK's do not tell. */
  private void findAsked() {
    var own = new BitSet();
    for (int c = 0; c < graph.classes.length; c++) {
      own.set(c, Policy.isOwnLock(graph.classes[c]) || Policy.isOwnSynchronizer(graph.classes[c]));
    }
    for (int i = 0; i < graph.size && !own.isEmpty(); i++) {
      int c = graph.classOf[i];
      if (c < 0 || !own.get(c)) {
        continue;
      }
      asked.set(i);
      for (int e = graph.firstEdge[i]; e < graph.firstEdge[i + 1]; e++) {
        asked.set(graph.edges.get(e)); // its synchronizer
      }
    }
  }

  /** Computes it. */
  public static Liveness of(HeapGraph graph, Judge judge) {
    var liveness = new Liveness(graph);
    liveness.compute(judge);
    return liveness;
  }

  private HeapThread virtual(int number) {
    return graph.threads.get(graph.firstVirtual + number);
  }

  private void compute(Judge judge) {
    for (int i = 0; i < virtualThreads; i++) {
      threadOfObject.put(virtual(i).object, i);
    }
    findSets();
    for (int i = 0; i < virtualThreads; i++) {
      judge(i, judge.waitOf(virtual(i)));
    }
    watchReferrers();
    BitSet explained = explained();
    // Who is woken below was not alive by itself, and is to keep by what.
    boolean[] byItself = alive.clone();
    for (int i = 0; i < graph.globalRoots.size(); i++) {
      root(graph.globalRoots.get(i));
    }
    for (int i = 0; i < graph.size; i++) {
      if (graph.classOf[i] < 0) {
        mark(i, ROOT);
      }
    }
    for (int i = 0; i < graph.firstVirtual; i++) {
      markStack(i);
    }
    for (int i = 0; i < virtualThreads; i++) {
      if (byItself[i]) {
        alive[i] = false;
        wake(i, NONE);
      }
    }
    for (int i = explained.nextClearBit(0); i < graph.size; i = explained.nextClearBit(i + 1)) {
      unexplained++;
      mark(i, UNEXPLAINED);
    }
    drain();
  }

  // ------------------------------------------------------------------ what threads wait for

  private void judge(int number, Wait wait) {
    HeapThread thread = virtual(number);
    int[] on = {};
    switch (wait) {
      case Wait.Live _ -> alive[number] = true;
      case Wait.NotAlive _ -> {}
      case Wait.Blocker _ -> {
        if (thread.blocker < 0) {
          raw[number] = true;
        } else {
          on = new int[] {thread.blocker};
          int c = graph.classOf[thread.blocker];
          raw[number] = c >= 0 && Policy.isOwnSynchronizer(graph.classes[c]);
        }
        candidate[number] = true;
      }
      case Wait.Monitor _ -> {
        on = monitor(number, thread);
        if (on.length == 0) {
          alive[number] = true; // where the dump does not tell which object
        } else {
          candidate[number] = true;
        }
      }
      case Wait.Unknown _ -> {
        raw[number] = true;
        candidate[number] = true;
        on = thread.blocker < 0 ? on : new int[] {thread.blocker};
      }
    }
    for (int object : on) {
      watch(object, number);
    }
    waitsOn.add(on);
    if (candidate[number]) {
      int flock = flockOf(thread);
      if (flock >= 0) {
        watch(flock, number);
      }
    }
  }

  /** The scope that it was forked in, whose owner or siblings can cancel it; -1 if in none. */
  private int flockOf(HeapThread thread) {
    int container = thread.container;
    if (container < 0 || !graph.internalName(container).contains("ThreadFlock$")) {
      return -1;
    }
    for (int e = graph.firstEdge[container]; e < graph.firstEdge[container + 1]; e++) {
      int target = graph.edges.get(e);
      if (graph.internalName(target).endsWith("/ThreadFlock")) {
        return target;
      }
    }
    return container;
  }

  /**
   * The objects that the frames of {@code Object.wait} on its stack are about; none where one of
   * them is a {@code String}, which anybody may have by {@code intern} who has the same text.
   */
  private int[] monitor(int number, HeapThread thread) {
    var objects = new HashSet<Integer>();
    List<StackTraceElement> frames = thread.frames();
    forEachLocal(
        graph.firstVirtual + number,
        (object, frame) -> {
          if (frame >= 0
              && frame < frames.size()
              && frames.get(frame).getClassName().equals("java.lang.Object")
              && frames.get(frame).getMethodName().startsWith("wait")
              && object != thread.object) {
            objects.add(object);
          }
        });
    if (objects.stream().anyMatch(o -> graph.internalName(o).equals("java/lang/String"))) {
      return new int[0];
    }
    return objects.stream().mapToInt(Integer::intValue).toArray();
  }

  private interface LocalVisitor {
    void visit(int object, int frame);
  }

  private void forEachLocal(int thread, LocalVisitor visitor) {
    int serial = graph.threads.get(thread).serial;
    if (serial <= 0 || serial + 1 >= graph.firstLocal.length) {
      return;
    }
    for (int i = graph.firstLocal[serial]; i < graph.firstLocal[serial + 1]; i++) {
      visitor.visit(graph.locals[i], graph.localFrame[i]);
    }
  }

  private void watch(int object, int thread) {
    watched.set(object);
    watchThread.add(thread);
    watchNext.add(firstWatch.get(object));
    firstWatch.put(object, watchThread.size() - 1);
  }

  private void findSets() {
    for (int set : graph.tracking) {
      addParts(set, -1);
    }
    graph.executorSets.forEach(this::addParts);
  }

  private void addParts(int set, int executor) {
    var open = new IntList();
    open.add(set);
    var seen = new BitSet();
    for (int i = 0; i < open.size(); i++) {
      int object = open.get(i);
      if (seen.get(object) || !Policy.isPartOfSet(graph.internalName(object))) {
        continue;
      }
      seen.set(object);
      partOfList.set(object);
      if (executor >= 0) {
        executorOfPart.put(object, executor);
      }
      for (int e = graph.firstEdge[object]; e < graph.firstEdge[object + 1]; e++) {
        open.add(graph.edges.get(e));
      }
    }
  }

  private Policy.Role role(int holder, int field) {
    if (partOfList.get(holder)) {
      return executorOfPart.containsKey(holder) ? Policy.Role.HOLDER : Policy.Role.NOBODY;
    }
    if (field < 0) {
      return Policy.Role.HOLDER;
    }
    HeapClass.Ref ref = graph.fields.get(field);
    if (asked.get(holder) && Policy.isOwner(ref)) {
      return Policy.Role.HOLDER;
    }
    return Policy.role(graph.internalName(holder), ref.owner().name, ref.name());
  }

  private void watchReferrers() {
    for (int i = 0; i < graph.referrers.size(); i += 3) {
      int holder = graph.referrers.get(i);
      int thread = graph.referrers.get(i + 1);
      if (!candidate[thread]) {
        continue;
      }
      Policy.Role role = role(holder, graph.referrers.get(i + 2));
      if (role == Policy.Role.WAKER || (role == Policy.Role.HOLDER && raw[thread])) {
        watch(holder, thread);
      }
    }
  }

  // ------------------------------------------------------------------ marking

  /** All that any thread or root leads to, whoever can run. */
  private BitSet explained() {
    var reach = new Reach(new BitSet());
    addAll(reach);
    reach.run();
    return reach.reached;
  }

  /** All roots, and all threads but those that have ended. */
  private void addAll(Reach reach) {
    for (int i = 0; i < graph.globalRoots.size(); i++) {
      reach.add(graph.globalRoots.get(i));
    }
    for (int i = 0; i < graph.size; i++) {
      if (graph.classOf[i] < 0) {
        reach.add(i);
      }
    }
    for (int i = 0; i < graph.threads.size(); i++) {
      HeapThread thread = graph.threads.get(i);
      // One that has not begun explains itself only where something refers to it.
      boolean begun = !thread.virtual || thread.state != HeapThread.State.NOT_ALIVE;
      if (begun && !reach.isEnded(thread.object)) {
        reach.addThread(i);
      }
    }
  }

  private void root(int object) {
    Integer thread = threadOfObject.get(object);
    if (thread != null && candidate[thread]) {
      wake(thread, NONE); // native code may do anything with it
    }
    mark(object, ROOT);
  }

  private void markStack(int index) {
    HeapThread holder = graph.threads.get(index);
    mark(holder.object, index < graph.firstVirtual ? ROOT : THREADS - index);
    forEachLocal(
        index,
        (object, frame) -> {
          Integer thread = threadOfObject.get(object);
          if (thread != null && candidate[thread] && object != holder.object) {
            if (raw[thread] || mayWake(holder, frame)) {
              wake(thread, NONE);
            } else {
              heldByStack.set(thread);
            }
          }
          mark(object, THREADS - index);
        });
  }

  /**
   * Whether a frame that has a thread in its hands may be about to wake it: code of the JDK and of
   * Selvage does that, or only waits for its end.
   */
  private static boolean mayWake(HeapThread holder, int frame) {
    List<StackTraceElement> frames = holder.frames();
    if (frame < 0 || frame >= frames.size()) {
      return true;
    }
    String type = frames.get(frame).getClassName().replace('.', '/');
    if (frames.get(frame).getMethodName().startsWith("join")
        && (type.equals("java/lang/Thread") || type.equals(HeapGraph.VIRTUAL_THREAD))) {
      return false;
    }
    return Policy.isJdk(type) || Policy.isSelvage(type);
  }

  private void mark(int object, int reason) {
    if (live.get(object)) {
      return;
    }
    live.set(object);
    from[object] = reason;
    queue.add(object);
    if (watched.get(object)) {
      for (int w = firstWatch.get(object); w >= 0; w = watchNext.get(w)) {
        wake(watchThread.get(w), object);
      }
    }
  }

  private void wake(int number, int by) {
    if (alive[number]) {
      return;
    }
    alive[number] = true;
    wokenBy[number] = by;
    int index = graph.firstVirtual + number;
    for (int object : virtual(number).own) {
      mark(object, THREADS - index);
    }
    markStack(index);
  }

  private void drain() {
    while (!queue.isEmpty()) {
      int object = queue.take();
      boolean list = partOfList.get(object);
      Integer thread = graph.isVirtualThread.get(object) ? threadOfObject.get(object) : null;
      if (thread != null && virtual(thread).state == HeapThread.State.NOT_ALIVE) {
        for (int target : virtual(thread).own) { // whoever starts it runs it
          mark(target, object);
        }
      }
      for (int e = graph.firstEdge[object]; e < graph.firstEdge[object + 1]; e++) {
        int target = graph.edges.get(e);
        if (!list || !graph.isVirtualThread.get(target)) {
          mark(target, object);
        }
      }
      if (queues.get(object)) {
        IntList references = Objects.requireNonNull(handedOver.get(object));
        for (int i = 0; i < references.size(); i++) {
          mark(references.get(i), object);
        }
      }
    }
  }

  /** Plain reachability within a dump, from objects and from threads with all that is theirs. */
  private final class Reach {
    final BitSet reached;
    private final BitSet ended; // virtual threads, by number
    private final IntQueue open = new IntQueue();
    private long bytes;

    Reach(BitSet reached) {
      this(reached, new BitSet());
    }

    /** As if those virtual threads had ended: they have nothing any more, and are on no list. */
    Reach(BitSet reached, BitSet ended) {
      this.reached = reached;
      this.ended = ended;
    }

    void add(int object) {
      if (!reached.get(object)) {
        reached.set(object);
        open.add(object);
      }
    }

    void addThread(int index) {
      HeapThread thread = graph.threads.get(index);
      add(thread.object);
      for (int object : thread.own) {
        add(object);
      }
      forEachLocal(index, (object, _) -> add(object));
    }

    void run() {
      while (!open.isEmpty()) {
        int object = open.take();
        bytes += graph.shallow(object);
        if (graph.isVirtualThread.get(object)) {
          Integer thread = threadOfObject.get(object);
          if (thread != null && !ended.get(thread)) {
            for (int target : virtual(thread).own) {
              add(target);
            }
          }
        }
        boolean list = !ended.isEmpty() && partOfList.get(object);
        for (int e = graph.firstEdge[object]; e < graph.firstEdge[object + 1]; e++) {
          int target = graph.edges.get(e);
          if (!list || !isEnded(target)) {
            add(target);
          }
        }
      }
    }

    private boolean isEnded(int object) {
      Integer thread = graph.isVirtualThread.get(object) ? threadOfObject.get(object) : null;
      return thread != null && ended.get(thread);
    }
  }

  // ------------------------------------------------------------------ answers

  /** The virtual threads that were judged and that nothing can wake. */
  public List<HeapThread> leaked() {
    List<HeapThread> leaked = new ArrayList<>();
    for (int i = 0; i < virtualThreads; i++) {
      if (candidate[i] && !alive[i]) {
        leaked.add(virtual(i));
      }
    }
    return leaked;
  }

  /** Takes a thread for one that can be woken after all, with all that follows from that. */
  public void takeForLive(HeapThread thread) {
    wake(number(thread), NONE);
    drain();
  }

  /** Whether something live could wake that thread, or it runs. */
  public boolean isLive(HeapThread thread) {
    return !thread.virtual || alive[number(thread)];
  }

  /** Whether it waits for a monitor that the dump does not tell, so that it counts as live. */
  public boolean isUnknown(HeapThread thread) {
    return thread.virtual && !candidate[number(thread)];
  }

  /** How many objects are in the dump though nothing in it refers to them. */
  public int unexplained() {
    return unexplained;
  }

  private int number(HeapThread thread) {
    return java.util.Objects.requireNonNull(threadOfObject.get(thread.object));
  }

  /**
   * Who can interrupt those of the threads that somebody can: texts for a person. A thread that
   * only such a thread would wake has an empty text.
   */
  public Map<HeapThread, Set<String>> holders(List<HeapThread> leaked) {
    Map<HeapThread, Set<String>> holders = new LinkedHashMap<>();
    var wanted = new BitSet();
    for (HeapThread thread : leaked) {
      wanted.set(number(thread));
    }
    for (int i = 0; i < graph.referrers.size(); i += 3) {
      int holder = graph.referrers.get(i);
      int number = graph.referrers.get(i + 1);
      int field = graph.referrers.get(i + 2);
      if (!wanted.get(number) || role(holder, field) != Policy.Role.HOLDER) {
        continue;
      }
      Integer executor = executorOfPart.get(holder);
      if (!live.get(executor == null ? holder : executor)) {
        continue;
      }
      holders
          .computeIfAbsent(virtual(number), _ -> new TreeSet<>())
          .add(executor == null ? holderText(holder, field) : graph.className(executor));
    }
    for (int i = wanted.nextSetBit(0); i >= 0; i = wanted.nextSetBit(i + 1)) {
      if (heldByStack.get(i)) {
        holders
            .computeIfAbsent(virtual(i), _ -> new TreeSet<>())
            .add("a local variable of a thread that can run");
      }
    }
    propagate(leaked, holders);
    return holders;
  }

  /**
   * Who leads to what leaked threads wait on, other than they themselves: leaked threads, which
   * could wake them if they were not stuck. For one thread of each pile of which that is known.
   */
  public Map<HeapThread, List<HeapThread>> reachers(List<List<HeapThread>> piles) {
    return new Reachers(graph, this).of(piles);
  }

  boolean isLive(int object) {
    return live.get(object);
  }

  /** What a leaked thread is woken by: who has one of these may wake it. */
  int[] wakersOf(HeapThread thread) {
    int number = number(thread);
    return raw[number] ? new int[] {thread.object} : waitsOn.get(number);
  }

  /** What a leaked thread waits on, as far as that is known. */
  int[] waitsOn(HeapThread thread) {
    return waitsOn.get(number(thread));
  }

  /** What only a virtual thread has, and what is on its stack. */
  void forEachOwn(HeapThread thread, IntConsumer consumer) {
    for (int object : thread.own) {
      consumer.accept(object);
    }
    forEachLocal(
        graph.firstVirtual + number(thread),
        (object, _) -> {
          if (object != thread.object) {
            consumer.accept(object);
          }
        });
  }

  /** The field that holds a thread; of a collection of the JDK also whose it is. */
  private String holderText(int holder, int field) {
    HeapClass.Ref ref = field < 0 ? null : graph.fields.get(field);
    String text =
        ref == null
            ? graph.className(holder)
            : HeapGraph.dotted(ref.owner().name) + "." + ref.name();
    int object = holder;
    for (int i = 0; i < MAX_OWNERS && object >= 0; i++) {
      String name = graph.internalName(object);
      int c = graph.classOf[object];
      String type = c < 0 ? graph.classes[-1 - c].name : name;
      if (!Policy.isJdk(type) && !type.startsWith("[")) {
        return object == holder ? text : text + " of " + graph.className(object);
      }
      object = from[object];
    }
    return text;
  }

  /** Whoever a thread that can be interrupted would wake can be woken by interruption, too. */
  private void propagate(List<HeapThread> leaked, Map<HeapThread, Set<String>> holders) {
    if (holders.isEmpty() || holders.size() == leaked.size()) {
      return;
    }
    BitSet liveBefore = (BitSet) live.clone();
    boolean[] aliveBefore = alive.clone();
    for (HeapThread thread : List.copyOf(holders.keySet())) {
      wake(number(thread), NONE);
    }
    drain();
    for (HeapThread thread : leaked) {
      if (alive[number(thread)]) {
        holders.computeIfAbsent(thread, _ -> new TreeSet<>());
      }
    }
    live = liveBefore;
    alive = aliveBefore;
  }

  /**
   * What would be garbage if those threads ended: bytes, as the objects of this JVM are most likely
   * laid out.
   *
   * @param group leaked threads
   * @param all all leaked threads
   */
  public long retained(Set<HeapThread> group, List<HeapThread> all) {
    var others = new Reach((BitSet) live.clone());
    for (HeapThread thread : all) {
      if (!group.contains(thread)) {
        others.addThread(graph.firstVirtual + number(thread));
      }
    }
    others.run();
    var mine = new Reach(others.reached);
    for (HeapThread thread : group) {
      mine.addThread(graph.firstVirtual + number(thread));
    }
    mine.run();
    return mine.bytes;
  }

  /**
   * The same of threads that may be woken: what would be garbage if they ended and all others
   * stayed. A node by which one of them stands in a queue of waiters is taken to stay there.
   */
  public long retainedByLive(Set<HeapThread> group) {
    var ended = new BitSet();
    for (HeapThread thread : group) {
      ended.set(number(thread));
    }
    var others = new Reach(new BitSet(), ended);
    addAll(others);
    for (int i = 0; i < graph.size; i++) {
      if (from[i] == UNEXPLAINED) {
        others.add(i);
      }
    }
    others.run();
    var mine = new Reach(others.reached);
    for (HeapThread thread : group) {
      mine.addThread(graph.firstVirtual + number(thread));
    }
    mine.run();
    return mine.bytes;
  }

  /**
   * Whether what is on the stack of a leaked thread at that frame leads to what it waits on; true
   * where that would take too long to find out.
   */
  public boolean leadsToWait(HeapThread thread, int frame) {
    int number = number(thread);
    var wanted = new HashSet<Integer>();
    for (int object : waitsOn.get(number)) {
      wanted.add(object);
    }
    var open = new IntList();
    forEachLocal(
        graph.firstVirtual + number,
        (object, at) -> {
          if (at == frame) {
            open.add(object);
          }
        });
    var seen = new HashSet<Integer>();
    for (int i = 0; i < open.size(); i++) {
      int object = open.get(i);
      if (wanted.contains(object)) {
        return true;
      }
      if (object == thread.object || live.get(object) || !seen.add(object)) {
        continue;
      }
      if (seen.size() > 2000) {
        return true;
      }
      for (int e = graph.firstEdge[object]; e < graph.firstEdge[object + 1]; e++) {
        open.add(graph.edges.get(e));
      }
    }
    return false;
  }

  // ------------------------------------------------------------------ paths

  /**
   * A step of a path: an object, and by whom it was reached.
   *
   * @param object its number; -1 for the beginning of a path
   * @param text for the beginning: what kind of root it is
   */
  public record Step(int object, @Nullable String text) {}

  /**
   * How a thread that can be woken is reached: from a root to what it waits on; empty where that is
   * not known. Goes through the stacks of other threads.
   */
  public List<Step> path(HeapThread thread) {
    List<Step> steps = new ArrayList<>();
    int object = wokenBy[number(thread)];
    var seen = new HashSet<Integer>();
    while (object >= 0 && seen.add(object) && steps.size() < MAX_STEPS) {
      steps.add(new Step(object, null));
      int reason = from[object];
      if (reason >= 0) {
        object = reason;
        continue;
      }
      if (reason == ROOT || reason == NONE) {
        steps.add(
            new Step(
                -1,
                graph.classOf[object] < 0 ? null : "a root of the JVM (a thread, or native code)"));
        break;
      }
      if (reason == UNEXPLAINED) {
        steps.add(new Step(-1, "something of the JVM that the dump does not tell"));
        break;
      }
      int index = THREADS - reason;
      steps.add(new Step(-1, localText(index, object)));
      object = index < graph.firstVirtual ? NONE : wokenBy[index - graph.firstVirtual];
    }
    return steps.reversed();
  }

  private String localText(int index, int object) {
    HeapThread holder = graph.threads.get(index);
    int[] best = {Integer.MAX_VALUE};
    forEachLocal(
        index,
        (local, frame) -> {
          if (local == object && frame >= 0) {
            best[0] = Math.min(best[0], frame);
          }
        });
    String kind = holder.virtual ? "virtual thread" : "thread";
    List<StackTraceElement> frames = holder.frames();
    return best[0] < frames.size()
        ? kind + ", in " + dev.selvage.diagnostics.Frames.text(frames.get(best[0]))
        : "what is local to a " + kind;
  }
}
