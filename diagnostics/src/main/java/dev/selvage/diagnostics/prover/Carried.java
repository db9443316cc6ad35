package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.HiddenThread;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Container;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Threads that carry the reference of a look through the ordinary collections of the program, and
 * are let go of meanwhile. Guarded by the prover and by the lock of the Jdk.
 */
final class Carried {
  /*
   * Invariants.
   *  1. What a collection found is used only if no object with a finalizer was found by the same
   *     one: then all of those were reached, or counted as alive, and so was what they lead to. That
   *     is known from the turns of the Finalizer thread, which were the same before any moment at
   *     which the collection can have been and after everything that it found had been handed out.
   *     See ADR 0028.
   *  2. A thread is confirmed when two collections found it in the same park, and the one between
   *     which two steps lie. It was let go of anew in between.
   *  3. Whoever was found and runs nonetheless, without an executor having interrupted anybody,
   *     shows a way that we do not know of. It is never carried again, and nothing is confirmed that
   *     was found before.
   *  4. Between two steps nothing here refers to a thread other than through its HiddenThread, nor to
   *     the container of one.
   *  5. A reference to a thread is read only when a collection has just found it, or when there is a
   *     reason to look at all: reading it during a concurrent cycle makes it count as alive in that
   *     cycle.
   */

  /** At least so many steps lie between two sweeps. */
  private static final int SWEEP_EVERY = 10;

  /** After so many a sweep is due even if no concurrent cycle has been seen. */
  private static final int SWEEP_AT_LEAST_EVERY = 300;

  private static final class Entry {
    final long id;
    final int park;
    final int since; // the step at which it was first let go of
    HiddenThread handle;
    int found; // the step at which it was first found; 0 for never
    long interruptions; // before that
    boolean free; // whether it was found while no thread of an executor was

    Entry(long id, int park, int since, HiddenThread handle) {
      this.id = id;
      this.park = park;
      this.since = since;
      this.handle = handle;
    }
  }

  /** One that was found twice, and is held now. */
  record Confirmed(Thread thread, long id, int park, Container container, boolean free) {}

  private final Jdk jdk;
  private final Collector collector;
  private final long afterNanos;
  private final int most;
  private final long canary;
  private final LongTable proven;
  private final Map<Long, Entry> entries = new HashMap<>();
  private final LongTable roots = new LongTable();
  private LongTable rested = new LongTable(); // id -> park: let others have their turn

  private int step = 1;
  private long turns; // of finalizers, before anything that is still to be judged was found
  private long interruptions; // by executors, likewise
  private long provenSince; // what executors had interrupted before the last judgement
  private int swept;
  private long sweptCycles;
  private int canaryFound; // the step at which it was found last; 0 for never
  private int waiting; // of those that got no place in the last pass, who never had one
  private int resting;

  // counted
  long cycles;
  long found;
  long doubtful;
  long surprises;

  /**
   * Carries nobody yet.
   *
   * @param canary the id of a thread that nothing reaches, and which stays
   * @param proven what is proven already is not carried
   */
  Carried(Jdk jdk, Collector collector, long afterNanos, int most, long canary, LongTable proven) {
    this.jdk = jdk;
    this.collector = collector;
    this.afterNanos = afterNanos;
    this.most = most;
    this.canary = canary;
    this.proven = proven;
    this.turns = jdk.finalizerTurns();
    this.interruptions = jdk.interruptions();
    this.sweptCycles = collector.cycles();
  }

  int size() {
    return entries.size();
  }

  /** How many got no place when all were looked at last. */
  int leftOut() {
    return waiting + resting;
  }

  /** The thread that nothing reaches. */
  long canary() {
    return canary;
  }

  void forEachId(LongConsumer consumer) {
    entries.keySet().forEach(consumer::accept);
  }

  // ------------------------------------------------------------------ letting go

  /** All threads are about to be looked at. */
  void begin() {
    if (waiting == 0) {
      rested = new LongTable(); // whoever waited has a place
    }
    waiting = 0;
    resting = 0;
  }

  /**
   * A thread has been parked for so long; it is let go of if that is long enough.
   *
   * @return whether it is let go of now
   */
  boolean waits(Container container, Thread thread, long id, int park, long nanos) {
    if (entries.containsKey(id)) {
      return true; // in a scope, of which nothing is hidden; or another copy of us has held it
      // again
    }
    if (id != canary) {
      if (nanos < afterNanos
          || roots.contains(id)
          || proven.contains(id)
          || Census.isOwnOrJdks(thread)) {
        return false;
      }
      if (rested.first(id, 0) == park) {
        resting++;
        return false;
      }
      if (entries.size() >= most) {
        waiting++;
        return false;
      }
    }
    Entry entry = new Entry(id, park, step, jdk.handle(thread));
    entries.put(id, entry); // before: whoever is let go of is put down again
    if (!jdk.carry(container, thread, entry.handle)) {
      entries.remove(id);
      return false;
    }
    return true;
  }

  private void carryAgain(Entry entry, Thread thread, Container container) {
    HiddenThread handle = jdk.handle(thread);
    jdk.carryAgain(container, thread, handle);
    entry.handle = handle;
  }

  private void putDown(Entry entry, Thread thread, Container container) {
    jdk.putDown(container, thread);
    entries.remove(entry.id);
  }

  /** Holds all threads again, as before a look. What was found once is to be found twice again. */
  void putAllDown() {
    for (Entry entry : List.copyOf(entries.values())) {
      Thread thread = entry.handle.thread();
      putDown(entry, thread, jdk.containerOf(thread));
    }
  }

  /** Those are not let go of any more, and what was found before is not confirmed by what comes. */
  void makeRoots(List<Long> ids) {
    if (ids.isEmpty()) {
      return;
    }
    for (long id : ids) {
      roots.put(id, 1, 1);
      Entry entry = entries.get(id);
      if (entry != null) {
        Thread thread = entry.handle.thread();
        putDown(entry, thread, jdk.containerOf(thread));
      }
    }
    for (Entry entry : entries.values()) {
      entry.found = 0;
      entry.free = false;
    }
  }

  // ------------------------------------------------------------------ judging

  /** How often executors had interrupted their threads before what was confirmed last was found. */
  long interruptionsBefore() {
    return provenSince;
  }

  /**
   * Asks what collections have found since this was asked last. Who was confirmed is held again,
   * and is no longer carried.
   */
  List<Confirmed> judge() throws InterruptedException {
    step++;
    // Everything that is found below was found after the last time, and so after these were read.
    // They are read anew only once all of it has been judged: where that fails, the time in which
    // it
    // may have been found goes on.
    long turnsNow = jdk.finalizerTurns();
    long interruptionsNow = jdk.interruptions();
    List<Confirmed> confirmed = judgeFound();
    turns = turnsNow;
    interruptions = interruptionsNow;
    return confirmed;
  }

  private List<Confirmed> judgeFound() throws InterruptedException {
    List<Entry> all = new ArrayList<>();
    for (Entry entry : entries.values()) {
      if (entry.handle.found()) {
        all.add(entry);
      }
    }
    if (all.isEmpty()) {
      return List.of();
    }
    boolean clean = jdk.awaitReferenceProcessing() && turns >= 0 && jdk.finalizerTurns() == turns;
    doubtful += clean ? 0 : 1;
    List<Long> ran = new ArrayList<>();
    List<Confirmed> confirmed = judge(all, clean, ran);
    if (!confirmed.isEmpty() || !ran.isEmpty()) {
      addWhoRan(ran);
    }
    if (!ran.isEmpty()) {
      surprises += ran.size();
      makeRoots(ran);
      // They are held now, and will be let go of anew.
      return List.of();
    }
    provenSince = interruptions;
    return confirmed;
  }

  private List<Confirmed> judge(List<Entry> all, boolean clean, List<Long> ran) {
    boolean ofExecutors = false;
    for (Entry entry : all) {
      ofExecutors |= jdk.containerOf(entry.handle.thread()).kind() == Container.Kind.EXECUTOR;
    }
    List<Confirmed> confirmed = new ArrayList<>();
    for (Entry entry : all) {
      Thread thread = entry.handle.thread();
      Container container = jdk.containerOf(thread);
      if (!thread.isAlive()) {
        // Woken after it was let go of, it ran and was garbage like any other.
        if (entry.found != 0 && jdk.interruptions() == entry.interruptions) {
          ran.add(entry.id);
        }
        putDown(entry, thread, container);
        continue;
      }
      if (entry.id == canary) {
        cycles++;
        canaryFound = step;
        carryAgain(entry, thread, container);
        continue;
      }
      found++;
      int park = parkOf(thread);
      if (park != entry.park) {
        // It was woken, and let go of in another park or not at all, so it starts anew. That it
        // runs
        // now though it was found, or was found in the other park before, is another matter.
        boolean known = entry.found != 0 && jdk.interruptions() == entry.interruptions;
        boolean now = park == 0 && clean && jdk.interruptions() == interruptions;
        if (known || now) {
          ran.add(entry.id);
        }
        putDown(entry, thread, container);
      } else if (!clean) {
        carryAgain(entry, thread, container);
      } else if (entry.found == 0) {
        entry.found = step;
        entry.interruptions = interruptions;
        entry.free = !ofExecutors;
        carryAgain(entry, thread, container);
      } else {
        boolean free = container.kind() != Container.Kind.EXECUTOR && (entry.free || !ofExecutors);
        putDown(entry, thread, container);
        confirmed.add(new Confirmed(thread, entry.id, entry.park, container, free));
      }
    }
    return confirmed;
  }

  /** Adds those that were found once, and have run since for no reason that is known. */
  private void addWhoRan(List<Long> ran) {
    for (Entry entry : entries.values()) {
      if (entry.found != 0
          && parkOf(entry.handle.thread()) != entry.park
          && jdk.interruptions() == entry.interruptions) {
        ran.add(entry.id);
      }
    }
  }

  /** The identity of the thread's park; 0 if it is not parked (any more). */
  private int parkOf(Thread thread) {
    if (!jdk.isParked(thread)) {
      return 0;
    }
    int park = jdk.parkIdentity(thread);
    return jdk.isParked(thread) ? park : 0;
  }

  // ------------------------------------------------------------------ making room

  /**
   * Puts down who has run since, and, where others wait for a place, who was judged to be alive.
   * Looks at every thread that is carried, so it is done only now and then, and rather just after a
   * cycle.
   */
  void sweep() {
    long cyclesNow = collector.cycles();
    int steps = step - swept;
    if (steps < SWEEP_EVERY || (cyclesNow == sweptCycles && steps < SWEEP_AT_LEAST_EVERY)) {
      return;
    }
    swept = step;
    sweptCycles = cyclesNow;
    List<Long> ran = new ArrayList<>();
    for (Entry entry : List.copyOf(entries.values())) {
      if (entry.id == canary || entry.handle.found()) {
        continue; // to be judged at the next step
      }
      Thread thread = entry.handle.thread();
      if (parkOf(thread) != entry.park) {
        if (entry.found != 0 && jdk.interruptions() == entry.interruptions) {
          ran.add(entry.id);
        }
        putDown(entry, thread, jdk.containerOf(thread));
      } else if (waiting > 0 && entry.found == 0 && entry.since < canaryFound) {
        rested.put(entry.id, entry.park, 0);
        putDown(entry, thread, jdk.containerOf(thread));
      }
    }
    surprises += ran.size();
    makeRoots(ran);
  }
}
