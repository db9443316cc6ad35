package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Rules;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.observe.Probe;
import dev.selvage.observe.WaitReason;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Has classes loaded beside the first look that its end needs: those that describe a finding, and
 * the JDK's providers of hashes. A first look at few threads would else be mostly that. Used by one
 * thread.
 */
final class Preloading {
  /*
   * The thread refers to no thread of the program, so it may go on while the collector works. What
   * fails here fails again where it is needed, and is told there.
   */

  private final @Nullable Thread thread;

  private Preloading(@Nullable Thread thread) {
    this.thread = thread;
  }

  /** Begins, on a thread of its own. */
  static Preloading begin(Jdk jdk) {
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-helper")
            .inheritInheritableThreadLocals(false)
            .unstarted(() -> load(jdk));
    Probe.vouchFor(thread);
    try {
      thread.start();
    } catch (OutOfMemoryError _) {
      return none(); // no more threads can be had
    }
    return new Preloading(thread);
  }

  /** Does nothing. */
  static Preloading none() {
    return new Preloading(null);
  }

  private static void load(Jdk jdk) {
    try {
      // Java's own stack traces are told by what is known of all modules.
      StackTraceElement[] own = Thread.currentThread().getStackTrace();
      Stacks stacks = new Stacks(jdk);
      stacks.prepare(jdk.rootSize());
      describe(own);
    } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError _) {
      // See above.
    }
  }

  /** What is said of a finding, of one that nobody sees. */
  private static void describe(StackTraceElement[] frames) {
    WaitReason reason = Waits.classify(Activity.PARKED, frames);
    List<StackTraceElement> stack = List.of(frames);
    Group group = new Group(Group.key(reason, stack, null), stack);
    group.add("", 0);
    group.findings(0, Map.of()).replaceAll(Rules.NONE.excuses()::applied);
    ProcessHandle.current().pid();
    ManagementFactory.getThreadMXBean();
  }

  /** Waits until it is over. */
  void await() throws InterruptedException {
    if (thread != null) {
      thread.join();
    }
  }
}
