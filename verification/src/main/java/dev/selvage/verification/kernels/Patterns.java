package dev.selvage.verification.kernels;

import static dev.selvage.Go.go;
import static dev.selvage.Select.done;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;

/** The leaks that production code is known to repeat. */
public final class Patterns {
  private Patterns() {}

  /** Workers range over a channel that is never closed. */
  @Leak(at = "NoCloseRange", reason = "chan receive", perCopy = 3)
  public static final class NoCloseRange implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var work = Channel.<Integer>unbuffered();
            for (int i = 0; i < 3; i++) {
              go(
                  () -> {
                    for (var item : work) { // LEAK NoCloseRange
                      handle(item);
                    }
                  });
            }
            for (int i = 0; i < 20; i++) {
              work.send(i);
            }
            if (copy.fixed()) {
              work.close();
            }
          });
    }

    private static void handle(int item) {
      if (item < 0) {
        throw new IllegalStateException();
      }
    }
  }

  /** What has a stop method is never stopped. */
  @Leak(at = "MethodContractViolation", reason = "select")
  public static final class MethodContractViolation implements Program {
    static final class Worker {
      private final Channel<Integer> work = Channel.unbuffered();
      private final Channel<Void> stop = Channel.unbuffered();

      void begin() {
        go(
            () -> {
              boolean stopped = false;
              while (!stopped) {
                stopped =
                    select( // LEAK MethodContractViolation
                        receive(work, _ -> false), receive(stop, _ -> true).orClosed(() -> true));
              }
            });
      }

      void stop() {
        stop.close();
      }
    }

    @Override
    public void start(Copy copy) {
      var worker = new Worker();
      worker.begin();
      if (copy.fixed()) {
        worker.stop();
      }
    }
  }

  /** The error was sent, a return is missing, so the value is sent as well. */
  @Leak(at = "DoubleSend", reason = "chan send")
  public static final class DoubleSend implements Program {
    @Override
    public void start(Copy copy) {
      var result = Channel.<String>unbuffered();
      go(
          () -> {
            result.send("error");
            if (copy.fixed()) {
              return;
            }
            result.send("value"); // LEAK DoubleSend
          });
      go(result::receive);
    }
  }

  /** The parent returns on an error before it receives. */
  @Leak(at = "EarlyReturn", reason = "chan send")
  public static final class EarlyReturn implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var result =
                copy.fixed() ? Channel.<Integer>buffered(1) : Channel.<Integer>unbuffered();
            go(
                () -> {
                  result.send(1); // LEAK EarlyReturn
                });
            if (failed()) {
              return;
            }
            result.receive();
          });
    }

    private static boolean failed() {
      return true;
    }
  }

  /** Five senders and one receive; and no sender at all, with one receive. */
  @Leak(at = "NCastLeak.send", reason = "chan send", perCopy = 4)
  @Leak(at = "NCastLeak.receive", reason = "chan receive")
  public static final class NCastLeak implements Program {
    @Override
    public void start(Copy copy) {
      go(() -> firstOf(5, copy.fixed()));
      go(() -> firstOf(0, copy.fixed()));
    }

    private static void firstOf(int senders, boolean fixed) throws InterruptedException {
      var results = fixed ? Channel.<Integer>buffered(senders) : Channel.<Integer>unbuffered();
      for (int i = 0; i < senders; i++) {
        int value = i;
        go(
            () -> {
              results.send(value); // LEAK NCastLeak.send
            });
      }
      if (fixed && senders == 0) {
        results.close();
      }
      results.receiveOrNull(); // LEAK NCastLeak.receive
    }
  }

  /** The context is done already, so chance decides whether the result is ever received. */
  @Leak(at = "Timeout", reason = "chan send")
  public static final class Timeout implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var cancelled = Context.background().withCancel();
            cancelled.cancel();
            var result =
                copy.fixed() ? Channel.<Integer>buffered(1) : Channel.<Integer>unbuffered();
            go(
                () -> {
                  result.send(1); // LEAK Timeout
                });
            Go.yield();
            select(receive(result, v -> v), done(cancelled, _ -> 0));
          });
    }
  }
}
