package dev.selvage.internal.gmp;

import dev.selvage.internal.Gatherer;
import dev.selvage.internal.Schedulers;
import dev.selvage.internal.Stillness;
import dev.selvage.internal.jdk.VirtualThreads;
import dev.selvage.observe.SchedulerObserver;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler on real threads. What becomes runnable is given to {@link #execute}, from any thread;
 * it does not park, and throws nothing but {@link OutOfMemoryError}, and that before it has done
 * anything: the JDK then tries again, or tells who wanted to start a thread.
 */
public final class Runner implements Ground, Executor, BooleanSupplier, Gatherer.Sink {
  /** How many Ms one scheduler has at most, if not said otherwise; as many as the JDK's has. */
  static final int MOST = 256;

  /** The operating system makes some 60 microseconds of it. */
  private static final long PAUSE_NANOS = 10_000;

  /** For how long a scheduler is held at most, whatever was asked for. */
  private static final long MOST_HOLD_NANOS = 60_000_000_000L;

  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();
  private static final List<WeakReference<Runner>> OPEN = new CopyOnWriteArrayList<>();
  private static final AtomicInteger IDS = new AtomicInteger();

  static {
    Stillness.setAtWork(Runner::isAnyAtWork);
    Schedulers.setStats(Runner::tellAll, Runner::latencies);
    Schedulers.setHold(Runner::holdAll);
  }

  final int id = IDS.getAndIncrement();
  private final AtomicInteger threads = new AtomicInteger();
  final Gmp gmp;
  private final Sysmon sysmon;

  /** Whether GOMAXPROCS follows what machine and container allow. Guarded by gmp's lock. */
  private boolean following;

  /** Who takes over what becomes runnable. A task that misses it at first runs here once more. */
  private volatile @Nullable Executor successor;

  private Runner(int most) {
    gmp = new Gmp(this, most);
    sysmon = new Sysmon(this, gmp, id == 0 ? "selvage-sysmon" : "selvage-sysmon-" + id, id == 0);
  }

  /** Starts another scheduler; null when there cannot be a thread for even one P. */
  public static @Nullable Runner start(int procs) {
    return start(procs, MOST);
  }

  /** Starts the one of this JVM. */
  static @Nullable Runner start() {
    int asked = GoMaxProcs.asked();
    int most = Integer.getInteger("selvage.scheduler.maxThreads", MOST);
    Runner runner = start(asked > 0 ? asked : GoMaxProcs.byDefault(), most);
    if (runner != null && asked == 0) {
      runner.following = Boolean.parseBoolean(System.getProperty("selvage.updatemaxprocs", "true"));
    }
    return runner;
  }

  /**
   * Starts a scheduler.
   *
   * @param procs how many Ps
   * @param most how many Ms at most
   * @return null when there cannot be a thread for even one P
   */
  static @Nullable Runner start(int procs, int most) {
    Runner runner = new Runner(Math.max(procs, most));
    boolean begun = runner.sysmon.begin();
    runner.gmp.setProcs(procs);
    if (!begun || runner.gmp.procs() == 0) {
      runner.close();
      return null;
    }
    OPEN.removeIf(open -> open.get() == null);
    OPEN.add(new WeakReference<>(runner));
    return runner;
  }

  /**
   * Gives all that becomes runnable from now on to another one, which promises the same and is not
   * to hand over to this one. What is queued here still runs here.
   */
  void handOver(Executor to) {
    successor = to;
  }

  @Override
  public void execute(Runnable task) {
    Executor to = successor;
    if (to != null) {
      to.execute(task);
      return;
    }
    Watch watch = Watch.current;
    if (watch != null) {
      watch.runnable(task);
    }
    Thread carrier = JDK.currentCarrier();
    if (carrier instanceof Worker worker) {
      Processor p = worker.runner == this ? worker.machine.processor : null;
      if (p != null) {
        if (Thread.currentThread() != carrier) {
          gmp.submit(p, task, true);
        } else if (JDK.hasYielded(task)) {
          gmp.giveWay(p, task);
        } else {
          // It was woken on its way to park: it goes on, unless it has woken somebody itself.
          gmp.submit(p, task, !p.hasNext());
        }
        return;
      }
    } else if (carrier instanceof Gatherer gatherer) {
      gatherer.gather(this, task);
      return;
    }
    gmp.submit(task);
  }

  /** Whether others are in the queue of the P on which the current thread runs. */
  @Override
  public boolean getAsBoolean() {
    if (JDK.currentCarrier() instanceof Worker worker && worker.runner == this) {
      Processor p = worker.machine.processor;
      return p != null && !p.isEmpty();
    }
    return false;
  }

  @Override
  public void submit(@Nullable Runnable[] tasks) {
    gmp.submit(new Batch(tasks));
  }

  /** GOMAXPROCS. */
  public int procs() {
    return gmp.procs();
  }

  /**
   * Sets GOMAXPROCS, and keeps it whatever machine and container allow.
   *
   * @return what it is then, which is less if there are no threads for more
   */
  public int setProcs(int n) {
    return setProcs(n, false);
  }

  /** Sets GOMAXPROCS to what machine and container allow, and follows that from now on. */
  public int setDefaultProcs() {
    return setProcs(GoMaxProcs.byDefault(), true);
  }

  private int setProcs(int n, boolean follow) {
    gmp.lock.lock();
    try {
      following = follow;
      gmp.setProcs(n);
      return gmp.procs();
    } finally {
      gmp.lock.unlock();
    }
  }

  /** What sysmon does once a second. */
  void follow() {
    gmp.lock.lock();
    try {
      if (following) {
        int n = GoMaxProcs.byDefault();
        if (n != gmp.procs()) {
          gmp.setProcs(n);
        }
      }
    } finally {
      gmp.lock.unlock();
    }
  }

  /** A picture of the scheduler that is of no one moment. */
  public Stats stats() {
    return new Stats(gmp, sysmon);
  }

  private static List<Map<String, Object>> tellAll() {
    List<Map<String, Object>> all = new ArrayList<>();
    for (WeakReference<Runner> open : OPEN) {
      Runner runner = open.get();
      if (runner != null) {
        Map<String, Object> map = runner.stats().toMap();
        map.put("id", runner.id);
        all.add(map);
      }
    }
    return all;
  }

  /** One scheduler that is to stand still; the hold is null where it cannot be had. */
  private record Held(Gmp gmp, @Nullable Hold hold) {}

  /** Holds all schedulers, for so long at most; see {@code Probe.hold}. */
  static Function<String, @Nullable Object> holdAll(long nanos) {
    long until = System.nanoTime() + Math.clamp(nanos, 0, MOST_HOLD_NANOS);
    List<Held> all = new ArrayList<>();
    for (WeakReference<Runner> open : OPEN) {
      Runner runner = open.get();
      if (runner != null && !runner.isClosed()) {
        all.add(new Held(runner.gmp, runner.gmp.hold(until)));
      }
    }
    return word ->
        switch (word) {
          case "standing" -> standing(all);
          case "resume" -> resume(all);
          default -> throw new IllegalArgumentException("neither standing nor resume: " + word);
        };
  }

  private static int[] standing(List<Held> all) {
    int ps = 0;
    int standing = 0;
    for (Held held : all) {
      ps += held.gmp.all().length;
      Hold hold = held.hold;
      standing += hold == null ? 0 : held.gmp.resting(hold);
    }
    return new int[] {ps, standing};
  }

  private static boolean resume(List<Held> all) {
    boolean held = true;
    for (Held one : all) {
      Hold hold = one.hold;
      held &= hold != null && one.gmp.release(hold);
    }
    return held;
  }

  /** Tells the observer what all schedulers do, from now on. */
  public static void observe(SchedulerObserver observer) {
    Watch.add(observer);
  }

  /** Tells it no more. */
  public static void ignore(SchedulerObserver observer) {
    Watch.remove(observer);
  }

  /** Begins or ends to measure how long goroutines are runnable before they run. */
  public static void measureLatency(boolean on) {
    Watch.measureLatency(on);
  }

  /** How often that took a time of so many bits, in nanoseconds. */
  public static long[] latencies() {
    long[] counts = new long[Watch.LATENCY.length()];
    for (int bits = 0; bits < counts.length; bits++) {
      counts[bits] = Watch.LATENCY.get(bits);
    }
    return counts;
  }

  /** Begins or ends to count what each goroutine uses. */
  public static void account(boolean on) {
    Watch.account(on);
  }

  /** Hands everything over to the JDK's scheduler, now and for ever. */
  public void close() {
    gmp.close();
    sysmon.end();
    OPEN.removeIf(open -> open.get() == this || open.get() == null);
  }

  public boolean isClosed() {
    return gmp.isClosed();
  }

  /** Whether any scheduler runs a goroutine, or has one to run. */
  private static boolean isAnyAtWork() {
    for (WeakReference<Runner> open : OPEN) {
      Runner runner = open.get();
      if (runner != null && runner.gmp.isAtWork()) {
        return true;
      }
    }
    return false;
  }

  /** Shows every thread that is queued or running in any scheduler, as far as it can be told. */
  static void forEachRunnable(Consumer<Thread> visitor) {
    for (WeakReference<Runner> open : OPEN) {
      Runner runner = open.get();
      if (runner != null) {
        runner.forEach(visitor);
      }
    }
  }

  private void forEach(Consumer<Thread> visitor) {
    Consumer<Runnable> tasks =
        task -> {
          Thread thread = JDK.owner(task);
          if (thread != null) {
            visitor.accept(thread);
          }
        };
    gmp.forEachQueued(tasks);
    for (Processor p : gmp.all()) {
      Worker worker = p.machine.worker;
      Thread running = worker == null ? null : JDK.mounted(worker);
      if (running != null) {
        visitor.accept(running);
      }
    }
  }

  // --------------- Ground ---------------

  @Override
  public boolean start(Machine machine) {
    String name = (id == 0 ? "selvage-m-" : "selvage-" + id + "-m-") + threads.getAndIncrement();
    try {
      Worker worker = new Worker(this, gmp, machine, name);
      machine.worker = worker;
      worker.start();
      return true;
    } catch (OutOfMemoryError e) {
      machine.worker = null;
      return false; // no memory, or no more threads
    }
  }

  @Override
  public void unpark(Machine machine) {
    LockSupport.unpark(machine.worker);
    sysmon.rouse();
  }

  @Override
  public void rouse() {
    sysmon.rouse();
  }

  @Override
  public void pause() {
    // Not by spinning: who was just woken may sit on the very core of the M that it waits for.
    long begun = System.nanoTime();
    do {
      LockSupport.parkNanos(this, PAUSE_NANOS);
    } while (System.nanoTime() - begun < PAUSE_NANOS);
  }

  @Override
  public void watch() {
    sysmon.hurry();
  }

  @Override
  public Executor heir() {
    return JDK.defaultScheduler();
  }
}
