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
}
