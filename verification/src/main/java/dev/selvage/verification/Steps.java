package dev.selvage.verification;

/** Does things again and again, until a line of standard input comes. */
final class Steps {
  private Steps() {}

  /** One thing; it is told how often all have been done. */
  interface Step {
    void run(int number) throws Exception;
  }

  /** Says ready once all have begun. */
  static void run(Step... steps) throws Exception {
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                for (int i = 1; ; i++) {
                  for (Step step : steps) {
                    step.run(i);
                  }
                  Thread.sleep(50);
                }
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    System.out.println("ready");
    System.in.read();
    System.exit(0);
  }
}
