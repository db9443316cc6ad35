package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.Goroutine;
import dev.selvage.Inheritance;
import dev.selvage.ReceiveChannel;
import dev.selvage.TaskFailedException;
import dev.selvage.observe.WaitReason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class SingleFlightTests {
  private final SingleFlight<String, Integer> flight = new SingleFlight<>();
  private final Channel<Integer> answer = Channel.unbuffered();

  @AfterEach
  void nothingIsLeftOver() {
    assertEquals("SingleFlight(0 in flight)", flight.toString());
    assertFalse(Thread.interrupted());
  }

  private static Optional<WaitReason> reason(Thread thread) {
    return Optional.ofNullable(Goroutine.of(thread)).flatMap(Goroutine::waitReason);
  }

  /** Starts one that asks, and puts what becomes of that into the channel. */
  private Thread ask(SingleFlight.Body<Integer> body, Channel<Object> outcome) {
    return startBlocked(
        () -> {
          Object o;
          try {
            SingleFlight.Result<Integer> result = flight.run("key", body);
            o = result.value() + (result.shared() ? " shared" : " alone");
          } catch (Throwable e) {
            o = e;
          }
          outcome.send(o);
        });
  }

  private static int wrong() {
    throw new AssertionError("this one must not run");
  }

  // --------------- Sharing ---------------

  @Test
  void oneRunsAndAllShare() throws Exception {
    Channel<Object> outcomes = Channel.buffered(3);
    ask(answer::receive, outcomes);
    Thread follower = ask(SingleFlightTests::wrong, outcomes);
    ask(SingleFlightTests::wrong, outcomes);
    assertEquals(Optional.of(WaitReason.SINGLE_FLIGHT_DO), reason(follower));
    assertEquals("SingleFlight(1 in flight)", flight.toString());
    answer.send(5);
    for (int i = 0; i < 3; i++) {
      assertEquals("5 shared", outcomes.receive());
    }
  }

  @Test
  void whoIsAloneSharesNothingAndNothingIsKept() throws Exception {
    SingleFlight.Result<Integer> first = flight.run("key", () -> 1);
    assertEquals(1, first.value());
    assertFalse(first.shared());
    assertNull(first.exception());
    assertEquals("Result(value)", first.toString());
    assertEquals(2, flight.run("key", () -> 2).value());
  }

  @Test
  void differentKeysHaveNothingToDoWithEachOther() throws Exception {
    Channel<Object> outcome = Channel.buffered(1);
    ask(answer::receive, outcome);
    assertEquals(2, flight.run("other", () -> 2).value());
    answer.send(1);
    assertEquals("1 alone", outcome.receive());
  }

  @Test
  void aValueMayBeNull() throws Exception {
    SingleFlight<String, @Nullable String> nulls = new SingleFlight<>();
    assertNull(nulls.run("key", () -> null).value());
  }

  @Test
  void manyAtTheSameTimeGetWhatSomebodyFoundForThem() throws Exception {
    AtomicInteger runs = new AtomicInteger();
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger wrong = new AtomicInteger();
    WaitGroup wg = new WaitGroup();
    for (int i = 0; i < 50; i++) {
      wg.go(
          () -> {
            for (int n = 0; n < 200; n++) {
              int before = runs.get();
              int value =
                  flight
                      .run(
                          "key",
                          () -> {
                            if (inside.incrementAndGet() != 1) {
                              wrong.incrementAndGet();
                            }
                            int run = runs.incrementAndGet();
                            Go.yield();
                            inside.decrementAndGet();
                            return run;
                          })
                      .value();
              if (value < before) {
                wrong.incrementAndGet(); // that was over before this one asked
              }
            }
          });
    }
    wg.await();
    assertEquals(0, wrong.get());
    assertTrue(runs.get() < 10_000, () -> runs + " runs: nobody ever shared");
  }

  // --------------- Failing ---------------

  @Test
  void aFailureIsShared() throws Exception {
    IOException e = new IOException("gone");
    Channel<Object> outcomes = Channel.buffered(2);
    ask(
        () -> {
          answer.receive();
          throw e;
        },
        outcomes);
    ask(SingleFlightTests::wrong, outcomes);
    answer.send(0);
    TaskFailedException a = assertInstanceOf(TaskFailedException.class, outcomes.receive());
    TaskFailedException b = assertInstanceOf(TaskFailedException.class, outcomes.receive());
    assertSame(e, a.getCause());
    assertSame(e, b.getCause());
    assertTrue(a != b, "each has the stack of its own thread");
    assertEquals(3, flight.run("key", () -> 3).value());
  }

  @Test
  void whenTheLeaderIsInterruptedOneOfThoseWhoWaitRunsItsOwn() throws Exception {
    Channel<Object> led = Channel.buffered(1);
    Channel<Object> followed = Channel.buffered(2);
    Channel<Integer> second = Channel.unbuffered();
    Thread leader = ask(answer::receive, led);
    ask(second::receive, followed);
    ask(second::receive, followed);
    leader.interrupt();
    assertInstanceOf(InterruptedException.class, led.receive());
    until(() -> flight.waiting("key") == 1); // one leads, and the other has joined it
    second.send(8);
    assertEquals("8 shared", followed.receive());
    assertEquals("8 shared", followed.receive());
    assertTrue(second.tryReceive().isEmpty());
  }

  @Test
  void aCancellationOfTheLeaderIsItsOwnAffair() throws Exception {
    Channel<Object> led = Channel.buffered(1);
    Channel<Object> followed = Channel.buffered(1);
    CancellationException e = new CancellationException();
    ask(
        () -> {
          answer.receive();
          throw e;
        },
        led);
    ask(() -> 9, followed);
    answer.send(0);
    assertSame(e, led.receive());
    assertEquals("9 alone", followed.receive());
  }

  @Test
  void whoWaitsCanBeInterruptedAlone() throws Exception {
    Channel<Object> led = Channel.buffered(1);
    Channel<Object> followed = Channel.buffered(1);
    ask(answer::receive, led);
    Thread follower = ask(SingleFlightTests::wrong, followed);
    follower.interrupt();
    assertInstanceOf(InterruptedException.class, followed.receive());
    answer.send(4);
    assertEquals("4 alone", led.receive());
  }

  @Test
  void anInterruptFromBeforeIsThrownAndNothingRuns() {
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> flight.run("key", SingleFlightTests::wrong));
  }

  @Test
  void whoAsksForItsOwnKeyWaitsForEver() throws Exception {
    Thread thread = startBlocked(() -> flight.run("key", () -> flight.run("key", () -> 1).value()));
    assertEquals(Optional.of(WaitReason.SINGLE_FLIGHT_DO), reason(thread));
    thread.interrupt();
    thread.join();
  }

  // --------------- Forgetting ---------------

  @Test
  void afterForgettingTheNextRunsItsOwn() throws Exception {
    Channel<Object> outcomes = Channel.buffered(2);
    ask(answer::receive, outcomes);
    ask(SingleFlightTests::wrong, outcomes);
    flight.forget("key");
    Channel<Integer> second = Channel.unbuffered();
    Channel<Object> later = Channel.buffered(2);
    ask(second::receive, later);
    answer.send(1);
    assertEquals("1 shared", outcomes.receive());
    assertEquals("1 shared", outcomes.receive());
    // The one that was forgotten has not taken the later one away at its end.
    ask(SingleFlightTests::wrong, later);
    second.send(2);
    assertEquals("2 shared", later.receive());
    assertEquals("2 shared", later.receive());
  }

  // --------------- Channels ---------------

  @Test
  void theResultComesThroughAChannelThatIsClosedThen() throws Exception {
    ReceiveChannel<SingleFlight.Result<Integer>> chan = flight.runChan("key", answer::receive);
    ReceiveChannel<SingleFlight.Result<Integer>> other =
        flight.runChan("key", SingleFlightTests::wrong);
    assertEquals("SingleFlight(1 in flight)", flight.toString());
    assertTrue(chan.tryReceive().isEmpty());
    answer.send(6);
    SingleFlight.Result<Integer> result = chan.receive();
    assertEquals(6, result.value());
    assertTrue(result.shared());
    assertEquals("Result(value, shared)", result.toString());
    assertNull(chan.receiveOrNull());
    assertEquals(6, other.receive().value());
  }

  @Test
  void whoAsksForAChannelIsTheLeaderFromThenOn() throws Exception {
    for (int i = 0; i < 200; i++) {
      ReceiveChannel<SingleFlight.Result<Integer>> chan = flight.runChan("key", answer::receive);
      Channel<Object> outcome = Channel.buffered(1);
      Go.go(() -> outcome.send(flight.run("key", SingleFlightTests::wrong).value()));
      until(() -> isAsking(chan, outcome));
      answer.send(i);
      assertEquals(i, chan.receive().value());
      assertEquals(i, outcome.receive());
    }
  }

  /** Whether the second one has joined: nothing else can be seen of it from outside. */
  private boolean isAsking(ReceiveChannel<?> chan, Channel<?> outcome) {
    return chan.len() == 0 && outcome.len() == 0 && flight.waiting("key") == 1;
  }

  @Test
  void aFailureComesThroughTheChannel() throws Exception {
    IOException e = new IOException();
    SingleFlight.Result<Integer> result =
        flight
            .runChan(
                "key",
                () -> {
                  throw e;
                })
            .receive();
    assertSame(e, result.exception());
    assertSame(e, assertThrows(TaskFailedException.class, result::value).getCause());
    assertEquals("Result(failed)", result.toString());
  }

  @Test
  void aCancellationComesThroughTheLeadersChannelOnly() throws Exception {
    CancellationException e = new CancellationException();
    ReceiveChannel<SingleFlight.Result<Integer>> led =
        flight.runChan(
            "key",
            () -> {
              answer.receive();
              throw e;
            });
    ReceiveChannel<SingleFlight.Result<Integer>> followed = flight.runChan("key", () -> 3);
    answer.send(0);
    assertSame(e, led.receive().exception());
    assertEquals(3, followed.receive().value());
  }

  @Test
  void whoWaitsForAChannelTakesOverInItsOwnGoroutine() throws Exception {
    Channel<Object> led = Channel.buffered(1);
    Thread leader = ask(answer::receive, led);
    ReceiveChannel<SingleFlight.Result<Integer>> chan =
        Go.labelled(
            "who",
            "asks",
            () ->
                flight.runChan(
                    "key",
                    () -> current().labels().equals(java.util.Map.of("who", "asks")) ? 1 : 0));
    leader.interrupt();
    assertInstanceOf(InterruptedException.class, led.receive());
    assertEquals(1, chan.receive().value());
  }

  private static Goroutine current() {
    Goroutine g = Goroutine.current();
    if (g == null) {
      throw new AssertionError("not a goroutine");
    }
    return g;
  }

  @Test
  void aGoroutineThatCannotBeStartedLeavesNothingBehind() throws Exception {
    IllegalStateException e = new IllegalStateException("cannot be captured");
    AtomicReference<@Nullable Thread> here = new AtomicReference<>(Thread.currentThread());
    try (Inheritance.Registration r = Inheritance.register(new Broken(here, e))) {
      assertSame(
          e,
          assertThrows(
              IllegalStateException.class, () -> flight.runChan("key", SingleFlightTests::wrong)));
      here.set(null);
      assertEquals("SingleFlight(0 in flight)", flight.toString());
      assertEquals(1, flight.run("key", () -> 1).value());
      Channel<Object> led = Channel.buffered(1);
      ask(answer::receive, led);
      here.set(Thread.currentThread());
      assertThrows(
          IllegalStateException.class, () -> flight.runChan("key", SingleFlightTests::wrong));
      here.set(null);
      answer.send(2);
      assertEquals("2 alone", led.receive());
      assertTrue(r != null);
    }
  }

  private record Broken(AtomicReference<@Nullable Thread> where, RuntimeException e)
      implements Inheritance<Object> {
    @Override
    public @Nullable Object capture() {
      if (Thread.currentThread() == where.get()) {
        throw e;
      }
      return null;
    }

    @Override
    public void install(Object captured) {}

    @Override
    public void remove(Object captured) {}
  }

  // --------------- Misuse ---------------

  @Test
  void keyAndFunctionAreNeeded() {
    List<Throwable> thrown = new ArrayList<>();
    thrown.add(assertThrows(NullPointerException.class, () -> flight.run(nothing(), () -> 1)));
    thrown.add(assertThrows(NullPointerException.class, () -> flight.run("key", nothing())));
    thrown.add(assertThrows(NullPointerException.class, () -> flight.runChan(nothing(), () -> 1)));
    thrown.add(assertThrows(NullPointerException.class, () -> flight.runChan("key", nothing())));
    thrown.add(assertThrows(NullPointerException.class, () -> flight.forget(nothing())));
    assertEquals(
        List.of("key", "body", "key", "body", "key"),
        thrown.stream().map(Throwable::getMessage).toList());
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // a mistake of the caller
  private static <T> T nothing() {
    return null;
  }
}
