package dev.selvage.internal.gmp;

import dev.selvage.internal.Bystanders;
import dev.selvage.internal.Log;
import dev.selvage.internal.WaitClock;
import dev.selvage.internal.jdk.VirtualThreads;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Looks after a scheduler from outside, on a thread of its own: takes the P from an M that does not
 * come back while others wait, ends time slices, and wakes an M for what lies around.
 */
final class Sysmon implements Runnable {
  /** How long a goroutine may run, or several that share a time slice, while others wait. */
  static final long SLICE_NANOS = 10_000_000;

  private static final long PERIOD_NANOS = 5_000_000;

  /** The period while some P does not wake others for its runnext. */
  private static final long HURRIED_NANOS = 200_000;

  /** After so many looks at nothing it sleeps until an M is woken. */
  private static final int PATIENCE = 200;

  /**
   * Where Go writes its trace to; a program may have replaced System.err by something that blocks.
   */
  private static final PrintStream ERR =
      new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);

  private static final long SECOND_NANOS = 1_000_000_000;

  private final Runner runner;
  private final Gmp gmp;
  private final Thread thread;
  private final long begun = System.nanoTime();
  private long followed = begun;
  private final long traceNanos = Long.getLong("selvage.schedtrace", 0) * 1_000_000;
  private long traced = begun;

  /** Whether it is the one whose looks stamp the waits of the language. */
  private final boolean ticks;

  private long ticked = begun - PERIOD_NANOS;
  private volatile boolean asleep;
  private volatile boolean hurried;
  private volatile boolean ended;

  // How often a P was taken away, by reason, and how often it could not be. Written by sysmon only;
  // others read what was true a moment ago.
  long computing;
  long blocked;
  long inNative;
  long refused;

  Sysmon(Runner runner, Gmp gmp, String name, boolean ticks) {
    this.ticks = ticks;
    this.runner = runner;
    this.gmp = gmp;
    thread =
        Thread.ofPlatform()
            .daemon()
            .name(name)
            .inheritInheritableThreadLocals(false)
            .unstarted(this);
    thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
    Bystanders.add(thread);
  }

  /** Starts it; false when there can be no thread. */
  boolean begin() {
    try {
      thread.start();
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  void end() {
    ended = true;
    LockSupport.unpark(thread);
  }

  /** An M has been woken: there is something to look after again. */
  void rouse() {
    if (asleep) {
      asleep = false;
      LockSupport.unpark(thread);
    }
  }

  /** Some P has become lazy. */
  void hurry() {
    if (!hurried) {
      hurried = true;
      LockSupport.unpark(thread);
    }
  }

  @Override
  public void run() {
    watch();
    if (ticks) {
      WaitClock.tick(false);
    }
  }

  private void watch() {
    while (isNeeded()) {
      try {
        loop();
      } catch (Throwable e) {
        try {
          Log.error("the scheduler's monitor failed", e);
        } catch (Throwable _) {
          // There is nobody left to tell.
        }
      }
    }
  }

  /** After the end it still looks after the Ms that have not come back. */
  private boolean isNeeded() {
    return !ended || gmp.all().length > 0;
  }

  private void loop() {
    int quiet = 0;
    while (isNeeded()) {
      long now = System.nanoTime();
      boolean lazy = look(now);
      if (ticks && now - ticked >= PERIOD_NANOS) {
        ticked = now;
        WaitClock.tick(true);
      }
      if (now - followed >= SECOND_NANOS) {
        followed = now;
        runner.follow();
      }
      if (traceNanos > 0 && now - traced >= traceNanos) {
        traced = now;
        ERR.println(runner.stats().line((now - begun) / 1_000_000));
      }
      hurried = lazy;
      quiet = gmp.idle() < gmp.procs() || !gmp.global.isEmpty() ? 0 : quiet + 1;
      if (quiet > PATIENCE && traceNanos == 0 && !ended) {
        asleep = true;
        if (gmp.idle() >= gmp.procs() && gmp.global.isEmpty()) {
          sleep();
        }
        asleep = false;
        quiet = 0;
      } else {
        LockSupport.parkNanos(this, lazy ? HURRIED_NANOS : PERIOD_NANOS);
      }
      Thread.interrupted(); // nobody means anything by it
    }
  }

  private void sleep() {
    if (ticks) {
      WaitClock.tick(false);
    }
    LockSupport.park(this);
  }

  /** Looks at everything once; true if some P that is at work is lazy. */
  private boolean look(long now) {
    if (isHeld(now)) {
      for (Processor p : gmp.all()) {
        p.seenRuns = -1; // afterwards each has its whole time slice
      }
      return false;
    }
    boolean lazy = false;
    boolean lying = !gmp.global.isEmpty();
    for (Processor p : gmp.all()) {
      if (p.isIdle()) {
        p.seenRuns = -1;
        continue;
      }
      long runs = p.runs;
      boolean moved = runs != p.seenRuns;
      if (moved) {
        p.seenRuns = runs;
        p.seenSince = now;
        p.seenNext = false;
        lazy |= p.laziness > 0;
        watchSlice(p, now);
      }
      if (p.isOrphan()) {
        if (!p.isEmpty()) {
          gmp.empty(p);
          lying = true;
        }
      } else if (!moved) {
        boolean waiting = !p.isEmpty();
        lying |= waiting && p.seenNext;
        p.seenNext = waiting;
        lazy |= p.laziness > 0 && waiting;
        if (now - p.seenSince >= SLICE_NANOS && (waiting || p.isStale() || !gmp.global.isEmpty())) {
          handOff(p, runs);
        }
      }
    }
    if (lying && gmp.idle() > 0) {
      gmp.nudge();
    }
    return lazy;
  }

  /** Whether nothing is to run; ends that when it is time, as every M may be busy till then. */
  private boolean isHeld(long now) {
    Hold hold = gmp.hold();
    return hold != null && !(hold.isOver(now) && gmp.release(hold));
  }

  /** Ends a time slice that several goroutines hand around. */
  private void watchSlice(Processor p, long now) {
    int tick = p.tick;
    if (tick != p.seenTick) {
      p.seenTick = tick;
      p.seenTickSince = now;
    } else if (now - p.seenTickSince >= SLICE_NANOS && (p.length() > 0 || !gmp.global.isEmpty())) {
      p.request(Processor.SLICE);
    }
  }

  private void handOff(Processor p, long runs) {
    Worker worker = p.machine.worker;
    Thread.State state = worker == null ? Thread.State.RUNNABLE : worker.getState();
    Watch watch = Watch.current;
    // Before, so that it is what runs there if the P can be taken away.
    Thread goroutine =
        watch == null || worker == null ? null : VirtualThreads.ofThisJvm().mounted(worker);
    if (!gmp.handOff(p, runs)) {
      refused++;
      return;
    }
    String why;
    if (state != Thread.State.RUNNABLE) {
      blocked++;
      why = "pinned";
    } else if (isInNative(worker)) {
      inNative++;
      why = "syscall";
    } else {
      computing++;
      why = "preempted";
    }
    if (watch != null && worker != null && goroutine != null) {
      watch.takenAway(goroutine, worker, p.id, why);
    }
  }

  private static boolean isInNative(@Nullable Worker worker) {
    Thread thread = worker == null ? null : VirtualThreads.ofThisJvm().mounted(worker);
    StackTraceElement[] stack = thread == null ? null : thread.getStackTrace();
    return stack != null && stack.length > 0 && stack[0].isNativeMethod();
  }
}
