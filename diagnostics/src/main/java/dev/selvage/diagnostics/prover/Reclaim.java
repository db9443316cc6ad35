package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.diagnostics.jdk.Jdk.Container;
import dev.selvage.observe.WaitReason;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * The proof for collectors that keep alive every virtual thread they meet behind a final reference
 * (ZGC, Shenandoah): weak references only. What is found is gone when this returns, its stack and
 * whatever only it held; its finally blocks never run, as they never would have.
 */
final class Reclaim {
  /*
   * Invariants.
   *  1. A thread that was collected because it ended is not a leak. The latch that the JDK counts
   *     down when a thread ends knows: it does not refer to the thread, and while a thread counts
   *     it down the thread is on a carrier and cannot be collected. So: reference clear and latch
   *     not down means that the thread was collected in the middle of its park.
   *  2. Stacks are taken before, for there is nothing left to read afterwards; they hold no object
   *     of the program.
   *  3. Only threads that were started directly are looked at: an executor counts its threads, and
   *     would wait for ever for one that is gone.
   */

  /** One that was found and is gone. */
  record Gone(String name, long id, WaitReason reason, List<StackTraceElement> stack) {}

  private record Candidate(
      WeakReference<Thread> thread,
      CountDownLatch ended,
      long id,
      String name,
      WaitReason reason,
      List<StackTraceElement> stack) {}

  private final Jdk jdk;
  private final List<Candidate> candidates = new ArrayList<>();

  Reclaim(Jdk jdk) {
    this.jdk = jdk;
  }

  /** Hides, asks, puts back what is still there. */
  List<Gone> run(Round.Question question) throws InterruptedException {
    try {
      hide();
      question.ask();
    } finally {
      restore();
    }
    List<Gone> gone = new ArrayList<>();
    for (Candidate candidate : candidates) {
      if (candidate.thread.refersTo(null) && candidate.ended.getCount() > 0) {
        gone.add(new Gone(candidate.name, candidate.id, candidate.reason, candidate.stack));
      }
    }
    return gone;
  }

  private void hide() {
    jdk.forEach(
        (container, thread) -> {
          if (container.kind() == Container.Kind.ROOT && jdk.isParked(thread)) {
            hide(thread);
          }
        });
  }

  private void hide(Thread thread) {
    CountDownLatch ended = jdk.termination(thread);
    StackTraceElement[] stack = jdk.stack(thread);
    WaitReason reason = Waits.classify(Activity.PARKED, stack);
    if (reason == WaitReason.REFERENCE_QUEUE) {
      return; // the collector itself may wake it
    }
    if (!jdk.isParked(thread)) {
      return; // it may have ended before the latch was there, and then never counts it down
    }
    candidates.add(
        new Candidate(
            new WeakReference<>(thread),
            ended,
            thread.threadId(),
            thread.getName(),
            reason,
            List.of(stack)));
    jdk.forget(thread);
  }

  private void restore() {
    for (Candidate candidate : candidates) {
      Thread thread = candidate.thread.get();
      if (thread != null) {
        jdk.remember(thread);
      }
    }
  }
}
