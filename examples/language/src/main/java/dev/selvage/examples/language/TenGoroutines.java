package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Ten goroutines, whose order nobody controls. Each computes a square; who is started last has the
 * least to do.
 */
final class TenGoroutines {
  private TenGoroutines() {}

  private static int square(int n) throws InterruptedException {
    Go.sleep(Duration.ofMillis(10 - n));
    return n * n;
  }

  /** Takes what comes first for the square of 0, and so on. */
  // snippet: wrong
  static List<Integer> wrong() throws InterruptedException {
    Channel<Integer> squares = Channel.unbuffered();
    for (int i = 0; i < 10; i++) {
      go(n -> squares.send(square(n)), i);
    }
    List<Integer> result = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      result.add(squares.receive()); // the i-th to come, not the square of i
    }
    return result;
  }

  // end

  /** Gives each goroutine a place of its own for its result. */
  // snippet: right
  static List<Integer> right() throws InterruptedException {
    Integer[] squares = new Integer[10];
    var all = new WaitGroup();
    for (int i = 0; i < 10; i++) {
      int n = i;
      all.go(() -> squares[n] = square(n));
    }
    all.await();
    return Arrays.asList(squares);
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(TenGoroutines::wrong).orElseThrow());
    System.out.println("right: " + Simulated.run(TenGoroutines::right).orElseThrow());
  }
}
