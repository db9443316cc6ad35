package dev.selvage;

import static dev.selvage.Select.after;
import static dev.selvage.Select.done;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.selvage.observe.GoroutineInfo;
import dev.selvage.observe.Goroutines;
import dev.selvage.observe.WaitReason;
import dev.selvage.sync.Cond;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Locker;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.Once;
import dev.selvage.sync.OnceFunc;
import dev.selvage.sync.OnceValue;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.Semaphore;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
import dev.selvage.time.ManualClock;
import dev.selvage.time.Ticker;
import dev.selvage.time.Timer;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * The table in docs/checkpoints.md, cell by cell; and what who waits in an operation of it tells.
 */
@Timeout(60)
final class CheckpointsTests {
  private static final Path DOCUMENT = Path.of("../docs/checkpoints.md");
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Duration LONG = Duration.ofHours(1);

  /** What an operation yields that ended because of a cancellation, as the program asked for. */
  private static final Object SEEN = new Object();

  // --------------- Operations ---------------

  /** Something that is done, and may throw. */
  private interface Op {
    @Nullable Object run() throws Exception;
  }

  /** Something that is done, yields nothing, and may throw. */
  private interface Effect {
    void run() throws Exception;
  }

  /**
   * An operation that waits until it is let go on.
   *
   * @param spins whether it is to be found running, not parked
   * @param onTimeAlone whether there is no object that it waits on, though its word has one
   */
  private record Wait(Op operation, Effect release, boolean spins, boolean onTimeAlone) {
    Wait(Op operation, Effect release, boolean spins) {
      this(operation, release, spins, false);
    }

    Wait onNothingElse() {
      return new Wait(operation, release, spins, true);
    }
  }

  private interface Maker {
    Wait make() throws Exception;
  }

  /** One operation of a row, and the method of the language that it stands for. */
  private record Variant(String method, Maker maker) {}

  private static Wait waits(Effect operation, Effect release) {
    return new Wait(
        () -> {
          operation.run();
          return null;
        },
        release,
        false);
  }

  private static Variant on(String method, Maker maker) {
    return new Variant(method, maker);
  }

  private interface OnChannel {
    void run(Channel<Integer> channel) throws Exception;
  }

  private static Variant sending(String method, OnChannel operation) {
    return on(
        method,
        () -> {
          Channel<Integer> ch = Channel.unbuffered();
          return waits(() -> operation.run(ch), ch::receive);
        });
  }

  private static Variant receiving(String method, OnChannel operation) {
    return on(
        method,
        () -> {
          Channel<Integer> ch = Channel.unbuffered();
          return waits(() -> operation.run(ch), () -> ch.send(1));
        });
  }

  private static Variant iterating(String method, OnChannel operation) {
    return on(
        method,
        () -> {
          Channel<Integer> ch = Channel.unbuffered();
          return waits(() -> operation.run(ch), ch::close);
        });
  }

  /** Waits for a lock that somebody has. */
  private static <L extends Locker> Variant locking(String method, L lock, OnLock<L> operation) {
    return on(
        method,
        () -> {
          lock.lock();
          return waits(() -> operation.run(lock), lock::unlock);
        });
  }

  private interface OnLock<L> {
    void run(L lock) throws Exception;
  }

  private static Variant awaiting(String method, OnLock<Cond> operation) {
    return on(
        method,
        () -> {
          Mutex mutex = new Mutex();
          Cond cond = new Cond(mutex);
          return waits(() -> mutex.withLock(() -> operation.run(cond)), cond::signal);
        });
  }

  private static Variant counting(String method, OnLock<WaitGroup> operation) {
    return on(
        method,
        () -> {
          WaitGroup wg = new WaitGroup();
          wg.add(1);
          return waits(() -> operation.run(wg), wg::done);
        });
  }

  private static Variant acquiring(String method, OnLock<Semaphore> operation) {
    return on(
        method,
        () -> {
          Semaphore semaphore = new Semaphore(1);
          semaphore.acquire();
          return waits(() -> operation.run(semaphore), semaphore::release);
        });
  }

  private static Variant grouped(String method, OnLock<ErrorGroup> operation) {
    return on(
        method,
        () -> {
          ErrorGroup group = new ErrorGroup();
          group.setLimit(1);
          Channel<Integer> ch = Channel.unbuffered();
          group.go(ch::receive);
          return waits(() -> operation.run(group), () -> ch.send(1));
        });
  }

  private static Variant moving(String method, OnLock<ManualClock> operation) {
    return on(
        method,
        () -> {
          ManualClock clock = ManualClock.create();
          CountDownLatch latch = new CountDownLatch(1); // which the clock does not know
          clock.run(() -> Go.go(latch::await));
          return new Wait(
              () -> {
                operation.run(clock);
                return null;
              },
              latch::countDown,
              true);
        });
  }

  /** A sleep under a clock of its own, and what moves that. */
  private static Variant sleeping(String method, Effect operation) {
    return on(
        method,
        () -> {
          ManualClock clock = ManualClock.create();
          return waits(
              () ->
                  clock.call(
                      () -> {
                        operation.run();
                        return 0;
                      }),
              () -> clock.advance(LONG));
        });
  }

  private static Variant looping(String method, Op step) {
    return on(
        method,
        () -> {
          AtomicBoolean stop = new AtomicBoolean();
          return new Wait(
              () -> {
                Object o = null;
                while (o == null && !stop.get()) {
                  o = step.run();
                }
                return o;
              },
              () -> stop.set(true),
              true);
        });
  }

  private static Variant trying(String method, Op operation) {
    return on(method, () -> new Wait(operation, () -> {}, false));
  }

  private static Variant joining(String method, OnLock<Scope> operation) {
    return on(
        method,
        () -> {
          Scope scope = Scope.component(Context.background());
          Channel<Integer> ch = Channel.unbuffered();
          // Ends when it is let, not when the scope is closed.
          scope.go(() -> Go.uninterruptibly(() -> ch.receive()));
          return waits(() -> operation.run(scope), () -> ch.send(1));
        });
  }

  /** The operations of each row of the table, by what stands in its first column. */
  private static Map<String, List<Variant>> rows() {
    Map<String, List<Variant>> rows = new LinkedHashMap<>();
    rows.put(
        "`channel.send(v)`, `send(v, timeout)`, `sendAll(…)`",
        List.of(
            sending("SendChannel.send(Object)", ch -> ch.sendOnly().send(1)),
            sending("Channel.send(Object)", ch -> ch.send(1)),
            sending("SendChannel.send(Object,Duration)", ch -> ch.sendOnly().send(1, LONG)),
            sending("Channel.send(Object,Duration)", ch -> ch.send(1, LONG)),
            sending("SendChannel.sendAll(Iterable)", ch -> ch.sendAll(List.of(1))),
            sending("SendChannel.sendAll(Stream)", ch -> ch.sendAll(Stream.of(1)))));
    rows.put(
        "`channel.receive()`, `receiveOrNull()`, `receive(timeout)`",
        List.of(
            receiving("ReceiveChannel.receive()", ch -> ch.receiveOnly().receive()),
            receiving("Channel.receive()", Channel::receive),
            receiving("ReceiveChannel.receiveOrNull()", ch -> ch.receiveOnly().receiveOrNull()),
            receiving("Channel.receiveOrNull()", ch -> ch.receiveOrNull()),
            receiving("ReceiveChannel.receive(Duration)", ch -> ch.receiveOnly().receive(LONG)),
            receiving("Channel.receive(Duration)", ch -> ch.receive(LONG))));
    // Nobody can let these go on, so a time limit does.
    rows.put(
        "`Channel.never()`: `send(v, timeout)`, `receive(timeout)`",
        List.of(
            sleeping("Channel.send(Object,Duration)", () -> Channel.never().send(1, LONG)),
            sleeping("Channel.receive(Duration)", () -> Channel.never().receive(LONG))));
    rows.put(
        "`for (v : channel)`, `channel.stream()`",
        List.of(
            iterating("ReceiveChannel.iterator()", CheckpointsTests::loop),
            iterating("ReceiveChannel.stream()", ch -> ch.stream().forEach(v -> {})),
            iterating("ReceiveChannel.spliterator()", ch -> ch.spliterator().tryAdvance(v -> {}))));
    rows.put(
        "`channel.sendAll(otherChannel)`, waiting for the other",
        List.of(
            iterating(
                "SendChannel.sendAll(Iterable)", ch -> Channel.<Integer>unbuffered().sendAll(ch))));
    rows.put(
        "`select(…)`, with or without `after(…)`",
        List.of(
            receiving("Select.select(Case[])", ch -> select(receive(ch, v -> v))),
            receiving(
                "Select.select(Case[])", ch -> select(receive(ch, v -> v), after(LONG, () -> 0))),
            on(
                "Select.select(Case[])",
                () ->
                    sleeping("", () -> select(after(LONG, () -> 0)))
                        .maker()
                        .make()
                        .onNothingElse()),
            sending("Select.select(Case[])", ch -> select(Select.send(ch, 1, () -> 0)))));
    rows.put(
        "`select(done(ctx, …))`",
        List.of(
            on(
                "Select.select(Case[])",
                () -> {
                  Channel<Integer> ch = Channel.unbuffered();
                  return new Wait(
                      () ->
                          Select.<Object, RuntimeException>select(
                              receive(ch, v -> v), done(Context.current(), cause -> SEEN)),
                      () -> ch.send(1),
                      false);
                })));
    rows.put(
        "`Select.await()`, `await(timeout)`",
        List.of(
            receiving("Select.await()", ch -> selecting(ch).await()),
            receiving("Select.await(Duration)", ch -> selecting(ch).await(LONG))));
    rows.put(
        "`ctx.done().receiveOrNull()`",
        List.of(
            on(
                "ReceiveChannel.receiveOrNull()",
                () -> {
                  AtomicReference<@Nullable CancellableContext> ctx = new AtomicReference<>();
                  AtomicBoolean released = new AtomicBoolean();
                  return new Wait(
                      () -> {
                        CancellableContext own = Context.current().withCancel();
                        ctx.set(own);
                        own.done().receiveOrNull();
                        return released.get() ? null : SEEN;
                      },
                      () -> {
                        released.set(true);
                        Objects.requireNonNull(ctx.get()).cancel();
                      },
                      false);
                })));
    rows.put(
        "`mutex.lock()`, `lock(timeout)`, `withLock(…)`, `callWithLock(…)`",
        List.of(
            locking("Mutex.lock()", new Mutex(), Mutex::lock),
            locking("Locker.lock()", new Mutex(), Locker::lock),
            locking("Mutex.lock(Duration)", new Mutex(), m -> m.lock(LONG)),
            locking("Locker.withLock(Guarded)", new Mutex(), m -> m.withLock(() -> {})),
            locking(
                "Locker.callWithLock(GuardedCall)", new Mutex(), m -> m.callWithLock(() -> 0))));
    rows.put(
        "`rwMutex.lock()`, `lock(timeout)`, `rLock()`, `rLock(timeout)`, `withRLock(…)`,"
            + " `callWithRLock(…)`, `rLocker().lock()`",
        List.of(
            locking("RWMutex.lock()", new RWMutex(), RWMutex::lock),
            locking("RWMutex.lock(Duration)", new RWMutex(), m -> m.lock(LONG)),
            locking("RWMutex.rLock()", new RWMutex(), RWMutex::rLock),
            locking("RWMutex.rLock(Duration)", new RWMutex(), m -> m.rLock(LONG)),
            locking("RWMutex.withRLock(Guarded)", new RWMutex(), m -> m.withRLock(() -> {})),
            locking(
                "RWMutex.callWithRLock(GuardedCall)", new RWMutex(), m -> m.callWithRLock(() -> 0)),
            locking("Locker.lock()", new RWMutex(), m -> m.rLocker().lock()),
            // A writer that waits for readers, not for a writer.
            on(
                "RWMutex.lock()",
                () -> {
                  RWMutex rw = new RWMutex();
                  rw.rLock();
                  return waits(rw::lock, rw::rUnlock);
                })));
    rows.put(
        "`cond.await()`, `await(timeout)`",
        List.of(
            awaiting("Cond.await()", Cond::await),
            awaiting("Cond.await(Duration)", cond -> cond.await(LONG))));
    rows.put(
        "`waitGroup.await()`, `await(timeout)`",
        List.of(
            counting("WaitGroup.await()", WaitGroup::await),
            counting("WaitGroup.await(Duration)", wg -> wg.await(LONG))));
    rows.put(
        "`semaphore.acquire()`, `acquire(n)`, `acquire(n, timeout)`",
        List.of(
            acquiring("Semaphore.acquire()", Semaphore::acquire),
            acquiring("Semaphore.acquire(long)", s -> s.acquire(1)),
            acquiring("Semaphore.acquire(long,Duration)", s -> s.acquire(1, LONG))));
    rows.put(
        "`semaphore.acquire(ctx, n)`",
        List.of(
            acquiring("Semaphore.acquire(Context,long)", s -> s.acquire(Context.current(), 1))));
    rows.put(
        "`once.run(…)`, `onceFunc.run()`, `onceValue.get()`, while another thread runs it",
        List.of(
            on(
                "Once.run(Action)",
                () -> {
                  Once once = new Once();
                  Channel<Integer> ch = Channel.unbuffered();
                  startBlocked(() -> once.run(ch::receive));
                  return waits(() -> once.run(() -> {}), () -> ch.send(1));
                }),
            on(
                "OnceFunc.run()",
                () -> {
                  Channel<Integer> ch = Channel.unbuffered();
                  OnceFunc<RuntimeException> func = Once.func(ch::receive);
                  startBlocked(func::run);
                  return waits(func::run, () -> ch.send(1));
                }),
            on(
                "OnceValue.get()",
                () -> {
                  Channel<Integer> ch = Channel.unbuffered();
                  OnceValue<Integer, RuntimeException> value = Once.value(ch::receive);
                  startBlocked(value::get);
                  return waits(value::get, () -> ch.send(1));
                })));
    rows.put(
        "`errorGroup.go(…)` under a limit, `await()`, `await(timeout)`",
        List.of(
            grouped("ErrorGroup.go(Action)", group -> group.go(() -> {})),
            grouped("ErrorGroup.await()", ErrorGroup::await),
            grouped("ErrorGroup.await(Duration)", group -> group.await(LONG))));
    rows.put(
        "`singleFlight.run(…)`, while another thread leads",
        List.of(
            on(
                "SingleFlight.run(Object,Body)",
                () -> {
                  SingleFlight<String, Integer> flight = new SingleFlight<>();
                  Channel<Integer> ch = Channel.unbuffered();
                  startBlocked(() -> flight.run("key", ch::receive));
                  return waits(() -> flight.run("key", () -> 2), () -> ch.send(1));
                })));
    rows.put("`scope.join()`", List.of(joining("Scope.join()", Scope::join)));
    rows.put("`scope.close()`", List.of(joining("Scope.close()", Scope::close)));
    rows.put("`Go.sleep(time)`", List.of(sleeping("Go.sleep(Duration)", () -> Go.sleep(LONG))));
    rows.put(
        "`timer.channel().receive()`, `ticker.channel().receive()`",
        List.of(
            sleeping("ReceiveChannel.receive()", () -> Timer.after(LONG).channel().receive()),
            sleeping("ReceiveChannel.receive()", () -> Ticker.every(LONG).channel().receive())));
    rows.put(
        "`manualClock.advance(…)`, `advanceToNext()`, `settle()`",
        List.of(
            moving("ManualClock.advance(Duration)", clock -> clock.advance(LONG)),
            moving("ManualClock.advanceToNext()", ManualClock::advanceToNext),
            moving("ManualClock.settle()", ManualClock::settle)));
    rows.put(
        "a loop with `Go.yield()`",
        List.of(
            looping(
                "Go.yield()",
                () -> {
                  Go.yield();
                  return null;
                })));
    rows.put(
        "a loop with `ctx.isDone()`",
        List.of(looping("Context.isDone()", () -> Context.current().isDone() ? SEEN : null)));
    rows.put(
        "`trySend`, `tryReceive`, `tryLock`, `tryRLock`, `tryAcquire`, `tryGo`",
        List.of(
            trying("trySend", () -> Channel.buffered(1).trySend(1)),
            trying("tryReceive", () -> Channel.unbuffered().tryReceive()),
            trying("tryLock", () -> new Mutex().tryLock()),
            trying("tryLock", () -> new RWMutex().tryLock()),
            trying("tryRLock", () -> new RWMutex().tryRLock()),
            trying("tryAcquire", () -> new Semaphore(1).tryAcquire()),
            trying("tryGo", () -> new ErrorGroup().tryGo(() -> {}))));
    return rows;
  }

  private static void loop(Channel<Integer> ch) {
    for (int v : ch) {
      throw new AssertionError(v);
    }
  }

  private static Select selecting(Channel<Integer> ch) {
    Select select = Select.create();
    Select.Receiving<Integer> unused = select.receive(ch);
    assertTrue(unused != null);
    return select;
  }

  // --------------- Situations ---------------

  private enum Situation {
    BEFORE(1, false),
    MEANWHILE(2, false),
    SCOPE(3, false),
    CONTEXT(4, false),
    INSIDE_BEFORE(5, true),
    INSIDE_MEANWHILE(5, true),
    INSIDE_SCOPE(6, true);

    final int column;
    final boolean inside;

    Situation(int column, boolean inside) {
      this.column = column;
      this.inside = inside;
    }

    boolean interruptsBefore() {
      return this == BEFORE || this == INSIDE_BEFORE;
    }
  }

  private record Outcome(@Nullable Object result, @Nullable Throwable thrown, boolean flag) {
    /** In the words of the table. */
    boolean is(String expected) {
      return switch (expected) {
        case "`InterruptedException`" -> thrown instanceof InterruptedException && !flag;
        case "`CancellationException`" ->
            thrown != null
                && thrown.getClass() == CancellationException.class
                && thrown.getCause() instanceof InterruptedException
                && flag;
        case "`ContextCanceledException`" -> thrown instanceof ContextCanceledException;
        case "sees it" -> thrown == null && result == SEEN;
        case "waits on", "goes on" -> thrown == null && result != SEEN && !flag;
        case "waits on, flag after", "goes on, flag after", "returns, flag after" ->
            thrown == null && result != SEEN && flag;
        default -> throw new AssertionError("the legend does not have: " + expected);
      };
    }
  }

  /** What runs in the goroutine that is asked to stop. */
  private static final class Subject implements Go.Action {
    private final Wait wait;
    private final Situation situation;
    private final Channel<Outcome> outcome = Channel.buffered(1);
    private volatile @Nullable Thread thread;

    Subject(Wait wait, Situation situation) {
      this.wait = wait;
      this.situation = situation;
    }

    @Override
    public void run() {
      if (situation.interruptsBefore()) {
        Thread.currentThread().interrupt();
      }
      thread = Thread.currentThread();
      Object result = null;
      Throwable thrown = null;
      try {
        result =
            situation.inside
                ? Go.<@Nullable Object, Exception>uninterruptibly(() -> wait.operation().run())
                : wait.operation().run();
      } catch (Throwable e) {
        thrown = e;
      }
      assertTrue(outcome.trySend(new Outcome(result, thrown, Thread.interrupted())));
    }

    Thread thread() {
      until(() -> thread != null);
      return Objects.requireNonNull(thread);
    }
  }

  private static void check(Maker maker, Situation situation, String cell) throws Exception {
    Wait wait = maker.make();
    Subject subject = new Subject(wait, situation);
    boolean waitsOn = cell.startsWith("waits on") || cell.startsWith("goes on");
    switch (situation) {
      case BEFORE, INSIDE_BEFORE -> {
        Go.go(subject);
        settle(subject, waitsOn);
      }
      case MEANWHILE, INSIDE_MEANWHILE -> {
        Go.go(subject);
        settle(subject, true);
        subject.thread().interrupt();
        if (waitsOn && !wait.spins()) {
          // Taken down by the wait itself.
          until(() -> !subject.thread().isInterrupted() || subject.outcome.len() > 0);
        }
        settle(subject, waitsOn);
      }
      case SCOPE, INSIDE_SCOPE -> {
        try (Scope scope = Scope.open(Context.background())) {
          scope.go(subject);
          settle(subject, true);
          scope.cancel();
          if (waitsOn && !situation.inside && !wait.spins()) {
            until(() -> !subject.thread().isInterrupted() || subject.outcome.len() > 0);
          }
          finish(subject, cell, waitsOn);
        }
        return;
      }
      case CONTEXT -> {
        try (CancellableContext ctx = Context.background().withCancel()) {
          Go.withContext(ctx, () -> Go.go(subject));
          settle(subject, true);
          ctx.cancel();
          finish(subject, cell, waitsOn);
        }
        return;
      }
    }
    finish(subject, cell, waitsOn);
  }

  /** Returns once the subject waits, if it is to wait; a spinning one, once it runs. */
  private static void settle(Subject subject, boolean waits) {
    Thread thread = subject.thread();
    if (waits && !subject.wait.spins()) {
      until(() -> thread.getState() == Thread.State.WAITING || subject.outcome.len() > 0);
      subject.outcome.tryReceive().ifPresent(o -> fail("it does not wait: " + o));
    }
  }

  private static void finish(Subject subject, String cell, boolean waitsOn) throws Exception {
    settle(subject, waitsOn);
    if (waitsOn) {
      assertEquals(0, subject.outcome.len(), "it ended before it was let go on");
      subject.wait.release().run();
    }
    Outcome outcome = subject.outcome.receive();
    assertTrue(
        Arrays.stream(cell.split(" or ")).anyMatch(outcome::is), () -> cell + ", not " + outcome);
    assertFalse(Thread.interrupted());
    if (subject.wait.spins()) {
      subject.wait.release().run(); // whoever still waits beside it
    }
  }

  // --------------- What who waits tells ---------------

  /** Why the operations of each row wait, in the order of the rows; none where nobody waits. */
  private static final List<Set<WaitReason>> REASONS =
      List.of(
          Set.of(WaitReason.CHAN_SEND),
          Set.of(WaitReason.CHAN_RECEIVE),
          Set.of(WaitReason.CHAN_SEND_NIL, WaitReason.CHAN_RECEIVE_NIL),
          Set.of(WaitReason.CHAN_RECEIVE), // for, stream
          Set.of(WaitReason.CHAN_RECEIVE), // sendAll of another channel
          Set.of(WaitReason.SELECT),
          Set.of(WaitReason.SELECT), // with done
          Set.of(WaitReason.SELECT), // reusable
          Set.of(WaitReason.CHAN_RECEIVE), // done()
          Set.of(WaitReason.MUTEX_LOCK),
          Set.of(WaitReason.RWMUTEX_LOCK, WaitReason.RWMUTEX_RLOCK),
          Set.of(WaitReason.COND_WAIT),
          Set.of(WaitReason.WAIT_GROUP_WAIT),
          Set.of(WaitReason.SEMACQUIRE),
          Set.of(WaitReason.SELECT), // acquire with a context
          Set.of(WaitReason.MUTEX_LOCK), // Once, which is made of one
          Set.of(
              WaitReason.CHAN_SEND, WaitReason.ERROR_GROUP_WAIT), // a slot is a place in a channel
          Set.of(WaitReason.SINGLE_FLIGHT_DO),
          Set.of(WaitReason.SCOPE), // join
          Set.of(WaitReason.SCOPE), // close
          Set.of(WaitReason.SLEEP),
          Set.of(WaitReason.CHAN_RECEIVE), // timer, ticker
          Set.of(), // a clock that is moved looks again and again
          Set.of(), // yield
          Set.of(), // isDone
          Set.of()); // try

  /**
   * Every operation that waits tells tools why, since when and on what, whatever thread it is on;
   * and goes on there when it may.
   */
  @TestFactory
  List<DynamicContainer> whoWaitsTellsWhyOnEveryKindOfThread() {
    Map<String, List<Variant>> rows = rows();
    assertEquals(rows.size(), REASONS.size());
    List<DynamicContainer> containers = new ArrayList<>();
    Iterator<Set<WaitReason>> reasons = REASONS.iterator();
    rows.forEach(
        (row, variants) -> {
          Set<WaitReason> expected = reasons.next();
          List<DynamicTest> tests = new ArrayList<>();
          for (int i = 0; i < variants.size() && !expected.isEmpty(); i++) {
            int n = i;
            for (Threads.Kind kind : Threads.Kind.values()) {
              Variant named = Objects.requireNonNull(rows().get(row)).get(n);
              tests.add(
                  dynamicTest(
                      kind + " " + n + " " + named.method(),
                      () ->
                          assertTimeoutPreemptively(
                              LIMIT, () -> checkTold(named.maker(), kind, expected))));
            }
          }
          containers.add(dynamicContainer(row, tests));
        });
    return containers;
  }

  private static void checkTold(Maker maker, Threads.Kind kind, Set<WaitReason> expected)
      throws Exception {
    Wait wait = maker.make();
    Subject subject = new Subject(wait, Situation.MEANWHILE);
    kind.run(subject);
    Thread thread = subject.thread();
    GoroutineInfo told = untilItTells(thread, subject);
    WaitReason reason = told.waitReason().orElseThrow();
    assertTrue(expected.contains(reason), () -> reason + ", not one of " + expected);
    assertTrue(told.waitTime().isPresent());
    boolean onNothing = reason == WaitReason.SLEEP || wait.onTimeAlone();
    assertEquals(onNothing, told.waitObjects().isEmpty(), () -> told + " waits on that");
    if (kind != Threads.Kind.PLATFORM) { // which the JVM's own dumps show
      until(
          () ->
              Goroutines.all()
                  .anyMatch(
                      info ->
                          info.id() == thread.threadId()
                              && info.waitReason().equals(told.waitReason())));
    }
    wait.release().run();
    Outcome outcome = subject.outcome.receive();
    assertNull(outcome.thrown());
    thread.join();
  }

  private static GoroutineInfo untilItTells(Thread thread, Subject subject) {
    GoroutineInfo[] told = {GoroutineInfo.of(thread)};
    until(
        () -> {
          told[0] = GoroutineInfo.of(thread);
          return told[0].waitReason().isPresent() || subject.outcome.len() > 0;
        });
    return told[0];
  }

  // --------------- The table ---------------

  private static Map<String, List<String>> table() throws IOException {
    Map<String, List<String>> table = new LinkedHashMap<>();
    boolean inside = false;
    for (String line : Files.readAllLines(DOCUMENT)) {
      if (line.startsWith("| Operation |")) {
        inside = true;
      } else if (!line.startsWith("|")) {
        inside = false;
      } else if (inside && !line.startsWith("|--")) {
        List<String> cells =
            Arrays.stream(line.substring(1, line.length() - 1).split("\\|"))
                .map(String::strip)
                .toList();
        table.put(cells.getFirst(), cells);
      }
    }
    return table;
  }

  @TestFactory
  List<DynamicContainer> everyCellIsTrue() throws IOException {
    Map<String, List<Variant>> rows = rows();
    List<DynamicContainer> containers = new ArrayList<>();
    table()
        .forEach(
            (name, cells) -> {
              List<Variant> variants = Objects.requireNonNull(rows.get(name), name);
              containers.add(dynamicContainer(name, tests(cells, variants.size(), name)));
            });
    return containers;
  }

  private static List<DynamicTest> tests(List<String> cells, int variants, String row) {
    List<DynamicTest> tests = new ArrayList<>();
    for (Situation situation : Situation.values()) {
      String cell = cells.get(situation.column);
      for (int i = 0; i < variants && !cell.equals("–"); i++) {
        int n = i;
        // Made anew for each, since some hold an object that is used up.
        Variant named = Objects.requireNonNull(rows().get(row)).get(n);
        tests.add(
            dynamicTest(
                situation + " " + n + " " + named.method(),
                () ->
                    assertTimeoutPreemptively(LIMIT, () -> check(named.maker(), situation, cell))));
      }
    }
    return tests;
  }

  @Test
  void theTableHasEveryRowAndEveryColumn() throws IOException {
    Map<String, List<String>> table = table();
    assertEquals(List.copyOf(rows().keySet()), List.copyOf(table.keySet()));
    table.values().forEach(cells -> assertEquals(7, cells.size(), cells::toString));
  }

  @Test
  void noBlockingOperationOfTheLanguageIsMissing() throws Exception {
    Set<String> covered =
        rows().values().stream()
            .flatMap(List::stream)
            .map(Variant::method)
            .collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>();
    int found = 0;
    for (Class<?> type : publicTypes()) {
      for (Method method : type.getDeclaredMethods()) {
        if (isBlocking(type, method)) {
          found++;
          String name = name(type, method);
          if (!covered.contains(name)) {
            missing.add(name);
          }
        }
      }
    }
    assertEquals(Set.of(), missing);
    assertTrue(found > 30, found + " found: the search itself is broken");
  }

  private static boolean isBlocking(Class<?> type, Method method) {
    return Modifier.isPublic(method.getModifiers())
        && !method.isSynthetic()
        && Set.of(method.getExceptionTypes()).contains(InterruptedException.class)
        && !(type.isInterface() && type.isAnnotationPresent(FunctionalInterface.class));
  }

  private static String name(Class<?> type, Method method) {
    return type.getSimpleName()
        + "."
        + method.getName()
        + Arrays.stream(method.getParameterTypes())
            .map(Class::getSimpleName)
            .collect(Collectors.joining(",", "(", ")"));
  }

  private static List<Class<?>> publicTypes() throws Exception {
    Path classes = Path.of("target/classes");
    List<Class<?>> types = new ArrayList<>();
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        String name = classes.relativize(file).toString().replace('/', '.');
        if (!name.contains(".internal.") && !name.equals("module-info.class")) {
          Class<?> type = Class.forName(name.substring(0, name.length() - ".class".length()));
          if (Modifier.isPublic(type.getModifiers())) {
            types.add(type);
          }
        }
      }
    }
    return types;
  }
}
