package dev.selvage.benchmarks;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How late goroutines run that sleep, and one that is handed something, beside as many as there are
 * processors that compute for ever: {@code hogs-sleep-p99} and the like. The same as {@code hogs}
 * in {@code main.go}.
 *
 * <p>Everything is started and ended by the main thread, which is a platform thread: where the
 * goroutines starve, it says so in the same time.
 */
public final class Hogs {
  /** What the names of these programs begin with. */
  static final String PREFIX = "hogs-";

  /** How many goroutines sleep: from 3 milliseconds, each a millisecond longer than the last. */
  public static final int SLEEPERS = 8;

  /** How long the one that hands something over sleeps before it does. */
  public static final long PAUSE_NANOS = 5_000_000;

  /** More wake-ups than there can be in the time. */
  private static final int MOST = 1 << 16;

  /** How many goroutines are to compute. */
  public final int hogs;

  /** The nanoseconds by which goroutines ran too late after they slept. */
  public final Lateness sleeps = new Lateness();

  /** The nanoseconds for which one was runnable that was handed something. */
  public final Lateness sends = new Lateness();

  private volatile boolean measures;
  private volatile boolean ended;

  private Hogs(int hogs) {
    this.hogs = hogs;
  }

  /** Starts the goroutines, and does not wait for them. */
  @FunctionalInterface
  public interface Starter {
    /** Starts those that sleep and hand over; then as many as are to compute. */
    void start(Hogs hogs) throws Exception;
  }

  /** Counts what is noted while it is measured. */
  public final class Lateness {
    private final AtomicLongArray nanos = new AtomicLongArray(MOST);
    private final AtomicInteger count = new AtomicInteger();

    private Lateness() {}

    /** Notes one wake-up. */
    public void note(long late) {
      if (measures) {
        int at = count.getAndIncrement();
        if (at < MOST) {
          nanos.set(at, late);
        }
      }
    }

    private long[] sorted() {
      long[] all = new long[Math.min(count.get(), MOST)];
      Arrays.setAll(all, nanos::get);
      Arrays.sort(all);
      return all;
    }
  }

  /** How long a goroutine sleeps. */
  public static long napNanos(int sleeper) {
    return (3 + sleeper) * 1_000_000L;
  }

  /** Whether those that sleep and hand over are to go on. */
  public boolean goesOn() {
    return !ended;
  }

  /** Computes until the end. */
  public void compute() {
    long x = 1; // noted, so that it is not left out
    while (!ended) {
      x = x * 6364136223846793005L + 1442695040888963407L;
    }
    sends.note(x);
  }

  /**
   * Measures and ends the JVM. Arguments: NAME LEAST WARM_MILLIS SECONDS. Prints nanoseconds, or
   * {@code none} if there were not so many wake-ups: then they starve.
   */
  static void main(Starter starter, String[] args) throws Exception {
    String[] name = args[0].split("-", 3);
    Hogs hogs = new Hogs(procs());
    starter.start(hogs);
    Thread.sleep(Long.parseLong(args[2]));
    hogs.measures = true;
    Thread.sleep(1000 * Long.parseLong(args[3]));
    hogs.measures = false;
    hogs.ended = true;
    long[] late = (name[1].equals("sleep") ? hogs.sleeps : hogs.sends).sorted();
    int percent = Integer.parseInt(name[2].substring(1));
    System.out.println(
        late.length < Integer.parseInt(args[1])
            ? "none"
            : late[(late.length * percent + 99) / 100 - 1] + ".0");
    System.out.flush();
    Runtime.getRuntime().halt(0); // nobody is waited for: they compute, or starve
  }

  private static int procs() {
    String procs = System.getenv("GOMAXPROCS");
    return procs == null ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(procs);
  }
}
