package dev.selvage.benchmarks;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Plain virtual threads for tasks that may throw. */
final class VirtualThreads {
  private VirtualThreads() {}

  /** What a thread does. */
  interface Task {
    void run() throws Exception;
  }

  static void start(Task task) {
    var unused =
        Thread.startVirtualThread(
            () -> {
              try {
                task.run();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
  }

  /** Runs a program in a virtual thread, and waits for its end. */
  static void run(Harness.Program program, int n) throws Exception {
    var end = new CompletableFuture<@Nullable Void>();
    start(
        () -> {
          try {
            program.run(n);
            end.complete(null);
          } catch (Throwable e) {
            end.completeExceptionally(e);
          }
        });
    end.get();
  }
}
