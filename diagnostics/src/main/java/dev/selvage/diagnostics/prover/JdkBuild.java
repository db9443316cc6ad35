package dev.selvage.diagnostics.prover;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is known to be wrong with builds of JDK 25. */
public final class JdkBuild {
  private JdkBuild() {}

  /**
   * A sentence about this build that a reader of a report must know; null if there is nothing to
   * say.
   */
  public static @Nullable String note(Runtime.Version version) {
    if (version.feature() != 25) {
      return version.feature() < 25
          ? "Selvage is made for JDK 25; this is " + version.feature()
          : null;
    }
    List<Integer> parts = version.version();
    int update = version.interim() == 0 ? version.update() : Integer.MAX_VALUE;
    if (parts.size() < 3 || update < 3) {
      return "JDK "
          + version
          + " can lose a wake-up of a virtual thread (JDK-8369227): a thread may hang though"
          + " nothing in the program is wrong; update to 25.0.4 or newer";
    }
    if (update < 4) {
      return "JDK "
          + version
          + " can lose the wake-up of a virtual thread that waits for a monitor (JDK-8373120);"
          + " update to 25.0.4 or newer";
    }
    return null;
  }
}
