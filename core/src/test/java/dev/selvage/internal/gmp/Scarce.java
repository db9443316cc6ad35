package dev.selvage.internal.gmp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * A scheduler with one P and no thread, to which memory is refused. {@link MemoryTests} loads this
 * class with the scheduler's own once more, such that they ask here before they allocate.
 */
final class Scarce implements Ground {
  private static boolean refuses;
  private static int refused;

  private final Gmp gmp = new Gmp(this, 1);
  private final List<Machine> machines = new ArrayList<>();
  private final List<Integer> ran = new ArrayList<>();
  private int tasks;

  private Scarce() {
    if (!gmp.setProcs(1)) {
      throw new IllegalStateException("there is no P");
    }
  }

  /** Called by the changed classes before they make something. */
  static void make() {
    if (refuses) {
      refused++;
      throw new OutOfMemoryError("as intended");
    }
  }

  private Runnable task() {
    int id = tasks++;
    return () -> ran.add(id);
  }

  private Machine machine() {
    return machines.getFirst();
  }

  private Processor processor() {
    Processor p = machine().processor;
    if (p == null) {
      throw new IllegalStateException("the M has no P");
    }
    return p;
  }

  /** Runs the next task; false if there is none. */
  private boolean step() {
    Runnable task = gmp.next(machine());
    if (task != null) {
      task.run();
    }
    return task != null;
  }

  /** Must throw, and be as if it had not been called; then it is done again, as the JDK does. */
  private void twice(Runnable submission) {
    refuses = true;
    try {
      submission.run();
      throw new IllegalStateException("it should have been told that there is no memory");
    } catch (OutOfMemoryError e) {
      // as it must be
    } finally {
      refuses = false;
    }
    submission.run();
  }

  /** How often memory was refused; thrown unless each task was run once. */
  private int end() {
    refuses = false;
    while (step()) {}
    List<Integer> once = new ArrayList<>();
    for (int id = 0; id < tasks; id++) {
      once.add(id);
    }
    Collections.sort(ran);
    if (!ran.equals(once)) {
      throw new IllegalStateException(tasks + " tasks, but these were run: " + ran);
    }
    return refused;
  }

  /** What does not fit into the ring needs memory to go elsewhere. */
  static int fullRing(boolean next) {
    refused = 0;
    var s = new Scarce();
    for (int i = 0; i < Processor.SIZE; i++) {
      s.gmp.submit(s.processor(), s.task(), false);
    }
    s.gmp.submit(s.processor(), s.task(), true);
    Runnable more = s.task();
    s.twice(() -> s.gmp.submit(s.processor(), more, next));
    return s.end();
  }

  /** From outside, and from one that gives way while others wait there. */
  static int globalQueue() {
    refused = 0;
    var s = new Scarce();
    Runnable outside = s.task();
    s.twice(() -> s.gmp.submit(outside));
    Runnable yields = s.task();
    s.twice(() -> s.gmp.giveWay(s.processor(), yields));
    return s.end();
  }

  /** Who cannot be put behind the others, though the time slice is over, runs on. */
  static int timeSlice(boolean asked) {
    refused = 0;
    var s = new Scarce();
    s.gmp.submit(s.task()); // somebody waits in the global queue
    refuses = true;
    for (int i = 0; i < 1_100; i++) { // so the slice is over once, without being asked, too
      s.gmp.submit(s.processor(), s.task(), true);
      if (asked && i == 10) {
        s.processor().request(Processor.SLICE);
      }
      if (!s.step()) {
        throw new IllegalStateException("there was something to run");
      }
    }
    return s.end();
  }

  @Override
  public boolean start(Machine machine) {
    return machines.add(machine);
  }

  @Override
  public void unpark(Machine machine) {}

  @Override
  public void pause() {}

  @Override
  public void watch() {}

  @Override
  public void rouse() {}

  @Override
  public Executor heir() {
    throw new IllegalStateException("it is not closed here");
  }
}
