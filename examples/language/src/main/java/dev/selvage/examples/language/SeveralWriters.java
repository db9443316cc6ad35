package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.SendChannel;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.List;

/** Several writers on one channel: who closes it? Nobody of them: one who waits for all does. */
final class SeveralWriters {
  private SeveralWriters() {}

  /** Writer 1 needs a second for its line, writer 2 two. */
  private static void write(int writer, SendChannel<String> lines) throws InterruptedException {
    Go.sleep(Duration.ofSeconds(writer));
    lines.send("line of writer " + writer);
  }

  /** Each closes when it is done itself. */
  // snippet: wrong
  static List<String> wrong() {
    Channel<String> lines = Channel.unbuffered();
    for (int i = 1; i <= 2; i++) {
      go(
          writer -> {
            write(writer, lines);
            lines.close(); // the other one may still be writing
          },
          i);
    }
    return Gather.all(lines);
  }

  // end

  /** One more goroutine closes, when all are done. */
  // snippet: right
  static List<String> right() {
    Channel<String> lines = Channel.unbuffered();
    var writing = new WaitGroup();
    for (int i = 1; i <= 2; i++) {
      int writer = i;
      writing.go(() -> write(writer, lines));
    }
    go(
        () -> {
          writing.await();
          lines.close();
        });
    return Gather.all(lines);
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(SeveralWriters::wrong).orElseThrow());
    System.out.println("right: " + Simulated.run(SeveralWriters::right).orElseThrow());
  }
}
