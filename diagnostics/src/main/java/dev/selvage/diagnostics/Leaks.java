package dev.selvage.diagnostics;

import java.util.List;

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
}
