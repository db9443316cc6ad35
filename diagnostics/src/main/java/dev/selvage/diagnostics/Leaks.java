package dev.selvage.diagnostics;

import dev.selvage.observe.WaitReason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks for threads of a JVM that can never run again, and remembers what it has proven. Any thread
 * may call it; looks are done one after the other.
 */
public interface Leaks {

  /** How a proof asks the collector. */
  enum Mode {
    /** With a full collection, at once ({@code System.gc}). */
    NOW("now"),
    /** With a concurrent cycle of G1: short pauses, young leaks need another cycle. */
    CONCURRENT("concurrent"),
    /**
     * With weak references: on ZGC and Shenandoah; what is found is gone afterwards, and its
     * finally blocks never run.
     */
    RECLAIM("reclaim");

    private final String text;

    Mode(String text) {
      this.text = text;
    }

    /** The word for it in options and reports. */
    public String text() {
      return text;
    }
  }

  /**
   * Looks now. Blocks for as long as it takes: some ten milliseconds, and about a second for a
   * million threads.
   */
  Report find(Mode mode);

  /**
   * All virtual threads now, with stacks; those {@linkplain GoroutineInfo#leaked() proven earlier}
   * are marked.
   */
  List<GoroutineInfo> goroutines();

  /** The threads that are proven and still there, with stacks, without looking anew. */
  List<GoroutineInfo> leaked();

  /** How many virtual threads there are now. */
  default long count() {
    return goroutines().size();
  }

  /** What {@link #visit} calls. */
  @FunctionalInterface
  interface Visitor {
    /**
     * Takes one virtual thread.
     *
     * @param locks what it waits for and holds; {@link Locks#NONE} if that was not asked for
     */
    void goroutine(GoroutineInfo goroutine, Locks locks);
  }

  /**
   * Visits all virtual threads, with stacks, some thousand at a time: however many there are, no
   * more of them are in memory. No look is done meanwhile, so the visitor should not take long. It
   * may be called on another thread; what it throws is thrown on.
   *
   * @param locks whether to ask for locks, which takes about as long again as the stacks
   */
  default void visit(boolean locks, Visitor visitor) {
    goroutines().forEach(goroutine -> visitor.goroutine(goroutine, Locks.NONE));
  }

  /**
   * What virtual threads that are counted together have in common: all but their ids, their times
   * and what they have used.
   *
   * @param name as {@link GoroutineInfo#name}
   * @param waitReason as {@link GoroutineInfo#waitReason}
   * @param leaked as {@link GoroutineInfo#leaked}
   * @param container as {@link GoroutineInfo#container}
   * @param stack as {@link GoroutineInfo#stack}
   * @param labels as {@link GoroutineInfo#labels}
   */
  record Alike(
      String name,
      WaitReason waitReason,
      boolean leaked,
      String container,
      List<StackTraceElement> stack,
      Map<String, String> labels) {
    public Alike {
      stack = List.copyOf(stack);
      labels = Map.copyOf(labels);
    }

    /** What others can have in common with this one. */
    public static Alike of(GoroutineInfo goroutine) {
      return new Alike(
          goroutine.name(),
          goroutine.waitReason(),
          goroutine.leaked(),
          goroutine.container(),
          goroutine.stack(),
          goroutine.labels());
    }
  }

  /**
   * Counts the virtual threads that are alike. However many there are, no more is in memory than
   * there are different ones. No look is done.
   *
   * @param onlyLeaked whether only those count that are {@linkplain #leaked proven and still there}
   */
  default Map<Alike, Long> groups(boolean onlyLeaked) {
    Map<Alike, Long> groups = new LinkedHashMap<>();
    if (onlyLeaked) {
      leaked().forEach(goroutine -> groups.merge(Alike.of(goroutine), 1L, Long::sum));
    } else {
      visit(false, (goroutine, _) -> groups.merge(Alike.of(goroutine), 1L, Long::sum));
    }
    return groups;
  }

  /**
   * Whether threads can be visited without asking the JVM for a thread dump. Where not, a dump is
   * what {@link #visit} and all lists cost, and JDK 25.0.3 has been seen to crash in one.
   */
  default boolean canVisit() {
    return true;
  }

  /**
   * Counts all virtual threads by what they do. Meant to be called every second or so: never asks
   * for a thread dump, takes the stacks of some threads only where there are many, and then says
   * so. Blocks for as long as it takes: some milliseconds, and about half a second for a million.
   *
   * @param mostStacks of how many threads stacks may be taken, to tell what they wait for
   */
  default Tally tally(int mostStacks) {
    Map<String, Long> states = new LinkedHashMap<>();
    Map<String, Long> reasons = new LinkedHashMap<>();
    List<GoroutineInfo> all = goroutines();
    long leaked = 0;
    for (GoroutineInfo thread : all) {
      states.merge(Tally.state(thread.waitReason(), thread.leaked()), 1L, Long::sum);
      reasons.merge(thread.waitReason().text(), 1L, Long::sum);
      leaked += thread.leaked() ? 1 : 0;
    }
    return new Tally(all.size(), leaked, states, reasons, all.size(), true, 0);
  }

  /** The report of the newest look, whoever asked for it; null before the first. Does not look. */
  default @Nullable Report last() {
    return null;
  }

  /**
   * Switches the always-on mode on: from now on threads that have been parked for a while are
   * proven by the collections that the program has anyway. None is asked for, and the program is
   * not stopped. Does not block for longer than a look that is under way.
   *
   * <p>On ZGC and Shenandoah nothing is carried; there only those are reported that an ordinary
   * collection took away in the middle of their park, with an executor that nobody used any more.
   *
   * @param listener given the first proof of each cause, at most ten a minute, on a thread of the
   *     prover's that holds no lock; what it throws is logged
   * @return ends it
   * @throws IllegalStateException if it is on already, in this or in another copy of Selvage in
   *     this JVM, or if it is not possible here; says why
   */
  default AlwaysOn.Watching watch(AlwaysOn settings, Consumer<AlwaysOn.News> listener) {
    throw new IllegalStateException("always-on is not possible here");
  }

  /** The same, with news as one line each in the log {@code dev.selvage}, as warnings. */
  default AlwaysOn.Watching watch(AlwaysOn settings) {
    System.Logger log = System.getLogger("dev.selvage");
    return watch(settings, news -> log.log(System.Logger.Level.WARNING, () -> news.text()));
  }

  /** What the always-on mode has done so far; null while it is off. Does not block. */
  default AlwaysOn.@Nullable Counters alwaysOn() {
    return null;
  }

  /** What is watched because it may grow, the fastest first; empty where nothing is watched. */
  default List<Growth> growth() {
    return List.of();
  }
}
