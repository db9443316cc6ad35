package dev.selvage.cli;

import java.util.Arrays;

/** The program that tests run and attach to: does what its first argument says. */
public final class Target {
  private Target() {}

  /** {@code echo ...}, {@code exit N}, {@code halt N}, {@code sleep}. */
  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "echo" -> System.out.println("said " + Arrays.toString(arguments));
      case "exit" -> System.exit(Integer.parseInt(arguments[1]));
      case "halt" -> Runtime.getRuntime().halt(Integer.parseInt(arguments[1]));
      case "sleep" -> {
        System.out.println("ready");
        Thread.sleep(60_000);
      }
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }
}
