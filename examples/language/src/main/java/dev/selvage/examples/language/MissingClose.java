package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.ReceiveChannel;
import java.util.ArrayList;
import java.util.List;

/** A loop over a channel ends when the channel is closed. On some path nobody does. */
final class MissingClose {
  private MissingClose() {}

  // snippet: loop
  private static List<String> ship(ReceiveChannel<String> boxes) {
    List<String> shipped = new ArrayList<>();
    for (String box : boxes) { // LEAK
      shipped.add(box);
    }
    return shipped;
  }

  // end

  /** Closes if it gets to the end. */
  // snippet: wrong
  static List<String> wrong(List<String> orders) {
    Channel<String> boxes = Channel.unbuffered();
    go(
        () -> {
          for (String order : orders) {
            if (order.isEmpty()) {
              return; // and the channel stays open
            }
            boxes.send("box of " + order);
          }
          boxes.close();
        });
    return ship(boxes);
  }

  // end

  /** Closes whatever happens. */
  // snippet: right
  static List<String> right(List<String> orders) {
    Channel<String> boxes = Channel.unbuffered();
    go(
        () -> {
          try {
            for (String order : orders) {
              if (order.isEmpty()) {
                return;
              }
              boxes.send("box of " + order);
            }
          } finally {
            boxes.close();
          }
        });
    return ship(boxes);
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("all:   " + Simulated.run(() -> wrong(List.of("yarn", "thread"))));
    System.out.println("wrong: " + Simulated.run(() -> wrong(List.of("yarn", ""))));
    System.out.println("right: " + Simulated.run(() -> right(List.of("yarn", ""))));
  }
}
