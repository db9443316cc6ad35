package dev.selvage.internal.gmp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;

/**
 * What the scheduler does for goroutines, counted, without threads: its Ms take turns as a seeded
 * random says. {@link CostTests} loads this class with the scheduler's own once more, such that
 * their atomic operations are counted too.
 */
final class Costs implements Ground {
  /** How many turns each M has while another pauses; a real pause is as long as some hundred. */
  private static final int PAUSE = 20;

  static long atomics;
  static long fences;
  static long queueOperations;

  private final Gmp gmp = new Gmp(this, 256);
  private final Random random = new Random(1);

  /** Ms that do not wait. */
  private final List<Machine> awake = new ArrayList<>();

  /** Ms that have waited, and have not said yet that they are back. */
  private final List<Machine> waited = new ArrayList<>();

  private Machine running = new Machine(0);
  private boolean pausing;
  private long runs;
  private long unparks;

  // Of the goroutines, by number.
  private final Runnable[] tasks;
  private final int[] left;
  private final long[] since;
  private long longest;

  private Costs(int goroutines, int procs) {
    tasks = new Runnable[goroutines];
    left = new int[goroutines];
    since = new long[goroutines];
    if (!gmp.setProcs(procs)) {
      throw new IllegalStateException("not so many Ps");
    }
  }

  /** Called by the changed classes before an atomic operation. */
  static void atomic() {
    atomics++;
  }

  /** Called by the changed classes before a fence, or a volatile write, which is one too. */
  static void fence() {
    fences++;
  }

  /** Called by the changed classes before something is put into a queue, or taken. */
  static void queue() {
    queueOperations++;
  }

  /**
   * One starts all the others; each then runs so many times: in pairs that wake each other, or, if
   * they yield, each going to the end of the queue.
   *
   * @return how many turns there were, atomic operations, fences, queue operations, Ms woken,
   *     thefts, goroutines stolen; and the most turns for which one waited
   */
  static long[] count(int goroutines, int procs, int each, boolean yield) {
    var costs = new Costs(goroutines, procs);
    return costs.run(each, yield);
  }

  private long[] run(int each, boolean yield) {
    Arrays.fill(left, each);
    for (int g = 0; g < tasks.length; g++) {
      int id = g;
      tasks[g] = () -> turn(id, yield);
    }
    while (!awake.isEmpty()) {
      step(awake.get(random.nextInt(awake.size()))); // all find that there is nothing
    }
    atomics = 0;
    fences = 0;
    queueOperations = 0;
    unparks = 0;
    gmp.submit(
        () -> {
          for (int g = 0; g < tasks.length; g += yield ? 1 : 2) {
            wake(g, true);
          }
        });
    while (!awake.isEmpty()) {
      step(awake.get(random.nextInt(awake.size())));
    }
    for (int g = 0; g < left.length; g++) {
      if (left[g] != 0) {
        throw new IllegalStateException("goroutine " + g + " has " + left[g] + " turns left");
      }
    }
    Counters all = new Counters();
    for (Processor p : gmp.all()) {
      all.add(p);
    }
    return new long[] {
      runs, atomics, fences, queueOperations, unparks, all.steals, all.stolen, longest
    };
  }

  private void turn(int id, boolean yield) {
    longest = Math.max(longest, runs - since[id]);
    left[id]--;
    int next = yield ? id : id ^ 1;
    if (left[next] > 0) {
      wake(next, !yield);
    }
  }

  private void wake(int id, boolean next) {
    since[id] = runs;
    Processor p = running.processor;
    if (p == null) {
      throw new IllegalStateException("a goroutine runs without P");
    }
    if (next) {
      gmp.submit(p, tasks[id], true);
    } else {
      gmp.giveWay(p, tasks[id]);
    }
  }

  private void step(Machine m) {
    Machine before = running;
    running = m;
    Processor p = m.processor;
    if (p == null) {
      throw new IllegalStateException("nobody takes a P away here");
    }
    if (waited.remove(m)) {
      gmp.awake(m);
    }
    Runnable task = gmp.next(m);
    if (task != null) {
      p.runs++;
      runs++;
      task.run();
    } else if (p.isIdle()) {
      awake.remove(m);
      waited.add(m);
    } else {
      waited.add(m); // claimed while it found nothing
    }
    running = before;
  }

  @Override
  public boolean start(Machine machine) {
    awake.add(machine);
    return true;
  }

  @Override
  public void unpark(Machine machine) {
    unparks++;
    if (!awake.contains(machine)) {
      awake.add(machine);
    }
  }

  @Override
  public void pause() {
    if (pausing) {
      return;
    }
    pausing = true;
    Machine me = running;
    for (int i = PAUSE * awake.size(); i > 0; i--) {
      Machine m = awake.get(random.nextInt(awake.size()));
      if (m != me) {
        step(m);
      }
    }
    pausing = false;
  }

  @Override
  public void watch() {}

  @Override
  public void rouse() {}

  @Override
  public Executor heir() {
    throw new IllegalStateException("it is not closed here");
  }
}
