package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.done;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.SendChannel;
import java.time.Duration;

/**
 * A shop is asked for a price, for two seconds. It answers after three, and wants to be rid of it.
 */
final class AnswerInTime {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private AnswerInTime() {}

  private static String ask() throws InterruptedException {
    Go.sleep(Duration.ofSeconds(3));
    return "12 EUR";
  }

  /** Goes away after two seconds, and leaves the sender behind. */
  // snippet: wrong
  static String wrong() throws InterruptedException {
    Channel<String> answer = Channel.unbuffered();
    go(() -> answer.send(ask())); // LEAK
    return select(receive(answer, price -> price), after(PATIENCE, () -> "no answer in time"));
  }

  // end

  /** Has room for the answer that nobody waits for any more. */
  // snippet: right
  static String right() throws InterruptedException {
    Channel<String> answer = Channel.buffered(1);
    go(() -> answer.send(ask()));
    return select(receive(answer, price -> price), after(PATIENCE, () -> "no answer in time"));
  }

  // end

  /** Has a context with that time, which both look at. */
  // snippet: context
  static String withContext() throws InterruptedException {
    Channel<String> answer = Channel.unbuffered();
    try (var ctx = Context.current().withTimeout(PATIENCE)) {
      go(() -> answer(answer, ctx.view()));
      return select(receive(answer, price -> price), done(ctx, cause -> "no answer in time"));
    }
  }

  private static void answer(SendChannel<String> answer, Context ctx) throws InterruptedException {
    String price = ask();
    boolean unusedTaken = select(send(answer, price, () -> true), done(ctx, cause -> false));
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong:   " + Simulated.run(AnswerInTime::wrong).orElseThrow());
    System.out.println("right:   " + Simulated.run(AnswerInTime::right).orElseThrow());
    System.out.println("context: " + Simulated.run(AnswerInTime::withContext).orElseThrow());
  }
}
