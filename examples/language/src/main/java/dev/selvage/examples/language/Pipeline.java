package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static dev.selvage.Select.done;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.ReceiveChannel;
import java.util.List;

/** A pipeline of stages, whose end takes only what it needs. */
final class Pipeline {
  private Pipeline() {}

  /** Takes three squares and goes; the stages before it do not learn of that. */
  // snippet: wrong
  static List<Integer> wrong() throws InterruptedException {
    ReceiveChannel<Integer> squares = squares(numbers());
    return List.of(squares.receive(), squares.receive(), squares.receive());
  }

  private static ReceiveChannel<Integer> numbers() {
    Channel<Integer> out = Channel.unbuffered();
    go(
        () -> {
          for (int n = 1; ; n++) {
            out.send(n); // LEAK of the first stage
          }
        });
    return out;
  }

  private static ReceiveChannel<Integer> squares(ReceiveChannel<Integer> in) {
    Channel<Integer> out = Channel.unbuffered();
    go(
        () -> {
          for (int n : in) {
            out.send(n * n); // LEAK of the second stage
          }
        });
    return out;
  }

  // end

  /** The stages end with a context, and each closes its channel. */
  // snippet: right
  static List<Integer> right() throws InterruptedException {
    try (var ctx = Context.current().withCancel()) {
      ReceiveChannel<Integer> squares = squares(ctx.view(), numbers(ctx.view()));
      return List.of(squares.receive(), squares.receive(), squares.receive());
    }
  }

  private static ReceiveChannel<Integer> numbers(Context ctx) {
    Channel<Integer> out = Channel.unbuffered();
    go(
        () -> {
          try {
            for (int n = 1; sent(ctx, out, n); n++) {}
          } finally {
            out.close();
          }
        });
    return out;
  }

  private static ReceiveChannel<Integer> squares(Context ctx, ReceiveChannel<Integer> in) {
    Channel<Integer> out = Channel.unbuffered();
    go(
        () -> {
          try {
            Integer n = in.receiveOrNull();
            while (n != null && sent(ctx, out, n * n)) {
              n = in.receiveOrNull();
            }
          } finally {
            out.close();
          }
        });
    return out;
  }

  private static boolean sent(Context ctx, Channel<Integer> out, int n)
      throws InterruptedException {
    return select(send(out, n, () -> true), done(ctx, cause -> false));
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(Pipeline::wrong).orElseThrow());
    System.out.println("right: " + Simulated.run(Pipeline::right).orElseThrow());
  }
}
