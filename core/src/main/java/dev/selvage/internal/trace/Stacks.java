package dev.selvage.internal.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Walks stacks, and leaves out what is no place in a program. */
final class Stacks {
  /** Go's limit. */
  private static final int MOST_FRAMES = 128;

  private static final Set<String> OURS =
      Set.of(
          "dev.selvage",
          "dev.selvage.internal",
          "dev.selvage.internal.gmp",
          "dev.selvage.internal.jdk",
          "dev.selvage.internal.trace",
          "dev.selvage.scheduler",
          "dev.selvage.sync",
          "dev.selvage.time",
          "dev.selvage.trace");

  private Stacks() {}

  /**
   * The stack of the current thread, leaf first: from the operation on that the program called, to
   * the method with which its thread began.
   */
  static List<StackTraceElement> ofCurrentThread() {
    return trimmed(new Throwable().getStackTrace());
  }

  static List<StackTraceElement> trimmed(StackTraceElement[] all) {
    int first = 0;
    while (first < all.length && isInside(all[first])) {
      first++;
    }
    if (first == all.length) {
      return List.of(); // nothing of the program, as on a thread of our own
    }
    if (first > 0 && isOurs(all[first - 1])) {
      first--;
    }
    int end = all.length;
    while (end > first + 1 && isStart(all[end - 1])) {
      end--;
    }
    if (end - first <= MOST_FRAMES) {
      return List.of(Arrays.copyOfRange(all, first, end));
    }
    // The root says which kind of goroutine it is.
    List<StackTraceElement> cut =
        new ArrayList<>(Arrays.asList(all).subList(first, first + MOST_FRAMES - 1));
    cut.add(all[end - 1]);
    return List.copyOf(cut);
  }

  private static boolean isOurs(StackTraceElement frame) {
    String name = frame.getClassName();
    return OURS.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))));
  }

  private static boolean isInside(StackTraceElement frame) {
    String name = frame.getClassName();
    return isOurs(frame)
        || name.startsWith("java.lang.VirtualThread")
        || name.startsWith("java.lang.ThreadBuilders")
        || name.equals("java.lang.Thread")
        || name.startsWith("java.lang.System$")
        || name.equals("java.util.concurrent.locks.LockSupport")
        || name.startsWith("java.lang.invoke.")
        || name.startsWith("jdk.internal.");
  }

  private static boolean isStart(StackTraceElement frame) {
    return isInside(frame);
  }
}
