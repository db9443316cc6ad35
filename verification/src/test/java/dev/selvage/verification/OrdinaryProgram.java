package dev.selvage.verification;

/** A program as any other: it says something on both streams and ends with a code of its own. */
final class OrdinaryProgram {
  static final String OUT = "said by a virtual thread\n";
  static final String ERR = "said on standard error\n";
  static final int CODE = 7;

  private OrdinaryProgram() {}

  public static void main(String[] args) throws InterruptedException {
    Thread.startVirtualThread(() -> System.out.print(OUT)).join();
    System.err.print(ERR);
    System.exit(CODE);
  }
}
