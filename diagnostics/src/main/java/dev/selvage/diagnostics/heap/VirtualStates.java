package dev.selvage.diagnostics.heap;

import java.util.List;

/**
 * What the number in {@code VirtualThread.state} means. It differs from release to release; each
 * release has its own names for the numbers in static fields, and the dump has those.
 */
final class VirtualStates {
  private static final int UNKNOWN = -1;

  private final int fresh;
  private final int started;
  private final int terminated;
  private final int parked;
  private final int pinned;
  private final int timedParked;
  private final int timedPinned;
  private final int blocked;
  private final int wait;
  private final int timedWait;
  private final int suspended;

  VirtualStates(HeapClass virtualThread) throws HeapDumpException {
    fresh = number(virtualThread, "NEW");
    started = number(virtualThread, "STARTED");
    terminated = number(virtualThread, "TERMINATED");
    parked = number(virtualThread, "PARKED");
    pinned = number(virtualThread, "PINNED");
    timedParked = number(virtualThread, "TIMED_PARKED"); // from 22 on
    timedPinned = number(virtualThread, "TIMED_PINNED");
    blocked = number(virtualThread, "BLOCKED"); // from 24 on
    wait = number(virtualThread, "WAIT");
    timedWait = number(virtualThread, "TIMED_WAIT");
    suspended = Math.max(0, number(virtualThread, "SUSPENDED"));
    if (fresh == UNKNOWN || terminated == UNKNOWN || parked == UNKNOWN || pinned == UNKNOWN) {
      throw new HeapDumpException(
          "its JVM is not known: the states of virtual threads have no name");
    }
  }

  private static int number(HeapClass virtualThread, String name) {
    return (int) virtualThread.constant(name, UNKNOWN);
  }

  /**
   * What a thread in that state does.
   *
   * @param woken whether somebody has woken it already
   * @param stack where it is
   */
  HeapThread.State state(int number, boolean woken, List<StackTraceElement> stack) {
    int state = number & ~suspended;
    if (state == fresh || state == terminated) {
      return HeapThread.State.NOT_ALIVE;
    }
    // What has no stack in the dump cannot be judged.
    if (woken || stack.isEmpty() || state < 0) {
      return HeapThread.State.RUNNABLE;
    }
    if (state == parked) {
      // Until 21 a park with a time limit had no state of its own.
      return isTimed(stack) ? HeapThread.State.TIMED : HeapThread.State.PARKED;
    }
    if (state == pinned) {
      return isTimed(stack) ? HeapThread.State.TIMED : HeapThread.State.PINNED;
    }
    if (state == timedParked || state == timedPinned || state == timedWait) {
      return HeapThread.State.TIMED;
    }
    if (state == blocked) {
      return HeapThread.State.MONITOR_ENTER;
    }
    return state == wait ? HeapThread.State.OBJECT_WAIT : HeapThread.State.RUNNABLE;
  }

  /**
   * What the dump lacks of a thread in that state.
   *
   * @param mounted whether it is on a carrier, or on its way there
   */
  HeapThread.Gap gap(int number, List<StackTraceElement> stack, boolean mounted) {
    int state = number & ~suspended;
    if (state == fresh || state == terminated) {
      return HeapThread.Gap.NONE;
    }
    if (stack.isEmpty()) {
      return state == started ? HeapThread.Gap.NONE : HeapThread.Gap.STACK;
    }
    StackTraceElement bottom = stack.getLast();
    if (!bottom.getClassName().equals("jdk.internal.vm.Continuation")
        || !bottom.getMethodName().equals("enter")) {
      return HeapThread.Gap.CALLERS;
    }
    return mounted && Motion.mayHide(stack) ? HeapThread.Gap.RESULT : HeapThread.Gap.NONE;
  }

  /** Whether a thread in that state has left its carrier, so that all its stack is in the heap. */
  boolean isOff(int number) {
    int state = number & ~suspended;
    return state >= 0
        && (state == parked
            || state == timedParked
            || state == blocked
            || state == wait
            || state == timedWait);
  }

  private static boolean isTimed(List<StackTraceElement> stack) {
    for (StackTraceElement frame : stack) {
      String type = frame.getClassName();
      String method = frame.getMethodName();
      if (type.equals("java.lang.VirtualThread")
          && (method.equals("parkNanos") || method.equals("sleepNanos"))) {
        return true;
      }
      if (!type.startsWith("java.lang.") && !type.startsWith("jdk.internal.")) {
        return false;
      }
    }
    return false;
  }
}
