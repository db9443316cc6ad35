package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static dev.selvage.Select.done;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.SendChannel;
import java.time.Duration;

/**
 * Three shops are asked, and the first answer counts. The other two still want to be rid of theirs.
 */
final class FirstAnswer {
  private FirstAnswer() {}

  private static String ask(int shop) throws InterruptedException {
    Go.sleep(Duration.ofMillis(shop));
    return "shop " + shop;
  }

  /** Takes one answer, and leaves two senders behind. */
  // snippet: wrong
  static String wrong() throws InterruptedException {
    Channel<String> answers = Channel.unbuffered();
    for (int i = 1; i <= 3; i++) {
      go(shop -> answers.send(ask(shop)), i); // LEAK
    }
    return answers.receive();
  }

  // end

  /** Has room for all answers. */
  // snippet: right
  static String right() throws InterruptedException {
    Channel<String> answers = Channel.buffered(3);
    for (int i = 1; i <= 3; i++) {
      go(shop -> answers.send(ask(shop)), i);
    }
    return answers.receive();
  }

  // end

  /** Tells the others that nobody will listen any more. */
  // snippet: context
  static String withContext() throws InterruptedException {
    Channel<String> answers = Channel.unbuffered();
    try (var ctx = Context.current().withCancel()) {
      for (int i = 1; i <= 3; i++) {
        go(shop -> answer(shop, answers, ctx.view()), i);
      }
      return answers.receive();
    }
  }

  private static void answer(int shop, SendChannel<String> answers, Context ctx)
      throws InterruptedException {
    String answer = ask(shop);
    boolean unusedTaken = select(send(answers, answer, () -> true), done(ctx, cause -> false));
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong:   " + Simulated.run(FirstAnswer::wrong).orElseThrow());
    System.out.println("right:   " + Simulated.run(FirstAnswer::right).orElseThrow());
    System.out.println("context: " + Simulated.run(FirstAnswer::withContext).orElseThrow());
  }
}
