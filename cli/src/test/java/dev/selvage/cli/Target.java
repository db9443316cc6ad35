package dev.selvage.cli;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;

/** The program that tests run and attach to: does what its first argument says. */
public final class Target {
  private Target() {}

  /** {@code echo ...}, {@code exit N}, {@code halt N}, {@code sleep}, {@code leak-and-run}. */
  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "echo" -> System.out.println("said " + Arrays.toString(arguments));
      case "exit" -> System.exit(Integer.parseInt(arguments[1]));
      case "halt" -> Runtime.getRuntime().halt(Integer.parseInt(arguments[1]));
      case "sleep" -> {
        System.out.println("ready");
        Thread.sleep(60_000);
      }
      case "leak-and-run" -> {
        Thread.ofVirtual().name("leaked").start(Target::leak);
        Thread.sleep(200);
        System.out.println("ready");
        long end = System.nanoTime() + 60_000_000_000L;
        while (System.nanoTime() < end) {
          Thread.onSpinWait();
        }
      }
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void leak() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
