package dev.selvage;

import static dev.selvage.Select.done;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;
import static dev.selvage.Threads.isCollected;
import static dev.selvage.Threads.isKept;
import static dev.selvage.Threads.leak;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import dev.selvage.time.Ticker;
import dev.selvage.time.Timer;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A blocked goroutine is held by what can wake it and by nothing else. Runs in a JVM whose own list
 * of virtual threads is switched off.
 */
@Timeout(60)
final class ReachabilityTests {
  private static final Duration LONG = Duration.ofHours(1);

  /** What the program still holds while a test runs. */
  private final List<Object> held = new ArrayList<>();

  @BeforeAll
  static void theJdkHoldsNoThreads() {
    assertEquals("false", System.getProperty("jdk.trackAllThreads"));
  }

  // --------------- Nobody can wake it ---------------

  @Test
  void goroutinesOnPrivateChannelsAreGarbage() throws Exception {
    List<WeakReference<Thread>> leaked = new ArrayList<>();
    leaked.add(leak(() -> Channel.<Integer>unbuffered().send(1)));
    leaked.add(leak(() -> Channel.unbuffered().receive()));
    leaked.add(leak(() -> Channel.buffered(3).receiveOrNull()));
    leaked.add(
        leak(
            () -> {
              for (Object o : Channel.unbuffered()) {
                throw new AssertionError(o);
              }
            }));
    leaked.add(leak(() -> Channel.never().receive()));
    leaked.add(leak(() -> Channel.never().send(1)));
    leaked.add(leak(() -> Context.background().done().receive()));
    leaked.add(
        leak(
            () ->
                select(
                    receive(Channel.unbuffered(), v -> v),
                    send(Channel.unbuffered(), 1, () -> 1),
                    done(Context.background(), c -> 1))));
    leaked.add(leak(() -> Select.<Object, RuntimeException>select()));
    leaked.add(
        leak(
            () -> {
              Select sel = Select.create();
              Select.Receiving<Object> in = sel.receive(Channel.unbuffered());
              assertEquals(in, sel.await());
            }));
    for (int i = 0; i < leaked.size(); i++) {
      assertTrue(isCollected(leaked.get(i)), "number " + i);
    }
  }

  @Test
  void goroutinesThatOnlyWaitForEachOtherAreGarbage() throws Exception {
    List<WeakReference<Thread>> leaked = cycle();
    assertTrue(isCollected(leaked.get(0)));
    assertTrue(isCollected(leaked.get(1)));
  }

  private static List<WeakReference<Thread>> cycle() {
    Channel<Integer> a = Channel.unbuffered();
    Channel<Integer> b = Channel.unbuffered();
    return List.of(
        leak(
            () -> {
              a.receive();
              b.send(1);
            }),
        leak(
            () -> {
              b.receive();
              a.send(1);
            }));
  }

  @Test
  void goroutinesOnPrivateSyncAreGarbage() throws Exception {
    assertTrue(
        isCollected(
            leak(
                () -> {
                  WaitGroup wg = new WaitGroup();
                  wg.add(1);
                  wg.await();
                })));
    assertTrue(
        isCollected(
            leak(
                () -> {
                  Mutex mutex = new Mutex();
                  mutex.lock();
                  mutex.lock();
                })));
  }

  @Test
  void whoWaitsForAnotherWaitGroupThanTheOneCountedDownIsGarbage() throws Exception {
    WaitGroup counted = new WaitGroup();
    counted.add(1);
    WeakReference<Thread> leaked =
        leak(
            () -> {
              WaitGroup mine = new WaitGroup(); // in Go: passed by value
              mine.add(1);
              mine.await();
            });
    counted.done();
    counted.await();
    assertTrue(isCollected(leaked));
  }

  @Test
  void whoWaitsForAContextThatNobodyCanCancelIsGarbage() throws Exception {
    Context[] inUse = new Context[2];
    held.add(inUse);
    WeakReference<Thread> leaked = dropCanceller(inUse);
    assertTrue(isCollected(leaked));
    assertFalse(inUse[0].isDone());
    assertFalse(inUse[1].isDone());
    // Who comes later waits for nothing, too.
    assertTrue(isCollected(waitLater(inUse)));
  }

  private static WeakReference<Thread> dropCanceller(Context[] inUse) {
    CancellableContext ctx = Context.background().withCancel();
    Context view = ctx.view();
    inUse[0] = view;
    inUse[1] = view.withValue(Context.Key.<String>of("user"), "gopher");
    return leak(() -> inUse[1].done().receiveOrNull());
  }

  private static WeakReference<Thread> waitLater(Context[] inUse) {
    return leak(() -> inUse[0].done().receiveOrNull());
  }

  @Test
  void whoHoldsTheCancellerItselfInVainIsGarbage() throws Exception {
    assertTrue(
        isCollected(
            leak(
                () -> {
                  try (var ctx = Context.background().withCancel()) {
                    select(done(ctx, c -> c));
                  }
                })));
  }

  @Test
  void whatIsHeldForTheEndOfAContextHoldsNoCanceller() throws Exception {
    assertTrue(isCollected(waitBesideAnAfterFunc()));
    assertTrue(
        isCollected(
            leak(() -> Context.background().withCancel().withoutCancel().done().receive())));
  }

  private WeakReference<Thread> waitBesideAnAfterFunc() {
    Context view = Context.background().withCancel().view();
    held.add(view.afterFunc(() -> {}));
    held.add(view);
    return leak(() -> view.done().receiveOrNull());
  }

  @Test
  void aStoppedAfterFuncDoesNotKeepItsTask() {
    try (var ctx = Context.background().withCancel()) {
      assertTrue(isCollected(stoppedAfterFunc(ctx)));
      assertFalse(ctx.isDone());
    }
  }

  private WeakReference<Object> stoppedAfterFunc(Context ctx) {
    Object captured = new Object();
    AfterFunc function = ctx.afterFunc(() -> held.add(captured));
    held.add(function);
    assertTrue(function.stop());
    return new WeakReference<>(captured);
  }

  @Test
  void whoWaitsForAStoppedTimerIsGarbage() throws Exception {
    assertTrue(
        isCollected(
            leak(
                () -> {
                  Timer timer = Timer.after(LONG);
                  timer.stop();
                  timer.channel().receive();
                })));
    assertTrue(
        isCollected(
            leak(
                () -> {
                  Ticker ticker = Ticker.every(LONG);
                  ticker.stop();
                  ticker.channel().receive();
                })));
  }

  // --------------- Scopes ---------------

  @Test
  void aDroppedComponentDropsTheBlockedChildrenOfItsScope() throws Exception {
    WeakReference<Thread> dropped = blockedChild(Scope.component(Context.background()));
    assertTrue(isCollected(dropped));
    Scope open = Scope.component(Context.background());
    held.add(open);
    WeakReference<Thread> cancellable = blockedChild(open);
    assertTrue(isKept(cancellable));
    open.close();
    assertTrue(isCollected(cancellable));
  }

  private static WeakReference<Thread> blockedChild(Scope scope) {
    return childIn(scope, () -> Channel.unbuffered().receive());
  }

  private static WeakReference<Thread> childIn(Scope scope, Go.Action body) {
    AtomicReference<@Nullable Thread> child = new AtomicReference<>();
    scope.go(
        () -> {
          child.set(Thread.currentThread());
          body.run();
        });
    Threads.until(() -> child.get() != null);
    Thread thread = child.getAndSet(null);
    assertNotNull(thread);
    Threads.untilBlocked(thread);
    return new WeakReference<>(thread);
  }

  @Test
  void anOwnerThatWaitsForAChildThatNeverEndsIsGarbageWithIt() throws Exception {
    List<WeakReference<Thread>> children = new ArrayList<>();
    WeakReference<Thread> joining =
        leak(
            () -> {
              try (var scope = Scope.open(Context.background())) {
                children.add(blockedChild(scope));
                scope.join();
              }
            });
    WeakReference<Thread> closing =
        leak(
            () -> {
              try (var scope = Scope.open(Context.background())) {
                children.add(
                    childIn(scope, () -> Go.uninterruptibly(() -> Channel.unbuffered().receive())));
              }
            });
    assertTrue(isCollected(joining));
    assertTrue(isCollected(closing));
    assertTrue(isCollected(children.get(0)));
    assertTrue(isCollected(children.get(1)));
  }

  @Test
  void aChildThatWaitsForItsScopesContextIsGarbageWithTheScope() throws Exception {
    assertTrue(isCollected(waitForItsScope(Scope.component(Context.background()))));
    Scope open = Scope.component(Context.background());
    held.add(open);
    WeakReference<Thread> cancellable = waitForItsScope(open);
    assertTrue(isKept(cancellable));
    open.close();
  }

  private static WeakReference<Thread> waitForItsScope(Scope scope) {
    Context context = scope.context();
    return childIn(scope, () -> context.done().receiveOrNull());
  }

  @Test
  void whoCanCancelTheContextOfAScopeKeepsItsChildren() throws Exception {
    try (var ctx = Context.background().withCancel()) {
      WeakReference<Thread> child = blockedChild(Scope.component(ctx));
      WeakReference<Thread> limited = inAScopeOfLimitedTime();
      assertTrue(isKept(child));
      assertTrue(isKept(limited));
      Thread waiting = limited.get();
      assertNotNull(waiting);
      waiting.interrupt();
      ctx.cancel();
      assertTrue(isCollected(child));
    }
  }

  private static WeakReference<Thread> inAScopeOfLimitedTime() {
    return leak(
        () -> {
          try (var scope = Scope.collecting(Context.background(), LONG)) {
            blockedChild(scope);
            scope.join();
          }
        });
  }

  @Test
  void aTaskKeepsNeitherItsScopeNorTheOtherChildren() throws Exception {
    WeakReference<Thread> sibling = keepATask();
    assertTrue(isCollected(sibling));
    assertEquals(1, ((Task<?>) held.get(0)).get());
  }

  private WeakReference<Thread> keepATask() {
    Scope scope = Scope.component(Context.background());
    Task<Integer> task = scope.fork(() -> 1);
    Threads.until(() -> task.state() == Future.State.SUCCESS);
    held.add(task);
    held.add(scope.fork(() -> Channel.unbuffered().receive()));
    return blockedChild(scope);
  }

  @Test
  void anOpenScopeKeepsNoChildThatHasEnded() throws Exception {
    Scope open = Scope.component(Context.background());
    held.add(open);
    assertTrue(isCollected(endedChild(open)));
    open.close();
  }

  private static WeakReference<Thread> endedChild(Scope scope) throws InterruptedException {
    Channel<Integer> end = Channel.unbuffered();
    WeakReference<Thread> child = childIn(scope, () -> end.receiveOrNull());
    end.close();
    scope.join();
    return child;
  }

  // --------------- Somebody can wake it ---------------

  @Test
  void whoCanBeWokenIsKept() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    WaitGroup wg = new WaitGroup();
    wg.add(1);
    held.add(ch);
    held.add(wg);
    try (var ctx = Context.background().withCancel();
        var derived = ctx.view().withCancel()) {
      Context view = derived.view();
      List<WeakReference<Thread>> kept = new ArrayList<>();
      kept.add(leak(() -> ch.receive()));
      kept.add(leak(() -> select(receive(ch, v -> v), receive(Channel.unbuffered(), v -> 0))));
      kept.add(leak(wg::await));
      kept.add(leak(() -> view.done().receiveOrNull()));
      kept.add(waitForDerived(ctx));
      kept.add(waitForAfterFunc(ctx));
      kept.add(leak(() -> Go.sleep(LONG)));
      kept.add(leak(() -> Channel.unbuffered().receive(LONG)));
      kept.add(leak(() -> Channel.never().receive(LONG)));
      kept.add(leak(() -> new WaitGroup1().wg.await(LONG)));
      kept.add(leak(() -> Timer.after(LONG).channel().receive()));
      kept.add(leak(() -> Ticker.every(LONG).channel().receive()));
      kept.add(leak(() -> select(Select.after(LONG, () -> 1))));
      kept.add(leak(() -> Context.background().withTimeout(LONG).view().done().receiveOrNull()));
      kept.add(
          leak(
              () -> {
                Channel<Integer> mine = Channel.unbuffered();
                Timer.afterFunc(LONG, () -> mine.send(1));
                mine.receive();
              }));
      for (int i = 0; i < kept.size(); i++) {
        assertTrue(isKept(kept.get(i)), "number " + i);
      }
      for (WeakReference<Thread> reference : kept) {
        Thread thread = reference.get();
        assertNotNull(thread);
        thread.interrupt();
      }
    }
  }

  /** A group that is never counted down. */
  private static final class WaitGroup1 {
    final WaitGroup wg = new WaitGroup();

    WaitGroup1() {
      wg.add(1);
    }
  }

  /** The canceller of the derived one is dropped, but cancelling the parent still ends it. */
  private static WeakReference<Thread> waitForDerived(Context parent) {
    Context derived = parent.withCancel().view();
    return leak(() -> derived.done().receiveOrNull());
  }

  private static WeakReference<Thread> waitForAfterFunc(CancellableContext ctx) {
    Channel<Integer> called = Channel.unbuffered();
    ctx.afterFunc(() -> called.close());
    return leak(() -> called.receiveOrNull());
  }

  // --------------- Timers that nobody can reach ---------------

  @Test
  void forgottenTickersAndTimersAreGarbageThoughNeverStopped() throws Exception {
    assertTrue(isCollected(new WeakReference<>(Ticker.every(Duration.ofMillis(1)).channel())));
    assertTrue(isCollected(new WeakReference<>(Ticker.every(LONG).channel())));
    assertTrue(isCollected(new WeakReference<>(Timer.after(LONG).channel())));
    assertTrue(isCollected(usedTicker()));
  }

  /** Its channel has been waited for, so it was in the queue of the timers for some time. */
  private static WeakReference<Object> usedTicker() throws InterruptedException {
    Ticker ticker = Ticker.every(Duration.ofMillis(1));
    Instant last = ticker.channel().receive();
    for (int i = 0; i < 3; i++) {
      Instant next = ticker.channel().receive();
      assertTrue(next.isAfter(last));
      last = next;
    }
    assertTrue(ticker.channel().receive(LONG).isPresent());
    return new WeakReference<>(ticker.channel());
  }

  @Test
  void aSleeperThatWokeIsNotKept() throws Exception {
    WeakReference<Thread> reference = new WeakReference<>(sleepShortly());
    assertTrue(isCollected(reference));
  }

  private static Thread sleepShortly() throws InterruptedException {
    Thread thread = Threads.start(() -> Go.sleep(Duration.ofMillis(2)));
    thread.join();
    return thread;
  }
}
