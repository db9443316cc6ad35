package dev.selvage.diagnostics.growth;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * Processor time that the current thread may spend, from now on: what is taken from the program,
 * however busy the machine is. For the thread that made it. Where the JVM does not measure that (a
 * virtual thread), it is time on the clock.
 */
final class Budget {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final boolean cpu;
  private final long end;

  Budget(long nanos) {
    cpu = !Thread.currentThread().isVirtual() && THREADS.isCurrentThreadCpuTimeSupported();
    end = now() + nanos;
  }

  private long now() {
    return cpu ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
  }

  /** Whether nothing is left. Costs about as much as reading some ten fields. */
  boolean isSpent() {
    return now() - end >= 0;
  }
}
