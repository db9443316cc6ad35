package dev.selvage.http;

/**
 * What the debug endpoints do only where the one who starts them allows it. A request cannot turn
 * it on.
 */
public enum DebugOption {
  /**
   * {@code goroutine?debug=2&locks=1} is answered: stacks with what each thread waits for and
   * holds. Without it the answer is 403.
   *
   * <p>To know locks the JVM is asked for a snapshot of each thread, and JDK 25.0.3 can crash
   * (SIGSEGV) while it takes one of a virtual thread that is just being mounted. So with this a
   * request can end the program. See {@link dev.selvage.diagnostics.profile.StackDump#withLocks()}.
   */
  LOCKS
}
