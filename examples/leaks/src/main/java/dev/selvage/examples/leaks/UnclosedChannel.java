package dev.selvage.examples.leaks;

import static dev.selvage.Go.go;

import dev.selvage.Channel;

/**
 * Scenario 2, the channel that is never closed.
 *
 * <p>A goroutine packs what the request sends and ranges over the channel, so it ends when the
 * channel is closed. The request sends its lines and returns without closing. Nobody else has the
 * channel: the goroutine waits for a next line that cannot come.
 *
 * <p>The fix: the sender closes, in a {@code finally}.
 */
final class UnclosedChannel {
  private UnclosedChannel() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) throws InterruptedException {
      Channel<String> lines = Channel.unbuffered();
      go(() -> pack(lines));
      lines.send(order.item());
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) throws InterruptedException {
      Channel<String> lines = Channel.unbuffered();
      go(() -> pack(lines));
      try {
        lines.send(order.item());
      } finally {
        lines.close();
      }
    }
  }

  private static void pack(Channel<String> lines) {
    for (String line : lines) { // LEAK 2
      if (line.isEmpty()) {
        throw new IllegalArgumentException("an order line must name an item");
      }
    }
  }
}
