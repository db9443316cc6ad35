package dev.selvage.diagnostics.heap;

import java.io.IOException;
import java.util.Locale;

/**
 * A heap dump that does not fit into the memory of the JVM that reads it. The message is one line
 * for a user, and says how much it takes.
 */
public final class HeapMemoryException extends IOException {
  private static final long serialVersionUID = 1;
  private static final long MEBIBYTE = 1 << 20;
  private static final long STEP = 64;

  /**
   * For a dump that did not fit.
   *
   * @param needed what it takes, as far as is known
   * @param available the size of the heap that it did not fit into
   */
  public HeapMemoryException(long needed, long available) {
    super(message(mebibytes(needed, available), mebibytes(available)));
  }

  private static String message(long needed, long available) {
    return String.format(
        Locale.ROOT,
        "it needs about %,d MiB of memory, and there are %,d: give it some, with"
            + " JAVA_TOOL_OPTIONS=-Xmx%dm",
        needed,
        available,
        needed);
  }

  /** In whole steps. What did not fit needs more than there is, whatever the estimate says. */
  private static long mebibytes(long needed, long available) {
    long least = mebibytes(Math.max(needed, available + available / 2));
    return (least + STEP - 1) / STEP * STEP;
  }

  private static long mebibytes(long bytes) {
    return (bytes + MEBIBYTE - 1) / MEBIBYTE;
  }
}
