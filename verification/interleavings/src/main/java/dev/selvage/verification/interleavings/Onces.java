package dev.selvage.verification.interleavings;

import dev.selvage.Channel;
import dev.selvage.sync.Once;
import dev.selvage.sync.OnceValue;
import dev.selvage.sync.SingleFlight;

/** Who does what only one is to do, while that one is interrupted. */
final class Onces {
  private Onces() {}

  static void oneOfThreeRunsIt() throws InterruptedException {
    Once once = new Once();
    int[] runs = new int[1];
    Race.Part part =
        () -> {
          once.run(() -> runs[0]++);
          Race.same(1, runs[0], "runs");
        };
    Race.run(part, part, part);
  }

  static void theNextRunsItWhenOneIsInterrupted() throws InterruptedException {
    Once once = new Once();
    int[] runs = new int[1];
    Channel<Integer> nothing = Channel.unbuffered();
    Thread interrupted =
        Race.start(
            () -> {
              try {
                once.run(nothing::receive);
              } catch (InterruptedException e) {
                return;
              }
              Race.same(1, runs[0], "runs");
            });
    Race.Part part =
        () -> {
          once.run(() -> runs[0]++);
          Race.same(1, runs[0], "runs");
        };
    Race.run(interrupted::interrupt, part, part);
    interrupted.join();
  }

  static void aValueIsFoundOutOnce() throws InterruptedException {
    int[] runs = new int[1];
    OnceValue<Integer, RuntimeException> value = Once.value(() -> ++runs[0]);
    Race.Part part = () -> Race.same(1, value.get(), "value");
    Race.run(part, part, part);
  }

  static void onlyOneLeadsAtATime() throws InterruptedException {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    int[] inside = new int[1];
    Race.Part part =
        () ->
            Race.same(
                1,
                flight
                    .run(
                        "key",
                        () -> {
                          Race.same(1, ++inside[0], "leaders");
                          return inside[0]--;
                        })
                    .value(),
                "value");
    Race.run(part, part, part);
    Race.same("SingleFlight(0 in flight)", flight.toString(), "left over");
  }

  static void whoWaitsTakesOverWhenTheLeaderIsInterrupted() throws InterruptedException {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    Channel<Integer> nothing = Channel.unbuffered();
    Thread interrupted =
        Race.start(
            () -> {
              int value;
              try {
                value = flight.run("key", nothing::receive).value();
              } catch (InterruptedException e) {
                return;
              }
              Race.same(2, value, "value");
            });
    Race.Part part = () -> Race.same(2, flight.run("key", () -> 2).value(), "value");
    Race.run(interrupted::interrupt, part, part);
    interrupted.join();
    Race.same("SingleFlight(0 in flight)", flight.toString(), "left over");
  }

  static void whoWaitsIsInterruptedAlone() throws InterruptedException {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    Thread interrupted =
        Race.start(
            () -> {
              try {
                Race.same(3, flight.run("key", () -> 3).value(), "value");
              } catch (InterruptedException e) {
                Race.check(!Thread.currentThread().isInterrupted(), "interrupted twice");
              }
            });
    Race.Part part =
        () -> {
          SingleFlight.Result<Integer> result = flight.run("key", () -> 3);
          Race.same(3, result.value(), "value");
        };
    Race.run(interrupted::interrupt, part, part);
    interrupted.join();
    Race.same("SingleFlight(0 in flight)", flight.toString(), "left over");
  }

  static void forgettingAgainstAsking() throws InterruptedException {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    Race.Part part = () -> Race.same(4, flight.run("key", () -> 4).value(), "value");
    Race.run(part, () -> flight.forget("key"), part);
    Race.same("SingleFlight(0 in flight)", flight.toString(), "left over");
  }
}
