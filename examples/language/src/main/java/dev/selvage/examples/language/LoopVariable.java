package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.Go;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A variable that goes on changing after the goroutine was started. Java refuses to capture a loop
 * variable, so the mistake comes as a holder that all share: an array of one, an atomic, a field.
 */
final class LoopVariable {
  private LoopVariable() {}

  /** Stands for a busy machine, on which a goroutine does not begin at once. */
  private static void beginLate() throws InterruptedException {
    Go.sleep(Duration.ofMillis(1));
  }

  /** All goroutines look at the same holder, when the loop is over. */
  // snippet: wrong
  static List<Integer> wrong() throws InterruptedException {
    Channel<Integer> seen = Channel.buffered(3);
    var page = new AtomicInteger();
    for (int i = 1; i <= 3; i++) {
      page.set(i);
      go(
          () -> {
            beginLate();
            seen.send(page.get());
          });
    }
    return sorted(seen);
  }

  // end

  /** Each gets the value of the moment. */
  // snippet: right
  static List<Integer> right() throws InterruptedException {
    Channel<Integer> seen = Channel.buffered(3);
    for (int i = 1; i <= 3; i++) {
      go(
          page -> {
            beginLate();
            seen.send(page);
          },
          i);
    }
    return sorted(seen);
  }

  // end

  /** What is frozen is the reference. An object that goes on changing is as shared as before. */
  // snippet: shared
  static List<Integer> stillShared() throws InterruptedException {
    Channel<Integer> seen = Channel.buffered(3);
    var page = new AtomicInteger();
    for (int i = 1; i <= 3; i++) {
      page.set(i);
      go(
          p -> {
            beginLate();
            seen.send(p.get());
          },
          page);
    }
    return sorted(seen);
  }

  // end

  private static List<Integer> sorted(Channel<Integer> seen) throws InterruptedException {
    return Stream.of(seen.receive(), seen.receive(), seen.receive()).sorted().toList();
  }

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong:  " + Simulated.run(LoopVariable::wrong).orElseThrow());
    System.out.println("right:  " + Simulated.run(LoopVariable::right).orElseThrow());
    System.out.println("shared: " + Simulated.run(LoopVariable::stillShared).orElseThrow());
  }
}
