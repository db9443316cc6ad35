package dev.selvage.verification.cases;

import static dev.selvage.verification.cases.GoLike.go;

import dev.selvage.verification.cases.GoLike.Chan;
import dev.selvage.verification.cases.Kernel.Leak;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.SynchronousQueue;

/** The leaks that production code is known to repeat, and two programs that strain a prover. */
public final class Patterns {
  private Patterns() {}

  /** Workers drain a queue that is never closed. */
  @Kernel(
      suite = "pattern",
      leaks = @Leak(at = "NoCloseRange", reason = "BlockingQueue.take", count = 3))
  public static final class NoCloseRange implements Case {
    @Override
    public void start() {
      go(
          () -> {
            var work = new LinkedTransferQueue<Integer>();
            var handled = new CountDownLatch(20);
            for (int i = 0; i < 3; i++) {
              go(
                  () -> {
                    while (true) {
                      work.take(); // LEAK NoCloseRange
                      handled.countDown();
                    }
                  });
            }
            for (int i = 0; i < 20; i++) {
              work.put(i);
            }
            handled.await();
          });
    }
  }

  /** What has a stop method is never stopped. */
  @Kernel(suite = "pattern", leaks = @Leak(at = "MethodContractViolation", reason = "Future.get"))
  public static final class MethodContractViolation implements Case {
    static final class Worker {
      private final Chan<Integer> work = new Chan<>(0);
      private final Chan<Void> stop = new Chan<>(0);

      void begin() {
        go(
            () -> {
              while (GoLike.select( // LEAK MethodContractViolation
                      work.receiving(), stop.receiving())
                  == 0) {
                GoLike.yieldNow();
              }
            });
      }

      void stop() {
        stop.close();
      }
    }

    @Override
    public void start() {
      new Worker().begin();
      var stopped = new Worker();
      stopped.begin();
      stopped.stop();
    }
  }

  /** The error was sent, a return is missing, the value is sent as well. */
  @Kernel(suite = "pattern", leaks = @Leak(at = "DoubleSend", reason = "BlockingQueue.put"))
  public static final class DoubleSend implements Case {
    @Override
    public void start() {
      var result = new SynchronousQueue<String>();
      go(
          () -> {
            result.put("error");
            result.put("value"); // LEAK DoubleSend
          });
      go(result::take);
    }
  }

  /** The parent returns on an error before it receives. */
  @Kernel(suite = "pattern", leaks = @Leak(at = "EarlyReturn", reason = "BlockingQueue.put"))
  public static final class EarlyReturn implements Case {
    @Override
    public void start() {
      go(
          () -> {
            var result = new SynchronousQueue<Integer>();
            go(
                () -> {
                  result.put(1); // LEAK EarlyReturn
                });
            if (failed()) {
              return;
            }
            result.take();
          });
    }

    private static boolean failed() {
      return true;
    }
  }

  /** Five senders and one receive; and none at all, with one receive. */
  @Kernel(
      suite = "pattern",
      leaks = {
        @Leak(at = "NCastLeak.send", reason = "BlockingQueue.put", count = 4),
        @Leak(at = "NCastLeak.receive", reason = "BlockingQueue.take")
      })
  public static final class NCastLeak implements Case {
    @Override
    public void start() {
      go(() -> firstOf(5));
      go(() -> firstOf(0));
    }

    private static void firstOf(int senders) throws InterruptedException {
      var results = new SynchronousQueue<Integer>();
      for (int i = 0; i < senders; i++) {
        int value = i;
        go(
            () -> {
              results.put(value); // LEAK NCastLeak.send
            });
      }
      results.take(); // LEAK NCastLeak.receive
    }
  }

  /** The context was cancelled already: half of the results are never received. */
  @Kernel(
      suite = "pattern",
      leaks = @Leak(at = "Timeout", reason = "Future.get", count = 100, atLeast = 1))
  public static final class Timeout implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 100; i++) {
        go(
            () -> {
              var cancelled = new Chan<Void>(0);
              cancelled.close();
              var result = new Chan<Integer>(0);
              go(
                  () -> {
                    result.send(1); // LEAK Timeout
                  });
              GoLike.yieldNow();
              GoLike.select(result.receiving(), cancelled.receiving());
            });
      }
    }
  }

  /** A tree of threads, each of which leaks one receive while collections go on: 206 in all. */
  @Kernel(
      suite = "stress",
      leaks = @Leak(at = "SpawnGC", reason = "BlockingQueue.take", count = 206))
  public static final class SpawnGC implements Case {
    @Override
    public void start() {
      go(() -> node(5));
    }

    private static void node(int depth) {
      var never = new LinkedBlockingQueue<Integer>();
      go(
          () -> {
            never.take(); // LEAK SpawnGC
          });
      if (depth == 4) {
        System.gc();
      }
      // Five children, then four each, three, two: 1 + 5 + 20 + 60 + 120.
      for (int i = 0; depth > 1 && i < depth; i++) {
        go(() -> node(depth - 1));
      }
    }
  }

  /** Control: each link waits for the next one, and the last sleeps. */
  @Kernel(suite = "stress")
  public static final class DaisyChain implements Case {
    @Override
    public void start() {
      go(() -> link(1000, new SynchronousQueue<>()));
    }

    private static void link(int left, SynchronousQueue<Integer> before)
        throws InterruptedException {
      if (left == 0) {
        Thread.sleep(3_600_000);
      } else {
        var next = new SynchronousQueue<Integer>();
        go(() -> link(left - 1, next));
        next.take();
      }
      before.put(left);
    }
  }
}
