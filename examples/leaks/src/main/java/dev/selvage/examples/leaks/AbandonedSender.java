package dev.selvage.examples.leaks;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;

/**
 * Scenario 1, the abandoned sender.
 *
 * <p>The service asks the warehouse in a goroutine and selects between its answer and a timeout.
 * The warehouse is slower: the timeout wins, the request goes on, and with its frame the channel
 * loses its only receiver. The goroutine blocks in {@code send} for ever, one more per order, each
 * with all it captured. This is the most common leak in Go programs.
 *
 * <p>The fix is one slot of buffer: the sender can always leave its answer and go. (Or it selects
 * on a context's {@code done} beside the send.)
 */
final class AbandonedSender {
  private AbandonedSender() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) throws Exception {
      ask(order, Channel.unbuffered());
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) throws Exception {
      ask(order, Channel.buffered(1));
    }
  }

  private static void ask(Order order, Channel<Integer> answer) throws Exception {
    go(
        () -> {
          int stock = Warehouse.stock(order);
          answer.send(stock); // LEAK 1
        });
    int unusedStock = select(receive(answer, stock -> stock), after(Warehouse.PATIENCE, () -> 0));
  }
}
