package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Locks;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.observe.WaitReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * Goes over all virtual threads of the program with their stacks, once: one by one, or only
 * counting those that are alike. Of stacks there are never more in memory than different ones, and
 * of what is said of a single thread only what one batch needs. Guarded by the prover.
 */
final class Roll {
  private static final int BATCH = 1 << 17;

  private static final List<Activity> ACTIVITIES = List.of(Activity.values());

  private final Jdk jdk;
  private final Observations observations;
  private final Predicate<Thread> isProven;
  private final Stacks stacks;

  // of the batch
  private Thread[] threads = new Thread[256];
  private int[] containers = new int[256];
  private int size;
  private int[] stackIds = new int[0];
  private final Map<Integer, List<StackTraceElement>> lists = new HashMap<>(); // by id
  private final Map<Integer, Map<Activity, WaitReason>> reasons = new HashMap<>();

  private final List<String> containerNames = new ArrayList<>();
  private final Map<String, Integer> containerIds = new HashMap<>();

  /**
   * Begins.
   *
   * @param isProven whether a thread is proven, and where it was; may be asked by two threads
   */
  Roll(Jdk jdk, Observations observations, Predicate<Thread> isProven) {
    this.jdk = jdk;
    this.observations = observations;
    this.isProven = isProven;
    this.stacks = new Stacks(jdk);
  }

  /** Calls back for each of those threads that are wanted. */
  void visit(Predicate<Thread> wanted, boolean locks, Leaks.Visitor visitor) {
    inBatches(wanted, () -> tell(locks, visitor));
  }

  /** Counts those that are wanted and alike. */
  Map<Leaks.Alike, Long> groups(Predicate<Thread> wanted) {
    Map<Leaks.Alike, Long> groups = new LinkedHashMap<>();
    inBatches(wanted, () -> count(groups));
    return groups;
  }

  private void inBatches(Predicate<Thread> wanted, Runnable batch) {
    jdk.forEach(
        (container, thread) -> {
          if (!Census.isOwnOrJdks(thread) && wanted.test(thread)) {
            add(container.name(), thread);
            if (size == BATCH) {
              take(batch);
            }
          }
        });
    take(batch);
  }

  private void add(String container, Thread thread) {
    if (size == threads.length) {
      threads = Arrays.copyOf(threads, size * 2);
      containers = Arrays.copyOf(containers, size * 2);
    }
    int id = containerId(container);
    threads[size] = thread;
    containers[size++] = id;
  }

  private int containerId(String name) {
    // Mostly the same as that of the one before.
    if (size > 0 && containerNames.get(containers[size - 1]).equals(name)) {
      return containers[size - 1];
    }
    return containerIds.computeIfAbsent(
        name,
        _ -> {
          containerNames.add(name);
          return containerNames.size() - 1;
        });
  }

  private void take(Runnable batch) {
    stackIds = stacks.take(threads, Stacks.all(size));
    lists.clear();
    reasons.clear();
    batch.run();
    Arrays.fill(threads, null);
    size = 0;
  }

  private List<StackTraceElement> stack(int id) {
    return lists.computeIfAbsent(id, _ -> List.of(stacks.stack(id)));
  }

  private WaitReason reason(Activity activity, int stackId) {
    return reasons
        .computeIfAbsent(stackId, _ -> new EnumMap<>(Activity.class))
        .computeIfAbsent(activity, _ -> Waits.classify(activity, stacks.stack(stackId)));
  }

  // ------------------------------------------------------------------ one by one

  private void tell(boolean locks, Leaks.Visitor visitor) {
    long now = System.nanoTime();
    for (int i = 0; i < size; i++) {
      Thread thread = threads[i];
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
      visitor.goroutine(
          new GoroutineInfo(
              id,
              thread.getName(),
              reason(activity, stackIds[i]),
              since == Long.MIN_VALUE
                  ? OptionalLong.empty()
                  : OptionalLong.of(Math.max(0, (now - since) / 1_000_000_000L)),
              own == null ? List.of() : own.objects(),
              isProven.test(thread),
              containerNames.get(containers[i]),
              stack(stackIds[i]),
              Cores.labels(thread),
              GoroutineInfo.Usage.of(thread)),
          locks ? jdk.locks(thread) : Locks.NONE);
    }
  }

  // ------------------------------------------------------------------ counted

  private void count(Map<Leaks.Alike, Long> groups) {
    Counts helpers = new Counts();
    Counts own = new Counts();
    Claims.of(size, helpers::count, own::count);
    helpers.addTo(groups);
    own.addTo(groups);
  }

  /** What one of two threads counts of a batch. */
  private final class Counts {
    /** Threads without name and labels, by container, state and stack. */
    private final LongTable plain = new LongTable();

    /** The places of the others in the batch. */
    private int[] others = new int[16];

    private int n;

    void count(int from, int to) {
      for (int i = from; i < to; i++) {
        Thread thread = threads[i];
        Activity activity = jdk.activity(thread);
        if (activity == Activity.NOT_ALIVE) {
          continue;
        }
        if (!thread.getName().isEmpty() || !Cores.labels(thread).isEmpty()) {
          if (n == others.length) {
            others = Arrays.copyOf(others, n * 2);
          }
          others[n++] = i;
          continue;
        }
        long proven = isProven.test(thread) ? 1 : 0;
        long kind =
            (containers[i] * 2L + proven) * ACTIVITIES.size() + ACTIVITIES.indexOf(activity);
        long key = kind << 32 | (stackIds[i] + 1L);
        plain.put(key, plain.first(key, 0) + 1, 0);
      }
    }

    void addTo(Map<Leaks.Alike, Long> groups) {
      plain.forEach(
          (key, count, _) -> {
            int stackId = (int) key - 1;
            int kind = (int) (key >>> 32);
            Activity activity = ACTIVITIES.get(kind % ACTIVITIES.size());
            boolean proven = kind / ACTIVITIES.size() % 2 == 1;
            String container = containerNames.get(kind / ACTIVITIES.size() / 2);
            groups.merge(
                new Leaks.Alike(
                    "", reason(activity, stackId), proven, container, stack(stackId), Map.of()),
                (long) count,
                Long::sum);
          });
      for (int k = 0; k < n; k++) {
        int i = others[k];
        Thread thread = threads[i];
        groups.merge(
            new Leaks.Alike(
                thread.getName(),
                reason(jdk.activity(thread), stackIds[i]),
                isProven.test(thread),
                containerNames.get(containers[i]),
                stack(stackIds[i]),
                Cores.labels(thread)),
            1L,
            Long::sum);
      }
    }
  }
}
