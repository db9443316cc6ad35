package dev.selvage.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Where threads were blocked, for how long, and who let them wait: Go's block and mutex profiles.
 * Off until asked for; then a wait is one read of a field slower, and a sampled one some
 * microseconds. Thread-safe.
 */
public final class Contentions {
  /*
   * Invariants
   *  1. on is whether anything is sampled: by the program's rates, or by a window that is open.
   *  2. WAITING refers to waiters weakly, so that a blocked goroutine can be garbage while it is
   *     sampled. A value there refers to nothing.
   *  3. Each table has at most MOST_PLACES places; what comes from elsewhere is counted in OTHER.
   *
   * Two spin locks: WAITS for WAITING, and each table's own. Under them nothing is taken; a stack
   * is walked before.
   */
  private static final int MOST_PLACES = 4_096;
  private static final int MOST_FRAMES = 128;
  private static final StackTraceElement OTHER = new StackTraceElement("[other]", "", null, -1);

  private static final Set<String> OURS =
      Set.of("dev.selvage", "dev.selvage.internal", "dev.selvage.sync", "dev.selvage.time");

  /** What a window samples where the program has set no rate of its own. */
  private static final long WINDOW_NANOS = 10_000;

  private static final int WINDOW_FRACTION = 1;

  private static final Table BLOCKS = new Table();
  private static final Table MUTEXES = new Table();

  private static final SpinLock WAITS = new SpinLock();
  private static final Map<Waiter, Long> WAITING = new WeakHashMap<>();

  private static volatile boolean on;

  // Written under the class's monitor, with on after them.
  private static volatile long blockRate;
  private static volatile int mutexFraction;
  private static long askedBlockRate;
  private static int askedMutexFraction;
  private static int windows;

  private Contentions() {}

  /** A place where threads waited, or were let go. */
  private record Place(List<StackTraceElement> stack) {}

  private static final class Count {
    double contentions;
    double nanos;
  }

  /**
   * What came together at one place.
   *
   * @param stack leaf first
   * @param count how often, estimated from the samples
   * @param nanos for how long all in all, estimated from the samples
   */
  public record Contention(List<StackTraceElement> stack, long count, long nanos) {}

  private static final class Table {
    private final SpinLock lock = new SpinLock();
    private final Map<Place, Count> places = new HashMap<>();

    void add(List<StackTraceElement> stack, double contentions, double nanos) {
      Place place = new Place(stack);
      lock.lock();
      try {
        Count count = places.get(place);
        if (count == null) {
          if (places.size() >= MOST_PLACES) {
            place = new Place(List.of(OTHER));
          }
          count = places.computeIfAbsent(place, _ -> new Count());
        }
        count.contentions += contentions;
        count.nanos += nanos;
      } finally {
        lock.unlock();
      }
    }

    List<Contention> list() {
      lock.lock();
      try {
        List<Contention> list = new ArrayList<>(places.size());
        places.forEach(
            (place, count) ->
                list.add(
                    new Contention(
                        place.stack, Math.round(count.contentions), Math.round(count.nanos))));
        return list;
      } finally {
        lock.unlock();
      }
    }
  }

  // --------------- What is asked for ---------------

  /** Samples one blocking wait for each so many nanoseconds blocked; 0 or less: none. */
  public static synchronized void setBlockRate(long nanos) {
    askedBlockRate = Math.max(0, nanos);
    apply();
  }

  /** Samples one of so many contentions of a lock; 0: none. */
  public static synchronized int setMutexFraction(int fraction) {
    int before = askedMutexFraction;
    if (fraction >= 0) {
      askedMutexFraction = fraction;
      apply();
    }
    return before;
  }

  /** Samples both from now on until {@link #closeWindow}, if the program does not already. */
  public static synchronized void openWindow() {
    windows++;
    apply();
  }

  /** Ends what {@link #openWindow} began. */
  public static synchronized void closeWindow() {
    windows--;
    apply();
  }

  private static void apply() {
    blockRate = askedBlockRate > 0 ? askedBlockRate : windows > 0 ? WINDOW_NANOS : 0;
    mutexFraction = askedMutexFraction > 0 ? askedMutexFraction : windows > 0 ? WINDOW_FRACTION : 0;
    on = blockRate > 0 || mutexFraction > 0;
  }

  /** Where threads were blocked, at the end of their waits. */
  public static List<Contention> blocks() {
    return BLOCKS.list();
  }

  /** Where locks were given back for which others had waited. */
  public static List<Contention> mutexes() {
    return MUTEXES.list();
  }

  // --------------- What waits tell ---------------

  static boolean isOn() {
    return on;
  }

  /*
   * Sampling needs memory, and comes where nothing may fail: the waiter is queued, or has been
   * handed what it waited for, or is claimed by who must go on to finish it. So what there is no
   * room for is not sampled, and nobody hears of it.
   */

  /** A wait, measured. */
  static boolean await(Waiter waiter) {
    long begin = System.nanoTime();
    begin(waiter, begin);
    boolean finished = waiter.awaitUnsampled();
    end(waiter, System.nanoTime() - begin);
    return finished;
  }

  private static void begin(Waiter waiter, long begin) {
    try {
      if (isLock(waiter.reason()) && oneOf(mutexFraction)) {
        WAITS.lock();
        try {
          WAITING.put(waiter, begin);
        } finally {
          WAITS.unlock();
        }
      }
    } catch (OutOfMemoryError e) {
      // Not sampled.
    }
  }

  private static void end(Waiter waiter, long waited) {
    try {
      Object reason = waiter.reason();
      if (isLock(reason)) {
        forget(waiter); // gone before, unless nobody gave it the lock, or never there
      }
      if (!reason.toString().equals("sleep")) {
        block(waited);
      }
    } catch (OutOfMemoryError e) {
      // Not sampled.
    }
  }

  private static void block(long waited) {
    long rate = blockRate;
    if (rate > 0 && (waited >= rate || ThreadLocalRandom.current().nextLong(rate) < waited)) {
      // A short wait stands for all those of its length that were not sampled.
      double each = waited >= rate ? 1 : (double) rate / Math.max(1, waited);
      BLOCKS.add(stack(), each, each * waited);
    }
  }

  /** Somebody is about to end a wait. Runs on the thread that does. */
  static void finishing(Waiter waiter, Object winner) {
    try {
      if (!isLock(waiter.reason())) {
        return;
      }
      Long begin = forget(waiter);
      int fraction = mutexFraction;
      // A time limit that rings is nobody's unlock.
      if (begin != null && fraction > 0 && !(winner instanceof Timeout)) {
        long waited = System.nanoTime() - begin;
        MUTEXES.add(stack(), fraction, (double) fraction * waited);
      }
    } catch (OutOfMemoryError e) {
      // Not sampled.
    }
  }

  private static @Nullable Long forget(Waiter waiter) {
    WAITS.lock();
    try {
      return WAITING.remove(waiter);
    } finally {
      WAITS.unlock();
    }
  }

  private static boolean isLock(Object reason) {
    // By its text, as everything in this package: the words are defined above it.
    String text = reason.toString();
    return text.startsWith("sync.Mutex.") || text.startsWith("sync.RWMutex.");
  }

  private static boolean oneOf(int fraction) {
    return fraction == 1 || (fraction > 1 && ThreadLocalRandom.current().nextInt(fraction) == 0);
  }

  /** The stack of the current thread from the operation on that the program called. */
  private static List<StackTraceElement> stack() {
    StackTraceElement[] all = new Throwable().getStackTrace();
    int first = 0;
    while (first + 1 < all.length && isOurs(all[first + 1])) {
      first++;
    }
    return List.of(Arrays.copyOfRange(all, first, Math.min(all.length, first + MOST_FRAMES)));
  }

  private static boolean isOurs(StackTraceElement frame) {
    String name = frame.getClassName();
    return OURS.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))));
  }
}
