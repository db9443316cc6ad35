package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.observe.WaitReason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Counts the virtual threads after a proof, and tells which of those that could be woken look as if
 * they never will be.
 */
final class Census {
  private static final int MAX_STACKS_FOR_SUSPECTS = 20_000;
  private static final int MIN_SUSPECTS = 5;
  private static final int MIN_IDLE_SUSPECTS = 10;
  private static final int MIN_ARRIVALS = 3;
  private static final long MIN_AGE_NANOS = 1_000_000_000L;

  /** Waits that end from outside the JVM, or by the collector. */
  private static final Set<WaitReason> NEVER_SUSPECT =
      Set.of(WaitReason.IO, WaitReason.REFERENCE_QUEUE);

  /**
   * Waits that healthy idle threads are in, for the next piece of work: only many of them are
   * suspect.
   */
  private static final Set<WaitReason> IDLE = Set.of(WaitReason.QUEUE_TAKE, WaitReason.CONDITION);

  private final Jdk jdk;
  private final LongTable proven;
  private final Observations observations;
  private final int maxRawParks;
  private final List<Thread> waiting = new ArrayList<>();
  private boolean judged;
  private boolean truncated;

  Census(Jdk jdk, LongTable proven, Observations observations, int maxRawParks) {
    this.jdk = jdk;
    this.proven = proven;
    this.observations = observations;
    this.maxRawParks = maxRawParks;
  }

  /** Whether it is a thread of the JDK's own machinery or ours: the program has not started it. */
  static boolean isOwnOrJdks(Thread thread) {
    String name = thread.getName();
    return name.equals(Canary.NAME) || name.contains("-Poller") || name.contains("SubPoller");
  }

  private static final class Counts {
    int total;
    int blocked;
    int timed;
    int io;
    int canBeWoken;
    final Map<String, Integer> unprovable = new LinkedHashMap<>();
    final List<Thread> rawParks = new ArrayList<>();
    boolean rawParksLeftOut;

    void unprovable(String reason) {
      unprovable.merge(reason, 1, Integer::sum);
    }
  }

  /**
   * Counts.
   *
   * @param judged whether a proof has told which threads can be woken
   */
  Report.Goroutines count(boolean judged) {
    this.judged = judged;
    Counts counts = new Counts();
    jdk.forEachThread(
        thread -> {
          if (!isOwnOrJdks(thread)) {
            count(thread, counts);
          }
        });
    for (Thread thread : counts.rawParks) {
      if (Waits.classify(Activity.PARKED, jdk.stack(thread)) == WaitReason.IO) {
        counts.io++;
        counts.unprovable(WaitReason.IO.text());
      } else {
        counts.canBeWoken++;
        remember(thread);
      }
    }
    return new Report.Goroutines(
        counts.total,
        counts.blocked,
        counts.unprovable,
        0,
        judged ? counts.canBeWoken : -1,
        counts.timed,
        counts.rawParksLeftOut ? -1 : counts.io);
  }

  private void count(Thread thread, Counts counts) {
    Activity activity = jdk.activity(thread);
    if (activity == Activity.NOT_ALIVE) {
      return;
    }
    counts.total++;
    if (activity == Activity.RUNNABLE) {
      return;
    }
    counts.blocked++;
    switch (activity) {
      case TIMED -> {
        counts.timed++;
        counts.canBeWoken++;
      }
      case MONITOR_ENTER -> counts.unprovable(WaitReason.MONITOR_ENTER.text());
      case OBJECT_WAIT -> counts.unprovable(WaitReason.OBJECT_WAIT.text());
      case PINNED -> counts.unprovable("pinned");
      default -> {
        if (proven.contains(thread.threadId())) {
          return;
        }
        if (LockSupport.getBlocker(thread) != null) {
          counts.canBeWoken++;
          remember(thread);
        } else if (counts.rawParks.size() < maxRawParks) {
          counts.rawParks.add(thread);
        } else {
          counts.canBeWoken++;
          counts.rawParksLeftOut = true;
        }
      }
    }
  }

  private void remember(Thread thread) {
    if (observations.comesBack(thread.threadId())) {
      return;
    }
    if (waiting.size() < MAX_STACKS_FOR_SUSPECTS) {
      waiting.add(thread);
    } else {
      truncated = true;
    }
  }

  private static final class Pile {
    final WaitReason reason;
    final List<StackTraceElement> stack;
    final List<String> names = new ArrayList<>();
    final List<Thread> threads = new ArrayList<>();
    final NavigableSet<Long> arrivals = new TreeSet<>();
    int count;

    Pile(WaitReason reason, List<StackTraceElement> stack) {
      this.reason = reason;
      this.stack = stack;
    }

    /**
     * Whether threads keep coming and stay: at several observations there were new ones, the first
     * of them a while ago and the last of them lately. Workers that became idle one by one after
     * the start and now wait for work do not keep coming.
     */
    boolean grows(long now) {
      if (count < (IDLE.contains(reason) ? MIN_IDLE_SUSPECTS : MIN_SUSPECTS)
          || arrivals.size() < MIN_ARRIVALS) {
        return false;
      }
      long age = now - arrivals.first();
      return age >= MIN_AGE_NANOS && now - arrivals.last() <= Math.max(MIN_AGE_NANOS, age / 3);
    }
  }

  /**
   * Threads that pile up at one place: something alive still reaches them, but they come and are
   * not seen to leave. Only known where threads have been observed for a while.
   */
  List<Finding> suspects() {
    List<Finding> findings = new ArrayList<>();
    if (observations.ticks() < MIN_ARRIVALS) {
      waiting.clear();
      return findings;
    }
    Map<Group.Key, Pile> piles = new HashMap<>();
    for (Thread thread : waiting) {
      StackTraceElement[] frames = jdk.stack(thread);
      WaitReason reason = Waits.classify(Activity.PARKED, frames);
      if (NEVER_SUSPECT.contains(reason) || Frames.site(List.of(frames)) == null) {
        continue;
      }
      List<StackTraceElement> stack = List.of(frames);
      Pile pile =
          piles.computeIfAbsent(Group.key(reason, stack, null), _ -> new Pile(reason, stack));
      long since = observations.sinceIfKnown(thread.threadId());
      pile.count++;
      if (since != Long.MIN_VALUE) {
        pile.arrivals.add(since);
      }
      pile.threads.add(thread);
      if (!thread.getName().isEmpty() && pile.names.size() < 10) {
        pile.names.add(thread.getName());
      }
    }
    waiting.clear();
    long now = System.nanoTime();
    for (Pile pile : piles.values()) {
      if (pile.grows(now)) {
        findings.add(finding(pile, now));
      }
    }
    return findings;
  }

  private Finding finding(Pile pile, long now) {
    String kind = pile.reason.text();
    String site = Frames.site(pile.stack);
    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put("arrivals", pile.arrivals.size());
    evidence.put("growing", true);
    if (truncated) {
      evidence.put("countIsAtLeast", true);
    }
    List<String> holders = Holders.of(pile.threads);
    String heldBy = holders.isEmpty() ? null : holders.getFirst();
    if (heldBy != null) {
      evidence.put("heldBy", holders);
    }
    pile.threads.clear();
    return new Finding.Suspected(
        new Finding.Details(
            Finding.State.OPEN,
            kind,
            pile.count,
            site,
            Frames.entry(pile.stack),
            OptionalLong.of((now - pile.arrivals.first()) / 1_000_000_000L),
            OptionalLong.empty(),
            pile.names,
            pile.stack,
            Frames.fingerprint("suspected " + kind, site, pile.stack),
            null,
            evidence,
            because(pile, heldBy),
            Advice.suggestion(pile.reason)));
  }

  private String because(Pile pile, @Nullable String heldBy) {
    String because =
        pile.count
            + " threads block here, more come and none was seen to leave"
            + (judged || heldBy != null ? "; something alive still reaches them" : "");
    return heldBy == null ? because : because + ": " + heldBy;
  }
}
