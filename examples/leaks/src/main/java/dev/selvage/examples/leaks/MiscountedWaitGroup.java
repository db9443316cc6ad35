package dev.selvage.examples.leaks;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;

/**
 * Scenario 5, the WaitGroup that is counted wrong.
 *
 * <p>Three checks run side by side and a goroutine waits for all of them. One check has nothing to
 * do for most orders and returns early, without {@code done()}. The counter never gets to zero, and
 * the goroutine in {@code await} waits for ever. The request has long given up: it selects with a
 * timeout.
 *
 * <p>The fix: {@code WaitGroup.go} counts by itself, however the task ends.
 */
final class MiscountedWaitGroup {
  private static final Duration PATIENCE = Duration.ofMillis(20);

  private MiscountedWaitGroup() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) throws Exception {
      var checks = new WaitGroup();
      checks.add(2);
      go(
          () -> {
            int unusedStock = Warehouse.stock(order);
            checks.done();
          });
      go(
          () -> {
            if (order.id() > 0) {
              return; // an old customer: nothing to check, and nothing counted down
            }
            checks.done();
          });
      Channel<Boolean> verdict = Channel.buffered(1);
      go(
          () -> {
            checks.await(); // LEAK 5
            verdict.send(true);
          });
      boolean unusedVerdict = select(receive(verdict, ok -> ok), after(PATIENCE, () -> false));
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) throws Exception {
      var checks = new WaitGroup();
      checks.go(() -> Warehouse.stock(order));
      checks.go(
          () -> {
            if (order.id() > 0) {
              return;
            }
            throw new IllegalArgumentException("order ids count up from 1, this is " + order.id());
          });
      Channel<Boolean> verdict = Channel.buffered(1);
      go(
          () -> {
            checks.await();
            verdict.send(true);
          });
      boolean unusedVerdict = select(receive(verdict, ok -> ok), after(PATIENCE, () -> false));
    }
  }
}
