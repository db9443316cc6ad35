package dev.selvage.examples.leaks;

import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Scenario 2, the channel that is never closed, with plain JDK parts: a queue that is never ended.
 *
 * <p>A helper packs what the request puts into a queue and stops at the line {@link #END}. The
 * request forgets to put that line. It has returned, nobody else knows the queue, and the helper
 * waits in {@code take} for a line that cannot come.
 *
 * <p>The helpers belong to an executor that lives as long as the program: only its {@code
 * shutdownNow} could still interrupt them, and nobody calls that while the service runs.
 *
 * <p>The fix: whoever fills the queue ends it, in a {@code finally}.
 */
final class UnendedQueue {
  private static final String END = "";
  private static final ExecutorService PACKERS = Executors.newVirtualThreadPerTaskExecutor();

  private UnendedQueue() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) {
      BlockingQueue<String> lines = new LinkedBlockingQueue<>();
      PACKERS.execute(() -> pack(lines));
      lines.add(order.item());
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) {
      BlockingQueue<String> lines = new LinkedBlockingQueue<>();
      PACKERS.execute(() -> pack(lines));
      try {
        lines.add(order.item());
      } finally {
        lines.add(END);
      }
    }
  }

  private static void pack(BlockingQueue<String> lines) {
    try {
      String line;
      do {
        line = lines.take(); // LEAK 2b
      } while (!Objects.equals(line, END));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
