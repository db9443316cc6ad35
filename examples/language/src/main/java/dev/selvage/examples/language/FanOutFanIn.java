package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.ReceiveChannel;
import dev.selvage.sync.WaitGroup;
import java.util.List;

/** Fan-out: several workers take from one channel. Fan-in: what they find comes on another. */
final class FanOutFanIn {
  private static final int WORKERS = 3;

  private FanOutFanIn() {}

  private static ReceiveChannel<Integer> numbers(int upTo) {
    Channel<Integer> numbers = Channel.unbuffered();
    go(
        () -> {
          try {
            for (int n = 1; n <= upTo; n++) {
              numbers.send(n); // LEAK of the numbers
            }
          } finally {
            numbers.close();
          }
        });
    return numbers;
  }

  /** Waits for the workers before anybody takes what they found. */
  // snippet: wrong
  static List<Integer> wrong() throws InterruptedException {
    Channel<Integer> squares = Channel.unbuffered();
    ReceiveChannel<Integer> numbers = numbers(6);
    var workers = new WaitGroup();
    for (int i = 0; i < WORKERS; i++) {
      workers.go(
          () -> {
            for (int n : numbers) {
              squares.send(n * n); // LEAK of the workers
            }
          });
    }
    workers.await(); // LEAK of who waits
    squares.close();
    return Gather.all(squares).stream().sorted().toList();
  }

  // end

  /** Another goroutine waits and closes, while the results are taken here. */
  // snippet: right
  static List<Integer> right() {
    Channel<Integer> squares = Channel.unbuffered();
    ReceiveChannel<Integer> numbers = numbers(6);
    var workers = new WaitGroup();
    for (int i = 0; i < WORKERS; i++) {
      workers.go(
          () -> {
            for (int n : numbers) {
              squares.send(n * n);
            }
          });
    }
    go(
        () -> {
          workers.await();
          squares.close();
        });
    return Gather.all(squares).stream().sorted().toList();
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(FanOutFanIn::wrong));
    System.out.println("right: " + Simulated.run(FanOutFanIn::right));
  }
}
