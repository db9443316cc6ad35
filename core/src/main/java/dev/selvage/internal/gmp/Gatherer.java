package dev.selvage.internal.gmp;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A thread that wakes many goroutines at a time: the one that rings alarms. Those of our own
 * schedulers are gathered, and go into the global queue together, which wakes one M for all of
 * them. Whatever else this thread does, it must {@link #flush} soon.
 */
public final class Gatherer extends Thread {
  private final @Nullable Runnable[] tasks = new Runnable[64];
  private int count;
  private @Nullable Runner runner;

  /** Creates a daemon that does that. */
  public Gatherer(Runnable work, String name) {
    super(null, work, name, 0, false);
    setDaemon(true);
    // Whoever happened to be first must not lend its application's class loader for ever.
    setContextClassLoader(ClassLoader.getSystemClassLoader());
  }

  /** Takes a task that has become runnable on this thread. */
  void gather(Runner on, Runnable task) {
    if (runner != on || count == tasks.length) {
      flush();
      runner = on;
    }
    tasks[count++] = task;
  }

  /** Submits what was gathered. On this thread only. */
  public void flush() {
    Runner on = runner;
    if (on == null || count == 0) {
      return;
    }
    on.submit(batch());
    Arrays.fill(tasks, 0, count, null);
    count = 0;
    runner = null;
  }

  private Batch batch() {
    for (; ; ) {
      try {
        return new Batch(Arrays.copyOf(tasks, count));
      } catch (OutOfMemoryError e) {
        LockSupport.parkNanos(10_000_000); // these are awake already, and must not be lost
      }
    }
  }
}
