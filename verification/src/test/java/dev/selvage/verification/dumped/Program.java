package dev.selvage.verification.dumped;

import dev.selvage.verification.dumped.healthy.Healthy;
import dev.selvage.verification.dumped.leaks.Leaks;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Starts each leak and each healthy wait so many times, fills its heap with so many orders, says
 * {@code ready} when all threads have come to rest, and ends with its standard input.
 */
public final class Program {
  private static Order[] orders = {};

  private Program() {}

  /** Four objects, with eight references: about what programs have. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares orders.
  private record Order(String name, Order[] related) {}

  public static void main(String[] args) throws Exception {
    fill(Integer.parseInt(args[1]));
    Leaks.start(Integer.parseInt(args[0]));
    Healthy.start(Integer.parseInt(args[0]));
    say("ready");
    while (System.in.read() >= 0) {
      // What the test says does not matter, but that it is there.
    }
    say("ended with " + orders.length + " orders");
    System.exit(0);
  }

  private static void say(String line) throws IOException {
    System.out.write((line + System.lineSeparator()).getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }

  private static void fill(int count) {
    orders = new Order[count];
    for (int i = 0; i < count; i++) {
      Order before = orders[i / 2];
      Order[] related =
          before == null ? new Order[4] : new Order[] {before, before, before, before};
      orders[i] = new Order(String.format(Locale.ROOT, "order %034d", i), related);
    }
  }
}
