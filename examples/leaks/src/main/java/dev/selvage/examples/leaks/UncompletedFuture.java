package dev.selvage.examples.leaks;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * Scenario 6, the context that is never cancelled, with plain JDK parts: a future that is never
 * completed.
 *
 * <p>A helper waits until the order is paid or called off, to free what was reserved. The request
 * only completes the future when the customer pays at once; in the other case it returns, and with
 * it goes the last reference from which the future could have been completed.
 *
 * <p>The fix: settle the future on every path, in a {@code finally}.
 */
final class UncompletedFuture {
  private UncompletedFuture() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) {
      var paid = new CompletableFuture<Order>();
      Thread.startVirtualThread(() -> release(paid));
      if (paysAtOnce(order)) {
        paid.complete(order);
      }
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) {
      var paid = new CompletableFuture<Order>();
      Thread.startVirtualThread(() -> release(paid));
      try {
        if (paysAtOnce(order)) {
          paid.complete(order);
        }
      } finally {
        paid.cancel(false); // without effect on a future that is complete
      }
    }
  }

  private static void release(CompletableFuture<Order> paid) {
    try {
      Order unusedPaid = paid.join(); // LEAK 6b
    } catch (CancellationException e) {
      // called off: the reservation ends here, too
    }
  }

  private static boolean paysAtOnce(Order order) {
    return order.item().isEmpty();
  }
}
