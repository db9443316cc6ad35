package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.ContextCanceledException;
import dev.selvage.Goroutine;
import dev.selvage.TaskFailedException;
import dev.selvage.observe.WaitReason;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class ErrorGroupTests {
  private static final Duration LONG = Duration.ofHours(1);

  @AfterEach
  void noFlagIsLeftOver() {
    assertFalse(Thread.interrupted());
  }

  // --------------- Waiting and failing ---------------

  @Test
  void waitsForAll() throws Exception {
    ErrorGroup group = new ErrorGroup();
    int[] done = new int[50]; // plain: the wait makes them visible
    for (int i = 0; i < done.length; i++) {
      int n = i;
      group.go(() -> done[n] = 1);
    }
    group.await();
    int[] all = new int[50];
    java.util.Arrays.fill(all, 1);
    assertArrayEquals(all, done);
    assertTrue(group.await(LONG));
    assertEquals("ErrorGroup(0 active)", group.toString());
  }

  @Test
  void anEmptyGroupIsOverAtOnce() throws Exception {
    new ErrorGroup().await();
    assertTrue(new ErrorGroup().await(Duration.ZERO));
  }

  @Test
  void theFirstFailureIsTheCauseAndTheOthersAreSuppressed() throws Exception {
    ErrorGroup group = new ErrorGroup();
    IOException first = new IOException("first");
    StackOverflowError second = new StackOverflowError("second");
    Channel<Integer> go = Channel.unbuffered();
    group.go(
        () -> {
          go.receive();
          throw second;
        });
    group.go(
        () -> {
          throw first;
        });
    until(() -> group.toString().equals("ErrorGroup(1 active, failed)"));
    go.send(1);
    TaskFailedException e = assertThrows(TaskFailedException.class, group::await);
    assertSame(first, e.getCause());
    assertArrayEquals(new Throwable[] {second}, e.getSuppressed());
    assertEquals("a task failed: java.io.IOException: first", e.getMessage());
    TaskFailedException again =
        assertThrows(TaskFailedException.class, () -> assertTrue(group.await(LONG)));
    assertSame(first, again.getCause());
    assertArrayEquals(new Throwable[] {second}, again.getSuppressed());
  }

  @Test
  void theSameExceptionTwiceIsNotSuppressedInItself() throws Exception {
    ErrorGroup group = new ErrorGroup();
    IOException same = new IOException();
    for (int i = 0; i < 2; i++) {
      group.go(
          () -> {
            throw same;
          });
    }
    TaskFailedException e = assertThrows(TaskFailedException.class, group::await);
    assertSame(same, e.getCause());
    assertEquals(0, e.getSuppressed().length);
  }

  @Test
  void aFailureWithoutContextStopsNobody() throws Exception {
    ErrorGroup group = new ErrorGroup();
    AtomicInteger ran = new AtomicInteger();
    group.go(
        () -> {
          throw new IOException();
        });
    until(() -> group.toString().contains("failed"));
    group.go(ran::incrementAndGet);
    assertThrows(TaskFailedException.class, group::await);
    assertEquals(1, ran.get());
    assertSame(Context.background(), group.context());
  }

  @Test
  void whoWaitsCanBeInterruptedAndNobodyNotices() throws Exception {
    ErrorGroup group = ErrorGroup.withContext(Context.background());
    Channel<Integer> go = Channel.unbuffered();
    group.go(go::receive);
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    Thread waits =
        startBlocked(() -> thrown.set(assertThrows(InterruptedException.class, group::await)));
    assertEquals(
        Optional.of(WaitReason.ERROR_GROUP_WAIT),
        Optional.ofNullable(Goroutine.of(waits)).flatMap(Goroutine::waitReason));
    waits.interrupt();
    waits.join();
    assertInstanceOf(InterruptedException.class, thrown.get());
    assertFalse(group.context().isDone());
    assertFalse(group.await(Duration.ofMillis(1)));
    assertFalse(group.context().isDone());
    go.send(1);
    group.await();
    assertTrue(group.context().isDone());
  }

  // --------------- Context ---------------

  @Test
  void theFirstFailureCancelsTheContextWithItAsTheCause() throws Exception {
    ErrorGroup group = ErrorGroup.withContext(Context.background());
    IOException failure = new IOException();
    AtomicReference<@Nullable Throwable> cause = new AtomicReference<>();
    Context ctx = group.context();
    group.go(
        () -> {
          assertNull(ctx.done().receiveOrNull());
          cause.set(ctx.cause());
          throw new ContextCanceled(); // a consequence
        });
    group.go(
        () -> {
          throw failure;
        });
    TaskFailedException e = assertThrows(TaskFailedException.class, group::await);
    assertSame(failure, e.getCause());
    assertSame(failure, cause.get());
    assertEquals(0, e.getSuppressed().length);
  }

  private static final class ContextCanceled extends java.util.concurrent.CancellationException {
    private static final long serialVersionUID = 1;
  }

  @Test
  void theContextIsBoundInTheGoroutinesAndOverAfterTheWait() throws Exception {
    ErrorGroup group = ErrorGroup.withContext(Context.background());
    AtomicReference<@Nullable Context> bound = new AtomicReference<>();
    group.go(() -> bound.set(Context.current()));
    group.await();
    assertSame(group.context(), bound.get());
    assertInstanceOf(ContextCanceledException.class, group.context().cause());
  }

  @Test
  void aCancelledParentCancelsTheGroup() throws Exception {
    try (CancellableContext parent = Context.background().withCancel()) {
      ErrorGroup group = ErrorGroup.withContext(parent);
      group.go(
          () -> {
            assertNull(Context.current().done().receiveOrNull());
            throw new ContextCanceled();
          });
      parent.cancel();
      TaskFailedException e = assertThrows(TaskFailedException.class, group::await);
      assertInstanceOf(ContextCanceled.class, e.getCause());
    }
  }

  // --------------- Limit ---------------

  @Test
  void neverMoreThanTheLimitRun() throws Exception {
    ErrorGroup group = new ErrorGroup();
    group.setLimit(3);
    assertEquals("ErrorGroup(0 active, limit 3)", group.toString());
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    for (int i = 0; i < 300; i++) {
      group.go(
          () -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            Thread.onSpinWait();
            dev.selvage.Go.yield();
            now.decrementAndGet();
          });
    }
    group.await();
    assertEquals(0, now.get());
    assertTrue(most.get() <= 3, () -> most + " at a time");
    // All slots are free again.
    Channel<Integer> go = Channel.unbuffered();
    for (int i = 0; i < 3; i++) {
      assertTrue(group.tryGo(go::receive));
    }
    assertFalse(group.tryGo(() -> {}));
    for (int i = 0; i < 3; i++) {
      go.send(i);
    }
    group.await();
  }

  @Test
  void whoExceedsTheLimitWaitsForASlot() throws Exception {
    ErrorGroup group = new ErrorGroup();
    group.setLimit(1);
    Channel<Integer> go = Channel.unbuffered();
    group.go(go::receive);
    AtomicInteger ran = new AtomicInteger();
    Thread waits = startBlocked(() -> group.go(ran::incrementAndGet));
    assertEquals(
        Optional.of(WaitReason.CHAN_SEND),
        Optional.ofNullable(Goroutine.of(waits)).flatMap(Goroutine::waitReason));
    assertEquals(0, ran.get());
    go.send(1);
    waits.join();
    group.await();
    assertEquals(1, ran.get());
  }

  @Test
  void whoWaitsForASlotCanBeInterruptedAndStartsNothing() throws Exception {
    ErrorGroup group = new ErrorGroup();
    group.setLimit(1);
    Channel<Integer> go = Channel.unbuffered();
    group.go(go::receive);
    AtomicInteger ran = new AtomicInteger();
    Thread waits = startBlocked(() -> group.go(ran::incrementAndGet));
    waits.interrupt();
    waits.join();
    go.send(1);
    group.await();
    assertEquals(0, ran.get());
    group.go(ran::incrementAndGet); // the slot is free
    group.await();
    assertEquals(1, ran.get());
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> group.go(ran::incrementAndGet));
    group.await();
    assertEquals(1, ran.get());
  }

  @Test
  void underALimitOfNoneNothingStarts() throws Exception {
    ErrorGroup group = new ErrorGroup();
    group.setLimit(0);
    assertFalse(group.tryGo(() -> {}));
    Thread waits = startBlocked(() -> group.go(() -> {}));
    waits.interrupt();
    waits.join();
    group.setLimit(-1);
    assertTrue(group.tryGo(() -> {}));
    group.await();
  }

  @Test
  void aFailedTaskGivesItsSlotBack() throws Exception {
    ErrorGroup group = new ErrorGroup();
    group.setLimit(1);
    for (int i = 0; i < 5; i++) {
      group.go(
          () -> {
            throw new IOException();
          });
    }
    TaskFailedException e = assertThrows(TaskFailedException.class, group::await);
    assertEquals(4, e.getSuppressed().length);
  }

  // --------------- Misuse ---------------

  @Test
  void theLimitCannotChangeWhileSomebodyRuns() throws Exception {
    ErrorGroup group = new ErrorGroup();
    Channel<Integer> go = Channel.unbuffered();
    group.go(go::receive);
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> group.setLimit(2));
    assertEquals(
        "errgroup: modify limit while 1 goroutines in the group are still active", e.getMessage());
    go.send(1);
    group.await();
    group.setLimit(2);
    assertEquals("ErrorGroup(0 active, limit 2)", group.toString());
  }

  @Test
  void nothingCannotBeRunAndNoContextDerivedFromNothing() throws Exception {
    ErrorGroup group = new ErrorGroup();
    assertThrows(NullPointerException.class, () -> group.go(nothing()));
    assertThrows(NullPointerException.class, () -> group.tryGo(nothing()));
    assertThrows(NullPointerException.class, () -> ErrorGroup.withContext(nothing()));
    assertEquals("ErrorGroup(0 active)", group.toString());
    group.await();
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // a mistake of the caller
  private static <T> T nothing() {
    return null;
  }
}
