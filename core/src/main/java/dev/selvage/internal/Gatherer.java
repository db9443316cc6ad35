package dev.selvage.internal;

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
  private @Nullable Sink sink;

  /** Creates a daemon that does that. */
  public Gatherer(Runnable work, String name) {
    super(null, work, name, 0, false);
    setDaemon(true);
    // Whoever happened to be first must not lend its application's class loader for ever.
    setContextClassLoader(ClassLoader.getSystemClassLoader());
  }

  /** Where what was gathered goes: a scheduler. */
  public interface Sink {
    /**
     * Takes tasks; the array is full, and the sink's from here on. What it throws it throws before
     * it has taken anything.
     */
    void submit(@Nullable Runnable[] tasks);
  }

  /** Takes a task that has become runnable on this thread. */
  public void gather(Sink to, Runnable task) {
    if (sink != to || count == tasks.length) {
      flush();
      sink = to;
    }
    tasks[count++] = task;
  }

  /** Submits what was gathered. On this thread only. */
  public void flush() {
    Sink to = sink;
    if (to == null || count == 0) {
      return;
    }
    for (boolean done = false; !done; ) {
      try {
        to.submit(Arrays.copyOf(tasks, count));
        done = true;
      } catch (OutOfMemoryError e) {
        LockSupport.parkNanos(10_000_000); // these are awake already, and must not be lost
      }
    }
    Arrays.fill(tasks, 0, count, null);
    count = 0;
    sink = null;
  }
}
