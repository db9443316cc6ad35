package dev.selvage.verification;

/** Allocates all the time, and keeps the last of it. */
final class KeepingProgram {
  private static final byte[][] KEPT = new byte[1_000][];

  private KeepingProgram() {}

  public static void main(String[] args) throws Exception {
    Thread.ofPlatform().daemon().start(KeepingProgram::keep);
    System.out.println("ready");
    while (System.in.read() >= 0) {
      // Until the test ends.
    }
  }

  private static void keep() {
    for (int i = 0; ; i++) {
      KEPT[i % KEPT.length] = new byte[10_000];
    }
  }
}
