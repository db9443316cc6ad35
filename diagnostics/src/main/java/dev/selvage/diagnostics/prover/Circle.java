package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One circle of waiting threads, and what is said of it. It begins with the thread whose line comes
 * first in the alphabet.
 */
final class Circle {
  private static final int MAX_NAMES = 10;

  /**
   * Why a thread waits for another.
   *
   * @param what for what, in words
   * @param by what the other has to do with that, in words that its name follows
   * @param certain whether nobody else can end the wait, but by an interrupt
   */
  record Reason(String what, String by, Kind kind, boolean certain) {
    enum Kind {
      /** A lock of the JDK, or a monitor. */
      LOCK,
      /** The end of a thread. */
      END,
      /** A lock of the language, or something that is done once. */
      OWN_LOCK,
      /** All goroutines of a group, of which the other is one. */
      GROUP
    }

    /** The same for something else. */
    Reason of(String other) {
      return new Reason(other, by, kind, certain);
    }
  }

  /**
   * That a thread waits.
   *
   * @param holder the thread that has what it waits for, or is to end
   */
  record Wait(Thread thread, Reason reason, Thread holder, List<StackTraceElement> stack) {
    String what() {
      return reason.what();
    }

    boolean isFor(Reason.Kind kind) {
      return reason.kind() == kind;
    }
  }

  final List<Thread> threads = new ArrayList<>();
  final List<String> drawn = new ArrayList<>();

  /** Whether it never ends by itself. */
  final boolean certain;

  /** How many of its threads are to be reported, as they are not proven to be leaked. */
  int open;

  /** How many threads were seen to wait for one of the circle, or for one who does. */
  int waiters;

  private final Wait first;
  private final int size;
  private final List<String> sites = new ArrayList<>();
  private final long since; // when the last of them began to wait; MIN_VALUE if of none it is known
  private final boolean sinceOfAll;
  private final boolean interruptible;
  private final boolean ofEnds;
  private final Set<Reason.Kind> doubtful = EnumSet.noneOf(Reason.Kind.class);
  private final Excuses.@Nullable Excuse excuse;

  /**
   * Draws it.
   *
   * @param waits one for each of its threads, each for the next one, the last for the first
   * @param since when a thread began to wait, at the latest; MIN_VALUE if that is not known
   */
  Circle(
      List<Wait> waits,
      ToLongFunction<Thread> since,
      Function<Thread, Excuses.@Nullable Excuse> excuses) {
    size = waits.size();
    int first = 0;
    String[] places = new String[size];
    for (int i = 0; i < size; i++) {
      String site = Frames.site(waits.get(i).stack());
      places[i] = site != null ? site : "a place unknown";
      if (places[i].compareTo(places[first]) < 0) {
        first = i;
      }
    }
    this.first = waits.get(first);
    certain = waits.stream().allMatch(wait -> wait.reason().certain());
    interruptible = waits.stream().anyMatch(wait -> givesWay(wait.stack()));
    ofEnds =
        waits.stream()
            .anyMatch(wait -> wait.isFor(Reason.Kind.END) || wait.isFor(Reason.Kind.GROUP));
    long latest = Long.MIN_VALUE;
    boolean allKnown = true;
    Excuses.Excuse why = null;
    for (int k = 0; k < size; k++) {
      Wait wait = waits.get((first + k) % size);
      String place = places[(first + k) % size];
      String lead =
          k == 0
              ? name(wait.thread()) + " waits for "
              : lead(waits.get((first + k - 1) % size), ", which waits for ", " waits for ");
      if (!wait.reason().certain()) {
        doubtful.add(wait.reason().kind());
      }
      sites.add(place);
      threads.add(wait.thread());
      drawn.add(lead + wait.what() + " at " + place);
      long seen = since.applyAsLong(wait.thread());
      allKnown &= seen != Long.MIN_VALUE;
      latest = Math.max(latest, seen);
      why = why == null && !certain ? excuses.apply(wait.thread()) : why;
    }
    drawn.add(lead(waits.get((first + size - 1) % size), "", ", as said above"));
    this.since = latest;
    sinceOfAll = allKnown;
    excuse = why;
  }

  /** For how long it has been there, as far as that is known of any of its threads; else 0. */
  long ageNanos() {
    return since == Long.MIN_VALUE ? 0 : Math.max(0, System.nanoTime() - since);
  }

  private OptionalLong seenSeconds() {
    return sinceOfAll ? OptionalLong.of(ageNanos() / 1_000_000_000L) : OptionalLong.empty();
  }

  private String lines() {
    return String.join(" -> ", sites);
  }

  /** What it has in common with those that are one finding with it. */
  String key() {
    return lines() + (certain ? "" : " suspected") + (excuse == null ? "" : " " + excuse);
  }

  static String name(Thread thread) {
    return (thread.getName().isEmpty() ? "" : "\"" + thread.getName() + "\" ")
        + (thread.isVirtual() ? "(virtual #" : "(platform #")
        + thread.threadId()
        + ")";
  }

  /** Names the thread that keeps another waiting, and says how. */
  private static String lead(Wait wait, String ifItHolds, String ifItRuns) {
    return wait.reason().by()
        + " "
        + name(wait.holder())
        + (wait.isFor(Reason.Kind.END) ? ifItRuns : ifItHolds);
  }

  /** Whether the wait ends when its thread is interrupted, as all of the language do. */
  private static boolean givesWay(List<StackTraceElement> stack) {
    for (StackTraceElement frame : stack) {
      if (Frames.isSelvage(frame)) {
        return stack.stream().noneMatch(Circle::putsOffInterrupts);
      }
      if (!Frames.isJdk(frame)) {
        return false;
      }
      if (frame.getMethodName().endsWith("nterruptibly")) {
        return true;
      }
    }
    return false;
  }

  private static boolean putsOffInterrupts(StackTraceElement frame) {
    return Frames.isSelvage(frame) && frame.getMethodName().equals("uninterruptibly");
  }

  /** All circles that go through the same lines. */
  static final class Alike {
    private final List<Circle> circles = new ArrayList<>();

    void add(Circle circle) {
      circles.add(circle);
    }

    Finding finding() {
      Circle one = circles.getFirst();
      int threads = 0;
      int waiters = 0;
      boolean interruptible = true;
      OptionalLong oldest = OptionalLong.empty();
      Set<String> names = new LinkedHashSet<>();
      for (Circle circle : circles) {
        threads += circle.open;
        waiters += Math.max(0, circle.waiters - circle.size);
        interruptible &= circle.interruptible;
        for (Thread thread : circle.threads) {
          if (!thread.getName().isEmpty() && names.size() < MAX_NAMES) {
            names.add(thread.getName());
          }
        }
        if (circle.seenSeconds().orElse(-1) > oldest.orElse(-1)) {
          oldest = circle.seenSeconds();
        }
      }
      Map<String, Object> evidence = new LinkedHashMap<>();
      evidence.put("cycle", one.drawn);
      if (circles.size() > 1) {
        evidence.put("cycles", circles.size());
      }
      if (waiters > 0) {
        evidence.put("waitBehind", waiters);
      }
      String kind = one.ofEnds ? "wait cycle" : "lock cycle";
      List<StackTraceElement> stack = one.first.stack();
      String verdict = one.certain ? "deadlocked " : "suspected ";
      Finding.Details details =
          new Finding.Details(
              Finding.State.OPEN,
              kind,
              threads,
              one.sites.getFirst(),
              Frames.entry(stack),
              oldest,
              OptionalLong.empty(),
              List.copyOf(names),
              stack,
              Frames.fingerprint(verdict + kind, one.lines(), stack),
              one.certain && interruptible ? "interrupt" : null,
              evidence,
              one.because() + (one.certain ? "" : one.doubt()),
              one.advice());
      if (one.certain) {
        return new Finding.Deadlocked(details);
      }
      Finding finding = new Finding.Suspected(details);
      return one.excuse == null ? finding : Excuses.excused(finding, one.excuse);
    }
  }

  private String because() {
    if (size == 1) {
      return switch (first.reason().kind()) {
        case END -> "the thread waits for its own end";
        case GROUP -> "the goroutine waits for the end of a group that counts it";
        case LOCK -> "the thread waits for all readers to leave, and is one of them itself";
        case OWN_LOCK ->
            first.reason().certain()
                ? "what is done only once asks for itself"
                : "the thread waits for a lock that it has taken itself";
      };
    }
    return ofEnds
        ? "each of these threads waits for a lock that the next one has, or for its end"
        : "each of these threads waits for a lock that the next one has";
  }

  /** Why it need not be a deadlock. */
  private String doubt() {
    List<String> ways = new ArrayList<>();
    if (doubtful.contains(Reason.Kind.OWN_LOCK)) {
      ways.add("unlock what has no owner");
    }
    if (doubtful.contains(Reason.Kind.GROUP)) {
      ways.add("count the group down or cancel the scope");
    }
    return "; but another thread could still " + String.join(", or ", ways);
  }

  private String advice() {
    if (size == 1) {
      return switch (first.reason().kind()) {
        case END -> "let another thread wait for it";
        case GROUP -> "let somebody wait for the group whom it does not count";
        case LOCK ->
            "release the read lock before taking the write lock, and look again at what was read:"
                + " a read lock cannot be upgraded";
        case OWN_LOCK ->
            first.reason().certain()
                ? "do not ask for it in what it does"
                : "unlock it before, or call a form of the method that expects the lock to be"
                    + " taken: it cannot be taken twice";
      };
    }
    return ofEnds
        ? "do not wait for a thread while holding a lock that it needs"
        : "take these locks in the same order everywhere, or tryLock with a time limit and release"
            + " what you have when it fails";
  }
}
