package dev.selvage.internal.gmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The scheduler without threads: up to 64 Ps whose Ms take turns as a seeded random says, one task
 * at a time. What it costs is counted, so it does not depend on the machine.
 */
class SimulationTests {
  /** Ms that are driven step by step. */
  private static final class Simulation implements Ground {
    final Gmp gmp;
    final Random random;
    final List<Machine> machines = new ArrayList<>();
    final List<Machine> parked = new ArrayList<>();
    final List<Runnable> inherited = new ArrayList<>();

    /** Those whose task does not come back. */
    final List<Machine> computing = new ArrayList<>();

    /** What others do while an M waits before it takes a runnext; once. */
    Runnable meanwhile = () -> {};

    /** How often the heir has no memory. */
    int refusals;

    /** How many Ms can have a thread. */
    int threads = Integer.MAX_VALUE;

    long unparks;
    long steps;
    Machine running;

    Simulation(int procs, long seed) {
      this(procs, seed, 256);
    }

    Simulation(int procs, long seed, int most) {
      gmp = new Gmp(this, most);
      random = new Random(seed);
      running = new Machine(0);
      assertTrue(gmp.setProcs(procs));
      assertEquals(procs, gmp.procs());
    }

    @Override
    public boolean start(Machine machine) {
      return machines.size() < threads && machines.add(machine);
    }

    @Override
    public void unpark(Machine machine) {
      unparks++;
      parked.remove(machine);
    }

    @Override
    public void pause() {
      Runnable others = meanwhile;
      meanwhile = () -> {};
      others.run();
    }

    @Override
    public void watch() {}

    @Override
    public void rouse() {}

    @Override
    public Executor heir() {
      return task -> {
        if (refusals > 0) {
          refusals--;
          throw new OutOfMemoryError("as intended");
        }
        inherited.add(task);
      };
    }

    /** Lets a random M that is awake take a step; false when all wait. */
    boolean step() {
      List<Machine> awake = new ArrayList<>(machines);
      awake.removeAll(parked);
      awake.removeAll(computing);
      if (awake.isEmpty()) {
        return false;
      }
      step(awake.get(random.nextInt(awake.size())));
      return true;
    }

    void step(Machine m) {
      steps++;
      running = m;
      Processor p = m.processor;
      if (p == null) {
        sleeping.remove(m);
        parked.add(m);
        return;
      }
      if (p.isIdle()) {
        if (p.isOrphan()) {
          gmp.rise(p);
        } else {
          parked.add(m);
        }
        return;
      }
      if (sleeping.remove(m)) {
        gmp.awake(m);
      }
      Runnable task = gmp.next(m);
      if (task == null) {
        if (m.processor == p) {
          sleeping.add(m);
        }
        return;
      }
      // Else nobody is woken for as long as the task takes, which may be for ever.
      assertFalse(m.spinning, "an M with a task is counted among those that look for one");
      p.runs++;
      task.run();
    }

    /** The P that runs a task now. */
    Processor own() {
      Processor p = running.processor;
      if (p == null) {
        throw new AssertionError("a task runs without P");
      }
      return p;
    }

    /** As a goroutine that runs now would. */
    void wake(Runnable task) {
      Processor p = running.processor;
      if (p != null) {
        gmp.submit(p, task, true);
      } else {
        gmp.submit(task);
      }
    }

    void runToEnd() {
      for (int i = 0; step(); i++) {
        assertTrue(i < 50_000_000, "it does not come to an end");
      }
      assertEquals(gmp.procs(), gmp.idle(), "all are idle");
      assertEquals(0, gmp.spinning(), "nobody is counted as looking for work");
      for (Processor p : gmp.all()) {
        assertTrue(p.isEmpty(), "nothing is left in a queue");
        assertFalse(p.isStale(), "nothing is left behind in a ring");
      }
      assertTrue(gmp.global.isEmpty());
    }

    /** Those that were told that there is nothing, and have not been claimed and told so since. */
    private final java.util.Set<Machine> sleeping = new java.util.HashSet<>();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8, 17, 64})
  void everyTaskRunsOnceAndNobodySleepsBesideWork(int procs) {
    for (long seed = 1; seed <= 3; seed++) {
      Simulation s = new Simulation(procs, seed);
      int n = 20_000;
      int[] ran = new int[n];
      ArrayDeque<Integer> left = new ArrayDeque<>();
      for (int i = 1; i < n; i++) {
        left.add(i);
      }
      s.gmp.submit(task(s, 0, ran, left));
      s.runToEnd();
      while (!left.isEmpty()) { // whatever did not fit into the tree of those that start others
        s.gmp.submit(task(s, left.remove(), ran, left));
        s.runToEnd();
      }
      assertTrue(Arrays.stream(ran).allMatch(times -> times == 1));
    }
  }

  /** Runs once, and starts up to three others. */
  private static Runnable task(Simulation s, int id, int[] ran, ArrayDeque<Integer> left) {
    return () -> {
      ran[id]++;
      for (int i = s.random.nextInt(4); i > 0 && !left.isEmpty(); i--) {
        s.wake(task(s, left.remove(), ran, left));
      }
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 16, 64})
  void manyTasksOfOneSourceReachAllPs(int procs) {
    Simulation s = new Simulation(procs, 7);
    int n = 200 * procs;
    long[] by = new long[procs];
    s.gmp.submit(
        () -> {
          for (int i = 0; i < n; i++) {
            s.wake(() -> by[s.own().id]++);
          }
        });
    s.runToEnd();
    assertEquals(n, Arrays.stream(by).sum());
    long least = Arrays.stream(by).min().orElseThrow();
    assertTrue(least > 0, "a P did nothing of " + Arrays.toString(by));
    Counters all = counters(s);
    // Each takes half of what another has, so a share is found within few steps.
    assertTrue(all.steals <= 16L * procs, "steals: " + all.steals);
    assertTrue(s.unparks <= 8L * procs, "unparks: " + s.unparks);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 64})
  void twoThatWakeEachOtherDoNotStarveTheOthers(int procs) {
    Simulation s = new Simulation(procs, 3);
    int pairs = procs;
    boolean[] stop = {false};
    for (int i = 0; i < pairs; i++) {
      s.gmp.submit(pingPong(s, stop));
    }
    long[] at = {-1};
    for (int i = 0; i < 1_000; i++) {
      assertTrue(s.step());
    }
    // One from outside, and one behind in every ring: each has its turn within a counted bound.
    s.gmp.submit(() -> at[0] = s.steps);
    long from = s.steps;
    while (at[0] < 0) {
      assertTrue(s.step());
      assertTrue(s.steps - from < 200L * 1024 * procs, "it starves");
    }
    stop[0] = true;
  }

  private static Runnable pingPong(Simulation s, boolean[] stop) {
    Runnable[] both = new Runnable[2];
    both[0] =
        () -> {
          if (!stop[0]) {
            s.wake(both[1]);
          }
        };
    both[1] =
        () -> {
          if (!stop[0]) {
            s.wake(both[0]);
          }
        };
    return both[0];
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 8, 64})
  void handingBackAndForthWakesNobodyInTheLongRun(int procs) {
    Simulation s = new Simulation(procs, 11);
    int n = 100_000;
    int[] left = {n};
    Runnable[] both = new Runnable[2];
    for (int i = 0; i < 2; i++) {
      int other = 1 - i;
      both[i] =
          () -> {
            if (left[0]-- > 0) {
              s.wake(both[other]);
            }
          };
    }
    s.gmp.submit(both[0]);
    while (left[0] > 0) {
      assertTrue(s.step());
    }
    s.runToEnd();
    Counters all = counters(s);
    assertTrue(all.wakes < n / 100, "unparks for " + n + " hand-overs: " + all.wakes);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 64})
  void psComeAndGoWhileTasksRun(int most) {
    Simulation s = new Simulation(most, 5);
    int n = 30_000;
    int[] ran = new int[n];
    int submitted = 0;
    while (submitted < n) {
      int id = submitted++;
      Runnable task = () -> ran[id]++;
      if (s.random.nextBoolean()) {
        s.gmp.submit(task);
      } else {
        s.gmp.submit(() -> s.wake(task));
      }
      if (s.random.nextInt(100) == 0) {
        assertTrue(s.gmp.setProcs(1 + s.random.nextInt(most)));
      }
      if (s.random.nextInt(200) == 0) {
        stuck(s);
      }
      for (int i = s.random.nextInt(4); i > 0; i--) {
        s.step();
      }
    }
    while (s.step()) {}
    for (int id = 0; id < n; id++) {
      assertEquals(1, ran[id], "task " + id);
    }
    assertEquals(s.gmp.procs(), s.gmp.all().length, "no orphan is left");
    assertEquals(s.gmp.procs(), s.gmp.idle());
    assertEquals(0, s.gmp.spinning());
  }

  /** As sysmon does with an M that does not come back; here it will. */
  private static void stuck(Simulation s) {
    Processor[] all = s.gmp.all();
    Processor p = all[s.random.nextInt(all.length)];
    if (!p.isIdle()) {
      s.gmp.handOff(p, p.runs);
    }
  }

  /** Twice as many that compute for ever as there are Ps: each takes one M away, and no more. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16, 64})
  void thoseThatComputeForEverKeepNobodyFromRunning(int procs) {
    Simulation s = new Simulation(procs, 13);
    int hogs = 2 * procs;
    int n = 20 * procs;
    int turns = 30;
    int[] left = {n};
    boolean[] stop = {false};
    for (int id = 0; id < n; id++) {
      s.gmp.submit(yielding(s, turns, left));
      if (id % 10 == 0) {
        s.gmp.submit(
            () -> {
              if (!stop[0]) {
                s.computing.add(s.running);
              }
            });
      }
    }
    int handOffs = 0;
    boolean stuck = false;
    while (left[0] > 0) {
      boolean stepped = s.step();
      assertTrue(stepped || !stuck, "there are Ps, and nobody runs");
      stuck = !stepped;
      if (stuck || s.steps % (100L * procs) == 0) {
        handOffs += takeAway(s);
      }
      assertTrue(s.steps < 4L * n * turns, "steps: " + s.steps);
    }
    assertTrue(handOffs > 0 && handOffs <= hogs, handOffs + " times a P was taken away");
    assertEquals(procs + handOffs, s.machines.size());
    stop[0] = true;
    s.computing.clear();
    s.runToEnd();
    assertEquals(handOffs, s.gmp.spares());
    assertEquals(procs, s.gmp.all().length);
    assertEquals((long) n * turns + hogs, counters(s).runs);
    assertEquals(0, s.gmp.retired.handOffs, "they are counted where the P has its place");
    assertEquals(handOffs, counters(s).handOffs);
  }

  private static Runnable yielding(Simulation s, int turns, int[] left) {
    return () -> {
      if (turns > 1) {
        s.gmp.giveWay(s.own(), yielding(s, turns - 1, left));
      } else {
        left[0]--;
      }
    };
  }

  /** As sysmon does, where it finds after a time slice that the same task runs and others wait. */
  private static int takeAway(Simulation s) {
    int taken = 0;
    for (Machine m : s.computing) {
      Processor p = m.processor;
      if (p != null && !p.isOrphan() && !(p.isEmpty() && s.gmp.global.isEmpty())) {
        assertTrue(s.gmp.handOff(p, p.runs));
        taken++;
      }
    }
    return taken;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8})
  void whatIsLeftWhenItIsClosedIsInherited(int procs) {
    Simulation s = new Simulation(procs, 9);
    List<Runnable> tasks = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      tasks.add(() -> {});
    }
    s.gmp.submit(() -> tasks.subList(0, 600).forEach(s::wake));
    for (int i = 0; i < 5; i++) {
      s.step();
    }
    long ranBefore = counters(s).runs;
    s.refusals = 3;
    s.gmp.close();
    assertEquals(0, s.refusals);
    tasks.subList(600, 1_000).forEach(s.gmp::submit);
    for (int i = 0; i < 10_000 && s.step(); i++) {}
    long ran = counters(s).runs;
    assertTrue(ran >= ranBefore);
    assertEquals(1_001, ran + s.inherited.size());
  }

  private static Counters counters(Simulation s) {
    Counters all = new Counters();
    for (Processor p : s.gmp.all()) {
      all.add(p);
    }
    all.add(s.gmp.retired);
    return all;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 255, 256, 257, 1_000})
  void aRingGivesAwayHalfWhenItIsFull(int n) {
    Simulation s = new Simulation(1, 1);
    List<Integer> order = new ArrayList<>();
    s.gmp.submit(
        () -> {
          for (int i = 0; i < n; i++) {
            int id = i;
            s.gmp.submit(s.own(), () -> order.add(id), false);
          }
        });
    s.runToEnd();
    assertEquals(n, order.size());
    assertEquals(n, order.stream().distinct().count());
    assertEquals(n > 256, counters(s).overflows > 0);
  }

  // --------------- Fairness ---------------

  /** The ring is never empty, as where each goroutine starts another: so it is about the turns. */
  @Test
  void whoComesFromOutsideHasEvery61stTurn() {
    Simulation s = new Simulation(1, 1);
    boolean[] stop = {false};
    s.gmp.submit(
        () -> {
          for (int i = 0; i < 10; i++) {
            s.gmp.submit(s.own(), again(s, stop), false);
          }
        });
    for (int i = 0; i < 100; i++) {
      assertTrue(s.step());
    }
    int[] ran = {0};
    int n = 100;
    for (int i = 0; i < n; i++) {
      s.gmp.submit(() -> ran[0]++);
    }
    for (int i = 1; i < n; i++) {
      for (int k = 0; k < 61; k++) {
        assertTrue(s.step());
      }
      assertEquals(i, ran[0], "turns of those from outside in " + i + " times 61");
    }
    stop[0] = true;
    s.runToEnd();
    assertEquals(n, ran[0]);
  }

  /** Always goes to the end of the ring of the P that it is on. */
  private static Runnable again(Simulation s, boolean[] stop) {
    Runnable[] self = new Runnable[1];
    self[0] =
        () -> {
          if (!stop[0]) {
            s.gmp.submit(s.own(), self[0], false);
          }
        };
    return self[0];
  }

  /**
   * All wait, and then as many tasks come at once as there are Ps: only one M is woken for them, so
   * whoever finds one lets another M look before it is busy.
   */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 8, 64})
  void whoFindsWorkLetsAnotherOneLook(int procs) {
    Simulation s = new Simulation(procs, 1);
    s.runToEnd();
    long before = s.unparks;
    compute(s, procs);
    assertEquals(procs, s.unparks - before); // and each was woken once
    s.computing.clear();
    s.runToEnd();
  }

  /**
   * An M has looked into the ring of another one that computes, which then puts something there: it
   * wakes nobody, since somebody is looking. So who has found nothing looks once more.
   */
  @Test
  void whoFoundNothingLooksOnceMoreBeforeItWaits() {
    Simulation s = new Simulation(2, 1);
    s.runToEnd();
    int[] ran = {0};
    s.gmp.submit(
        () -> {
          s.wake(() -> ran[0]++);
          s.computing.add(s.running);
        });
    while (s.computing.isEmpty()) {
      assertTrue(s.step());
    }
    s.meanwhile =
        () -> {
          Processor p = s.computing.getFirst().processor;
          Runnable next = p == null ? null : p.takeNext();
          if (p == null || next == null) {
            throw new AssertionError("it is left to its own M");
          }
          p.runs++;
          next.run();
          s.gmp.submit(p, () -> ran[0]++, false); // and goes on
        };
    while (ran[0] < 2) {
      assertTrue(s.step(), "somebody waits, and nobody looks");
    }
    s.computing.clear();
    s.runToEnd();
  }

  /** While one runs, the others wait, and nobody looks. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoPutsSomethingIntoItsOwnQueueWakesAnother(boolean next) {
    Simulation s = new Simulation(2, 1);
    Processor p = compute(s, 1).getFirst().processor;
    if (p == null) {
      throw new AssertionError("an M that computes has no P");
    }
    while (s.step()) {}
    int[] ran = {0};
    s.gmp.submit(p, () -> ran[0]++, next);
    while (ran[0] < 1) {
      assertTrue(s.step(), "somebody waits, and nobody looks");
    }
    s.computing.clear();
    s.runToEnd();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 256})
  void aThiefTakesHalfOfTheRing(int n) {
    Processor p = new Processor(0, new Machine(1));
    for (int i = 0; i < n; i++) {
      assertTrue(p.offer(() -> {}));
    }
    assertEquals(n - n / 2, p.stealInto(new @Nullable Runnable[Processor.SIZE / 2]));
    assertEquals(n / 2, p.length());
  }

  // --------------- Ms that cannot be had ---------------

  @Test
  void whereThereAreNoThreadsThereAreFewerPsAndNothingIsLost() {
    Simulation s = new Simulation(1, 1);
    s.threads = 2;
    assertFalse(s.gmp.setProcs(4));
    assertEquals(2, s.gmp.procs());
    assertEquals(2, s.gmp.machines());
    List<Machine> busy = compute(s, 2);
    int[] ran = {0};
    for (int i = 0; i < 1_000; i++) {
      s.gmp.submit(() -> ran[0]++);
    }
    assertFalse(s.step(), "both compute");
    assertFalse(takeAway(s, busy.get(0)), "there is no thread for another M");
    assertFalse(s.step());
    s.threads = 3;
    assertTrue(takeAway(s, busy.get(0)));
    while (ran[0] < 1_000) {
      assertTrue(s.step(), "somebody waits, and nobody runs");
    }
    s.computing.clear();
    s.runToEnd();
    assertEquals(1_000, ran[0]);
    assertTrue(s.gmp.setProcs(3)); // by the one that is spare now
    assertEquals(3, s.machines.size());
  }

  @Test
  void thereAreNoMoreMsThanThereMayBeAndSpareOnesAreUsedAgain() {
    Simulation s = new Simulation(2, 1, 3);
    List<Machine> busy = compute(s, 2);
    int[] ran = {0};
    Runnable count = () -> ran[0]++;
    s.gmp.submit(count);
    assertTrue(takeAway(s, busy.get(0)));
    assertFalse(takeAway(s, busy.get(0)), "it has been taken away already");
    assertFalse(takeAway(s, busy.get(1)), "there may not be a fourth");
    while (ran[0] < 1) {
      assertTrue(s.step(), "somebody waits, and nobody runs");
    }
    s.computing.remove(busy.get(0));
    while (s.step()) {}
    assertEquals(1, s.gmp.spares());
    s.gmp.submit(count);
    assertTrue(takeAway(s, busy.get(1)));
    assertEquals(0, s.gmp.spares());
    assertEquals(3, s.machines.size());
    s.computing.clear();
    s.runToEnd();
    assertEquals(2, ran[0]);

    Machine spare = s.machines.stream().filter(m -> m.processor == null).findFirst().orElseThrow();
    Machine other = s.machines.stream().filter(m -> m.processor != null).findFirst().orElseThrow();
    assertFalse(s.gmp.retire(other), "it has a P");
    assertTrue(s.gmp.retire(spare));
    assertEquals(0, s.gmp.spares());
    assertEquals(2, s.gmp.machines());
    assertTrue(s.gmp.setProcs(3)); // there is room for another one again
    assertEquals(4, s.machines.size());
  }

  /** Lets so many Ms compute, which have all Ps then. */
  private static List<Machine> compute(Simulation s, int n) {
    for (int i = 0; i < n; i++) {
      s.gmp.submit(() -> s.computing.add(s.running));
    }
    while (s.computing.size() < n) {
      assertTrue(s.step());
    }
    return List.copyOf(s.computing);
  }

  private static boolean takeAway(Simulation s, Machine m) {
    Processor p = m.processor;
    if (p == null) {
      throw new AssertionError("an M that computes has no P");
    }
    return s.gmp.handOff(p, p.runs);
  }
}
