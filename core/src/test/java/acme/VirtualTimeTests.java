package acme;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.time.Clock;
import dev.selvage.time.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A whole program under virtual time, with nothing but what is public. */
@Timeout(30)
final class VirtualTimeTests {
  private static final Duration DAY = Duration.ofDays(1);

  /** Runs a program in a goroutine whose time passes as soon as there is nothing else to do. */
  private static Duration inVirtualTime(Go.Action program) throws Exception {
    ManualClock clock = ManualClock.create();
    Instant start = clock.instant();
    CompletableFuture<Instant> end = new CompletableFuture<>();
    clock.run(
        () ->
            go(
                () -> {
                  try {
                    program.run();
                    end.complete(Clock.current().instant());
                  } catch (Throwable e) {
                    end.completeExceptionally(e);
                  }
                }));
    clock.settle();
    while (!end.isDone()) {
      if (!clock.advanceToNext()) {
        throw new IllegalStateException("all goroutines are asleep");
      }
    }
    return Duration.between(start, end.get());
  }

  @Test
  void timePassesWhenThereIsNothingElseToDo() throws Exception {
    assertEquals(
        DAY.multipliedBy(101),
        inVirtualTime(
            () -> {
              Channel<Integer> ch = Channel.unbuffered();
              go(
                  () -> {
                    for (int i = 0; i < 100; i++) {
                      Go.sleep(DAY);
                      ch.send(i);
                    }
                  });
              for (int i = 0; i < 100; i++) {
                int expected = i;
                assertEquals(
                    expected, select(receive(ch, v -> v), after(DAY.plusNanos(1), () -> -1)));
              }
              assertEquals(-1, select(receive(ch, v -> v), after(DAY, () -> -1)));
            }));
  }

  @Test
  void aProgramThatCannotGoOnIsFoundOut() {
    assertThrows(
        IllegalStateException.class, () -> inVirtualTime(() -> Channel.unbuffered().receive()));
  }

  @Test
  void whatTheProgramThrowsIsNotLost() {
    ExecutionException e =
        assertThrows(
            ExecutionException.class,
            () ->
                inVirtualTime(
                    () -> {
                      Go.sleep(DAY);
                      throw new IllegalArgumentException("on purpose");
                    }));
    assertInstanceOf(IllegalArgumentException.class, e.getCause());
  }
}
