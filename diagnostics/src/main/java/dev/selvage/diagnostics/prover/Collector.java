package dev.selvage.diagnostics.prover;

import com.sun.management.GarbageCollectorMXBean;
import com.sun.management.GcInfo;
import com.sun.management.HotSpotDiagnosticMXBean;
import dev.selvage.diagnostics.Leaks.Mode;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/** The garbage collector of this JVM: what it is, what it can prove, and how to ask it. */
final class Collector {
  /*
   * System.gc() does not always collect: -XX:+DisableExplicitGC makes it do nothing,
   * -XX:+ExplicitGCInvokesConcurrent makes it start a concurrent cycle. The class histogram of the
   * JDK's own diagnostic commands is made after a full collection whatever those flags say, so it
   * stands in where a full collection is wanted.
   *
   * A concurrent cycle of G1 is had from System.gc() where the flag says so, else from the periodic
   * collection: its interval can be set while the JVM runs, and is set back as soon as a cycle has
   * been seen.
   */

  private static final ObjectName COMMANDS = commands();

  private final String name;
  private final HotSpotDiagnosticMXBean flags =
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);

  Collector() {
    name = nameOf(ManagementFactory.getGarbageCollectorMXBeans().toString(), beans());
  }

  private static ObjectName commands() {
    try {
      return new ObjectName("com.sun.management:type=DiagnosticCommand");
    } catch (JMException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<GarbageCollectorMXBean> beans() {
    return ManagementFactory.getPlatformMXBeans(GarbageCollectorMXBean.class);
  }

  private static String nameOf(String fallback, List<GarbageCollectorMXBean> beans) {
    for (GarbageCollectorMXBean bean : beans) {
      String collector = bean.getName();
      if (collector.startsWith("G1 ")) {
        return "G1";
      } else if (collector.startsWith("PS ")) {
        return "Parallel";
      } else if (collector.equals("Copy") || collector.equals("MarkSweepCompact")) {
        return "Serial";
      } else if (collector.startsWith("ZGC")) {
        return "ZGC";
      } else if (collector.startsWith("Shenandoah")) {
        return "Shenandoah";
      } else if (collector.startsWith("Epsilon")) {
        return "Epsilon";
      }
    }
    return fallback;
  }

  /**
   * {@code G1}, {@code Parallel}, {@code Serial}, {@code ZGC}, {@code Shenandoah} or {@code
   * Epsilon}.
   */
  String name() {
    return name;
  }

  /** Which proofs it can give. */
  List<Mode> modes() {
    return switch (name) {
      case "G1" -> List.of(Mode.NOW, Mode.CONCURRENT);
      case "Parallel", "Serial" -> List.of(Mode.NOW);
      case "ZGC", "Shenandoah" -> List.of(Mode.RECLAIM);
      default -> List.of();
    };
  }

  /**
   * Whether its ordinary collections find threads that carry the reference of a look, and leave
   * them in place.
   */
  boolean finds() {
    return switch (name) {
      case "G1", "Parallel", "Serial" -> true;
      default -> false;
    };
  }

  /** How many collections there have been, of all kinds. */
  static long collections() {
    long count = 0;
    for (GarbageCollectorMXBean bean : beans()) {
      // those of G1's concurrent cycles are counted by their pauses
      count += Math.max(0, bean.getCollectionCount());
    }
    return count;
  }

  /**
   * A number that grows whenever a concurrent cycle of G1 has judged references, or a collection of
   * everything has; with the other collectors it grows with every collection.
   */
  long cycles() {
    long count = 0;
    for (GarbageCollectorMXBean bean : beans()) {
      if (!bean.getName().equals("G1 Young Generation")) {
        count += Math.max(0, bean.getCollectionCount());
      }
    }
    return count;
  }

  /** Why a mode cannot be had here, in a sentence that says what to do; null if it can. */
  @Nullable String refusal(Mode mode) {
    if (modes().contains(mode)) {
      return null;
    }
    return switch (name) {
      case "ZGC", "Shenandoah" ->
          name
              + " keeps every virtual thread alive that it has met, so it cannot prove a leak and"
              + " leave the thread in place: ask for reclaim by name (what is found is then gone),"
              + " or start the program with -XX:+UseG1GC";
      case "Epsilon" ->
          "Epsilon never collects, so it proves nothing: start the program with -XX:+UseG1GC";
      default ->
          mode == Mode.RECLAIM
              ? "reclaim is for ZGC and Shenandoah; with " + name + " use now, which harms nothing"
              : mode.text() + " is not possible with the collector " + name + ": use now";
    };
  }

  /**
   * Collects everything that is unreachable, with the program stopped; returns when done.
   *
   * @return how long the program was stopped, in milliseconds
   */
  double collectNow() {
    long start = System.nanoTime();
    if (flag("DisableExplicitGC") || flag("ExplicitGCInvokesConcurrent")) {
      histogram();
    } else {
      System.gc();
    }
    return (System.nanoTime() - start) / 1e6;
  }

  /** A full collection by way of the class histogram. */
  void histogram() {
    try {
      ManagementFactory.getPlatformMBeanServer()
          .invoke(
              COMMANDS,
              "gcClassHistogram",
              new Object[] {new String[0]},
              new String[] {String[].class.getName()});
    } catch (JMException e) {
      throw new IllegalStateException(
          "neither System.gc() nor GC.class_histogram can be had; start without"
              + " -XX:+DisableExplicitGC",
          e);
    }
  }

  /**
   * Runs one concurrent cycle of G1 and waits for its remark, which is where references are judged.
   *
   * @param enough asked after each cycle that was seen; waiting ends early once it says so
   * @return the longest pause of the cycle in milliseconds
   */
  double collectConcurrently(BooleanSupplier enough) throws InterruptedException {
    if (flag("ExplicitGCInvokesConcurrent") && !flag("DisableExplicitGC")) {
      long before = concurrentPauses();
      System.gc();
      await(() -> concurrentPauses() > before, 10_000);
      return longestPause();
    }
    long before = concurrentPauses();
    String interval = flags.getVMOption("G1PeriodicGCInterval").getValue();
    flags.setVMOption("G1PeriodicGCInterval", "50");
    try {
      // A cycle that was under way when we began has taken its snapshot before: it may still count
      // the hidden threads as reachable. So two cycles, that is four pauses, unless the first was
      // already enough.
      await(() -> concurrentPauses() >= before + 4 || enough.getAsBoolean(), 10_000);
    } finally {
      flags.setVMOption("G1PeriodicGCInterval", interval);
    }
    return longestPause();
  }

  private static void await(BooleanSupplier condition, long millis) throws InterruptedException {
    long deadline = System.nanoTime() + millis * 1_000_000;
    while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
      Thread.sleep(5);
    }
  }

  /** How many pauses concurrent cycles have made so far: two each, remark and cleanup. */
  private static long concurrentPauses() {
    for (GarbageCollectorMXBean bean : beans()) {
      if (bean.getName().equals("G1 Concurrent GC")) {
        return bean.getCollectionCount();
      }
    }
    return 0;
  }

  private static double longestPause() {
    long longest = 0;
    for (GarbageCollectorMXBean bean : beans()) {
      GcInfo last = bean.getLastGcInfo();
      if (last != null && !bean.getName().equals("G1 Old Generation")) {
        longest = Math.max(longest, last.getDuration());
      }
    }
    return longest;
  }

  private boolean flag(String option) {
    try {
      return Boolean.parseBoolean(flags.getVMOption(option).getValue().toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      // not an option of this JVM, so it is not set
      return false;
    }
  }
}
