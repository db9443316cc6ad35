package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static dev.selvage.Select.done;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.SendChannel;
import dev.selvage.time.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Stopping a ticker ends the ticks, and nothing else: its channel is not closed, and a loop over it
 * waits for ever. So whoever loops stops, with {@code try (…)}, and learns of the end by a context.
 */
final class StoppedTicker {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private StoppedTicker() {}

  /** Stops the ticker from outside, and waits for the loop to end. */
  // snippet: wrong
  static List<String> wrong() throws InterruptedException {
    Channel<String> log = Channel.buffered(10);
    var ticker = Ticker.every(SECOND);
    go(() -> follow(ticker, log));
    Go.sleep(SECOND.multipliedBy(2).plusMillis(500));
    ticker.stop();
    return logged(log);
  }

  private static void follow(Ticker ticker, SendChannel<String> log) throws InterruptedException {
    for (Instant time : ticker.channel()) { // LEAK
      log.send("tick at " + time.getEpochSecond() % 60);
    }
    log.send("end"); // never
  }

  // end

  /** The loop owns the ticker, and ends with a context. */
  // snippet: right
  static List<String> right() throws InterruptedException {
    Channel<String> log = Channel.buffered(10);
    try (var ctx = Context.current().withCancel()) {
      go(() -> follow(ctx.view(), log));
      Go.sleep(SECOND.multipliedBy(2).plusMillis(500));
    }
    return logged(log);
  }

  private static void follow(Context ctx, SendChannel<String> log) throws Exception {
    try (var ticker = Ticker.every(SECOND)) {
      boolean more = true;
      while (more) {
        more =
            select(
                receive(
                    ticker.channel(),
                    time -> {
                      log.send("tick at " + time.getEpochSecond() % 60);
                      return true;
                    }),
                done(ctx, cause -> false));
      }
    }
    log.send("end");
  }

  // end

  /** What was logged a second later. */
  private static List<String> logged(Channel<String> log) throws InterruptedException {
    Go.sleep(SECOND);
    List<String> lines = new ArrayList<>();
    while (log.len() > 0) {
      lines.add(log.receive());
    }
    return lines;
  }

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(StoppedTicker::wrong).orElseThrow());
    System.out.println("right: " + Simulated.run(StoppedTicker::right).orElseThrow());
  }
}
