package dev.selvage.diagnostics.profile;

import java.nio.charset.StandardCharsets;

/**
 * What a profile says about one frame: Go's columns, filled from a {@link StackTraceElement}.
 *
 * @param function as {@code com.acme.Order.quote}
 * @param file as {@code com/acme/Order.java}, a path below a source root, so that {@code
 *     -source_path} finds it; {@code ?} where not known
 * @param line 0 where not known
 */
record Frame(String function, String file, int line) {
  // Forty bits of a hash between this and the next power of two: looks like a place in a program,
  // is never zero, and leaves the low bits free, which readers of texts change by one.
  private static final long ADDRESS_BASE = 0x1000_0000_0000L;
  private static final long ADDRESS_MASK = 0x0FFF_FFFF_FFF0L;

  static Frame of(StackTraceElement element) {
    String type = element.getClassName();
    String file = element.getFileName();
    if (file == null) {
      file = "?";
    } else {
      file = type.substring(0, type.lastIndexOf('.') + 1).replace('.', '/') + file;
    }
    String method = element.getMethodName();
    return new Frame(
        method.isEmpty() ? type : type + "." + method, file, Math.max(0, element.getLineNumber()));
  }

  /**
   * Stands in for a program counter, which a Java frame has not got: the same for the same line of
   * the same method in every run (FNV-1a).
   */
  long address() {
    long hash = 0xcbf29ce484222325L;
    for (byte b : (function + "\0" + file + "\0" + line).getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x100000001b3L;
    }
    // The high bits are the better mixed ones.
    return ADDRESS_BASE | ((hash >>> 20) & ADDRESS_MASK);
  }

  /** Whether it only says that a thread is parked: what Go hides of its runtime. */
  boolean isRuntime() {
    return function.startsWith("java.lang.VirtualThread.")
        || function.startsWith("java.lang.System$")
        || function.startsWith("java.util.concurrent.locks.LockSupport.")
        || function.startsWith("jdk.internal.");
  }

  /** Whether it is what every stack begins with. */
  boolean isStart() {
    return function.equals("java.lang.VirtualThread.run");
  }
}
