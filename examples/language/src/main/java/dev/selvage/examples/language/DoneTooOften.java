package dev.selvage.examples.language;

import dev.selvage.sync.NegativeWaitGroupException;
import dev.selvage.sync.WaitGroup;
import java.util.List;

/** Counting down twice: on the way out, and once more in the {@code finally}. */
final class DoneTooOften {
  private DoneTooOften() {}

  // snippet: wrong
  private static void print(String line, WaitGroup group) {
    try {
      if (line.isEmpty()) {
        group.done(); // and the finally block counts down again
        return;
      }
      System.out.println("printed " + line);
    } finally {
      group.done();
    }
  }

  // end

  /** Prints an empty line. */
  static void wrong() {
    var group = new WaitGroup();
    group.add(1);
    print("", group);
  }

  /** The group counts by itself, once. */
  // snippet: right
  static void right(List<String> lines) throws InterruptedException {
    var group = new WaitGroup();
    for (String line : lines) {
      group.go(
          () -> {
            if (line.isEmpty()) {
              return;
            }
            System.out.println("printed " + line);
          });
    }
    group.await();
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    try {
      wrong();
    } catch (NegativeWaitGroupException e) {
      System.out.println("wrong: " + e.getMessage());
    }
    right(List.of("", "a line"));
    System.out.println("right: all printed");
  }
}
