package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Container;
import dev.selvage.diagnostics.prover.Round.Hold;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The rounds of one look: asks the collector until what it found is confirmed, and then, where it
 * matters, which of it an executor could still wake. Used by one thread, once.
 */
final class Rounds {
  /*
   * Invariants.
   *  1. A thread is confirmed when two rounds found it in the same park.
   *  2. A thread that was found has no way to run, save one: an executor interrupts its threads, and
   *     wakes it so, or wakes one that does, in however many steps. So whoever was found and runs
   *     nonetheless without an executor having interrupted anybody shows a way that we do not know
   *     of. It becomes a root, and nothing is accepted (see Prover).
   *  3. A thread is free when a round found it in which executors held their own: then no thread of
   *     theirs reaches it, and shutdownNow() changes nothing for it. Whoever is not found there may
   *     be woken by what some executor could still interrupt. That round comes after the others,
   *     so it is as sound as they are: it finds a part of what they would find.
   *
   * The round of 3 is held only if it can tell something: if threads in executors were found, and
   * beside them something new that is not in an executor itself.
   */

  private static final int MAX_ROUNDS = 4;

  /**
   * A program that leaks all the time always has something new; what is found last waits for the
   * next look.
   */
  private static final int MAX_CONFIRMING_ROUNDS = 3;

  private static final int MAX_CONCURRENT_ROUNDS = 10;

  /** How often it is asked which threads are free before the rest is taken not to be. */
  private static final int MAX_FREEING_ROUNDS = 3;

  private final Jdk jdk;
  private final Collector collector;
  private final Mode mode;
  private final long canary;
  private final LongTable proven;
  private final LongTable roots;
  private final long interruptions;
  private final LongTable before = new LongTable(); // id -> park identity, round
  private final LongTable free = new LongTable(); // id -> park identity
  private boolean askedWhoIsFree;
  private boolean canaryFound;
  private boolean doubtful;
  private double pauseMillis;
  private final List<Object> kept = new ArrayList<>();
  private int rounds;
  private int last;

  /**
   * Prepares them.
   *
   * @param canary the id of the thread that must be found
   * @param proven what is known already: it wants no confirmation
   * @param roots threads that are not let go of; added to
   * @param interruptions what {@link Jdk#interruptions} said before the look
   */
  Rounds(
      Jdk jdk,
      Collector collector,
      Mode mode,
      long canary,
      LongTable proven,
      LongTable roots,
      long interruptions) {
    this.jdk = jdk;
    this.collector = collector;
    this.mode = mode;
    this.canary = canary;
    this.proven = proven;
    this.roots = roots;
    this.interruptions = interruptions;
  }

  /** Holds them. What was found, and is held again; null if no round could be used. */
  Round.@Nullable Found run() throws InterruptedException {
    Round.Found found = confirm();
    if (found != null && wantsToKnowWhoIsFree(found)) {
      free(found);
      found = found.again(jdk);
    }
    return found;
  }

  private Round.@Nullable Found confirm() throws InterruptedException {
    int max = mode == Mode.CONCURRENT ? MAX_CONCURRENT_ROUNDS : MAX_ROUNDS;
    Round.Found found = null;
    boolean again = true;
    Round round = new Round(jdk, canary, roots, Hold.NOBODY);
    try {
      while (again && rounds < max) {
        rounds++;
        if (mode == Mode.CONCURRENT && rounds > 1) {
          // Such a round takes long: who has come to rest meanwhile is asked about as well.
          round.restore();
          round = new Round(jdk, canary, roots, Hold.NOBODY);
        }
        Round.Found next = ask(round, found, rounds > 2 && !canaryFound);
        if (round.doubtful()) {
          next.release();
          found = null;
          doubtful = true;
          continue;
        }
        found = next;
        last = rounds;
        doubtful = false;
        int fresh = note(found);
        canaryFound = contains(found, canary);
        // A round that found something for the first time wants another one that confirms it. One
        // that found nothing but the canary and what is proven already has nothing left to confirm.
        again = !canaryFound || (fresh > 0 && rounds < confirming(max));
      }
    } finally {
      round.restore();
    }
    return found;
  }

  /** In concurrent mode a round may have been of no use. */
  private int confirming(int max) {
    return mode == Mode.CONCURRENT ? max : MAX_CONFIRMING_ROUNDS;
  }

  /**
   * Asks once.
   *
   * @param earlier what is let go of when the others are hidden, and not before: of a thread in an
   *     executor that nobody uses there is no other reference
   */
  private Round.Found ask(Round round, Round.@Nullable Found earlier, boolean insist)
      throws InterruptedException {
    Round.Question question =
        () -> {
          kept.clear();
          if (earlier != null) {
            earlier.release();
          }
          if (mode == Mode.CONCURRENT) {
            return collector.collectConcurrently(round.canaryFound());
          }
          if (insist) {
            collector.histogram();
          }
          return collector.collectNow();
        };
    Round.Found found = round.ask(question, mode != Mode.CONCURRENT);
    pauseMillis = Math.max(pauseMillis, round.pauseMillis());
    jdk.awaitReferenceProcessing();
    return found;
  }

  /** Notes who was found in which park since which round; returns how many want a further round. */
  private int note(Round.Found found) {
    int fresh = 0;
    before.reserve(found.size());
    for (long id : found.moved) {
      noteRan(id);
    }
    for (int i = 0; i < found.size(); i++) {
      long id = found.ids[i];
      int earlier = before.first(id, 0);
      if (earlier != found.parks[i]) {
        if (earlier != 0) {
          noteRan(id);
        }
        before.put(id, found.parks[i], rounds);
        if (id != canary && proven.first(id, 0) != found.parks[i]) {
          fresh++;
        }
      }
    }
    return fresh;
  }

  private void noteRan(long id) {
    if (id != canary && jdk.interruptions() == interruptions) {
      roots.put(id, 1, 1);
    }
  }

  private static boolean contains(Round.Found found, long id) {
    for (long each : found.ids) {
      if (each == id) {
        return true;
      }
    }
    return false;
  }

  /**
   * The place in the table of one that the last round found; negative if it is not where it was
   * then. Two threads may ask.
   */
  int placeIfThere(Round.Found found, int index) {
    int at = before.place(found.ids[index]);
    return at >= 0 && isIn(found.threads[index], before.firstAt(at)) ? at : -1;
  }

  /**
   * Notes as roots those that were found and have run since, for no reason that is known.
   *
   * @param places of all that the last round found: nearly all that any has
   */
  void noteWhoRan(int[] places) {
    BitSet still = new BitSet(before.places());
    for (int at : places) {
      if (at >= 0) {
        still.set(at);
      }
    }
    int place = before.place(canary);
    if (place >= 0) {
      still.set(place); // it has been released, and is never a root
    }
    if (still.cardinality() == before.size()) {
      return;
    }
    jdk.forEachThread(
        thread -> {
          int at = before.place(thread.threadId());
          if (at >= 0 && isIn(thread, before.firstAt(at))) {
            still.set(at);
          }
        });
    before.forEach(
        (id, _, _) -> {
          if (!still.get(before.place(id))) {
            noteRan(id);
          }
        });
  }

  private boolean isIn(Thread thread, int park) {
    return jdk.isParked(thread) && jdk.parkIdentity(thread) == park;
  }

  // ------------------------------------------------------------------ who is free

  private boolean wantsToKnowWhoIsFree(Round.Found found) {
    if (!found.ofExecutors) {
      return false; // who was not found here is not found there either
    }
    for (int i = 0; i < found.size(); i++) {
      if (found.ids[i] != canary
          && found.containers[i].kind() != Container.Kind.EXECUTOR
          && !proven.contains(found.ids[i])
          && confirmed(found.ids[i])) {
        return true;
      }
    }
    return false;
  }

  /**
   * Asks which threads are found though executors hold theirs. Whom the collector judged too young,
   * in concurrent mode, is not among them, and is not free.
   */
  private void free(Round.Found found) throws InterruptedException {
    askedWhoIsFree = true;
    boolean complete = false;
    Round.Found earlier = found;
    for (int i = 0; i < MAX_FREEING_ROUNDS && !complete; i++) {
      rounds++;
      Round round = new Round(jdk, canary, roots, Hold.EXECUTORS);
      Round.Found next;
      try {
        next = ask(round, earlier, i > 0);
      } finally {
        round.restore();
      }
      earlier = next;
      if (!round.doubtful()) {
        for (int k = 0; k < next.size(); k++) {
          free.put(next.ids[k], next.parks[k], 1);
        }
        complete = contains(next, canary);
      }
    }
  }

  /** Whether no executor can wake the thread, by whomever. */
  boolean isFree(long id, int park, Container container) {
    return container.kind() != Container.Kind.EXECUTOR
        && (!askedWhoIsFree || free.first(id, 0) == park);
  }

  // ------------------------------------------------------------------ what came of it

  /** Whether two rounds found it, in one park. */
  boolean confirmed(long id) {
    return before.second(id, last) < last;
  }

  /** The same of who is at that place in the table. */
  boolean confirmedAt(int place) {
    return before.secondAt(place) < last;
  }

  boolean canaryFound() {
    return canaryFound;
  }

  /** The longest pause in milliseconds. */
  double pauseMillis() {
    return pauseMillis;
  }

  /** How many there were. */
  int count() {
    return rounds;
  }

  /** Why the answer is not complete; null if it is. */
  @Nullable String why() {
    if (canaryFound && !doubtful) {
      return null;
    }
    if (doubtful) {
      return "finalizers of the program ran in every round, and what they can wake is not known:"
          + " ask again later, or use mode now";
    }
    return mode == Mode.CONCURRENT
        ? "the leak that the prover planted is still too young for concurrent cycles, or something"
            + " holds every thread (a debugger, a profiler): ask again later, or use mode now"
        : "the leak that the prover planted was not found: the collector was not run, or something"
            + " holds every thread (a debugger, a profiler)";
  }

  // ------------------------------------------------------------------ before them

  /**
   * Has an ordinary collection where there are objects with finalizers: the finalizers of garbage
   * run then. Until they have, whoever they could wake is not found. All threads are held
   * meanwhile, and executors that nobody uses: the collection would take those away.
   */
  void clearAway() throws InterruptedException {
    if (mode == Mode.CONCURRENT || jdk.unfinalized().length == 0) {
      return;
    }
    jdk.forEach(
        (container, thread) -> {
          kept.add(container);
          kept.add(thread);
        });
    pauseMillis = Math.max(pauseMillis, collector.collectNow());
    jdk.awaitReferenceProcessing();
    long end = System.nanoTime() + 500_000_000L;
    while (jdk.finalizerTurns() < 0 && System.nanoTime() < end) {
      LockSupport.parkNanos(1_000_000);
    }
  }
}
