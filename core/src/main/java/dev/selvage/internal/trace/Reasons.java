package dev.selvage.internal.trace;

import dev.selvage.observe.WaitReason;
import org.jspecify.annotations.Nullable;

/** The words for waits of the JDK, by what can be had of them for nothing: the park blocker. */
final class Reasons {
  private Reasons() {}

  static String of(@Nullable Object blocker, Thread.State state) {
    if (blocker instanceof WaitReason reason) {
      return reason.text();
    }
    if (blocker == null) {
      return switch (state) {
        case BLOCKED -> WaitReason.MONITOR_ENTER.text();
        case TIMED_WAITING -> WaitReason.TIMED.text();
        case WAITING -> WaitReason.PARK.text();
        case NEW, RUNNABLE, TERMINATED -> ""; // it gave way, or runs again already
      };
    }
    String type = blocker.getClass().getName();
    if (!type.startsWith("java.util.concurrent.")) {
      return WaitReason.PARK.text();
    }
    return reason(type.substring("java.util.concurrent.".length())).text();
  }

  private static WaitReason reason(String type) {
    if (type.endsWith("ConditionObject") || type.endsWith("ConditionNode")) {
      return WaitReason.CONDITION;
    }
    if (type.startsWith("SynchronousQueue") || type.startsWith("LinkedTransferQueue")) {
      return WaitReason.QUEUE_TAKE;
    }
    if (type.startsWith("Semaphore")) {
      return WaitReason.SEMAPHORE;
    }
    if (type.startsWith("CountDownLatch")) {
      return WaitReason.LATCH;
    }
    if (type.startsWith("FutureTask") || type.startsWith("CompletableFuture")) {
      return WaitReason.FUTURE;
    }
    if (type.startsWith("Phaser")) {
      return WaitReason.PHASER;
    }
    if (type.startsWith("Exchanger")) {
      return WaitReason.EXCHANGER;
    }
    return type.startsWith("locks.") ? WaitReason.LOCK : WaitReason.PARK;
  }
}
