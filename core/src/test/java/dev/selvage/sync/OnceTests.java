package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.Goroutine;
import dev.selvage.Threads;
import dev.selvage.observe.WaitReason;
import java.io.IOException;
import java.lang.ref.WeakReference;
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
final class OnceTests {
  private final AtomicInteger runs = new AtomicInteger();

  @AfterEach
  void noFlagIsLeftOver() {
    assertFalse(Thread.interrupted());
  }

  // --------------- Once ---------------

  @Test
  void ofManyCallersOneRunsTheAction() throws Exception {
    for (int round = 0; round < 200; round++) {
      Once once = new Once();
      int[] plain = new int[1]; // not volatile: what the action did must be seen all the same
      WaitGroup wg = new WaitGroup();
      AtomicInteger wrong = new AtomicInteger();
      for (int i = 0; i < 20; i++) {
        wg.go(
            () -> {
              once.run(() -> plain[0]++);
              if (plain[0] != 1) {
                wrong.incrementAndGet();
              }
            });
      }
      wg.await();
      assertEquals(0, wrong.get());
      assertEquals(1, plain[0]);
    }
  }

  @Test
  void whoComesMeanwhileWaitsUntilItIsDone() throws Exception {
    Once once = new Once();
    Channel<Integer> go = Channel.unbuffered();
    Channel<String> order = Channel.buffered(2);
    Thread first =
        startBlocked(
            () ->
                once.run(
                    () -> {
                      go.receive();
                      order.send("action");
                    }));
    Thread second =
        startBlocked(
            () -> {
              once.run(runs::incrementAndGet);
              order.send("caller");
            });
    assertEquals(
        Optional.of(WaitReason.MUTEX_LOCK),
        Optional.ofNullable(Goroutine.of(second)).flatMap(Goroutine::waitReason));
    assertEquals("Once(not done)", once.toString());
    go.send(1);
    assertEquals("action", order.receive());
    assertEquals("caller", order.receive());
    first.join();
    second.join();
    assertEquals(0, runs.get());
    assertEquals("Once(done)", once.toString());
  }

  @Test
  void anActionThatThrowsCountsAsDone() throws Exception {
    Once once = new Once();
    IOException e = new IOException();
    assertSame(e, assertThrows(IOException.class, () -> once.run(() -> fail(e))));
    once.run(runs::incrementAndGet);
    assertEquals(0, runs.get());
    Once other = new Once();
    StackOverflowError error = new StackOverflowError();
    assertSame(
        error, assertThrows(StackOverflowError.class, () -> other.run(() -> failBadly(error))));
    other.run(runs::incrementAndGet);
    assertEquals(0, runs.get());
  }

  @Test
  void whatWasCancelledDoesNotCountAsDone() throws Exception {
    Once once = new Once();
    InterruptedException i = new InterruptedException();
    assertSame(i, assertThrows(InterruptedException.class, () -> once.run(() -> interrupted(i))));
    CancellationException c = new CancellationException();
    assertSame(c, assertThrows(CancellationException.class, () -> once.run(() -> cancelled(c))));
    once.run(runs::incrementAndGet);
    once.run(runs::incrementAndGet);
    assertEquals(1, runs.get());
  }

  @Test
  void whoWaitsRunsItWhenTheFirstIsInterrupted() throws Exception {
    Once once = new Once();
    Thread first = startBlocked(() -> once.run(() -> Channel.never().receive()));
    Channel<Integer> ran = Channel.buffered(1);
    Thread second = startBlocked(() -> once.run(() -> ran.send(2)));
    first.interrupt();
    assertEquals(2, ran.receive());
    first.join();
    second.join();
    once.run(runs::incrementAndGet);
    assertEquals(0, runs.get());
  }

  @Test
  void whoWaitsCanBeInterruptedAlone() throws Exception {
    Once once = new Once();
    Channel<Integer> go = Channel.unbuffered();
    Thread first = startBlocked(() -> once.run(go::receive));
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    Thread second =
        startBlocked(
            () -> thrown.set(assertThrows(InterruptedException.class, () -> once.run(() -> {}))));
    second.interrupt();
    second.join();
    assertTrue(thrown.get() instanceof InterruptedException);
    assertTrue(first.isAlive());
    go.send(1);
    first.join();
    assertEquals("Once(done)", once.toString());
  }

  @Test
  void anInterruptFromBeforeIsThrownEvenWhenItIsDone() throws Exception {
    Once once = new Once();
    once.run(() -> {});
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> once.run(() -> {}));
    Thread.currentThread().interrupt();
    Go.uninterruptibly(() -> once.run(runs::incrementAndGet));
    assertTrue(Thread.interrupted());
  }

  @Test
  void whoRunsItWithinItselfWaitsForEver() throws Exception {
    Once once = new Once();
    Thread thread = startBlocked(() -> once.run(() -> once.run(() -> {})));
    assertEquals(
        Optional.of(WaitReason.MUTEX_LOCK),
        Optional.ofNullable(Goroutine.of(thread)).flatMap(Goroutine::waitReason));
    thread.interrupt();
    thread.join();
  }

  @Test
  void anActionIsNeeded() {
    assertThrows(NullPointerException.class, () -> new Once().run(nothing()));
    assertThrows(NullPointerException.class, () -> Once.func(nothing()));
    assertThrows(NullPointerException.class, () -> Once.value(nothing()));
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // a mistake of the caller
  private static <T> T nothing() {
    return null;
  }

  // --------------- The value forms ---------------

  @Test
  void aValueIsFoundOutOnce() throws Exception {
    OnceValue<String, RuntimeException> value = Once.value(() -> "found " + runs.incrementAndGet());
    assertEquals("OnceValue(not done)", value.toString());
    assertEquals("found 1", value.get());
    assertEquals("found 1", value.get());
    assertEquals("OnceValue(done)", value.toString());
  }

  @Test
  void aValueMayBeNull() throws Exception {
    OnceValue<@Nullable String, RuntimeException> value =
        Once.<@Nullable String, RuntimeException>value(
            () -> {
              runs.incrementAndGet();
              return null;
            });
    assertNull(value.get());
    assertNull(value.get());
    assertEquals(1, runs.get());
  }

  @Test
  void everyCallerGetsTheSameException() throws Exception {
    IOException e = new IOException();
    OnceValue<Integer, IOException> value =
        Once.value(
            () -> {
              runs.incrementAndGet();
              throw e;
            });
    assertSame(e, assertThrows(IOException.class, value::get));
    assertSame(e, assertThrows(IOException.class, value::get));
    assertEquals("OnceValue(failed)", value.toString());
    AssertionError error = new AssertionError();
    OnceFunc<RuntimeException> func =
        Once.func(
            () -> {
              runs.incrementAndGet();
              throw error;
            });
    assertEquals("OnceFunc(not done)", func.toString());
    assertSame(error, assertThrows(AssertionError.class, func::run));
    assertSame(error, assertThrows(AssertionError.class, func::run));
    assertEquals("OnceFunc(failed)", func.toString());
    assertEquals(2, runs.get());
  }

  @Test
  void aCancellationIsNotKept() throws Exception {
    OnceValue<Integer, RuntimeException> value =
        Once.value(
            () -> {
              switch (runs.incrementAndGet()) {
                case 1 -> throw new InterruptedException();
                case 2 -> throw new CancellationException();
                default -> {
                  return 7;
                }
              }
            });
    assertThrows(InterruptedException.class, value::get);
    assertThrows(CancellationException.class, value::get);
    assertEquals(7, value.get());
    assertEquals(7, value.get());
    assertEquals(3, runs.get());
  }

  @Test
  void callersAtTheSameTimeShareTheValue() throws Exception {
    Channel<Integer> go = Channel.unbuffered();
    OnceValue<Object, RuntimeException> value =
        Once.value(
            () -> {
              go.receive();
              return new Object();
            });
    Channel<Object> got = Channel.buffered(3);
    for (int i = 0; i < 3; i++) {
      Threads.startBlocked(() -> got.send(value.get()));
    }
    go.send(1);
    Object first = got.receive();
    assertSame(first, got.receive());
    assertSame(first, got.receive());
  }

  @Test
  void anActionRunsOnce() throws Exception {
    OnceFunc<IOException> func = Once.func(() -> count(runs));
    func.run();
    func.run();
    assertEquals(1, runs.get());
    assertEquals("OnceFunc(done)", func.toString());
  }

  private static void count(AtomicInteger runs) throws IOException {
    if (runs.incrementAndGet() > 1) {
      throw new IOException("ran twice");
    }
  }

  @Test
  void whatAValueWasFoundOutWithIsLetGo() throws Exception {
    List<Object> big = new ArrayList<>(List.of(new Object()));
    WeakReference<Object> weak = new WeakReference<>(big.getFirst());
    OnceValue<Integer, RuntimeException> value = holding(big.removeFirst());
    assertTrue(Threads.isKept(weak));
    value.get();
    assertTrue(Threads.isCollected(weak));
    assertEquals(1, value.get());
  }

  private static OnceValue<Integer, RuntimeException> holding(Object big) {
    return Once.value(() -> big.hashCode() == System.identityHashCode(big) ? 1 : 0);
  }

  private static void fail(IOException e) throws IOException {
    throw e;
  }

  private static void failBadly(Error e) {
    throw e;
  }

  private static void interrupted(InterruptedException e) throws InterruptedException {
    throw e;
  }

  private static void cancelled(CancellationException e) {
    throw e;
  }
}
