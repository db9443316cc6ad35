package dev.selvage;

import static dev.selvage.Threads.startBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class ContextTests {
  private static final Context BACKGROUND = Context.background();
  private static final Duration LONG = Duration.ofHours(1);

  @Test
  void theBackgroundIsNeverDone() {
    assertFalse(BACKGROUND.isDone());
    assertNull(BACKGROUND.cause());
    assertNull(BACKGROUND.error());
    assertEquals(Optional.empty(), BACKGROUND.deadline());
    assertEquals(Optional.empty(), BACKGROUND.done().tryReceive());
    assertNull(BACKGROUND.value(Context.Key.of("any")));
    assertSame(BACKGROUND, BACKGROUND.view());
  }

  @Test
  void cancellingWakesWhoWaits() throws Exception {
    try (var ctx = BACKGROUND.withCancel()) {
      Context view = ctx.view();
      Thread waiting = startBlocked(() -> view.done().receiveOrNull());
      assertFalse(view.isDone());
      ctx.cancel();
      waiting.join();
      assertTrue(view.isDone());
      Throwable cause = assertInstanceOf(ContextCanceledException.class, view.cause());
      assertEquals("context canceled", cause.getMessage());
      assertSame(cause, ctx.cause());
    }
  }

  @Test
  void theFirstCauseCounts() throws Exception {
    IOException first = new IOException("first");
    try (var ctx = BACKGROUND.withCancel()) {
      ctx.cancel(first);
      ctx.cancel(new IOException("second"));
      ctx.cancel();
      assertSame(first, ctx.cause());
      assertInstanceOf(ContextCanceledException.class, ctx.error());
    }
  }

  @Test
  void whatADerivedOneWasGivenFirstStays() {
    IOException childs = new IOException("child's");
    IOException parents = new IOException("parent's");
    try (var parent = BACKGROUND.withCancel();
        var child = parent.withCancel()) {
      child.cancel(childs);
      parent.cancel(parents);
      assertSame(childs, child.cause());
      assertSame(parents, parent.cause());
    }
  }

  @Test
  @SuppressWarnings("NullAway") // this is what it is about
  void aCauseIsNotNull() {
    try (var ctx = BACKGROUND.withCancel()) {
      assertThrows(NullPointerException.class, () -> ctx.cancel(null));
      assertFalse(ctx.isDone());
    }
  }

  @Test
  void leavingTheBlockCancels() {
    Context view;
    try (var ctx = BACKGROUND.withCancel()) {
      view = ctx.view();
    }
    assertTrue(view.isDone());
    assertThrows(ClosedChannelException.class, () -> view.done().receive());
  }

  @Test
  void theDerivedOnesAreCancelledWithTheSameCause() throws Exception {
    IOException why = new IOException();
    try (var parent = BACKGROUND.withCancel();
        var child = parent.view().withValue(Context.Key.of("k"), "v").withCancel();
        var grandchild = child.withTimeout(LONG);
        var other = BACKGROUND.withCancel()) {
      parent.cancel(why);
      assertSame(why, child.cause());
      assertSame(parent.error(), child.error());
      assertSame(why, grandchild.cause());
      assertNull(grandchild.done().receiveOrNull());
      assertFalse(other.isDone());
      try (var late = grandchild.view().withCancel()) {
        assertSame(why, late.cause());
      }
    }
  }

  @Test
  void cancellingADerivedOneLeavesTheOthersAlone() {
    try (var parent = BACKGROUND.withCancel();
        var one = parent.withCancel();
        var two = parent.withCancel()) {
      one.cancel();
      assertTrue(one.isDone());
      assertFalse(parent.isDone());
      assertFalse(two.isDone());
    }
  }

  @Test
  void whatRemainsOfACancelledContextStillSaysSo() {
    Context view = cancelAndForget();
    Threads.isCollected(new WeakReference<>(new Object()));
    assertTrue(view.isDone());
    assertThrows(ClosedChannelException.class, () -> view.done().receive());
    try (var derived = view.withCancel()) {
      assertTrue(derived.isDone());
    }
  }

  private static Context cancelAndForget() {
    try (var ctx = BACKGROUND.withCancel()) {
      return ctx.view();
    }
  }

  @Test
  void cancellingWhileDerivingMissesNobody() throws Exception {
    try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
      for (int i = 0; i < 500; i++) {
        CancellableContext parent = BACKGROUND.withCancel();
        Future<?> cancelling = executor.submit(() -> parent.cancel());
        CancellableContext child = parent.withTimeout(LONG);
        cancelling.get();
        assertTrue(child.isDone());
        assertThrows(ClosedChannelException.class, () -> child.done().tryReceive());
      }
    }
  }

  // --------------- Deadlines ---------------

  @Test
  void aDeadlineCancels() throws Exception {
    try (var ctx = BACKGROUND.withTimeout(Duration.ofMillis(1))) {
      assertNull(ctx.done().receiveOrNull());
      Throwable cause = assertInstanceOf(DeadlineExceededException.class, ctx.cause());
      assertEquals("context deadline exceeded", cause.getMessage());
    }
  }

  @Test
  void aDeadlineThatHasPassedCancelsAtOnce() {
    try (var past = BACKGROUND.withDeadline(Instant.now().minusSeconds(1));
        var none = BACKGROUND.withTimeout(Duration.ZERO)) {
      assertInstanceOf(DeadlineExceededException.class, past.cause());
      assertInstanceOf(DeadlineExceededException.class, none.cause());
    }
  }

  @Test
  void theEarlierDeadlineHolds() throws Exception {
    Instant soon = Instant.now().plusSeconds(100);
    try (var parent = BACKGROUND.withDeadline(soon);
        var later = parent.withDeadline(soon.plusSeconds(1));
        var sooner = parent.withDeadline(soon.minusSeconds(1))) {
      assertEquals(Optional.of(soon), parent.deadline());
      assertEquals(Optional.of(soon), later.deadline());
      assertEquals(Optional.of(soon.minusSeconds(1)), sooner.view().deadline());
    }
    try (var parent = BACKGROUND.withTimeout(Duration.ofMillis(1));
        var child = parent.withTimeout(LONG)) {
      assertNull(child.done().receiveOrNull());
      assertInstanceOf(DeadlineExceededException.class, child.cause());
    }
  }

  @Test
  void anEndlessTimeoutIsNoTrouble() {
    try (var ctx = BACKGROUND.withTimeout(Duration.ofSeconds(Long.MAX_VALUE));
        var other = BACKGROUND.withDeadline(Instant.MAX);
        var past = BACKGROUND.withDeadline(Instant.MIN)) {
      assertFalse(ctx.isDone());
      assertFalse(other.isDone());
      assertTrue(past.isDone());
    }
  }

  @Test
  void cancellingEndsTheTimer() {
    WeakReference<Object> pending = new WeakReference<>(BACKGROUND.withTimeout(LONG).done());
    assertTrue(Threads.isCollected(withTimeoutCancelled()));
    assertTrue(Threads.isKept(pending));
  }

  private static WeakReference<Object> withTimeoutCancelled() {
    try (var ctx = BACKGROUND.withTimeout(LONG)) {
      return new WeakReference<>(ctx.done());
    }
  }

  @Test
  void aCauseOfOnesOwnIsForTheDeadlineOnly() throws Exception {
    IOException tooSlow = new IOException("too slow");
    IOException other = new IOException("other");
    try (var late = BACKGROUND.withTimeout(Duration.ofMillis(1), tooSlow);
        var past = BACKGROUND.withDeadline(Instant.now().minusSeconds(1), tooSlow);
        var cancelled = BACKGROUND.withTimeout(LONG, tooSlow);
        var cancelledWith = BACKGROUND.withTimeout(LONG, tooSlow);
        var derived = late.withCancel()) {
      assertNull(derived.done().receiveOrNull());
      assertEnded(late, DeadlineExceededException.class, tooSlow);
      assertEnded(derived, DeadlineExceededException.class, tooSlow);
      assertEnded(past, DeadlineExceededException.class, tooSlow);
      cancelled.cancel();
      assertEnded(cancelled, ContextCanceledException.class, cancelled.error());
      cancelledWith.cancel(other);
      assertEnded(cancelledWith, ContextCanceledException.class, other);
      Throwable error = assertInstanceOf(ContextCanceledException.class, cancelledWith.error());
      assertSame(other, error.getCause());
    }
  }

  @Test
  void theEarlierDeadlineOfAParentKeepsItsOwnCause() throws Exception {
    IOException parents = new IOException("parent's");
    IOException childs = new IOException("child's");
    try (var parent = BACKGROUND.withTimeout(Duration.ofMillis(1), parents);
        var child = parent.withTimeout(LONG, childs)) {
      assertEquals(parent.deadline(), child.deadline());
      assertTrue(child.toString().endsWith(".WithCancel"), child::toString);
      assertNull(child.done().receiveOrNull());
      assertEnded(child, DeadlineExceededException.class, parents);
    }
  }

  private static void assertEnded(
      Context context, Class<? extends Throwable> error, @Nullable Throwable cause) {
    assertInstanceOf(error, context.error());
    assertSame(cause, context.cause());
    assertTrue(context.isDone());
    assertThrows(ClosedChannelException.class, () -> context.done().tryReceive());
  }

  // --------------- Without cancel ---------------

  @Test
  void withoutCancelOnlyTheValuesRemain() {
    Context.Key<String> user = Context.Key.of("user");
    try (var ctx = BACKGROUND.withValue(user, "gopher").withTimeout(LONG)) {
      Context detached = ctx.withoutCancel();
      ctx.cancel();
      assertFalse(detached.isDone());
      assertNull(detached.cause());
      assertNull(detached.error());
      assertEquals(Optional.empty(), detached.deadline());
      assertEquals(Optional.empty(), detached.done().tryReceive());
      assertEquals("gopher", detached.value(user));
      assertEquals(ctx + ".WithoutCancel", detached.toString());
      try (var derived = detached.withCancel()) {
        assertFalse(derived.isDone());
      }
    }
  }

  // --------------- After func ---------------

  @Test
  void runsATaskOnceInItsOwnGoroutineWhenDone() throws Exception {
    Channel<Thread> ran = Channel.unbuffered();
    try (var ctx = BACKGROUND.withCancel();
        var child = ctx.withValue(Context.Key.of("k"), "v").withCancel()) {
      AfterFunc function = child.view().afterFunc(() -> ran.send(Thread.currentThread()));
      assertEquals(Optional.empty(), ran.receive(Duration.ofMillis(5)));
      ctx.cancel(); // does not wait for the task, which is blocked in its send
      Thread thread = ran.receive();
      assertTrue(thread.isVirtual());
      assertNotSame(Thread.currentThread(), thread);
      assertFalse(function.stop());
      thread.join();
      ctx.cancel();
      assertEquals(Optional.empty(), ran.receive(Duration.ofMillis(5)));
    }
  }

  @Test
  void runsTheTaskAtOnceWhenDoneAlready() throws Exception {
    Channel<Integer> ran = Channel.unbuffered();
    try (var ctx = BACKGROUND.withCancel()) {
      ctx.cancel();
      assertFalse(ctx.afterFunc(() -> ran.send(1)).stop());
      assertEquals(1, ran.receive());
      Context forgotten = cancelAndForget();
      assertTrue(Threads.isCollected(new WeakReference<>(new Object())));
      assertFalse(forgotten.afterFunc(() -> ran.send(2)).stop());
      assertEquals(2, ran.receive());
    }
  }

  @Test
  void theTaskHasTheEnvironmentOfWhoAskedForIt() throws Exception {
    Channel<String> seen = Channel.buffered(1);
    Context.Key<String> user = Context.Key.of("user");
    try (var ctx = BACKGROUND.withCancel()) {
      Go.withContext(
          BACKGROUND.withValue(user, "gopher"),
          () -> ctx.afterFunc(() -> seen.send(String.valueOf(Context.current().value(user)))));
      ctx.cancel();
      assertEquals("gopher", seen.receive());
    }
  }

  @Test
  void stoppingPreventsTheTaskOnce() throws Exception {
    Channel<Integer> ran = Channel.buffered(1);
    try (var ctx = BACKGROUND.withCancel()) {
      AfterFunc function = ctx.afterFunc(() -> ran.send(1));
      assertTrue(function.stop());
      assertFalse(function.stop());
      ctx.cancel();
      try (var never = BACKGROUND.afterFunc(() -> ran.send(2))) {
        assertTrue(never.stop());
      }
      assertEquals(Optional.empty(), ran.receive(Duration.ofMillis(5)));
    }
  }

  @Test
  void stoppingAndCancellingAtOnceRunsItOrPreventsIt() throws Exception {
    try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
      for (int i = 0; i < 500; i++) {
        CancellableContext ctx = BACKGROUND.withCancel();
        Channel<Integer> ran = Channel.buffered(2);
        AfterFunc function = ctx.afterFunc(() -> ran.send(1));
        Future<?> cancelling = executor.submit(() -> ctx.cancel());
        boolean prevented = function.stop();
        cancelling.get();
        if (prevented) {
          assertEquals(Optional.empty(), ran.tryReceive());
        } else {
          assertEquals(1, ran.receive());
        }
      }
    }
  }

  // --------------- Growth ---------------

  @Test
  void whatIsOverLeavesNothingInItsParent() {
    try (var parent = BACKGROUND.withCancel()) {
      Cancellation cancellation = parent.cancellation();
      for (int i = 0; i < 100; i++) {
        try (var closed = parent.withTimeout(LONG);
            var stopped = closed.withoutCancel().withCancel();
            var function = parent.view().afterFunc(() -> {})) {
          assertEquals(2, cancellation.dependents());
          assertFalse(stopped.isDone());
          assertTrue(function.stop());
          closed.cancel();
          assertEquals(0, cancellation.dependents());
        }
      }
      CancellableContext child = parent.withCancel();
      child.withCancel();
      parent.cancel();
      assertEquals(0, cancellation.dependents());
      assertEquals(0, child.cancellation().dependents());
      try (var late = parent.withCancel()) {
        assertTrue(late.isDone());
        assertEquals(0, cancellation.dependents());
      }
    }
  }

  @Test
  void whoSeesTheErrorFindsDoneReadyThoughWhoCancelsGotNoFurther() {
    IOException why = new IOException();
    try (var ctx = BACKGROUND.withCancel()) {
      Cancellation cancellation = ctx.cancellation();
      assertTrue(
          cancellation
              .outcome()
              .set(new Cancellation.Ending(new ContextCanceledException(why), why)));
      assertEnded(ctx.view(), ContextCanceledException.class, why);
    }
  }

  // --------------- Values and text ---------------

  @Test
  void aValueIsFoundByItsKeyAlone() {
    Context.Key<String> user = Context.Key.of("user");
    Context.Key<String> sameName = Context.Key.of("user");
    Context outer = BACKGROUND.withValue(user, "outer");
    Context inner = outer.withValue(Context.Key.of("n"), 1).withValue(user, "inner");
    try (var ctx = inner.withCancel()) {
      assertEquals("inner", ctx.value(user));
      assertEquals("outer", outer.value(user));
      assertNull(ctx.value(sameName));
    }
  }

  @Test
  void aViewCannotBeCastToTheRightToCancel() {
    try (var ctx = BACKGROUND.withCancel()) {
      assertNotSame(ctx, ctx.view());
      assertFalse(ctx.view() instanceof AutoCloseable);
      assertFalse(ctx.withValue(Context.Key.of("k"), 1) instanceof AutoCloseable);
      assertFalse((Object) ctx.done() instanceof SendChannel);
    }
  }

  @Test
  void saysWhereItComesFrom() {
    assertEquals("context.Background", BACKGROUND.toString());
    Instant deadline = Instant.parse("2200-01-01T00:00:00Z");
    try (var ctx = BACKGROUND.withDeadline(deadline)) {
      assertEquals("context.Background.WithDeadline(2200-01-01T00:00:00Z)", ctx.toString());
    }
    try (var ctx = BACKGROUND.withValue(Context.Key.of("user"), "gopher").withCancel()) {
      assertEquals("context.Background.WithValue(user).WithCancel", ctx.toString());
      assertEquals(ctx.toString(), ctx.view().toString());
    }
  }
}
