package dev.selvage.diagnostics.heap;

import java.util.List;
import java.util.Set;

/** Whether a thread was in the middle of code when the dump was made, or stood still in a wait. */
final class Motion {
  /*
   * Compiled code stops for a dump where a loop jumps back, and where a method returns. Its frame
   * is gone then, and the caller has not got the result yet: the JVM keeps it in a handle, which no
   * record of the dump shows. The same goes for exceptions on their way, and for what is handed to
   * a native method. The dump does not tell at which of those places a thread has stopped, so each
   * is meant that executes Java code. Who waits is in a native method, and has nothing like that.
   */

  /** The bit of a thread's status that says that it runs, as JVMTI has it. */
  static final int RUNNABLE = 0x4;

  /** Native methods of the JDK's own base in which threads stay. */
  private static final Set<String> WAITS =
      Set.of(
          "park",
          "wait",
          "wait0",
          "sleep0",
          "sleepNanos0",
          "takeVirtualThreadListToUnblock",
          "waitForReferencePendingList",
          "waitForProcessExit0");

  private Motion() {}

  /** Whether a thread with that stack, leaf first, may have something in no frame. */
  static boolean mayHide(List<StackTraceElement> stack) {
    if (stack.isEmpty()) {
      return false;
    }
    StackTraceElement top = stack.getFirst();
    String type = top.getClassName();
    if (!top.isNativeMethod()) {
      // The JVM puts that on top of who has run out of memory: it asked for room, and waits.
      return !(type.equals("java.lang.OutOfMemoryError") && top.getMethodName().equals("<init>"));
    }
    boolean base =
        type.startsWith("java.lang.")
            || type.startsWith("jdk.internal.misc.")
            || type.startsWith("jdk.internal.reflect.");
    return base && !WAITS.contains(top.getMethodName());
  }
}
