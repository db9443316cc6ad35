package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.diagnostics.jdk.LockQueues;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
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
   *     same. A place belongs to one call of acquire (see LockQueues). So from the first note to
   *     the last look each thread was in that call, where it can release nothing: what it had at
   *     any moment in between it had all the time.
   *  2. Such a circle never ends by itself. An interrupt may end it if one of the waits gives way
   *     to that: then it is said.
   *  3. Who has a monitor is known of platform threads only, from the JVM's own search, which
   *     stops all threads. The JDK tells of a virtual thread's monitors only by a snapshot, which
   *     can crash JDK 25.0.3.
   *  4. A thread has at most one that keeps it waiting. Who reads and waits for a lock that others
   *     read is kept out by a writer in the queue; that is not followed.
   */
  private static final int MAX_NAMES = 10;

  private final Jdk jdk;
  private final LockQueues queues;
  private final Observations observations;
  private final LongTable proven;
  private final Map<Integer, List<String>> ofGroups = new HashMap<>();
  private int parked;

  // what a first, hasty look saw
  private final IdentityHashMap<Thread, Integer> waitersOf = new IdentityHashMap<>();
  private final IdentityHashMap<Object, Thread> ends = new IdentityHashMap<>();

  private Deadlocks(Jdk jdk, LockQueues queues, Observations observations, LongTable proven) {
    this.jdk = jdk;
    this.queues = queues;
    this.observations = observations;
    this.proven = proven;
  }

  /**
   * What a look found.
   *
   * @param findings circles of threads that are not proven to be leaked
   * @param ofGroups the circle that proven threads are in, drawn, by the number of their group
   * @param parked how many virtual threads, parked and not proven, are in circles
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
   */
  static Found find(
      Jdk jdk, @Nullable LockQueues queues, Observations observations, LongTable proven) {
    return queues == null
        ? new Found(List.of(), Map.of(), 0)
        : new Deadlocks(jdk, queues, observations, proven).find();
  }

  /**
   * That a thread waits.
   *
   * @param what for what, in words
   * @param end whether that is the end of a thread
   * @param holder the thread that has it, or is to end
   */
  private record Wait(
      Thread thread, String what, boolean end, Thread holder, List<StackTraceElement> stack) {}

  private Found find() {
    collect();
    Map<String, Circles> alike = new TreeMap<>(); // by the lines that they go through
    Set<Thread> done = Collections.newSetFromMap(new IdentityHashMap<>());
    IdentityHashMap<Thread, Circle> circleOf = new IdentityHashMap<>();
    for (Thread start : waitersOf.keySet()) {
      List<Thread> path = new ArrayList<>();
      IdentityHashMap<Thread, Integer> onPath = new IdentityHashMap<>();
      Thread at = start;
      while (at != null && done.add(at)) {
        onPath.put(at, path.size());
        path.add(at);
        at = next(at);
      }
      Integer entered = at == null ? null : onPath.get(at);
      Circle circle = at == null ? null : circleOf.get(at);
      if (entered != null) {
        circle = confirmed(path.subList(entered, path.size()));
        if (circle != null) {
          alike.computeIfAbsent(circle.lines(), _ -> new Circles()).add(circle);
        }
      }
      if (circle != null) {
        for (Thread thread : path) {
          circleOf.put(thread, circle);
          circle.waiters += waitersOf.getOrDefault(thread, 0);
        }
      }
    }
    for (Circle circle : withMonitors()) {
      alike.computeIfAbsent(circle.lines(), _ -> new Circles()).add(circle);
    }
    List<Finding> findings = new ArrayList<>();
    for (Circles circles : alike.values()) {
      if (circles.threads() > 0) {
        findings.add(circles.finding());
      }
    }
    return new Found(findings, ofGroups, parked);
  }

  // ------------------------------------------------------------------ who waits for whom

  /** Who waits for something, as one of two threads sees it. */
  private final class Waiting {
    final List<Thread> joining = new ArrayList<>();
    final List<Thread> holders = new ArrayList<>(); // one for each who waits for a lock

    void look(Thread thread) {
      Object blocker = LockSupport.getBlocker(thread);
      if (LockQueues.isLock(blocker)) {
        Thread holder = queues.holder(blocker, null);
        if (holder != null) {
          holders.add(holder);
        }
      } else if (LockQueues.isLatch(blocker)) {
        joining.add(thread);
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
    waiting.holders.addAll(helpers.holders);
    waiting.holders.forEach(holder -> waitersOf.merge(holder, 1, Integer::sum));
    waiting.joining.addAll(helpers.joining);
    if (waiting.joining.isEmpty()) {
      return;
    }
    jdk.forEachThread(
        thread -> {
          Object end = queues.terminationOf(thread);
          if (end != null) {
            ends.put(end, thread);
          }
        });
    for (Thread thread : waiting.joining) {
      Object blocker = LockSupport.getBlocker(thread);
      Thread joined = blocker == null ? null : ends.get(blocker);
      if (joined != null) {
        waitersOf.merge(joined, 1, Integer::sum);
      }
    }
  }

  /** Who seems to keep the thread waiting; null for nobody. */
  private @Nullable Thread next(Thread thread) {
    Object blocker = LockSupport.getBlocker(thread);
    if (LockQueues.isLock(blocker)) {
      return queues.holder(blocker, null);
    }
    return LockQueues.isLatch(blocker) ? ends.get(blocker) : null;
  }

  // ------------------------------------------------------------------ is it so

  /** The circle if it is certain, else null. */
  private @Nullable Circle confirmed(List<Thread> threads) {
    List<Object> objects = new ArrayList<>();
    List<Object> places = new ArrayList<>();
    for (Thread thread : threads) {
      Object blocker = LockSupport.getBlocker(thread);
      Object place =
          LockQueues.isLock(blocker) || LockQueues.isLatch(blocker)
              ? queues.place(blocker, thread)
              : null;
      if (place == null) {
        return null;
      }
      objects.add(blocker);
      places.add(place);
    }
    List<Wait> waits = new ArrayList<>();
    for (int i = 0; i < threads.size(); i++) {
      Thread thread = threads.get(i);
      Object object = objects.get(i);
      boolean end = LockQueues.isLatch(object);
      Thread holder = end ? ends.get(object) : queues.holder(object, places.get(i));
      if (holder == null
          || holder != threads.get((i + 1) % threads.size())
          || !isParkedForGood(thread)
          || LockSupport.getBlocker(thread) != object) {
        return null;
      }
      String what = end ? "the end of " + name(holder) : text(object);
      waits.add(new Wait(thread, what, end, holder, List.of(jdk.stack(thread))));
    }
    for (int i = 0; i < threads.size(); i++) {
      if (queues.place(objects.get(i), threads.get(i)) != places.get(i)) {
        return null;
      }
    }
    return new Circle(waits);
  }

  private boolean isParkedForGood(Thread thread) {
    if (!thread.isVirtual()) {
      return thread.getState() == Thread.State.WAITING;
    }
    Activity activity = jdk.activity(thread);
    return activity == Activity.PARKED || activity == Activity.PINNED;
  }

  // ------------------------------------------------------------------ monitors

  /**
   * Circles of platform threads in which there is a monitor, as the JVM finds them. It does not ask
   * whether a park has a time limit, so the states are looked at again, of all threads at one
   * safepoint.
   */
  private List<Circle> withMonitors() {
    ThreadMXBean jvm = ManagementFactory.getThreadMXBean();
    long[] ids = jvm.findDeadlockedThreads();
    if (ids == null) {
      return List.of();
    }
    Map<Long, Thread> threads = new HashMap<>();
    for (Thread thread : jdk.platformThreads()) {
      threads.put(thread.threadId(), thread);
    }
    Map<Long, ThreadInfo> infos = new LinkedHashMap<>();
    for (ThreadInfo info : jvm.getThreadInfo(ids, Integer.MAX_VALUE)) {
      if (info != null && threads.containsKey(info.getThreadId())) {
        infos.put(info.getThreadId(), info);
      }
    }
    List<Circle> circles = new ArrayList<>();
    Set<Long> done = new HashSet<>();
    for (Long start : infos.keySet()) {
      List<ThreadInfo> path = new ArrayList<>();
      ThreadInfo at = infos.get(start);
      while (at != null && done.add(at.getThreadId())) {
        path.add(at);
        at = infos.get(at.getLockOwnerId());
      }
      int entered = at == null ? -1 : path.indexOf(at);
      List<ThreadInfo> ring = entered < 0 ? List.of() : path.subList(entered, path.size());
      if (ring.stream().anyMatch(i -> i.getThreadState() == Thread.State.BLOCKED)
          && ring.stream().allMatch(Deadlocks::waitsForGood)) {
        List<Wait> waits = new ArrayList<>();
        for (ThreadInfo info : ring) {
          Thread thread = threads.get(info.getThreadId());
          Thread holder = threads.get(info.getLockOwnerId());
          if (thread != null && holder != null) {
            waits.add(new Wait(thread, text(info), false, holder, List.of(info.getStackTrace())));
          }
        }
        if (waits.size() == ring.size()) {
          circles.add(new Circle(waits));
        }
      }
    }
    return circles;
  }

  private static boolean waitsForGood(ThreadInfo info) {
    return info.getThreadState() == Thread.State.BLOCKED
        || info.getThreadState() == Thread.State.WAITING;
  }

  private static String text(ThreadInfo info) {
    return info.getThreadState() == Thread.State.BLOCKED
        ? "the monitor of " + info.getLockName()
        : String.valueOf(info.getLockName());
  }

  // ------------------------------------------------------------------ what is said of it

  private static String name(Thread thread) {
    return (thread.getName().isEmpty() ? "" : "\"" + thread.getName() + "\" ")
        + (thread.isVirtual() ? "(virtual #" : "(platform #")
        + thread.threadId()
        + ")";
  }

  private static String text(Object lock) {
    String type = lock.getClass().getName();
    int end = type.indexOf('$');
    return type.substring(type.lastIndexOf('.') + 1, end < 0 ? type.length() : end)
        + "@"
        + Integer.toHexString(System.identityHashCode(lock));
  }

  /** One circle; it begins with the thread whose line comes first in the alphabet. */
  private final class Circle {
    final List<String> sites = new ArrayList<>();
    final List<String> drawn = new ArrayList<>();
    final List<String> names = new ArrayList<>();
    final List<StackTraceElement> stack;
    final int size;
    final OptionalLong seenSeconds;
    final boolean interruptible;
    final boolean joins;
    final boolean upgrade;

    /** How many of its threads are not proven to be leaked. */
    int open;

    /** How many threads were seen to wait for one of the circle, or for one who does. */
    int waiters;

    Circle(List<Wait> waits) {
      size = waits.size();
      upgrade = size == 1;
      int first = 0;
      String[] places = new String[size];
      for (int i = 0; i < size; i++) {
        String site = Frames.site(waits.get(i).stack());
        places[i] = site != null ? site : "a place unknown";
        if (places[i].compareTo(places[first]) < 0) {
          first = i;
        }
      }
      interruptible = waits.stream().anyMatch(wait -> givesWay(wait.stack()));
      joins = waits.stream().anyMatch(Wait::end);
      long latest = Long.MIN_VALUE;
      boolean allKnown = true;
      for (int k = 0; k < size; k++) {
        Wait wait = waits.get((first + k) % size);
        String place = places[(first + k) % size];
        String lead =
            k == 0
                ? name(wait.thread()) + " waits for "
                : lead(waits.get((first + k - 1) % size), ", which waits for ", " waits for ");
        sites.add(place);
        names.add(wait.thread().getName());
        drawn.add(lead + wait.what() + " at " + place);
        long seen = observations.sinceIfKnown(wait.thread().threadId());
        allKnown &= seen != Long.MIN_VALUE;
        latest = Math.max(latest, seen);
      }
      drawn.add(lead(waits.get((first + size - 1) % size), "", ", as said above"));
      stack = waits.get(first).stack();
      seenSeconds =
          allKnown
              ? OptionalLong.of(Math.max(0, (System.nanoTime() - latest) / 1_000_000_000L))
              : OptionalLong.empty();
      for (Wait wait : waits) {
        int group = proven.second(wait.thread().threadId(), -1);
        if (group < 0) {
          open++;
          if (wait.thread().isVirtual() && jdk.activity(wait.thread()) == Activity.PARKED) {
            parked++;
          }
        } else {
          ofGroups.putIfAbsent(group, List.copyOf(drawn));
        }
      }
    }

    String lines() {
      return String.join(" -> ", sites);
    }

    /** Names the thread that keeps another waiting, and says how. */
    private static String lead(Wait wait, String ifItHolds, String ifItRuns) {
      return wait.end()
          ? "and " + name(wait.holder()) + ifItRuns
          : "held by " + name(wait.holder()) + ifItHolds;
    }

    private static boolean givesWay(List<StackTraceElement> stack) {
      for (StackTraceElement frame : stack) {
        if (!Frames.isJdk(frame)) {
          return false;
        }
        if (frame.getMethodName().endsWith("nterruptibly")) {
          return true;
        }
      }
      return false;
    }
  }

  /** All circles that go through the same lines. */
  private static final class Circles {
    private final List<Circle> circles = new ArrayList<>();

    void add(Circle circle) {
      circles.add(circle);
    }

    /** How many threads there are to be reported. */
    int threads() {
      return circles.stream().mapToInt(circle -> circle.open).sum();
    }

    Finding finding() {
      Circle one = circles.getFirst();
      int waiters = 0;
      boolean interruptible = true;
      OptionalLong oldest = OptionalLong.empty();
      Set<String> names = new LinkedHashSet<>();
      for (Circle circle : circles) {
        waiters += Math.max(0, circle.waiters - circle.size);
        interruptible &= circle.interruptible;
        for (String name : circle.names) {
          if (!name.isEmpty() && names.size() < MAX_NAMES) {
            names.add(name);
          }
        }
        if (circle.seenSeconds.orElse(-1) > oldest.orElse(-1)) {
          oldest = circle.seenSeconds;
        }
      }
      Map<String, Object> evidence = new LinkedHashMap<>();
      evidence.put("cycle", one.drawn);
      if (circles.size() > 1) {
        evidence.put("cycles", circles.size());
      }
      if (waiters > 0) {
        evidence.put("waitBehind", waiters);
      }
      String kind = one.joins ? "wait cycle" : "lock cycle";
      return new Finding.Deadlocked(
          new Finding.Details(
              Finding.State.OPEN,
              kind,
              threads(),
              one.sites.getFirst(),
              Frames.entry(one.stack),
              oldest,
              OptionalLong.empty(),
              List.copyOf(names),
              one.stack,
              fingerprint(one, kind),
              interruptible ? "interrupt" : null,
              evidence,
              because(one),
              advice(one)));
    }

    private static String fingerprint(Circle circle, String kind) {
      return Frames.fingerprint("deadlocked " + kind, circle.lines(), circle.stack);
    }

    private static String because(Circle circle) {
      if (circle.upgrade) {
        return circle.joins
            ? "the thread waits for its own end"
            : "the thread waits for all readers to leave, and is one of them itself";
      }
      return circle.joins
          ? "each of these threads waits for a lock that the next one has, or for its end"
          : "each of these threads waits for a lock that the next one has";
    }

    private static String advice(Circle circle) {
      if (circle.upgrade) {
        return circle.joins
            ? "let another thread wait for it"
            : "release the read lock before taking the write lock, and look again at what was"
                + " read: a read lock cannot be upgraded";
      }
      return circle.joins
          ? "do not wait for a thread while holding a lock that it needs"
          : "take these locks in the same order everywhere, or tryLock with a time limit and"
              + " release what you have when it fails";
    }
  }
}
