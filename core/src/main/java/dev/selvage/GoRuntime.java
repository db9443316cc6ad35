package dev.selvage;

import dev.selvage.internal.gmp.Runners;
import dev.selvage.internal.jdk.VirtualThreads;
import java.util.ArrayList;
import java.util.List;

/**
 * What this JVM can do for goroutines, decided when the first was started.
 *
 * @param scheduler {@code gmp}, ours; or {@code jdk}, that of the JDK
 * @param missing what could not be had, in the order of importance; empty when there is everything
 */
public record GoRuntime(String scheduler, List<Missing> missing) {
  /**
   * Something that could not be had.
   *
   * @param open the package that was not open, as {@code java.base/java.lang}; empty when no flag
   *     helps
   * @param costs what does not work for it, and the flag that helps
   */
  public record Missing(String open, String costs) {}

  /** Makes it immutable. */
  public GoRuntime {
    missing = List.copyOf(missing);
  }

  /** That of this JVM. */
  static GoRuntime ofThisJvm() {
    List<Missing> missing = new ArrayList<>();
    for (VirtualThreads.Missing one : Runners.missing()) {
      missing.add(new Missing(one.open(), one.costs()));
    }
    return new GoRuntime(Runners.ofThisJvm() != null ? "gmp" : "jdk", missing);
  }

  /** In one line, for a log. */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder("scheduler ").append(scheduler);
    for (Missing one : missing) {
      line.append("; missing: ").append(one.costs());
    }
    return line.toString();
  }
}
