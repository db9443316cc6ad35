package dev.selvage.verification;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;

/**
 * What the web servers serve. Each request is answered with the help of a thread of its own; on
 * some paths that helper is left behind, and on one the request itself never ends.
 */
final class Shop {
  private static final ExecutorService HELPERS = Executors.newVirtualThreadPerTaskExecutor();

  private Shop() {}

  /** The answer for a path. */
  static String serve(String path) throws InterruptedException {
    return switch (path) {
      case "/quote" -> quote();
      case "/late" -> late();
      case "/stuck" -> stuck();
      case "/carrier" -> Thread.currentThread().toString();
      default -> "ok";
    };
  }

  private static String quote() throws InterruptedException {
    var price = new SynchronousQueue<Integer>();
    HELPERS.execute(
        () -> {
          send(price, 42);
        });
    Integer quoted = price.poll(30, TimeUnit.SECONDS);
    return quoted == null ? "no quote" : "quote " + quoted;
  }

  /** The receiver has gone when the helper is done. */
  private static String late() throws InterruptedException {
    var price = new SynchronousQueue<Integer>();
    var gone = new CountDownLatch(1);
    HELPERS.execute(
        () -> {
          try {
            gone.await();
          } catch (InterruptedException e) {
            return;
          }
          send(price, 43);
        });
    Integer quoted = price.poll(1, TimeUnit.MILLISECONDS);
    gone.countDown();
    return quoted == null ? "too late" : "quote " + quoted;
  }

  private static void send(SynchronousQueue<Integer> price, int value) {
    try {
      price.put(value); // LEAK helper
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String stuck() throws InterruptedException {
    return "got " + new LinkedBlockingQueue<Integer>().take(); // LEAK request
  }
}
