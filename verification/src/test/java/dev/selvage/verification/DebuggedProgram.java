package dev.selvage.verification;

import dev.selvage.Channel;
import dev.selvage.Go;

/** A goroutine to step through, which waits for another one on its way. */
final class DebuggedProgram {
  static final int ROUNDS = 3;

  private DebuggedProgram() {}

  public static void main(String[] args) throws Exception {
    Channel<Integer> there = Channel.unbuffered();
    Channel<Integer> back = Channel.unbuffered();
    Channel<Integer> sum = Channel.unbuffered();
    Go.go(
        "echo",
        () -> {
          for (int value : there) {
            back.send(value * 2);
          }
        });
    Go.go("debugged", () -> sum.send(debugged(there, back)));
    int all = sum.receive();
    there.close();
    Thread.ofVirtual().start(() -> Child.say("sum " + all + " on " + scheduler())).join();
  }

  private static String scheduler() {
    return Thread.currentThread().toString().contains("@selvage-m-") ? "gmp" : "jdk";
  }

  private static int debugged(Channel<Integer> there, Channel<Integer> back)
      throws InterruptedException {
    int sum = 0;
    for (int i = 1; i <= ROUNDS; i++) {
      there.send(i); // LINE send
      int twice = back.receive(); // LINE receive
      sum = plus(sum, twice); // LINE call
      Thread.sleep(1); // LINE sleep
      sum++; // LINE last
    }
    return sum;
  }

  private static int plus(int a, int b) {
    int c = a + b; // LINE inside
    return c;
  }
}
