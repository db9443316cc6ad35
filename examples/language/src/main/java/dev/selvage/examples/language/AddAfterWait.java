package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.WaitGroup;
import dev.selvage.sync.WaitGroupMisuseException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Counting up after somebody began to wait. At best the waiter is gone already; between its being
 * released and its return it is a mistake that is thrown.
 */
final class AddAfterWait {
  private static final Duration A_MOMENT = Duration.ofMillis(1);

  private AddAfterWait() {}

  /** Waits first, adds then. */
  // snippet: wrong
  static List<String> wrong() throws InterruptedException {
    Channel<String> log = Channel.buffered(2);
    var group = new WaitGroup();
    go(() -> report(group, log));
    Go.sleep(A_MOMENT);
    group.go(() -> log.send("worked"));
    return List.of(log.receive(), log.receive());
  }

  // end

  /** Adds first. */
  // snippet: right
  static List<String> right() throws InterruptedException {
    Channel<String> log = Channel.buffered(2);
    var group = new WaitGroup();
    group.go(() -> log.send("worked"));
    go(() -> report(group, log));
    return List.of(log.receive(), log.receive());
  }

  // end

  private static void report(WaitGroup group, Channel<String> log) throws InterruptedException {
    group.await();
    log.send("all done");
  }

  /**
   * Uses a group again while those who waited for the last round are still on their way out. With
   * many of them, somebody is.
   *
   * @return the exception; null in the unlikely case that all had returned already
   */
  // snippet: reuse
  static @Nullable WaitGroupMisuseException reuse(int waiters) throws InterruptedException {
    var group = new WaitGroup();
    var out = new WaitGroup();
    group.add(1);
    for (int i = 0; i < waiters; i++) {
      out.go(group::await);
    }
    Go.sleep(A_MOMENT);
    group.done(); // releases them all
    try {
      group.add(1); // the next round begins, too early
      group.done();
      return null;
    } catch (WaitGroupMisuseException e) {
      return e;
    } finally {
      out.await();
    }
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(AddAfterWait::wrong).orElseThrow());
    System.out.println("right: " + Simulated.run(AddAfterWait::right).orElseThrow());
    WaitGroupMisuseException misuse = null;
    while (misuse == null) {
      misuse = reuse(10_000);
    }
    System.out.println("reuse: " + misuse.getMessage());
  }
}
