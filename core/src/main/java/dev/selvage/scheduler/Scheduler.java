package dev.selvage.scheduler;

import dev.selvage.Go;
import dev.selvage.internal.Account;
import dev.selvage.internal.Roster;
import dev.selvage.internal.gmp.Counters;
import dev.selvage.internal.gmp.Runner;
import dev.selvage.internal.gmp.Runners;
import dev.selvage.internal.gmp.Starts;
import dev.selvage.internal.gmp.Stats;
import dev.selvage.observe.SchedulerObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What decides which goroutine runs when. A program needs it only to look, or to set {@link
 * #setGomaxprocs GOMAXPROCS}: goroutines are started as always, by {@code go}.
 *
 * <p>Ours is Go's GMP: as many Ps as goroutines may run at the same time, each with a queue of its
 * own, on threads (Ms) that take work from each other. It can be had where the package {@code
 * java.base/java.lang} is open to Selvage: with {@code --add-opens
 * java.base/java.lang=dev.selvage.core}, with {@code =ALL-UNNAMED} where Selvage is on the class
 * path, or under the agent. Otherwise goroutines run on the scheduler of the JDK. The system
 * property {@code selvage.scheduler} says {@code jdk}, {@code gmp}, which also says in the log why
 * it cannot be had, or {@code auto}.
 *
 * <p>Thread-safe; nothing here blocks.
 */
public final class Scheduler implements AutoCloseable {
  private static final Scheduler JVM = new Scheduler(Runners.ofThisJvm());

  private final @Nullable Runner runner;

  private Scheduler(@Nullable Runner runner) {
    this.runner = runner;
  }

  /** The one on which this JVM's goroutines run. */
  public static Scheduler ofThisJvm() {
    return JVM;
  }

  /**
   * Creates another one, apart from all others: what is started by {@link #go} runs on it, and so
   * do goroutines and virtual threads that are started there. To be closed.
   *
   * @param gomaxprocs how many goroutines run at the same time
   * @throws IllegalArgumentException when that is not positive
   * @throws UnsupportedOperationException where only the JDK's scheduler is to be had; says why
   */
  public static Scheduler create(int gomaxprocs) {
    check(gomaxprocs);
    String impossible = Runners.impossible();
    if (impossible != null) {
      throw new UnsupportedOperationException(impossible);
    }
    Runner runner = Runner.start(gomaxprocs);
    if (runner == null) {
      throw new UnsupportedOperationException("there are no threads for a scheduler");
    }
    return new Scheduler(runner);
  }

  /** Whether it is ours; otherwise it is that of the JDK, of which nothing more is known here. */
  public boolean isGmp() {
    return runner != null;
  }

  /** Runs a task in a goroutine of its own, on this scheduler. */
  public void go(Go.Action task) {
    Objects.requireNonNull(task, "task");
    start(null, task);
  }

  /** The same with a name for the thread. */
  public void go(String name, Go.Action task) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(task, "task");
    start(name, task);
  }

  private void start(@Nullable String name, Go.Action task) {
    if (runner != null) {
      Starts.start(runner, name, task::run);
    } else if (name == null) {
      Go.go(task);
    } else {
      Go.go(name, task);
    }
  }

  // --------------- GOMAXPROCS ---------------

  /** How many goroutines run at the same time at most. */
  public int gomaxprocs() {
    return runner != null
        ? runner.procs()
        : Integer.getInteger(
            "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());
  }

  /**
   * Says how many goroutines run at the same time at most, now and for good. When there are to be
   * fewer, those that run are not stopped: their Ms leave when they have come back.
   *
   * @return how many it will be: fewer only if there are no threads for more
   * @throws IllegalArgumentException when that is not positive
   * @throws UnsupportedOperationException on the scheduler of the JDK
   */
  public int setGomaxprocs(int n) {
    check(n);
    return ours().setProcs(n);
  }

  /**
   * Goes back to the default, and follows it, looking once a second (Go's {@code
   * SetDefaultGOMAXPROCS}): the processors this process may run on, or the quota of its container,
   * rounded up and at least 2, if that is less. So it begins, unless the system property {@code
   * selvage.gomaxprocs} or the environment variable {@code GOMAXPROCS} says a number.
   *
   * @return how many it is now
   * @throws UnsupportedOperationException on the scheduler of the JDK
   */
  public int setDefaultGomaxprocs() {
    return ours().setDefaultProcs();
  }

  private Runner ours() {
    if (runner == null) {
      String why = Runners.impossible();
      throw new UnsupportedOperationException(
          why == null ? "goroutines run on the scheduler of the JDK, as was asked for" : why);
    }
    return runner;
  }

  private static void check(int n) {
    if (n < 1) {
      throw new IllegalArgumentException("GOMAXPROCS must be positive: " + n);
    }
  }

  // --------------- Looking ---------------

  /**
   * What it did and does now.
   *
   * @throws UnsupportedOperationException on the scheduler of the JDK
   */
  public SchedulerStats stats() {
    Stats stats = ours().stats();
    List<SchedulerStats.Processor> processors = new ArrayList<>();
    for (Stats.Proc p : stats.all) {
      processors.add(
          new SchedulerStats.Processor(p.id(), p.idle(), p.queued(), counts(p.counters())));
    }
    return new SchedulerStats(
        stats.procs,
        stats.idle,
        stats.spinning,
        stats.machines,
        stats.spares,
        stats.global,
        new SchedulerStats.HandOffs(stats.computing, stats.blocked, stats.inNative, stats.refused),
        processors,
        counts(stats.others));
  }

  private static SchedulerStats.Counts counts(Counters c) {
    return new SchedulerStats.Counts(
        c.runs, c.steals, c.stolen, c.globals, c.overflows, c.wakes, c.futile, c.handOffs);
  }

  /** Something that is looked at until this is closed. */
  public interface Watching extends AutoCloseable {
    @Override
    void close();
  }

  /** Tells the observer, until the result is closed, what all schedulers of ours do. */
  public static Watching observe(SchedulerObserver observer) {
    Objects.requireNonNull(observer, "observer");
    Runner.observe(observer);
    return () -> Runner.ignore(observer);
  }

  /**
   * Counts, until the result is closed, what each goroutine uses, and notes who starts one. Costs
   * about a microsecond each time a goroutine is run, and some when it is started. Stack dumps have
   * it.
   */
  public static Watching countUsage() {
    Runner.account(true);
    return once(() -> Runner.account(false));
  }

  /** What a goroutine has used while that was counted; empty if nothing was, or it has ended. */
  public static Optional<Usage> usage(Thread goroutine) {
    Roster.Member member = Roster.member(goroutine);
    Account account = member == null ? null : member.account;
    return account == null
        ? Optional.empty()
        : Optional.of(new Usage(account.mounts, account.cpuNanos, account.allocatedBytes));
  }

  /**
   * Measures, until the result is closed, for how long goroutines are runnable before they run. See
   * {@link #latencies}.
   */
  public static Watching measureLatency() {
    Runner.measureLatency(true);
    return once(() -> Runner.measureLatency(false));
  }

  /**
   * How long goroutines were runnable before they ran, as far as that was measured, in all
   * schedulers of ours together.
   *
   * @return in place i how many waited for less than 2^i nanoseconds, but not less than half of it
   */
  public static long[] latencies() {
    return Runner.latencies();
  }

  private static Watching once(Runnable end) {
    var ended = new java.util.concurrent.atomic.AtomicBoolean();
    return () -> {
      if (ended.compareAndSet(false, true)) {
        end.run();
      }
    };
  }

  /**
   * Ends a scheduler that was {@linkplain #create created}: its goroutines run on, on the scheduler
   * of the JDK. Has no effect the second time.
   *
   * @throws UnsupportedOperationException for that of this JVM
   */
  @Override
  public void close() {
    if (this == JVM) {
      throw new UnsupportedOperationException("the scheduler of this JVM cannot be closed");
    }
    ours().close();
  }

  /** As {@code Scheduler(gmp, 4 Ps)}. */
  @Override
  public String toString() {
    return "Scheduler(" + (isGmp() ? "gmp" : "jdk") + ", " + gomaxprocs() + " Ps)";
  }
}
