package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.Rules;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
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
  private final int groups;
  private List<List<Thread>> ofGroups = List.of();
  private final List<Thread> waiting = new ArrayList<>();
  private boolean judged;
  private boolean truncated;

  /**
   * Prepares one.
   *
   * @param proven the threads that are proven to be leaked, with their groups
   * @param groups how many groups there are
   */
  Census(Jdk jdk, LongTable proven, int groups, Observations observations, int maxRawParks) {
    this.jdk = jdk;
    this.proven = proven;
    this.groups = groups;
    this.observations = observations;
    this.maxRawParks = maxRawParks;
  }

  /** Whether it is a thread of the JDK's own machinery or ours: the program has not started it. */
  static boolean isOwnOrJdks(Thread thread) {
    String name = thread.getName();
    return name.equals(Canary.NAME) || name.contains("-Poller") || name.contains("SubPoller");
  }

  /** Some threads of each group of those that are proven. */
  List<List<Thread>> ofGroups() {
    return ofGroups;
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

    /** Threads that can be woken, not many more than may be remembered. */
    final List<Thread> parked = new ArrayList<>();

    /** Some threads of each group. */
    final List<List<Thread>> ofGroups = new ArrayList<>();

    Counts(int groups) {
      for (int i = 0; i < groups; i++) {
        ofGroups.add(new ArrayList<>(0));
      }
    }

    void note(int group, Thread thread) {
      List<Thread> some = ofGroups.get(group);
      if (some.size() < Wakers.MOST) {
        some.add(thread);
      }
    }

    /** Adds what the other half of the threads is. */
    void add(Counts other, int maxRawParks) {
      for (int i = 0; i < ofGroups.size(); i++) {
        int group = i;
        other.ofGroups.get(i).forEach(thread -> note(group, thread));
      }
      total += other.total;
      blocked += other.blocked;
      timed += other.timed;
      io += other.io;
      canBeWoken += other.canBeWoken;
      other.unprovable.forEach((reason, n) -> unprovable.merge(reason, n, Integer::sum));
      rawParks.addAll(other.rawParks);
      rawParksLeftOut |= other.rawParksLeftOut;
      parked.addAll(other.parked);
      while (rawParks.size() > maxRawParks) {
        rawParks.removeLast();
        canBeWoken++;
        rawParksLeftOut = true;
      }
    }

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
    Counts counts = new Counts(groups);
    Counts ofHelper = new Counts(groups);
    jdk.forEach(
        Claims.forAbout(jdk.rootSize()),
        (_, thread) -> countProgram(thread, ofHelper),
        (_, thread) -> countProgram(thread, counts));
    counts.add(ofHelper, maxRawParks);
    ofGroups = counts.ofGroups;
    counts.parked.forEach(this::remember);
    Thread[] rawParks = counts.rawParks.toArray(Thread[]::new);
    Stacks stacks = new Stacks(jdk);
    int[] stackIds = stacks.take(rawParks, Stacks.all(rawParks.length));
    WaitReason[] reasons = reasons(stacks);
    for (int i = 0; i < rawParks.length; i++) {
      Thread thread = rawParks[i];
      if (reasons[stackIds[i]] == WaitReason.IO) {
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

  private static WaitReason[] reasons(Stacks stacks) {
    WaitReason[] reasons = new WaitReason[stacks.size()];
    for (int id = 0; id < reasons.length; id++) {
      reasons[id] = Waits.classify(Activity.PARKED, stacks.stack(id));
    }
    return reasons;
  }

  private void countProgram(Thread thread, Counts counts) {
    if (!isOwnOrJdks(thread)) {
      count(thread, counts);
    }
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
      case MONITOR_ENTER -> {
        counts.unprovable(WaitReason.MONITOR_ENTER.text());
        remember(thread, counts);
      }
      case OBJECT_WAIT -> {
        counts.unprovable(WaitReason.OBJECT_WAIT.text());
        remember(thread, counts);
      }
      case PINNED -> counts.unprovable("pinned");
      default -> {
        int place = proven.place(thread.threadId());
        if (place >= 0) {
          counts.note(proven.secondAt(place), thread);
          return;
        }
        if (LockSupport.getBlocker(thread) != null) {
          counts.canBeWoken++;
          remember(thread, counts);
        } else if (counts.rawParks.size() < maxRawParks) {
          counts.rawParks.add(thread);
        } else {
          counts.canBeWoken++;
          counts.rawParksLeftOut = true;
        }
      }
    }
  }

  private void remember(Thread thread, Counts counts) {
    // One more than may be remembered, to know that there were more.
    if (counts.parked.size() <= MAX_STACKS_FOR_SUSPECTS) {
      counts.parked.add(thread);
    }
  }

  private void remember(Thread thread) {
    if (waiting.size() < MAX_STACKS_FOR_SUSPECTS) {
      waiting.add(thread);
    } else {
      truncated = true;
    }
  }

  /** Threads that block at one place, and are all excused for the same reason, or are not. */
  private static final class Pile {
    final WaitReason reason;
    final List<StackTraceElement> stack;
    final Excuses.@Nullable Excuse excuse;
    final List<String> names = new ArrayList<>();
    final List<Thread> threads = new ArrayList<>();

    /** When each was first seen in its wait, as far as it was seen and does not come and go. */
    final List<Long> arrivals = new ArrayList<>();

    int count;

    /** How many of all have been there longer than the rules allow, and since when the first. */
    int longer;

    long longest = Long.MAX_VALUE;

    boolean grows;

    Pile(WaitReason reason, List<StackTraceElement> stack, Excuses.@Nullable Excuse excuse) {
      this.reason = reason;
      this.stack = stack;
      this.excuse = excuse;
    }

    /**
     * Whether threads keep coming and stay: at several observations there were new ones, the first
     * of them a while ago and the last of them lately. Workers that became idle one by one after
     * the start and now wait for work do not keep coming.
     */
    boolean grows(long now) {
      TreeSet<Long> times = new TreeSet<>(arrivals);
      if (count < (IDLE.contains(reason) ? MIN_IDLE_SUSPECTS : MIN_SUSPECTS)
          || times.size() < MIN_ARRIVALS) {
        return false;
      }
      long age = now - times.first();
      return age >= MIN_AGE_NANOS && now - times.last() <= Math.max(MIN_AGE_NANOS, age / 3);
    }
  }

  /**
   * Threads that pile up at one place, or block there for longer than the rules allow: something
   * alive still reaches them, but they come and are not seen to leave. Only known where threads
   * have been observed for a while.
   *
   * @param wakers tells what some threads of each of several findings wait on
   */
  List<Finding> suspects(
      Rules rules, Function<List<List<Thread>>, List<Map<String, Object>>> wakers) {
    List<Finding> findings = new ArrayList<>();
    if (observations.ticks() < MIN_ARRIVALS && rules.blockedLonger() == null) {
      waiting.clear();
      return findings;
    }
    Map<Group.Key, Pile> piles = new HashMap<>();
    long longest = rules.blockedLonger() == null ? Long.MAX_VALUE : rules.blockedLonger().toNanos();
    for (Thread thread : waiting) {
      pile(thread, rules, longest, piles);
    }
    waiting.clear();
    long now = System.nanoTime();
    List<Pile> suspected = new ArrayList<>();
    for (Pile pile : piles.values()) {
      pile.grows = pile.count > 0 && observations.ticks() >= MIN_ARRIVALS && pile.grows(now);
      if (pile.grows || pile.longer > 0) {
        suspected.add(pile);
      }
    }
    List<Map<String, Object>> known =
        wakers.apply(suspected.stream().map(pile -> pile.threads).toList());
    for (int i = 0; i < suspected.size(); i++) {
      Pile pile = suspected.get(i);
      Finding finding = finding(pile, longest, now, known.get(i));
      findings.add(pile.excuse == null ? finding : Excuses.excused(finding, pile.excuse));
    }
    return findings;
  }

  private void pile(Thread thread, Rules rules, long longest, Map<Group.Key, Pile> piles) {
    Activity activity = jdk.activity(thread);
    long id = thread.threadId();
    boolean comesBack = observations.comesBack(id);
    long since =
        longest == Long.MAX_VALUE // nobody asked
            ? Long.MIN_VALUE
            : OwnWait.since(thread, observations);
    boolean longer = since != Long.MIN_VALUE && System.nanoTime() - since > longest;
    if (activity == Activity.RUNNABLE
        || activity == Activity.NOT_ALIVE
        || activity == Activity.TIMED
        || (comesBack && !longer)) {
      return;
    }
    StackTraceElement[] frames = jdk.stack(thread);
    WaitReason reason = Waits.classify(activity, frames);
    if (NEVER_SUSPECT.contains(reason) || Frames.site(List.of(frames)) == null) {
      return;
    }
    List<StackTraceElement> stack = List.of(frames);
    Excuses.Excuse excuse = rules.excuses().ofThread(Cores.parkedForever(thread), thread.getName());
    Pile pile =
        piles.computeIfAbsent(
            Group.key(reason, stack, null).with(excuse), _ -> new Pile(reason, stack, excuse));
    if (longer) {
      pile.longer++;
      pile.longest = Math.min(pile.longest, since);
    }
    if (!comesBack) {
      pile.count++;
      long seen = observations.sinceIfKnown(id);
      if (seen != Long.MIN_VALUE) {
        pile.arrivals.add(seen);
      }
    }
    pile.threads.add(thread);
    if (!thread.getName().isEmpty() && pile.names.size() < 10) {
      pile.names.add(thread.getName());
    }
  }

  private Finding finding(Pile pile, long longest, long now, Map<String, Object> known) {
    boolean grows = pile.grows;
    String kind = pile.reason.text();
    String site = Frames.site(pile.stack);
    Map<String, Object> evidence = new LinkedHashMap<>();
    Collections.sort(pile.arrivals);
    if (grows) {
      evidence.put("arrivals", new TreeSet<>(pile.arrivals).size());
      evidence.put("growing", true);
      evidence.put("perSecond", perSecond(pile.arrivals, now));
      evidence.put("sizes", sizes(pile.arrivals, now));
    }
    if (pile.longer > 0) {
      evidence.put("longerThanSeconds", longest / 1_000_000_000L);
      evidence.put("longer", pile.longer);
    }
    if (truncated) {
      evidence.put("countIsAtLeast", true);
    }
    evidence.putAll(known);
    List<String> holders = Holders.of(pile.threads);
    String heldBy = holders.isEmpty() ? null : holders.getFirst();
    if (heldBy != null) {
      evidence.put("heldBy", holders);
    }
    pile.threads.clear();
    long first = pile.arrivals.isEmpty() ? pile.longest : pile.arrivals.getFirst();
    return new Finding.Suspected(
        new Finding.Details(
            Finding.State.OPEN,
            kind,
            grows ? pile.count : pile.longer,
            site,
            Frames.entry(pile.stack),
            OptionalLong.of((now - Math.min(first, pile.longest)) / 1_000_000_000L),
            OptionalLong.empty(),
            pile.names,
            pile.stack,
            Frames.fingerprint("suspected " + kind, site, pile.stack),
            null,
            evidence,
            because(pile, grows, longest, heldBy),
            Advice.suggestion(pile.reason)));
  }

  private static double perSecond(List<Long> arrivals, long now) {
    double seconds = (now - arrivals.getFirst()) / 1e9;
    return seconds <= 0 ? 0 : Math.round((arrivals.size() - 1) / seconds * 10) / 10.0;
  }

  /** How many of those that are here now were here when: at most twelve times, evenly spread. */
  private static List<String> sizes(List<Long> arrivals, long now) {
    int most = 12;
    long first = arrivals.getFirst();
    List<String> sizes = new ArrayList<>();
    int here = 0;
    for (int i = 0; i < most; i++) {
      long at = first + (now - first) / (most - 1) * i;
      while (here < arrivals.size() && (arrivals.get(here) <= at || i == most - 1)) {
        here++;
      }
      sizes.add(String.format(Locale.ROOT, "%.1fs %d", (at - first) / 1e9, here));
    }
    return sizes;
  }

  private String because(Pile pile, boolean grows, long longest, @Nullable String heldBy) {
    String because =
        grows
            ? pile.count + " threads block here, more come and none was seen to leave"
            : pile.longer
                + (pile.longer == 1 ? " thread blocks" : " threads block")
                + " here for longer than "
                + Duration.ofNanos(longest).toString().substring(2).toLowerCase(Locale.ROOT);
    because += judged || heldBy != null ? reached(pile) : "";
    return heldBy == null ? because : because + ": " + heldBy;
  }

  /** The collector cannot tell of those that wait for a monitor. */
  private static String reached(Pile pile) {
    return pile.reason == WaitReason.MONITOR_ENTER || pile.reason == WaitReason.OBJECT_WAIT
        ? "; whether something alive still reaches them cannot be told"
        : "; something alive still reaches them";
  }
}
