package dev.selvage.examples.leaks;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * Scenario 3, the ticker that is never stopped, with plain JDK parts: a periodic task that is never
 * cancelled.
 *
 * <p>To follow an order, the service schedules a task that looks at it every few seconds. The order
 * is done soon; the task is not told. Each one stays in the scheduler's queue with all it captured,
 * and runs again and again.
 *
 * <p>The fix: keep the handle that scheduling returns and cancel it with the order. {@code
 * setRemoveOnCancelPolicy} takes the cancelled task out of the queue at once, not at its next turn.
 */
final class ForgottenSchedule {
  private static final ScheduledThreadPoolExecutor SCHEDULE = scheduler();

  private ForgottenSchedule() {}

  static final class Leaky implements Step {
    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // that it is ignored is the leak
    public void serve(Order order) {
      SCHEDULE.scheduleAtFixedRate(() -> look(order), 5, 5, SECONDS); // LEAK 3b
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) throws InterruptedException {
      ScheduledFuture<?> following = SCHEDULE.scheduleAtFixedRate(() -> look(order), 5, 5, SECONDS);
      try {
        int unusedStock = Warehouse.stock(order);
      } finally {
        following.cancel(false);
      }
    }
  }

  /** How many tasks wait for their turn. */
  static int scheduled() {
    return SCHEDULE.getQueue().size();
  }

  private static void look(Order order) {
    if (order.id() < 1) {
      throw new IllegalArgumentException("order ids count up from 1, this is " + order.id());
    }
  }

  private static ScheduledThreadPoolExecutor scheduler() {
    var scheduler =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("order-schedule").factory());
    scheduler.setRemoveOnCancelPolicy(true);
    return scheduler;
  }
}
