package dev.selvage.examples.leaks;

import static dev.selvage.Go.go;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;
import dev.selvage.time.Ticker;
import java.time.Duration;
import java.time.Instant;

/**
 * Scenario 3, the ticker that is never stopped.
 *
 * <p>To follow an order, the service starts a goroutine that looks at it with every tick. The order
 * is done soon, but nobody stops the ticker: it goes on waking its goroutine for ever, and keeps
 * whatever that captured. No thread is stuck, so nothing can be proven; but the number of tickers
 * made at one line only grows, and that is what a report shows.
 *
 * <p>The fix: {@code try (var ticker = …)}, and a loop that ends with the order.
 */
final class ForgottenTicker {
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration OFTEN = Duration.ofMillis(2);

  private ForgottenTicker() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) {
      go(() -> follow(order));
    }

    @SuppressWarnings("MustBeClosed") // that it is not closed is the leak
    private static void follow(Order order) {
      var ticker = Ticker.every(EVERY); // LEAK 3
      for (Instant now : ticker.channel()) {
        look(order, now);
      }
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) throws Exception {
      Channel<Integer> stock = Channel.buffered(1);
      go(() -> stock.send(Warehouse.stock(order)));
      try (var ticker = Ticker.every(OFTEN)) {
        boolean open = true;
        while (open) {
          open =
              select(
                  receive(
                      ticker.channel(),
                      now -> {
                        look(order, now);
                        return true;
                      }),
                  receive(stock, _ -> false));
        }
      }
    }
  }

  private static void look(Order order, Instant now) {
    if (order.id() < 1) {
      throw new IllegalArgumentException("at " + now + " there is an order " + order.id());
    }
  }
}
