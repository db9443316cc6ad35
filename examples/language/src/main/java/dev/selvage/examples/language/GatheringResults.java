package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;

/** Bringing together what goroutines have found. Two of them look up a price of 10 each. */
final class GatheringResults {
  private GatheringResults() {}

  private static int price() throws InterruptedException {
    Go.sleep(Duration.ofMillis(1));
    return 10;
  }

  /** Adds to a shared variable: reads it, computes, writes it back. */
  // snippet: wrong
  static int wrong() throws InterruptedException {
    int[] total = {0};
    var group = new WaitGroup();
    for (int i = 0; i < 2; i++) {
      group.go(() -> total[0] += price()); // read before, written after
    }
    group.await();
    return total[0];
  }

  // end

  /** Sends the results to the one who adds. */
  // snippet: right
  static int right() throws InterruptedException {
    Channel<Integer> prices = Channel.buffered(2);
    for (int i = 0; i < 2; i++) {
      go(() -> prices.send(price()));
    }
    return prices.receive() + prices.receive();
  }

  // end

  /** Or lets one at a time add, with the price already in hand. */
  // snippet: mutex
  static int withMutex() throws InterruptedException {
    int[] total = {0};
    var mutex = new Mutex();
    var group = new WaitGroup();
    for (int i = 0; i < 2; i++) {
      group.go(
          () -> {
            int price = price();
            mutex.withLock(() -> total[0] += price);
          });
    }
    group.await();
    return total[0];
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(GatheringResults::wrong).orElseThrow());
    System.out.println("right: " + Simulated.run(GatheringResults::right).orElseThrow());
    System.out.println("mutex: " + Simulated.run(GatheringResults::withMutex).orElseThrow());
  }
}
