package dev.selvage.examples.language;

import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.Scope;
import dev.selvage.TaskFailedException;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Several goroutines for one result, one of which fails: what {@code errgroup} is for in Go. */
final class FirstFailure {
  private FirstFailure() {}

  /** Item 1 is not there, which shows after a second; the others take a minute. */
  private static void pick(int item, List<String> basket) throws InterruptedException {
    if (item == 1) {
      Go.sleep(Duration.ofSeconds(1));
      throw new IllegalStateException("no item 1");
    }
    Go.sleep(Duration.ofMinutes(1));
    basket.add("item " + item);
  }

  /** Waits for all, and does not learn that one failed. */
  // snippet: wrong
  static List<String> wrong() throws InterruptedException {
    List<String> basket = new CopyOnWriteArrayList<>();
    var picking = new WaitGroup();
    picking.go(() -> pick(1, basket));
    picking.go(() -> pick(2, basket));
    picking.await();
    return basket; // complete?
  }

  // end

  /** The first failure ends the others, and is thrown. */
  // snippet: right
  static List<String> right() throws InterruptedException {
    List<String> basket = new CopyOnWriteArrayList<>();
    try (var picking = Scope.open(Context.current())) {
      picking.go(() -> pick(1, basket));
      picking.go(() -> pick(2, basket));
      picking.join();
    }
    return basket;
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(FirstFailure::wrong).orElseThrow());
    try {
      System.out.println("right: " + Simulated.run(FirstFailure::right).orElseThrow());
    } catch (TaskFailedException e) {
      System.out.println("right: " + e.getMessage());
    }
  }
}
