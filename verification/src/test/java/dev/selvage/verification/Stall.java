package dev.selvage.verification;

import dev.selvage.Channel;
import dev.selvage.Go;

/** Customers who wait at a stall, and one cook who works: in the language. */
final class Stall {
  /** How many wait. */
  static final int WAITING = 20;

  private static final Channel<String> MEALS = Channel.unbuffered();

  private static volatile long cooked;

  private Stall() {}

  public static void main(String[] args) throws Exception {
    for (int i = 0; i < WAITING; i++) {
      Go.go("customer-" + i, Stall::eat);
    }
    Go.go("cook", Stall::cook);
    Thread.sleep(300);
    Child.serve(_ -> Child.say("served " + MEALS.trySend("soup " + cooked)));
  }

  private static void eat() throws InterruptedException {
    MEALS.receive();
  }

  private static void cook() throws InterruptedException {
    while (true) {
      long sum = 0;
      for (int i = 0; i < 1_000_000; i++) {
        sum += Long.numberOfTrailingZeros(i * 31L + sum);
      }
      cooked = sum;
      Go.yield();
    }
  }
}
