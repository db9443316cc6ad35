package dev.selvage.diagnostics.growth;

import java.util.concurrent.ForkJoinWorkerThread;
import org.jspecify.annotations.Nullable;

/**
 * Tells which platform threads work for a pool of the JDK, and for which. Reads fields only. Not
 * for several threads at once.
 */
final class Workers {
  private static final int DEEPEST_WRAPPER = 3;

  private final Shapes shapes;

  Workers(Shapes shapes) {
    this.shapes = shapes;
  }

  /** The pool that a platform thread works for; null if it is none of the JDK's. */
  @Nullable Object poolOf(Thread thread) {
    if (thread instanceof ForkJoinWorkerThread) {
      // The JDK's own runs virtual threads: how many can run is no queue of the program's.
      return isCarrier(thread) ? null : shapes.get(thread, "pool");
    }
    return shapes.get(worker(thread), "this$0");
  }

  /** How many tasks the thread has done for its pool; -1 if it works for none. */
  long tasksDone(Thread thread) {
    return thread instanceof ForkJoinWorkerThread
        ? isCarrier(thread) ? -1 : shapes.number(shapes.get(thread, "workQueue"), "nsteals")
        : shapes.number(worker(thread), "completedTasks");
  }

  /** Whether it is of the JDK's own kind, and not one that any pool has. */
  private static boolean isCarrier(Thread thread) {
    return Names.isJdk(thread.getClass()) && !thread.getClass().getName().startsWith("java.");
  }

  private @Nullable Object worker(Thread thread) {
    return worker(target(thread), DEEPEST_WRAPPER);
  }

  /** What a platform thread was given to run; null if nothing, or once it has ended. */
  @Nullable Object target(Thread thread) {
    return shapes.get(shapes.get(thread, "holder"), "task");
  }

  /** Looks through what a thread factory wraps around a worker. */
  private @Nullable Object worker(@Nullable Object target, int depth) {
    if (target == null || isWorker(target)) {
      return target;
    }
    if (depth == 0 || Names.isJdk(target.getClass())) {
      return null;
    }
    for (Shapes.Slot slot : shapes.of(target.getClass()).references()) {
      Object inner = shapes.reader().reference(target, slot.offset());
      Object worker = inner instanceof Runnable ? worker(inner, depth - 1) : null;
      if (worker != null) {
        return worker;
      }
    }
    return null;
  }

  private static boolean isWorker(Object target) {
    return target.getClass().getName().equals("java.util.concurrent.ThreadPoolExecutor$Worker");
  }
}
