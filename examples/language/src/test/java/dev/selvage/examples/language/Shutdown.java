package dev.selvage.examples.language;

import static dev.selvage.Go.uninterruptibly;

import dev.selvage.Context;
import dev.selvage.sync.WaitGroup;

/** A program that serves until it is told to end, and puts everything away before it does. */
final class Shutdown {
  private Shutdown() {}

  private static void serve(Context ctx) throws InterruptedException {
    System.out.println("serving");
    ctx.done().receiveOrNull();
    System.out.println("put away");
  }

  /** Runs until a signal comes. */
  public static void main(String[] args) throws InterruptedException {
    // snippet: signals
    var ctx = Context.background().withCancel();
    var serving = new WaitGroup();
    serving.go(() -> serve(ctx.view()));
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  ctx.cancel();
                  uninterruptibly(() -> serving.await());
                }));
    serving.await();
    // end
  }
}
