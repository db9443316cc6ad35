package dev.selvage.verification;

import dev.selvage.Channel;
import dev.selvage.Go;

/** A stall that is left: its customers wait for ever. In the language. */
final class LeakyStall {
  private LeakyStall() {}

  public static void main(String[] args) throws Exception {
    for (int i = 0; i < 5; i++) {
      Channel<String> meals = Channel.unbuffered();
      Go.go(meals::receive);
    }
    Child.serve(_ -> {});
  }
}
