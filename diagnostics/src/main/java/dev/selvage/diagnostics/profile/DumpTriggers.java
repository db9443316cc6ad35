package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.jdk.Signals;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Dumps stacks when something happens: on a signal, or when there are too many goroutines. One dump
 * at a time; what happens during one is not dumped again. Thread-safe.
 */
public final class DumpTriggers implements AutoCloseable {
  /** Where dumps go. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Opens what the next dump is written to. It is closed when the dump ends.
     *
     * @param why a line that says why there is one
     */
    OutputStream open(String why) throws IOException;
  }

  private final Leaks leaks;
  private final StackDump dump;
  private final StackDump.Format format;
  private final Sink sink;
  private final AtomicBoolean dumping = new AtomicBoolean();
  private volatile @Nullable Thread watcher;

  /** Triggers of such dumps, none of which is set yet. */
  public DumpTriggers(Leaks leaks, StackDump dump, StackDump.Format format, Sink sink) {
    this.leaks = leaks;
    this.dump = dump;
    this.format = format;
    this.sink = sink;
  }

  /**
   * Dumps now, unless a dump is being written; blocks while it is.
   *
   * @return whether it was written
   */
  public boolean dump(String why) {
    if (!dumping.compareAndSet(false, true)) {
      return false;
    }
    try (OutputStream out = sink.open(why)) {
      dump.write(out, format);
      return true;
    } catch (IOException | RuntimeException e) {
      System.getLogger("dev.selvage")
          .log(System.Logger.Level.WARNING, "a dump of stacks could not be written", e);
      return false;
    } finally {
      dumping.set(false);
    }
  }

  /**
   * Dumps on every such signal from now on, for the life of the JVM.
   *
   * @param name without SIG, as {@code USR1}
   * @throws IllegalArgumentException if it cannot be had, with the reason
   */
  public void onSignal(String name) {
    Signals.handle(name, () -> dump("on signal " + name));
  }

  /**
   * Dumps when there are more goroutines than a bound, and again when there are twice as many as at
   * the last dump; never more often than once in a time, and not again before they were fewer than
   * the bound or have doubled.
   */
  public synchronized void whenMoreThan(long bound, Duration least, Duration look) {
    if (bound < 1 || watcher != null) {
      throw new IllegalArgumentException(
          bound < 1 ? "the bound must be at least 1" : "there is a bound already");
    }
    Growth growth = new Growth(bound, least, System::nanoTime);
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-dump")
            .inheritInheritableThreadLocals(false)
            .unstarted(() -> watch(growth, look));
    watcher = thread;
    thread.start();
  }

  private void watch(Growth growth, Duration look) {
    try {
      while (true) {
        long count = leaks.count();
        if (growth.isReason(count)) {
          dump("there are " + count + " goroutines");
        }
        Thread.sleep(look);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** When growth is worth a dump. One thread at a time. */
  static final class Growth {
    private final long bound;
    private final long leastNanos;
    private final LongSupplier nanoTime;
    private long next;
    private boolean dumped;
    private long dumpedAt;

    Growth(long bound, Duration least, LongSupplier nanoTime) {
      this.bound = bound;
      this.leastNanos = least.toNanos();
      this.nanoTime = nanoTime;
      this.next = bound;
    }

    boolean isReason(long count) {
      if (count <= bound) {
        next = bound;
        return false;
      }
      if (count <= next || (dumped && nanoTime.getAsLong() - dumpedAt < leastNanos)) {
        return false;
      }
      dumped = true;
      dumpedAt = nanoTime.getAsLong();
      next = 2 * count;
      return true;
    }
  }

  /** Ends the watching for growth. */
  @Override
  public synchronized void close() {
    Thread thread = watcher;
    watcher = null;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
