package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.time.ManualClock;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * Runs an example under a clock of its own, which jumps from one event to the next: two seconds are
 * over at once, and whoever sleeps shorter always wakes first.
 */
final class Simulated {
  private Simulated() {}

  /**
   * Runs something in a goroutine, and lets time pass for as long as anything is due.
   *
   * @return what it yields; empty when it is stuck: it waits, and nothing is due any more
   * @throws Exception what it throws
   */
  static <T> Optional<T> run(Callable<T> body) throws Exception {
    var clock = ManualClock.create();
    Channel<Outcome<T>> outcome = Channel.buffered(1);
    clock.run(() -> go(() -> outcome.send(outcomeOf(body))));
    boolean more = true;
    while (more) {
      more = clock.advanceToNext();
    }
    Optional<Outcome<T>> end = outcome.tryReceive();
    return end.isPresent() ? Optional.of(end.get().get()) : Optional.empty();
  }

  /** How something ended. */
  @FunctionalInterface
  private interface Outcome<T> {
    T get() throws Exception;
  }

  private static <T> Outcome<T> outcomeOf(Callable<T> body) {
    try {
      T value = body.call();
      return () -> value;
    } catch (Exception e) {
      return () -> {
        throw e;
      };
    }
  }
}
