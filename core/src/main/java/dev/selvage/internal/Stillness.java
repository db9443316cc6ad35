package dev.selvage.internal;

import java.lang.Thread.State;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Notices when nothing happens any more, asks whether anything ever can again, and says so when
 * not: Go's {@code all goroutines are asleep - deadlock!}. Thread-safe; nothing here blocks but its
 * own thread.
 */
public final class Stillness {
  /*
   * When it looks. Whoever is about to wait, and whoever ends, stirs: that is the read of a flag,
   * and ten times a second a write of it. The watch (platform, daemon, started by the first stir)
   * takes the flag down and pauses. Only when nobody has stirred meanwhile does it look; then it
   * pauses for as long as it has been quiet, so it wakes up seventeen times in the first day of
   * quiet. What deadlocks without a stir, by the end of a thread that is none of ours, is noticed
   * after twice the time.
   *
   * How it looks. A look is a digest of who waits in which wait, or says that somebody can act.
   * Everybody asleep in the same wait at two looks means that between them all were asleep at once
   * (docs/adr/0009). To that comes the rest of the JVM: Outside.
   *
   * It holds no goroutine, not even by its stack, between two looks: a digest has none.
   */
  private static final long FIRST_NANOS = 100_000_000L;

  /** More than that are not looked through for a deadlock: it could be a large file. */
  static final int MOST = 50_000;

  /** The longest text of a report, in characters. */
  private static final int LONGEST = 4 << 20;

  private static final String PROPERTY = "dev.selvage.deadlock";
  private static final boolean ASKED_FOR = System.getProperty(PROPERTY) != null;
  private static final boolean OFF = "off".equals(System.getProperty(PROPERTY));
  private static final Stillness WATCH = new Stillness();

  /** Taken down by the watch; whoever puts it up has seen it down, and wakes the watch. */
  private static volatile boolean stirred = OFF;

  private static volatile @Nullable Consumer<? super String> handler;

  /** Whether a scheduler of our own runs a goroutine, or has one to run. */
  private static volatile BooleanSupplier atWork = () -> false;

  private volatile @Nullable Thread thread;
  private volatile boolean pausing;

  // The watch's own.
  private @Nullable Digest reported;

  private Stillness() {}

  /** Whether somebody who knows this program wants to hear of deadlocks, at some risk. */
  static boolean isAskedFor() {
    return ASKED_FOR || handler != null;
  }

  /** What a look has seen of all that wait. */
  record Digest(int threads, long sum, long product) {}

  /** To be told of a deadlock instead of the log; null for the log again. */
  public static void setHandler(@Nullable Consumer<? super String> told) {
    handler = told;
  }

  /** Says how to ask whether a scheduler of our own runs a goroutine, or has one to run. */
  public static void setAtWork(BooleanSupplier asked) {
    atWork = asked;
  }

  /**
   * Says that something has happened after which all may be asleep. A scheduler calls it when the
   * last of its processors becomes idle; waits and the ends of goroutines do so by themselves.
   */
  public static void stir() {
    if (!stirred) {
      WATCH.wake();
    }
  }

  private void wake() {
    stirred = true;
    Thread t = thread;
    if (t == null) {
      start();
    } else if (pausing) {
      LockSupport.unpark(t);
    }
  }

  private synchronized void start() {
    if (thread != null) {
      return;
    }
    try {
      Thread t =
          Thread.ofPlatform()
              .daemon()
              .name("selvage-stillness")
              .inheritInheritableThreadLocals(false)
              .unstarted(this::run);
      t.setContextClassLoader(ClassLoader.getSystemClassLoader());
      t.start();
      thread = t;
    } catch (OutOfMemoryError e) {
      // No thread to be had, so nobody looks. Whoever is about to wait must not fail for that.
    }
  }

  // --------------- The watch ---------------

  private void run() {
    for (; ; ) {
      try {
        watch();
      } catch (Throwable e) {
        // Whatever it was: it is not for the program to suffer from. It must not come again,
        // though.
        stirred = true;
        try {
          Log.error("the watch for deadlocks has ended", e);
        } catch (Throwable _) {
          // Nobody to tell.
        }
        return;
      }
    }
  }

  private void watch() {
    long quiet = FIRST_NANOS;
    stirred = false;
    while (still(quiet)) {
      Digest seen = look(null);
      if (seen != null && !seen.equals(reported)) {
        // Started before the pause, so that whatever that sets in motion has come to rest.
        try (Outside outside = new Outside()) {
          if (!still(FIRST_NANOS)) {
            return;
          }
          String report = judge(outside, seen);
          if (report != null) {
            reported = seen;
            tell(report);
          }
        }
      }
      quiet = Math.min(quiet * 2, Long.MAX_VALUE / 4);
    }
  }

  /** Pauses; false as soon as somebody stirs. */
  private boolean still(long nanos) {
    long end = System.nanoTime() + nanos;
    pausing = nanos > FIRST_NANOS;
    for (long rest = nanos; rest > 0 && !(pausing && stirred); rest = end - System.nanoTime()) {
      LockSupport.parkNanos(this, rest);
      Thread.interrupted();
    }
    pausing = false;
    return !stirred;
  }

  /** The text of the report; null if this is no deadlock, or cannot be told. */
  private static @Nullable String judge(Outside outside, Digest seen) {
    long threads = outside.threadsMade();
    Set<Long> asleep = new HashSet<>();
    if (!seen.equals(look(asleep)) || !outside.hasNoOtherVirtualThreads(asleep)) {
      return null;
    }
    String report = report();
    // The last question can be asked only twice in the life of a JVM.
    return isStill(outside, seen, threads + 1)
            && outside.hasNoHooks()
            && isStill(outside, seen, threads + 2)
        ? report
        : null;
  }

  private static boolean isStill(Outside outside, Digest seen, long threads) {
    return seen.equals(look(null)) && outside.threadsMade() == threads && !stirred;
  }

  private static void tell(String report) {
    Consumer<? super String> told = handler;
    if (told != null) {
      told.accept(report);
    } else if ("exit".equals(System.getProperty(PROPERTY))) {
      System.err.println("fatal error: " + report);
      Runtime.getRuntime().exit(2);
    } else {
      Log.error(report);
      Bystanders.tellAgent(report);
    }
  }

  // --------------- Looking ---------------

  /**
   * Looks at everybody.
   *
   * @param virtual gets the identifiers of the virtual threads that are asleep
   * @return null when somebody can act, or when there are too many
   */
  private static @Nullable Digest look(@Nullable Set<Long> virtual) {
    if (!SystemClockwork.isAtRest()
        || ManualClockwork.isAnyAlarmPending()
        || atWork.getAsBoolean()) {
      return null;
    }
    Sum sum = new Sum();
    boolean main = false;
    for (Thread platform : Outside.platformThreads()) {
      if (Outside.isService(platform)) {
        continue;
      }
      if (!sum.add(platform)) {
        return null;
      }
      main |= !platform.isDaemon();
    }
    // Without a thread that holds the JVM it is about to end, and nobody is stuck.
    if (!main || !Roster.threads().allMatch(t -> sum.add(virtual, t))) {
      return null;
    }
    return sum.digest();
  }

  private static final class Sum {
    private int threads;
    private long sum;
    private long product = 1;

    boolean add(@Nullable Set<Long> ids, Thread thread) {
      if (thread.getState() == State.TERMINATED) {
        return true;
      }
      if (ids != null) {
        ids.add(thread.threadId());
      }
      return threads < MOST && add(thread);
    }

    /** Counts a thread that is asleep in a wait of ours; false when it is not. */
    boolean add(Thread thread) {
      if (!(LockSupport.getBlocker(thread) instanceof Waiter waiter)) {
        return false;
      }
      int number = waiter.number();
      if (thread.getState() != State.WAITING
          || thread.isInterrupted()
          || !waiter.isWaiting()
          || waiter.number() != number) {
        return false;
      }
      long hash = thread.threadId() * 0x9E3779B97F4A7C15L;
      hash = (hash ^ waiter.stamp()) * 0xC2B2AE3D27D4EB4FL;
      hash = (hash ^ System.identityHashCode(waiter) ^ ((long) number << 32)) * 0x165667B19E3779F9L;
      hash ^= hash >>> 29;
      threads++;
      sum += hash;
      product *= hash | 1;
      return true;
    }

    Digest digest() {
      return new Digest(threads, sum, product);
    }
  }

  // --------------- Telling ---------------

  private static String report() {
    StringBuilder text = new StringBuilder("all goroutines are asleep - deadlock!\n");
    int[] left = new int[1];
    for (Thread thread : Outside.platformThreads()) {
      if (!Outside.isService(thread)) {
        add(text, "thread ", thread, left);
      }
    }
    Roster.threads().forEach(thread -> add(text, "goroutine ", thread, left));
    if (left[0] > 0) {
      text.append("\n...").append(left[0]).append(" more goroutines left out\n");
    }
    return text.toString();
  }

  private static void add(StringBuilder text, String kind, Thread thread, int[] left) {
    if (!(LockSupport.getBlocker(thread) instanceof Waiter waiter)) {
      return;
    }
    if (text.length() > LONGEST) {
      left[0]++;
      return;
    }
    text.append('\n').append(kind).append(thread.threadId());
    if (!thread.getName().isEmpty()) {
      text.append(" \"").append(thread.getName()).append('"');
    }
    text.append(" [").append(waiter);
    long minutes = waiter.waitedNanos() / 60_000_000_000L;
    if (minutes > 0) {
      text.append(", ").append(minutes).append(" minutes");
    }
    for (Object object : waiter.objects()) {
      text.append(", ").append(object).append('@');
      text.append(Integer.toHexString(System.identityHashCode(object)));
    }
    text.append("]:\n");
    for (StackTraceElement frame : thread.getStackTrace()) {
      text.append("\tat ").append(frame).append('\n');
    }
  }
}
