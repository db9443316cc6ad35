package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.diagnostics.jdk.LockQueues;
import dev.selvage.diagnostics.prover.Circle.Reason;
import dev.selvage.diagnostics.prover.Circle.Wait;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Threads that wait in a circle: each for a lock that the next one has, or for the next one to end.
 * Virtual and platform threads alike; {@code ThreadMXBean.findDeadlockedThreads} sees no virtual
 * one.
 */
final class Deadlocks {
  /*
   * Invariants.
   *  1. No false positive. A circle is reported only if it was there as a whole at one moment:
   *     first the place of every thread in its queue is noted, then each is seen to be parked
   *     without a time limit and to be kept out by the next, then all places are found to be the
   *     same. A place belongs to one call of acquire (see LockQueues), or of a lock or a wait of
   *     the language, which makes a waiter for each. So from the first note to the last look each
   *     thread was in that call, where it can release nothing: what it had at any moment in between
   *     it had all the time, unless somebody else gave it back.
   *  2. Where nobody else can, such a circle never ends by itself, and is a deadlock. An interrupt
   *     may end it if one of the waits gives way to that: then it is said. Where somebody else
   *     could, as with all locks of the language that have no owner, it is only suspected, and only
   *     after a while.
   *  3. Who has a monitor, or waits for one, is known of platform threads only, from the JVM. How
   *     often a thread has been blocked is its place there. The JDK tells of a virtual thread's
   *     monitors only by a snapshot, which can crash JDK 25.0.3.
   *  4. A thread has at most one that keeps it waiting, or all goroutines of a group. Who reads and
   *     waits for a lock of the JDK that others read is kept out by a writer in the queue; that is
   *     not followed.
   *
   * A node of the graph is a thread, or the mark of a group, which leads to each goroutine that the
   * group counts. So a group is gone through once, however many wait for it.
   */

  /** For how long a circle that somebody could end must have been there, at least. */
  private static final long MIN_AGE_NANOS = 1_000_000_000L;

  /** What the owner of a lock has to do with it. */
  private static final Reason HELD = new Reason("", "held by", Reason.Kind.LOCK, true);

  private static final Reason END = new Reason("", "and", Reason.Kind.END, true);

  private final ThreadMXBean jvm = ManagementFactory.getThreadMXBean();
  private final Jdk jdk;
  private final LockQueues queues;
  private final Observations observations;
  private final LongTable proven;
  private final Function<Thread, Excuses.@Nullable Excuse> excuses;
  private final Map<Integer, List<String>> ofGroups = new HashMap<>();
  private int parked;

  // what a first, hasty look saw
  private final IdentityHashMap<Object, Integer> waitersOf = new IdentityHashMap<>();
  private final IdentityHashMap<Object, Thread> ends = new IdentityHashMap<>();
  private final IdentityHashMap<Thread, Thread> owners = new IdentityHashMap<>();
  private final Map<Long, Thread> keepers = new HashMap<>();
  private final IdentityHashMap<Object, List<Thread>> counted = new IdentityHashMap<>();

  // where the search has been, and what it led to
  private final Set<Object> done = Collections.newSetFromMap(new IdentityHashMap<>());
  private final IdentityHashMap<Object, Circle> circleOf = new IdentityHashMap<>();

  private Deadlocks(
      Jdk jdk,
      LockQueues queues,
      Observations observations,
      LongTable proven,
      Function<Thread, Excuses.@Nullable Excuse> excuses) {
    this.jdk = jdk;
    this.queues = queues;
    this.observations = observations;
    this.proven = proven;
    this.excuses = excuses;
  }

  /**
   * What a look found.
   *
   * @param findings circles of threads that are not proven to be leaked
   * @param ofGroups the circle that proven threads are in, drawn, by the number of their group
   * @param parked how many virtual threads, parked and not proven, are in circles that are certain
   */
  record Found(List<Finding> findings, Map<Integer, List<String>> ofGroups, int parked) {
    /** The circle of a group; empty if it is in none. */
    List<String> ofGroup(int group) {
      return ofGroups.getOrDefault(group, List.of());
    }
  }

  /**
   * What there is now; nothing where the JDK does not let us look.
   *
   * @param queues null where they cannot be read
   * @param proven the threads that the collector has proven to be leaked, with their groups: they
   *     are reported as that, and a circle of theirs explains it
   * @param excuses why a thread is excused by itself, if it is
   */
  static Found find(
      Jdk jdk,
      @Nullable LockQueues queues,
      Observations observations,
      LongTable proven,
      Function<Thread, Excuses.@Nullable Excuse> excuses) {
    return queues == null
        ? new Found(List.of(), Map.of(), 0)
        : find(jdk, queues, observations, proven, excuses, MIN_AGE_NANOS);
  }

  /** The same with circles that somebody could end, if they have been there for this long. */
  static Found find(
      Jdk jdk,
      LockQueues queues,
      Observations observations,
      LongTable proven,
      Function<Thread, Excuses.@Nullable Excuse> excuses,
      long minAgeNanos) {
    return new Deadlocks(jdk, queues, observations, proven, excuses).find(minAgeNanos);
  }

  private Found find(long minAgeNanos) {
    collect();
    List<Circle> circles = new ArrayList<>();
    for (Object start : waitersOf.keySet()) {
      if (done.add(start)) {
        Circle circle = from(start);
        if (circle != null) {
          circles.add(circle);
        }
      }
    }
    Map<String, Circle.Alike> alike = new TreeMap<>(); // by the lines that they go through
    for (Circle circle : circles) {
      note(circle);
      if (circle.open > 0 && (circle.certain || circle.ageNanos() >= minAgeNanos)) {
        alike.computeIfAbsent(circle.key(), _ -> new Circle.Alike()).add(circle);
      }
    }
    return new Found(alike.values().stream().map(Circle.Alike::finding).toList(), ofGroups, parked);
  }

  /** Takes down which of its threads are proven to be leaked, and which are to be reported. */
  private void note(Circle circle) {
    for (Thread thread : circle.threads) {
      int group = proven.second(thread.threadId(), -1);
      if (group >= 0) {
        ofGroups.putIfAbsent(group, List.copyOf(circle.drawn));
        continue;
      }
      circle.open++;
      if (circle.certain && thread.isVirtual() && jdk.activity(thread) == Activity.PARKED) {
        parked++;
      }
    }
  }

  // ------------------------------------------------------------------ who waits for whom

  /** Who waits for something, as one of two threads sees it. */
  private final class Waiting {
    final List<Thread> joining = new ArrayList<>();
    final List<Thread> gathering = new ArrayList<>();
    final List<Thread> blocked = new ArrayList<>();
    final List<Thread> holders = new ArrayList<>(); // one for each who waits for a lock
    final LongTable kept = new LongTable(); // how many wait for a thread, by its id

    void look(Thread thread) {
      Object blocker = LockSupport.getBlocker(thread);
      if (blocker == null) {
        if (!thread.isVirtual() && thread.getState() == Thread.State.BLOCKED) {
          blocked.add(thread);
        }
      } else if (LockQueues.isLock(blocker)) {
        Thread holder = queues.holder(blocker, null);
        if (holder != null) {
          holders.add(holder);
        }
      } else if (LockQueues.isLatch(blocker)) {
        joining.add(thread);
      } else {
        long keeper = Cores.keeperOf(thread, blocker);
        if (keeper > 0) {
          kept.put(keeper, kept.first(keeper, 0) + 1, 0);
        } else if (keeper == Cores.GROUP) {
          gathering.add(thread);
        }
      }
    }
  }

  private void collect() {
    Waiting helpers = new Waiting();
    Waiting waiting = new Waiting();
    jdk.forEach(
        Claims.forAbout(jdk.rootSize()),
        (_, thread) -> helpers.look(thread),
        (_, thread) -> waiting.look(thread));
    jdk.platformThreads().forEach(waiting::look);
    for (Waiting each : List.of(waiting, helpers)) {
      each.holders.forEach(holder -> waitersOf.merge(holder, 1, Integer::sum));
    }
    List<Thread> joining = waiting.joining;
    joining.addAll(helpers.joining);
    List<Thread> gathering = waiting.gathering;
    gathering.addAll(helpers.gathering);
    boolean anyKept = waiting.kept.size() > 0 || helpers.kept.size() > 0;
    collectMonitors(waiting.blocked);
    for (Thread thread : gathering) {
      Object mark = markOf(thread);
      if (mark != null) {
        waitersOf.merge(mark, 1, Integer::sum);
        counted.computeIfAbsent(mark, _ -> new ArrayList<>());
      }
    }
    if (!joining.isEmpty() || !counted.isEmpty() || anyKept) {
      jdk.forEachThread(
          thread -> {
            note(thread, waiting.kept, helpers.kept);
            Object end = joining.isEmpty() ? null : queues.terminationOf(thread);
            if (end != null) {
              ends.put(end, thread);
            }
            // Who runs, or waits for what is not known, leads nowhere.
            Object mark = counted.isEmpty() || !isFollowed(thread) ? null : Cores.countedBy(thread);
            List<Thread> others = mark == null ? null : counted.get(mark);
            if (others != null) {
              others.add(thread);
            }
          });
    }
    if (anyKept) {
      for (Thread thread : jdk.platformThreads()) {
        note(thread, waiting.kept, helpers.kept);
      }
    }
    for (Thread thread : joining) {
      Object blocker = LockSupport.getBlocker(thread);
      Thread joined = blocker == null ? null : ends.get(blocker);
      if (joined != null) {
        waitersOf.merge(joined, 1, Integer::sum);
      }
    }
  }

  private void note(Thread thread, LongTable kept, LongTable alsoKept) {
    long id = thread.threadId();
    int waiters = kept.first(id, 0) + alsoKept.first(id, 0);
    if (waiters > 0) {
      keepers.put(thread.threadId(), thread);
      waitersOf.merge(thread, waiters, Integer::sum);
    }
  }

  /** The mark of the group that the thread waits for; null if it waits for none. */
  private static @Nullable Object markOf(Thread thread) {
    Object blocker = LockSupport.getBlocker(thread);
    Cores.Obstacle obstacle = blocker == null ? null : Cores.obstacle(thread, blocker);
    return obstacle == null ? null : obstacle.group();
  }

  private static boolean isFollowed(Thread thread) {
    Object blocker = LockSupport.getBlocker(thread);
    return blocker != null
        && (LockQueues.isLock(blocker)
            || LockQueues.isLatch(blocker)
            || Cores.keeperOf(thread, blocker) != 0);
  }

  /** Who seems to keep a thread waiting, or is counted by a group. */
  private List<?> next(Object node) {
    if (!(node instanceof Thread thread)) {
      return counted.getOrDefault(node, List.of());
    }
    Object next = nextOf(thread);
    return next == null ? List.of() : List.of(next);
  }

  private @Nullable Object nextOf(Thread thread) {
    Object blocker = LockSupport.getBlocker(thread);
    if (blocker == null) {
      return owners.get(thread);
    }
    if (LockQueues.isLock(blocker)) {
      return queues.holder(blocker, null);
    }
    if (LockQueues.isLatch(blocker)) {
      return ends.get(blocker);
    }
    long keeper = Cores.keeperOf(thread, blocker);
    return keeper == Cores.GROUP ? markOf(thread) : keepers.get(keeper);
  }

  /**
   * Goes on from a node, in depth, until a circle that is certain, or one that was found before.
   *
   * @return the circle, if it is a new one
   */
  private @Nullable Circle from(Object start) {
    List<Object> path = new ArrayList<>();
    List<Iterator<?>> ways = new ArrayList<>();
    IdentityHashMap<Object, Integer> onPath = new IdentityHashMap<>();
    @Nullable Object at = start;
    while (true) {
      if (at != null) {
        onPath.put(at, path.size());
        path.add(at);
        ways.add(next(at).iterator());
        at = null;
      }
      if (path.isEmpty()) {
        return null;
      }
      Iterator<?> way = ways.getLast();
      if (!way.hasNext()) {
        onPath.remove(path.removeLast());
        ways.removeLast();
        continue;
      }
      Object to = Objects.requireNonNull(way.next());
      Integer entered = onPath.get(to);
      Circle known = circleOf.get(to);
      Circle circle = entered == null ? known : confirmed(path.subList(entered, path.size()));
      if (circle != null) {
        for (Object node : path) {
          circleOf.put(node, circle);
          circle.waiters += waitersOf.getOrDefault(node, 0);
        }
        return known == null ? circle : null;
      }
      if (done.add(to)) {
        at = to;
      }
    }
  }

  // ------------------------------------------------------------------ is it so

  /**
   * Where a thread of a possible circle stands.
   *
   * @param blocker what it is parked for; null if it waits for a monitor
   * @param place what belongs to this one call
   * @param mark that of the group by way of which the next one keeps it waiting; null for none
   */
  private record Stand(
      Thread thread, @Nullable Object blocker, Object place, @Nullable Object mark, Thread next) {}

  /** The circle if it was there, else null. */
  private @Nullable Circle confirmed(List<Object> nodes) {
    List<Stand> stands = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      if (nodes.get(i) instanceof Thread thread) {
        Object to = nodes.get((i + 1) % nodes.size());
        Object mark = to instanceof Thread ? null : to;
        Object next = mark == null ? to : nodes.get((i + 2) % nodes.size());
        Object blocker = LockSupport.getBlocker(thread);
        Object place = place(thread, blocker);
        if (place == null) {
          return null;
        }
        stands.add(new Stand(thread, blocker, place, mark, (Thread) next));
      }
    }
    List<Wait> waits = new ArrayList<>();
    for (Stand stand : stands) {
      Reason reason = reason(stand);
      if (reason == null
          || !waitsForGood(stand)
          || LockSupport.getBlocker(stand.thread()) != stand.blocker()) {
        return null;
      }
      List<StackTraceElement> stack = List.of(jdk.stack(stand.thread()));
      waits.add(new Wait(stand.thread(), reason, stand.next(), stack));
    }
    for (Stand stand : stands) {
      if (LockSupport.getBlocker(stand.thread()) != stand.blocker()
          || !stand.place().equals(place(stand.thread(), stand.blocker()))
          || reason(stand) == null) {
        return null;
      }
    }
    return circle(waits);
  }

  /** What belongs to the one call in which the thread waits; null if it does not. */
  private @Nullable Object place(Thread thread, @Nullable Object blocker) {
    if (blocker == null) {
      return blocked(thread);
    }
    if (LockQueues.isLock(blocker) || LockQueues.isLatch(blocker)) {
      return queues.place(blocker, thread);
    }
    return Cores.keeperOf(thread, blocker) == 0 ? null : blocker;
  }

  /** Why the thread waits for the next one; null if it does not. */
  private @Nullable Reason reason(Stand stand) {
    Object blocker = stand.blocker();
    Thread next = stand.next();
    if (blocker == null) {
      // Asked anew: who had it when the place was noted may have given it back before its own was.
      Blocked at = blocked(stand.thread());
      return at != null && at.owner() == next.threadId()
          ? HELD.of("the monitor of " + at.monitor())
          : null;
    }
    if (LockQueues.isLatch(blocker)) {
      return ends.get(blocker) == next ? END.of("the end of " + Circle.name(next)) : null;
    }
    if (LockQueues.isLock(blocker)) {
      return queues.holder(blocker, stand.place()) == next
          ? HELD.of(LockQueues.text(blocker))
          : null;
    }
    Cores.Obstacle obstacle = Cores.obstacle(stand.thread(), blocker);
    if (obstacle == null || obstacle.group() != stand.mark()) {
      return null;
    }
    Reason.Kind kind = stand.mark() == null ? Reason.Kind.OWN_LOCK : Reason.Kind.GROUP;
    boolean so =
        stand.mark() == null
            ? obstacle.thread() == next.threadId()
            : Cores.countedBy(next) == stand.mark();
    return so ? new Reason(obstacle.what(), obstacle.by(), kind, obstacle.owned()) : null;
  }

  /** Whether it is blocked, or parked without a time limit. */
  private boolean waitsForGood(Stand stand) {
    Thread thread = stand.thread();
    if (!thread.isVirtual()) {
      return thread.getState()
          == (stand.blocker() == null ? Thread.State.BLOCKED : Thread.State.WAITING);
    }
    Activity activity = jdk.activity(thread);
    return activity == Activity.PARKED || activity == Activity.PINNED;
  }

  private Circle circle(List<Wait> waits) {
    return new Circle(waits, thread -> OwnWait.since(thread, observations), excuses);
  }

  // ------------------------------------------------------------------ monitors

  /**
   * What a platform thread is blocked at.
   *
   * @param count how often it has been blocked, this time among them
   * @param monitor its name
   * @param owner the identifier of the thread that has it
   */
  private record Blocked(long count, String monitor, long owner) {}

  /**
   * Where a platform thread waits for a monitor; null if it does not, or if no platform thread has
   * that. It asks for a stack that it does not need, so that the JVM stops all threads and no count
   * is a moment behind the state.
   */
  private @Nullable Blocked blocked(Thread thread) {
    if (thread.isVirtual() || thread.getState() != Thread.State.BLOCKED) {
      return null;
    }
    ThreadInfo info = jvm.getThreadInfo(thread.threadId(), 1);
    return info == null
            || info.getThreadState() != Thread.State.BLOCKED
            || info.getLockOwnerId() <= 0
            || info.getLockName() == null
        ? null
        : new Blocked(info.getBlockedCount(), info.getLockName(), info.getLockOwnerId());
  }

  /** Notes who has the monitors that platform threads wait for. */
  private void collectMonitors(List<Thread> blocked) {
    if (blocked.isEmpty()) {
      return;
    }
    Map<Long, Thread> platform = new HashMap<>();
    for (Thread thread : jdk.platformThreads()) {
      platform.put(thread.threadId(), thread);
    }
    long[] ids = blocked.stream().mapToLong(Thread::threadId).toArray();
    ThreadInfo[] infos = jvm.getThreadInfo(ids, 1); // at a safepoint, as above
    for (int i = 0; i < ids.length; i++) {
      Thread owner = infos[i] == null ? null : platform.get(infos[i].getLockOwnerId());
      if (owner != null) {
        owners.put(blocked.get(i), owner);
        waitersOf.merge(owner, 1, Integer::sum);
      }
    }
  }
}
