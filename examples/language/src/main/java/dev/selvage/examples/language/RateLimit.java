package dev.selvage.examples.language;

import dev.selvage.Go;
import dev.selvage.time.Clock;
import dev.selvage.time.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Ten requests a second and no more. A request takes 30 milliseconds. */
final class RateLimit {
  private static final Duration PERIOD = Duration.ofMillis(100);

  private RateLimit() {}

  private static void request() throws InterruptedException {
    Go.sleep(Duration.ofMillis(30));
  }

  /** Sleeps in between: the time that the requests take comes on top. */
  // snippet: wrong
  static List<Long> wrong(int requests) throws InterruptedException {
    Instant start = Clock.current().instant();
    List<Long> begun = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      Go.sleep(PERIOD);
      begun.add(millisSince(start));
      request();
    }
    return begun;
  }

  // end

  /** Waits for the next tick: the rhythm stays. */
  // snippet: right
  static List<Long> right(int requests) throws InterruptedException {
    Instant start = Clock.current().instant();
    List<Long> begun = new ArrayList<>();
    try (var ticker = Ticker.every(PERIOD)) {
      for (int i = 0; i < requests; i++) {
        Instant unusedDue = ticker.channel().receive();
        begun.add(millisSince(start));
        request();
      }
    }
    return begun;
  }

  // end

  private static long millisSince(Instant start) {
    return Duration.between(start, Clock.current().instant()).toMillis();
  }

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(() -> wrong(4)).orElseThrow());
    System.out.println("right: " + Simulated.run(() -> right(4)).orElseThrow());
  }
}
