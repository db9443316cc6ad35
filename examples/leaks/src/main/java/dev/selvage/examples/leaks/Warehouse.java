package dev.selvage.examples.leaks;

import java.time.Duration;

/** The slow neighbour that the service asks. Blocks its callers; safe for any number of them. */
final class Warehouse {
  /** How long an answer takes. */
  static final Duration ANSWERS_IN = Duration.ofMillis(50);

  /** How long the service is ready to wait: less, so that it always gives up first. */
  static final Duration PATIENCE = Duration.ofMillis(5);

  private Warehouse() {}

  /** How many pieces are in stock. */
  static int stock(Order order) throws InterruptedException {
    Thread.sleep(ANSWERS_IN);
    return order.item().length();
  }
}
