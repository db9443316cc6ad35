package dev.selvage.internal.gmp;

/** How many Ps there should be. */
final class GoMaxProcs {
  private GoMaxProcs() {}

  static int initial() {
    String env = System.getProperty("selvage.gomaxprocs", System.getenv("GOMAXPROCS"));
    if (env != null) {
      try {
        int n = Integer.parseInt(env.strip());
        if (n > 0) {
          return n;
        }
      } catch (NumberFormatException e) {
        // as Go: not a number, not there
      }
    }
    return Runtime.getRuntime().availableProcessors();
  }
}
