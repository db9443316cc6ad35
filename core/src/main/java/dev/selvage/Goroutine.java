package dev.selvage;

import dev.selvage.internal.Log;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * One goroutine: a task on a virtual thread of its own. Nothing refers to a goroutine but its
 * thread, and to that only what runs it or can wake it.
 */
final class Goroutine implements Runnable {
  private static final ThreadFactory UNNAMED = Thread.ofVirtual().factory();

  private final Go.Action task;

  private Goroutine(Go.Action task) {
    this.task = task;
  }

  static void start(@Nullable String name, Go.Action task) {
    Goroutine goroutine = new Goroutine(task);
    Thread thread =
        name == null
            ? UNNAMED.newThread(goroutine)
            : Thread.ofVirtual().name(name).unstarted(goroutine);
    thread.start();
  }

  @Override
  public void run() {
    try {
      task.run();
    } catch (Throwable e) {
      uncaught(e);
    }
  }

  /** Tells whoever the program named for that, or else the log. Never ends the program. */
  private static void uncaught(Throwable e) {
    Thread thread = Thread.currentThread();
    Thread.UncaughtExceptionHandler handler = Thread.getDefaultUncaughtExceptionHandler();
    if (handler != null) {
      handler.uncaughtException(thread, e);
    } else {
      String name = thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName();
      Log.error("goroutine " + name + " ended with an exception that it did not catch", e);
    }
  }
}
