package dev.selvage.internal.gmp;

import dev.selvage.internal.Bystanders;
import dev.selvage.internal.Carrier;
import dev.selvage.internal.Log;
import dev.selvage.internal.Roster;
import dev.selvage.internal.jdk.VirtualThreads;
import java.util.concurrent.locks.LockSupport;

/** The thread of an M: runs goroutines, one after the other. */
final class Worker extends Carrier {
  /*
   * No frame that stays while the thread waits refers to a goroutine or its task: one that is
   * interpreted would hold it. So a task is only ever in frames of step() and below.
   */

  /** How long a spare M waits for something to do before it ends. */
  private static final long KEEP_NANOS = 30_000_000_000L;

  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();

  final Runner runner;
  final Machine machine;
  private final Gmp gmp;

  Worker(Runner runner, Gmp gmp, Machine machine, String name) {
    super(runner.id, name);
    this.runner = runner;
    this.gmp = gmp;
    this.machine = machine;
    setDaemon(true);
    setContextClassLoader(ClassLoader.getSystemClassLoader());
    Bystanders.add(this); // what it runs is asked for by itself
  }

  @Override
  public int processor() {
    Processor p = machine.processor;
    return p == null ? -1 : p.id;
  }

  @Override
  public boolean isStraightOn() {
    // Only an M itself puts something into the queue of the P that it has, but it may have got
    // that P, and what is in it, meanwhile.
    Processor p = machine.processor;
    return machine.straightOn && p != null && machine.ranOn == p;
  }

  @Override
  public void run() {
    // It ends only when it may: goroutines in its queue must not hang for what was thrown.
    while (isNeeded()) {
      try {
        loop();
      } catch (Throwable e) {
        tell(e);
      }
    }
  }

  private void loop() {
    while (isNeeded()) {
      Processor p = machine.processor;
      if (p == null) {
        continue;
      }
      Hold hold = gmp.hold();
      if (hold != null) {
        rest(hold);
        continue;
      }
      if (step(p)) {
        continue;
      }
      while (p.isIdle()) {
        if (p.isOrphan() || gmp.hold() != null) {
          gmp.rise(p);
          Thread.onSpinWait();
        } else {
          LockSupport.park(gmp);
          Thread.interrupted(); // nobody means anything by it, and it would never park again
        }
      }
      if (machine.processor == p) {
        gmp.awake(machine);
      }
    }
  }

  /** Waits, with no task in hand, until the scheduler may go on. */
  private void rest(Hold hold) {
    machine.rests = hold;
    for (long left; gmp.hold() == hold && (left = hold.until - System.nanoTime()) > 0; ) {
      LockSupport.parkNanos(gmp, left);
      Thread.interrupted(); // nobody means anything by it
    }
    machine.rests = null;
    gmp.release(hold); // it may be that nobody else does
  }

  /** Whether the thread goes on: it has a P, or is given one before it has waited long. */
  private boolean isNeeded() {
    while (machine.processor == null) {
      if (gmp.isClosed()) {
        gmp.retire(machine);
        return machine.processor != null;
      }
      long begun = System.nanoTime();
      LockSupport.parkNanos(gmp, KEEP_NANOS);
      Thread.interrupted();
      if (System.nanoTime() - begun >= KEEP_NANOS && gmp.retire(machine)) {
        return false;
      }
    }
    return true;
  }

  /** Runs a task; false if there was none. */
  private boolean step(Processor p) {
    Runnable task = gmp.next(machine);
    if (task == null) {
      machine.ranOn = null;
      return false;
    }
    p.runs++;
    try {
      Watch watch = Watch.current;
      if (watch == null) {
        task.run();
      } else {
        watch.run(task, p.id);
        machine.ranOn = p;
      }
    } catch (Throwable e) {
      tell(e);
    }
    enter(task);
    return true;
  }

  /** Lists a goroutine that has blocked: from now on nothing of ours may know it. */
  private static void enter(Runnable task) {
    Thread thread = JDK.owner(task);
    // One that has ended has no handler any more.
    if (thread != null
        && JDK.handler(thread) instanceof Roster.Member member
        && !member.isListed()) {
      enter(member, thread);
    }
  }

  private static void enter(Roster.Member member, Thread thread) {
    try {
      Listed.ALL.enter(thread, member);
    } catch (OutOfMemoryError e) {
      // Until it ends dumps list it only while it runs or is queued.
    }
  }

  private static void tell(Throwable e) {
    try {
      Log.error("a task of the scheduler failed", e);
    } catch (Throwable _) {
      // There is nobody left to tell.
    }
  }
}
