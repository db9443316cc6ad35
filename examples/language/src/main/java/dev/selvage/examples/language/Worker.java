package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;
import dev.selvage.ReceiveChannel;
import dev.selvage.SendChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The worker: it takes what comes, ends when the channel is closed or nothing came for two seconds,
 * and says {@code done} at the end, whatever happens.
 */
final class Worker {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private Worker() {}

  // snippet: work
  private static void work(ReceiveChannel<Integer> data, SendChannel<String> log) throws Exception {
    boolean more = true;
    while (more) {
      more =
          select(
              receive(
                      data,
                      n -> {
                        log.send("12 / " + n + " = " + 12 / n);
                        return true;
                      })
                  .orClosed(
                      () -> {
                        log.send("closed");
                        return false;
                      }),
              after(
                  PATIENCE,
                  () -> {
                    log.send("timeout");
                    return false;
                  }));
    }
  }

  // end

  /** Says done if all went well. */
  // snippet: wrong
  static void wrong(ReceiveChannel<Integer> data, SendChannel<String> log, SendChannel<Void> done)
      throws Exception {
    work(data, log);
    done.close(); // not if work throws
  }

  // end

  /** Says done whatever happens. */
  // snippet: right
  static void right(ReceiveChannel<Integer> data, SendChannel<String> log, SendChannel<Void> done)
      throws Exception {
    try {
      work(data, log);
    } finally {
      done.close();
    }
  }

  // end

  /** One of the two forms. */
  @FunctionalInterface
  interface Form {
    void run(ReceiveChannel<Integer> data, SendChannel<String> log, SendChannel<Void> done)
        throws Exception;
  }

  /**
   * Gives a worker some numbers, and waits until it is done.
   *
   * @param close whether the channel is closed after them
   * @return what it said; empty when done never came
   */
  static Optional<List<String>> employ(Form worker, boolean close, List<Integer> numbers)
      throws Exception {
    return Simulated.run(
        () -> {
          Channel<Integer> data = Channel.buffered(numbers.size());
          Channel<String> log = Channel.buffered(numbers.size() + 1);
          Channel<Void> done = Channel.unbuffered();
          for (int n : numbers) {
            data.send(n);
          }
          if (close) {
            data.close();
          }
          go("worker", () -> worker.run(data, log, done));
          done.receiveOrNull(); // LEAK
          log.close();
          return Gather.all(log);
        });
  }

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("closed:  " + employ(Worker::right, true, List.of(1, 2)));
    System.out.println("timeout: " + employ(Worker::right, false, List.of(3)));
    System.out.println("right:   " + employ(Worker::right, true, List.of(4, 0)));
    System.out.println("wrong:   " + employ(Worker::wrong, true, List.of(4, 0)));
  }
}
