package dev.selvage.examples.leaks;

import static dev.selvage.Go.go;

import dev.selvage.Context;
import java.util.concurrent.atomic.LongAdder;

/**
 * Scenario 6, the context that is never cancelled.
 *
 * <p>Each order gets a context of its own. A goroutine waits for its end, to free what was reserved
 * for the order. The request cancels it only when the order fails: when all goes well, it returns
 * without, and nobody is left who could cancel. The goroutine waits on {@code done()} for ever.
 *
 * <p>The fix: {@code try (var ctx = …)} cancels on every path.
 */
final class UncancelledContext {
  private static final LongAdder RELEASED = new LongAdder();

  private UncancelledContext() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) throws InterruptedException {
      var ctx = Context.background().withCancel();
      go(UncancelledContext::release, ctx.view());
      if (order.item().isEmpty()) {
        ctx.cancel();
      }
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) throws InterruptedException {
      try (var ctx = Context.background().withCancel()) {
        go(UncancelledContext::release, ctx.view());
      }
    }
  }

  private static void release(Context ctx) throws InterruptedException {
    ctx.done().receiveOrNull(); // LEAK 6
    RELEASED.increment();
  }
}
