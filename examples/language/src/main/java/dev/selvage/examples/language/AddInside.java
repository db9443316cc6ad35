package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Go;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** Counting up inside the goroutine is too late: whoever waits may see zero before. */
final class AddInside {
  private AddInside() {}

  /** Stands for a busy machine, on which a goroutine does not begin at once. */
  private static void beginLate() throws InterruptedException {
    Go.sleep(Duration.ofMillis(1));
  }

  /** How much was done when the wait was over. */
  // snippet: wrong
  static int wrong() throws InterruptedException {
    var finished = new AtomicInteger();
    var group = new WaitGroup();
    for (int i = 0; i < 3; i++) {
      go(
          () -> {
            beginLate();
            group.add(1);
            try {
              finished.incrementAndGet();
            } finally {
              group.done();
            }
          });
    }
    group.await(); // the counter is still zero
    return finished.get();
  }

  // end

  /** The same, counted by who starts the goroutines. */
  // snippet: right
  static int right() throws InterruptedException {
    var finished = new AtomicInteger();
    var group = new WaitGroup();
    for (int i = 0; i < 3; i++) {
      group.go(
          () -> {
            beginLate();
            finished.incrementAndGet();
          });
    }
    group.await();
    return finished.get();
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(AddInside::wrong).orElseThrow() + " of 3 done");
    System.out.println("right: " + Simulated.run(AddInside::right).orElseThrow() + " of 3 done");
  }
}
