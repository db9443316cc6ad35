package dev.selvage;

import static dev.selvage.Go.uninterruptibly;
import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static dev.selvage.Threads.untilBlocked;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.observe.WaitReason;
import dev.selvage.sync.Mutex;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future.State;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

@Timeout(30)
final class ScopeTests {
  private static final Context BACKGROUND = Context.background();
  private static final Duration SHORT = Duration.ofMillis(2);

  /** Children that are in their body just now. */
  private final Set<Thread> inside = ConcurrentHashMap.newKeySet();

  @AfterEach
  void nobodyIsLeftAndNoFlag() {
    assertFalse(Thread.interrupted());
    assertEquals(Set.of(), inside);
  }

  /** Blocks until interrupted or cancelled, and is known to be inside meanwhile. */
  private Void block() throws InterruptedException {
    inside.add(Thread.currentThread());
    try {
      Channel.never().receive();
      throw new AssertionError("nothing ever comes");
    } finally {
      inside.remove(Thread.currentThread());
    }
  }

  private void untilInside(int number) {
    until(() -> inside.size() == number && inside.stream().allMatch(ScopeTests::isParked));
  }

  private static boolean isParked(Thread thread) {
    return thread.getState() == Thread.State.WAITING;
  }

  // --------------- Values ---------------

  @Test
  void joinsItsChildrenAndHasTheirValues() throws Exception {
    try (var scope = Scope.open(BACKGROUND)) {
      Channel<Integer> ch = Channel.unbuffered();
      Task<Integer> received = scope.fork(() -> ch.receive());
      Task<String> named = scope.fork("quote-1", () -> Thread.currentThread().getName());
      scope.go(() -> ch.send(7));
      scope.join();
      assertEquals(7, received.get());
      assertEquals("quote-1", named.get());
      assertEquals(State.SUCCESS, received.state());
      assertNull(received.exception());
      assertEquals("task(SUCCESS)", received.toString());
      assertTrue(scope.failures().isEmpty());
    }
  }

  @Test
  void aValueMayBeNull() throws Exception {
    try (var scope = Scope.open(BACKGROUND)) {
      Task<@Nullable String> task = scope.<@Nullable String>fork(() -> null);
      scope.join();
      assertNull(task.get());
      assertEquals(State.SUCCESS, task.state());
    }
  }

  @Test
  void childrenAreVirtualThreadsOfTheirOwn() throws Exception {
    try (var scope = Scope.open(BACKGROUND)) {
      Task<Thread> one = scope.fork(Thread::currentThread);
      Task<Thread> two = scope.fork(Thread::currentThread);
      scope.join();
      assertTrue(one.get().isVirtual());
      assertNotSame(one.get(), two.get());
      assertNotSame(Thread.currentThread(), one.get());
    }
  }

  @Test
  void aChildWorksForTheContextOfItsScope() throws Exception {
    try (var scope = Scope.open(BACKGROUND)) {
      Task<Context> current = scope.fork(Context::current);
      Task<Map<String, String>> labels =
          Go.labelled(
              "request",
              "7",
              () -> scope.fork(() -> Objects.requireNonNull(Goroutine.current()).labels()));
      scope.join();
      assertSame(scope.context(), current.get());
      assertEquals(Map.of("request", "7"), labels.get());
    }
  }

  @Test
  void canBeJoinedAgainAfterMoreForks() throws Exception {
    try (var scope = Scope.open(BACKGROUND)) {
      int sum = 0;
      for (int round = 0; round < 3; round++) {
        int r = round;
        Task<Integer> task = scope.fork(() -> r);
        assertThrows(IllegalStateException.class, task::get);
        scope.join();
        sum += task.get();
      }
      scope.join();
      assertEquals(3, sum);
    }
  }

  @Test
  void anEmptyScopeJoinsAndClosesAtOnce() throws Exception {
    Scope scope = Scope.open(BACKGROUND);
    scope.join();
    scope.close();
    scope.close();
    assertTrue(scope.context().isDone());
  }

  @Test
  void isLeftOnlyWhenEveryChildHasEnded() throws Exception {
    Channel<Integer> go = Channel.unbuffered();
    AtomicInteger ended = new AtomicInteger();
    Thread owner =
        Threads.start(
            () -> {
              try (var scope = Scope.open(BACKGROUND)) {
                for (int i = 0; i < 3; i++) {
                  scope.go(
                      () ->
                          uninterruptibly(
                              () -> {
                                go.receiveOrNull();
                                ended.incrementAndGet();
                              }));
                }
              }
              ended.addAndGet(100);
            });
    go.send(1);
    go.send(2);
    until(() -> ended.get() == 2);
    untilBlocked(owner);
    Object blocker = LockSupport.getBlocker(owner);
    assertNotNull(blocker);
    assertEquals(WaitReason.SCOPE.text(), blocker.toString());
    go.send(3);
    owner.join();
    assertEquals(103, ended.get());
  }

  // --------------- Failure ---------------

  @Test
  void theFirstFailureCancelsTheOthersAndIsThrown() throws Exception {
    IOException first = new IOException("first");
    Scope scope = Scope.open(BACKGROUND);
    try (scope) {
      Task<Void> blocked = scope.fork(this::block);
      untilInside(1);
      Task<Integer> failing = scope.fork(() -> fail(first));
      TaskFailedException e = assertThrows(TaskFailedException.class, scope::join);
      assertSame(first, e.getCause());
      assertEquals("a task failed: java.io.IOException: first", e.getMessage());
      assertEquals(0, e.getSuppressed().length);
      assertSame(first, scope.context().cause());
      assertInstanceOf(ContextCanceledException.class, scope.context().error());
      assertEquals(State.CANCELLED, blocked.state());
      assertInstanceOf(InterruptedException.class, blocked.exception());
      assertSame(first, assertThrows(ScopeCanceledException.class, blocked::get).getCause());
      assertEquals(State.FAILED, failing.state());
      assertSame(first, failing.exception());
      assertSame(first, assertThrows(TaskFailedException.class, failing::get).getCause());
      assertSame(first, assertThrows(TaskFailedException.class, scope::join).getCause());
      assertEquals(List.of(first), scope.failures());
    }
  }

  private static int fail(Throwable e) throws Throwable {
    throw e;
  }

  @Test
  void whatOthersThrowAfterwardsIsSuppressed() {
    IOException first = new IOException("first");
    IllegalStateException second = new IllegalStateException("second");
    try (var scope = Scope.open(BACKGROUND)) {
      scope.go(
          () -> {
            try {
              block();
            } finally {
              fail(second);
            }
          });
      untilInside(1);
      scope.go(() -> fail(first));
      TaskFailedException e = assertThrows(TaskFailedException.class, scope::join);
      assertSame(first, e.getCause());
      assertArrayEquals(new Throwable[] {second}, e.getSuppressed());
      assertEquals(List.of(first, second), scope.failures());
    }
  }

  @Test
  void anyThrowableIsAFailure() {
    for (Throwable thrown :
        List.of(
            new AssertionError(),
            new StackOverflowError(),
            new InterruptedException("nobody did"),
            new CancellationException("of something else"))) {
      try (var scope = Scope.open(BACKGROUND)) {
        Task<Integer> task = scope.fork(() -> fail(thrown));
        assertSame(thrown, assertThrows(TaskFailedException.class, scope::join).getCause());
        assertEquals(State.FAILED, task.state());
      }
    }
  }

  @Test
  void aFailureThatNobodyJoinedIsThrownByClose() {
    IOException first = new IOException();
    TaskFailedException e =
        assertThrows(
            TaskFailedException.class,
            () -> {
              try (var scope = Scope.open(BACKGROUND)) {
                scope.go(() -> fail(first));
                until(() -> scope.context().isDone());
              }
            });
    assertSame(first, e.getCause());
  }

  @Test
  void aFailureThatWasJoinedIsNotThrownAgain() {
    Scope scope = Scope.open(BACKGROUND);
    scope.go(() -> fail(new IOException()));
    assertThrows(TaskFailedException.class, scope::join);
    scope.close();
  }

  @Test
  void whatTheBlockThrowsComesFirst() {
    IOException bodys = new IOException("body's");
    IOException childs = new IOException("child's");
    IOException e =
        assertThrows(
            IOException.class,
            () -> {
              try (var scope = Scope.open(BACKGROUND)) {
                scope.go(() -> fail(childs));
                until(() -> scope.context().isDone());
                throw bodys;
              }
            });
    assertSame(bodys, e);
    assertSame(childs, e.getSuppressed()[0].getCause());
  }

  // --------------- Collecting ---------------

  @Test
  void collectingLetsEveryChildEndByItself() throws Exception {
    IOException one = new IOException("one");
    try (var scope = Scope.collecting(BACKGROUND)) {
      Task<Integer> failing = scope.fork(() -> fail(one));
      until(() -> failing.state() != State.RUNNING);
      assertFalse(scope.context().isDone());
      Task<Integer> fine = scope.fork(() -> 2);
      scope.go(() -> fail(one));
      scope.join();
      assertEquals(State.FAILED, failing.state());
      assertSame(one, failing.exception());
      assertEquals(2, fine.get());
      assertEquals(List.of(one, one), scope.failures());
    }
  }

  @Test
  void collectingKeepsWhatThereIsWhenTheTimeIsOver() throws Exception {
    Duration limit = Duration.ofMillis(20);
    while (!keepsWhatThereIs(limit)) {
      limit = limit.multipliedBy(4); // the time was over before the quick one had it
    }
  }

  private boolean keepsWhatThereIs(Duration limit) throws Exception {
    try (var scope = Scope.collecting(BACKGROUND, limit)) {
      Task<Integer> quick = scope.fork(() -> 1);
      Task<Void> slow = scope.fork(this::block);
      scope.join();
      ScopeCanceledException e = assertThrows(ScopeCanceledException.class, slow::get);
      assertInstanceOf(DeadlineExceededException.class, e.getCause());
      assertEquals("scope canceled: context deadline exceeded", e.getMessage());
      assertEquals(List.of(), scope.failures());
      if (quick.state() == State.CANCELLED) {
        return false;
      }
      assertEquals(1, quick.get());
      return true;
    }
  }

  // --------------- Cancelling ---------------

  @Test
  void cancellingInterruptsTheChildrenAndEndsTheContext() {
    IOException why = new IOException("enough");
    try (var scope = Scope.open(BACKGROUND)) {
      Task<Void> interrupted = scope.fork(this::block);
      Task<@Nullable Void> woken =
          scope.<@Nullable Void>fork(() -> scope.context().done().receiveOrNull());
      untilInside(1);
      scope.cancel(why);
      scope.cancel();
      ScopeCanceledException e = assertThrows(ScopeCanceledException.class, scope::join);
      assertSame(why, e.getCause());
      assertEquals(State.CANCELLED, interrupted.state());
      // Its wait ended in one of two ways, whichever came first.
      assertTrue(Set.of(State.CANCELLED, State.SUCCESS).contains(woken.state()));
    }
  }

  @Test
  void theParentsContextCancelsTheScope() {
    try (var ctx = BACKGROUND.withCancel();
        var scope = Scope.open(ctx.withValue(Context.Key.of("k"), 1))) {
      scope.go(this::block);
      untilInside(1);
      ctx.cancel();
      ScopeCanceledException e = assertThrows(ScopeCanceledException.class, scope::join);
      assertSame(ctx.cause(), e.getCause());
    }
  }

  @Test
  void theTimeOfAScopeIsLimited() {
    try (var scope = Scope.open(BACKGROUND, SHORT)) {
      assertTrue(scope.context().deadline().isPresent());
      scope.go(this::block);
      ScopeCanceledException e = assertThrows(ScopeCanceledException.class, scope::join);
      assertInstanceOf(DeadlineExceededException.class, e.getCause());
    }
  }

  @Test
  void whatSucceededAllTheSameIsNoFailure() throws Exception {
    try (var scope = Scope.open(BACKGROUND)) {
      Task<Integer> task = scope.fork(() -> 1);
      until(() -> task.state() == State.SUCCESS);
      scope.cancel();
      scope.join();
      assertEquals(1, task.get());
    }
  }

  @Test
  void aCancelledScopeStartsNothing() {
    AtomicInteger ran = new AtomicInteger();
    try (var scope = Scope.open(BACKGROUND)) {
      scope.cancel();
      Task<Integer> task = scope.fork(ran::incrementAndGet);
      scope.go(ran::incrementAndGet);
      assertEquals(State.CANCELLED, task.state());
      ScopeCanceledException e = assertThrows(ScopeCanceledException.class, scope::join);
      assertEquals("scope canceled: context canceled", e.getMessage());
      assertInstanceOf(ContextCanceledException.class, task.exception());
      assertThrows(ScopeCanceledException.class, task::get);
    }
    assertEquals(0, ran.get());
  }

  @Test
  void leavingWithoutAJoinCancels() {
    Task<Void> task;
    try (var scope = Scope.open(BACKGROUND)) {
      task = scope.fork(this::block);
      untilInside(1);
    }
    assertEquals(State.CANCELLED, task.state());
    assertThrows(ScopeCanceledException.class, task::get);
  }

  @Test
  void aChildIsInterruptedOnce() {
    AtomicInteger interrupts = new AtomicInteger();
    Channel<Integer> end = Channel.unbuffered();
    try (var scope = Scope.open(BACKGROUND)) {
      Task<Integer> task =
          scope.fork(
              () -> {
                for (; ; ) {
                  try {
                    return end.receive();
                  } catch (InterruptedException e) {
                    interrupts.incrementAndGet();
                  }
                }
              });
      scope.cancel();
      until(() -> interrupts.get() == 1);
      scope.cancel();
      Go.go(
          () -> {
            Go.sleep(SHORT); // close() is under way by now, or not: it must not matter
            end.send(1);
          });
      assertEquals(State.RUNNING, task.state());
    }
    assertEquals(1, interrupts.get());
  }

  // --------------- Cleaning up ---------------

  @Test
  void theFinallyOfACancelledChildCanStillSendAndLock() throws Exception {
    Channel<String> out = Channel.unbuffered();
    Mutex mutex = new Mutex();
    mutex.lock();
    AtomicReference<@Nullable Boolean> flagAfter = new AtomicReference<>();
    try (var scope = Scope.open(BACKGROUND)) {
      scope.go(
          () -> {
            try {
              block();
            } finally {
              Thread.currentThread().interrupt();
              uninterruptibly(() -> out.send("partial"));
              String lock =
                  uninterruptibly(
                      () -> {
                        mutex.lock();
                        mutex.unlock();
                        return "locked";
                      });
              flagAfter.set(Thread.interrupted());
              assertEquals("locked", lock);
            }
          });
      untilInside(1);
      scope.cancel();
      assertEquals("partial", out.receive());
      mutex.unlock();
    }
    assertEquals(true, flagAfter.get());
  }

  @Test
  void aScopeDoesNotInterruptEvenAWaitOfTheJdkInside() throws Exception {
    Semaphore permits = new Semaphore(0);
    Channel<String> out = Channel.buffered(2);
    try (var scope = Scope.open(BACKGROUND)) {
      scope.go(
          () -> {
            try {
              uninterruptibly(
                  () -> {
                    permits.acquire();
                    out.send("acquired");
                  });
            } finally {
              boolean flag = Thread.interrupted();
              out.send("flag " + flag);
            }
          });
      until(permits::hasQueuedThreads);
      scope.cancel();
      permits.release();
      assertEquals("acquired", out.receive());
      assertEquals("flag true", out.receive());
    }
  }

  // --------------- An interrupted owner ---------------

  @Test
  void anInterruptedJoinLeavesTheChildrenAlone() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Channel<Object> seen = Channel.buffered(2);
    Thread owner =
        Threads.start(
            () -> {
              try (var scope = Scope.open(BACKGROUND)) {
                Task<Integer> task = scope.fork(() -> ch.receive());
                try {
                  scope.join();
                } catch (InterruptedException e) {
                  seen.send(scope.context().isDone() ? "cancelled" : "interrupted");
                }
                scope.join();
                seen.send(task.get());
              }
            });
    untilBlocked(owner);
    owner.interrupt();
    assertEquals("interrupted", seen.receive());
    ch.send(5);
    assertEquals(5, seen.receive());
    owner.join();
  }

  @Test
  void anInterruptedOwnerStillWaitsInCloseAndKeepsTheFlag() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Channel<Boolean> flags = Channel.buffered(1);
    Thread owner =
        startBlocked(
            () -> {
              Scope scope = Scope.open(BACKGROUND);
              scope.go(() -> uninterruptibly(() -> ch.receive()));
              try {
                scope.close();
              } finally {
                boolean flag = Thread.interrupted();
                flags.send(flag);
              }
            });
    owner.interrupt();
    until(() -> !owner.isInterrupted()); // put off
    untilBlocked(owner);
    assertEquals(0, flags.len());
    ch.send(1);
    assertTrue(flags.receive());
    owner.join();
  }

  @Test
  void anOwnerInterruptedBeforeClosesAllTheSame() throws Exception {
    Scope scope = Scope.open(BACKGROUND);
    scope.go(this::block);
    untilInside(1);
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, scope::join);
    Thread.currentThread().interrupt();
    scope.close();
    assertTrue(Thread.interrupted());
  }

  // --------------- Nesting ---------------

  @Test
  void childrenAndTheirChildrenMayFork() throws Exception {
    try (var outer = Scope.open(BACKGROUND)) {
      Channel<Task<Integer>> tasks = Channel.buffered(3);
      outer.go(
          () -> {
            tasks.send(outer.fork(() -> 1));
            try (var inner = Scope.open(outer.context())) {
              inner.go(
                  () -> {
                    tasks.send(outer.fork(() -> 2));
                    tasks.send(inner.fork(() -> 3));
                  });
              inner.join();
            }
          });
      outer.join();
      int sum = tasks.receive().get() + tasks.receive().get() + tasks.receive().get();
      assertEquals(6, sum);
    }
  }

  @Test
  void aFailureGoesUpThroughTheScopesAndDownToAllChildren() {
    IOException deep = new IOException("deep");
    try (var outer = Scope.open(BACKGROUND)) {
      outer.go(this::block);
      outer.go(
          () -> {
            try (var sibling = Scope.open(outer.context())) {
              sibling.go(this::block);
              sibling.join();
            }
          });
      untilInside(2);
      outer.go(
          () -> {
            try (var inner = Scope.open(outer.context())) {
              inner.go(this::block);
              inner.go(() -> fail(deep));
              inner.join();
            }
          });
      TaskFailedException e = assertThrows(TaskFailedException.class, outer::join);
      assertSame(deep, assertInstanceOf(TaskFailedException.class, e.getCause()).getCause());
      assertEquals(0, e.getSuppressed().length);
    }
  }

  // --------------- Misuse ---------------

  @Test
  void mistakesAreThrownWhereTheyAreMade() throws Exception {
    Scope scope = Scope.open(BACKGROUND);
    Task<Integer> task = scope.fork(() -> 1);
    assertMessage(
        "get: join the scope before asking its tasks", IllegalStateException.class, task::get);
    assertMessage(
        "exception: join the scope before asking its tasks",
        IllegalStateException.class,
        task::exception);
    inAnotherThread(
        () -> {
          assertMessage(
              "fork: only the thread that opened the scope and its children may; use"
                  + " Scope.component for a scope that every thread may fork in",
              WrongThreadException.class,
              () -> scope.fork(() -> 2));
          assertMessage(
              "join: only the thread that opened the scope may; cancel() is for everybody",
              WrongThreadException.class,
              scope::join);
          assertMessage(
              "close: only the thread that opened the scope may; cancel() is for everybody",
              WrongThreadException.class,
              scope::close);
        });
    scope.go(() -> assertThrows(WrongThreadException.class, scope::join));
    scope.go(() -> assertThrows(WrongThreadException.class, scope::close));
    Channel<Integer> forked = Channel.unbuffered();
    scope.go(
        () -> {
          Go.go(
              () -> {
                assertThrows(WrongThreadException.class, () -> scope.fork(() -> 3));
                forked.close();
              });
          forked.receiveOrNull();
        });
    scope.join();
    assertEquals("scope(0 open)", scope.toString());
    scope.close();
    assertEquals("scope(0 open, cancelled, closed)", scope.toString());
    assertEquals(1, task.get());
    assertMessage(
        "fork: the scope is closed", IllegalStateException.class, () -> scope.fork(() -> 1));
    assertMessage(
        "fork: the scope is closed", IllegalStateException.class, () -> scope.go(() -> {}));
    assertMessage("join: the scope is closed", IllegalStateException.class, scope::join);
  }

  @Test
  @SuppressWarnings("NullAway") // this is what it is about
  void nullIsRefused() {
    assertMessage(
        "cannot create a scope from nil context",
        NullPointerException.class,
        () -> Scope.open(null));
    try (var scope = Scope.open(BACKGROUND)) {
      assertThrows(NullPointerException.class, () -> scope.go((Go.Action) null));
      assertThrows(NullPointerException.class, () -> scope.fork((Scope.Body<Integer>) null));
      assertThrows(NullPointerException.class, () -> scope.go((String) null, () -> {}));
      assertThrows(NullPointerException.class, () -> scope.cancel(null));
    }
  }

  private static void assertMessage(String message, Class<? extends Throwable> type, Executable e) {
    assertEquals(message, assertThrows(type, e).getMessage());
  }

  private static void inAnotherThread(Go.Action action) throws Exception {
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    action.run();
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
    thread.join();
    assertNull(failure.get());
  }

  // --------------- Of a component ---------------

  /** What a user would write. */
  private static final class Server implements AutoCloseable {
    final Scope scope = Scope.component(Context.background());

    @Override
    public void close() {
      scope.close();
    }
  }

  @Test
  void aComponentsScopeIsForEveryThread() throws Exception {
    Server server = new Server();
    Channel<Task<Integer>> tasks = Channel.buffered(2);
    server.scope.go(this::block);
    inAnotherThread(() -> tasks.send(server.scope.fork(() -> 1)));
    untilInside(1);
    inAnotherThread(server::close);
    assertEquals(Set.of(), inside);
    assertEquals(1, tasks.receive().get());
    assertMessage(
        "fork: the scope is closed", IllegalStateException.class, () -> server.scope.go(() -> {}));
    server.close();
  }

  @Test
  void aComponentsChildFailsLikeAnyGoroutineAndAlone() throws Exception {
    IOException lost = new IOException("lost");
    IOException kept = new IOException("kept");
    Channel<Throwable> uncaught = Channel.buffered(2);
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((t, e) -> uncaught.trySend(e));
    try (Server server = new Server()) {
      server.scope.go(() -> fail(lost));
      assertSame(lost, uncaught.receive());
      Task<Integer> task = server.scope.fork(() -> fail(kept));
      server.scope.join();
      assertSame(kept, task.exception());
      assertFalse(server.scope.context().isDone());
      assertEquals(List.of(), server.scope.failures());
      server.scope.go(this::block);
      untilInside(1);
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertEquals(0, uncaught.len());
  }

  @Test
  void aComponentsTaskMayBeAskedWhenItHasEnded() {
    Channel<Integer> ch = Channel.unbuffered();
    try (Server server = new Server()) {
      Task<Integer> task = server.scope.fork(() -> ch.receive());
      assertMessage("get: the task is still running", IllegalStateException.class, task::get);
      Go.go(() -> ch.send(3));
      until(() -> task.state() == State.SUCCESS);
      assertEquals(3, task.get());
    }
  }

  @Test
  void aComponentsChildCannotCloseItButCancel() throws Exception {
    Scope scope = Scope.component(BACKGROUND);
    Task<@Nullable Void> task =
        scope.<@Nullable Void>fork(
            () -> {
              assertMessage(
                  "close: a child of the scope would wait for itself; it may cancel() the scope",
                  WrongThreadException.class,
                  scope::close);
              assertThrows(WrongThreadException.class, scope::join);
              scope.cancel();
              assertTrue(Thread.interrupted());
              return null;
            });
    scope.join();
    assertNull(task.get());
    scope.close();
  }

  @Test
  void severalThreadsMayCloseAComponentsScope() throws Exception {
    Scope scope = Scope.component(BACKGROUND);
    Channel<Integer> ch = Channel.unbuffered();
    List<Thread> closing = new ArrayList<>();
    scope.go(() -> uninterruptibly(() -> ch.receive()));
    for (int i = 0; i < 3; i++) {
      closing.add(startBlocked(scope::close));
    }
    ch.send(1);
    for (Thread thread : closing) {
      thread.join();
    }
  }

  @Test
  void aComponentsScopeKeepsNothingOfWhatHasEnded() throws Exception {
    try (var ctx = BACKGROUND.withCancel()) {
      for (int i = 0; i < 50; i++) {
        try (var scope = Scope.component(ctx)) {
          scope.go(() -> {});
          assertEquals(1, ctx.cancellation().dependents());
        }
        assertEquals(0, ctx.cancellation().dependents());
      }
    }
  }
}
