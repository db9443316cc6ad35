package dev.selvage.internal.gmp;

import dev.selvage.internal.Log;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How many Ps there should be when nobody has said it to the scheduler itself. */
final class GoMaxProcs {
  private static final String PROPERTY = "selvage.gomaxprocs";
  private static final CpuLimit LIMIT = new CpuLimit(Path.of("/"));

  private GoMaxProcs() {}

  /** What was said at the start: the system property, or else the environment variable; or 0. */
  static int asked() {
    int property = number(PROPERTY, System.getProperty(PROPERTY));
    return property > 0 ? property : number("GOMAXPROCS", System.getenv("GOMAXPROCS"));
  }

  /** What the machine and the container allow now. */
  static int byDefault() {
    return LIMIT.procs(Runtime.getRuntime().availableProcessors());
  }

  private static int number(String what, @Nullable String text) {
    if (text == null || text.isBlank()) {
      return 0;
    }
    try {
      int n = Integer.parseInt(text.strip());
      if (n > 0) {
        return n;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    Log.warn(what + "=" + text + " is not a positive number; the default it is");
    return 0;
  }
}
