package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import dev.selvage.observe.Probe;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Takes the steps of the always-on mode, counts, and tells what is new. */
final class AlwaysOnThread implements AlwaysOn.Watching {
  /** So many news a minute are told; more are counted. */
  private static final int MOST_NEWS = 10;

  private static final long MINUTE = 60_000_000_000L;

  private static final System.Logger LOG = System.getLogger("dev.selvage");

  private final Prover prover;
  private final AlwaysOn settings;
  private final Consumer<AlwaysOn.News> listener;
  private final Thread thread;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Set<String> told;
  private final Instant since = Instant.now();
  private final long collectionsBefore = Collector.collections();

  // used by the thread only
  private int toldInThisMinute;
  private long minute = System.nanoTime();
  private long leftOut;
  private boolean changed;
  private long reported = Long.MIN_VALUE;
  private long proven;
  private long news;
  private long newsLeftOut;
  private long steps;
  private long longestNanos;

  private volatile AlwaysOn.Counters counters;

  AlwaysOnThread(
      Prover prover,
      AlwaysOn settings,
      Consumer<AlwaysOn.News> listener,
      Collection<String> known) {
    this.prover = prover;
    this.settings = settings;
    this.listener = listener;
    this.told = new HashSet<>(known);
    this.counters = count(null);
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-always-on")
            .inheritInheritableThreadLocals(false)
            .unstarted(this::run);
    Probe.vouchFor(thread);
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!closed.get()) {
      try {
        step();
      } catch (Exception | LinkageError | StackOverflowError | OutOfMemoryError e) {
        // The next one may do better: who is let go of is listed all the same.
        LOG.log(System.Logger.Level.WARNING, "always-on: a step has failed", e);
      }
      LockSupport.parkNanos(this, settings.every().toNanos());
    }
  }

  private void step() throws Exception {
    List<AlwaysOn.News> fresh = new ArrayList<>();
    prover.step(this, step -> took(step, fresh));
    for (AlwaysOn.News one : fresh) {
      try {
        listener.accept(one);
      } catch (RuntimeException | LinkageError | StackOverflowError e) {
        LOG.log(System.Logger.Level.WARNING, "always-on: a listener has failed", e);
      }
    }
    boolean due = reported == Long.MIN_VALUE || System.nanoTime() - reported > MINUTE;
    if (!fresh.isEmpty() || (changed && due)) {
      changed = false;
      reported = System.nanoTime();
      prover.told(prover.known(counters));
    }
  }

  void took(Prover.Step step, List<AlwaysOn.News> fresh) {
    proven += step.accepted();
    changed |= step.changed();
    for (Finding.Proven finding : step.proven()) {
      if (told.add(finding.details().fingerprint())) {
        add(finding, fresh);
      }
    }
    steps++;
    longestNanos = Math.max(longestNanos, step.nanos());
    counters = count(step.carried());
  }

  private void add(Finding.Proven finding, List<AlwaysOn.News> fresh) {
    if (System.nanoTime() - minute > MINUTE) {
      minute = System.nanoTime();
      toldInThisMinute = 0;
    }
    if (toldInThisMinute < MOST_NEWS) {
      toldInThisMinute++;
      fresh.add(new AlwaysOn.News(Instant.now(), finding, leftOut));
      leftOut = 0;
      news++;
    } else {
      leftOut++;
      newsLeftOut++;
    }
  }

  private AlwaysOn.Counters count(@Nullable Carried carried) {
    long collections = Collector.collections() - collectionsBefore;
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long cpu =
        steps > 0 && threads.isCurrentThreadCpuTimeSupported()
            ? threads.getCurrentThreadCpuTime()
            : 0;
    return new AlwaysOn.Counters(
        since,
        carried == null ? 0 : carried.size(),
        settings.most(),
        carried == null ? 0 : carried.leftOut(),
        collections,
        carried == null ? 0 : carried.cycles,
        carried == null ? 0 : carried.found,
        proven,
        carried == null ? 0 : carried.doubtful,
        carried == null ? 0 : carried.surprises,
        news,
        newsLeftOut,
        steps,
        cpu / 1e6,
        longestNanos / 1e6,
        why(carried, collections));
  }

  private @Nullable String why(@Nullable Carried carried, long collections) {
    if (carried == null) {
      return steps == 0 ? "it has just begun" : prover.cannotCarry();
    }
    if (carried.cycles == 0) {
      return "no collection has judged yet what is as old as the threads that wait: the program had"
          + " "
          + collections
          + (collections == 1 ? " collection" : " collections")
          + " since this was switched on";
    }
    if (carried.leftOut() > 0) {
      return carried.leftOut()
          + " threads more have been parked for long enough than may be carried at a time: they"
          + " take turns";
    }
    return carried.surprises == 0
        ? null
        : carried.surprises
            + " threads ran though a collection had found them: those are not judged any more";
  }

  @Override
  public AlwaysOn.Counters counters() {
    return counters;
  }

  @Override
  public Report report() {
    return prover.known(counters);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      prover.end();
      LockSupport.unpark(thread);
    }
  }
}
