package dev.selvage.examples.leaks;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.SynchronousQueue;

/**
 * Scenario 1, the abandoned sender, with plain JDK parts.
 *
 * <p>The service asks the warehouse in a helper thread and waits a few milliseconds for the answer.
 * The warehouse is slower than that: the request goes on without an answer, and the queue with
 * nobody at its other end is forgotten by all but the helper, which waits in {@code put} for ever.
 * One thread more per order.
 *
 * <p>The fix is one slot of buffer: the helper can always leave its answer and go.
 */
final class AbandonedHandover {
  private AbandonedHandover() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) throws InterruptedException {
      ask(order, new SynchronousQueue<>());
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) throws InterruptedException {
      ask(order, new ArrayBlockingQueue<>(1));
    }
  }

  private static void ask(Order order, BlockingQueue<Integer> answer) throws InterruptedException {
    Thread.ofVirtual()
        .name("stock-" + order.id())
        .start(
            () -> {
              try {
                int stock = Warehouse.stock(order);
                answer.put(stock); // LEAK 1b
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Integer unusedStock = answer.poll(Warehouse.PATIENCE.toMillis(), MILLISECONDS);
  }
}
