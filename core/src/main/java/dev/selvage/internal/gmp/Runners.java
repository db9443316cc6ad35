package dev.selvage.internal.gmp;

import dev.selvage.internal.Log;
import dev.selvage.internal.Schedulers;
import dev.selvage.internal.jdk.VirtualThreads;
import dev.selvage.internal.jdk.VirtualThreads.Missing;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which scheduler this JVM's goroutines run on, decided once, when the first is started. Nothing is
 * logged unless something is not as it was asked for: a logging library may install a shutdown
 * hook, and then nobody can tell any more that all goroutines are asleep.
 */
public final class Runners {
  static final String PROPERTY = "selvage.scheduler";
  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();

  private static final @Nullable Runner RUNNER = choose();

  private Runners() {}

  /** The scheduler of our own; null where it is the JDK's. */
  public static @Nullable Runner ofThisJvm() {
    return RUNNER;
  }

  /** What stayed shut, if our own scheduler could not have all it wants. */
  public static List<Missing> missing() {
    return JDK.missing();
  }

  /** Why there can be no scheduler of our own; null if there can. */
  public static @Nullable String impossible() {
    return JDK.canSchedule()
        ? null
        : JDK.missing().stream().map(Missing::costs).collect(Collectors.joining("; "));
  }

  private static @Nullable Runner choose() {
    String asked = System.getProperty(PROPERTY, "auto");
    switch (asked) {
      case "jdk" -> {
        Schedulers.useJdk(PROPERTY + "=jdk asks for it");
        return null;
      }
      case "auto", "gmp" -> {}
      default -> Log.warn(PROPERTY + "=" + asked + " is none of auto, jdk and gmp; auto it is");
    }
    String impossible = impossible();
    if (impossible != null) {
      if (asked.equals("gmp")) {
        Log.warn("goroutines run on the scheduler of the JDK: " + impossible);
      }
      Schedulers.useJdk(impossible);
      return null;
    }
    JDK.list(Listed.ALL);
    if (!WholeJvm.startsPollers()) {
      JDK.startPollers();
    }
    Runner runner = Runner.start();
    if (runner == null) {
      Log.warn("goroutines run on the scheduler of the JDK: there are no threads for our own");
      Schedulers.useJdk("there are no threads for our own");
    } else {
      JDK.offer(runner);
    }
    return runner;
  }
}
