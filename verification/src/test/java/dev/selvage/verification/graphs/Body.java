package dev.selvage.verification.graphs;

import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;
import dev.selvage.Select;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import dev.selvage.verification.graphs.Graph.Step;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What a member does. */
final class Body implements Runnable {
  /*
   * What its stack holds must be what the model says: all of it is in `has`, and each step is taken
   * in a method of its own, which leaves no variable behind.
   */

  /** What static fields hold. */
  static final Set<Real> STATICS = ConcurrentHashMap.newKeySet();

  private static final long PATIENCE_MILLIS = 100;

  private final Board board;
  private final int index; // on the board
  private final int member;
  private final Graph.Thing[] things;
  private final Step[] steps;
  private final @Nullable Real[] has;
  private @Nullable CountDownLatch start;
  private long locked; // of locks that do not know it themselves

  Body(
      Board board, int index, Graph graph, int member, @Nullable Real[] has, CountDownLatch start) {
    this.board = board;
    this.index = index;
    this.member = member;
    this.things = graph.things().toArray(Graph.Thing[]::new);
    this.steps = graph.members().get(member).steps().toArray(Step[]::new);
    this.has = has;
    this.start = start;
  }

  @Override
  public void run() {
    board.ids.set(index, Thread.currentThread().threadId());
    awaitStart();
    start = null;
    try {
      for (int i = 0; i < steps.length; i++) {
        board.at.set(index, i);
        step(steps[i]);
      }
    } catch (InterruptedException | RuntimeException e) {
      // A step that throws ends the member, in the model as well.
    } finally {
      // A thread that has ended still has its task: the JDK lets go of that only with the thread.
      Arrays.fill(has, null);
      board.holds.set(index, 0);
      board.at.set(index, steps.length);
    }
  }

  /** All have been started. An interrupt is kept. */
  private void awaitStart() {
    boolean interrupted = false;
    while (true) {
      try {
        Objects.requireNonNull(start).await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void step(Step step) throws InterruptedException {
    if (step.thing() < 0) {
      idle(step);
    } else if (has[step.thing()] != null && (step.other() < 0 || has[step.other()] != null)) {
      use(step);
    }
  }

  private void use(Step step) throws InterruptedException {
    switch (step.verb()) {
      case SEND -> send(step);
      case RECEIVE -> take(received(step));
      case SELECT -> take(selected(step));
      case SELECT_SEND -> take(selectedOrSent(step));
      case CLOSE -> channel(step.thing()).close();
      case AWAIT -> await(step);
      case COUNT -> count(step);
      case ACQUIRE -> acquire(step);
      case RELEASE -> release(step);
      case LOCK -> lock(step);
      case UNLOCK -> unlock(step);
      case JOIN -> ((Thread) it(step.thing())).join();
      case INTERRUPT -> ((Thread) it(step.thing())).interrupt();
      case DROP -> {
        has[step.thing()] = null;
        writeHolds();
      }
      case PUBLISH -> {
        STATICS.add(Objects.requireNonNull(has[step.thing()]));
        board.statics.accumulateAndGet(index - member, 1L << step.thing(), (a, b) -> a | b);
      }
      case SLEEP, SPIN, STAND -> throw new AssertionError(step);
    }
  }

  private Object it(int thing) {
    return Objects.requireNonNull(Objects.requireNonNull(has[thing]).it);
  }

  private Kind kind(Step step) {
    return things[step.thing()].kind();
  }

  @SuppressWarnings("unchecked") // so they were made
  private Channel<Real> channel(int thing) {
    return (Channel<Real>) it(thing);
  }

  @SuppressWarnings("unchecked") // so they were made
  private BlockingQueue<Real> queue(int thing) {
    return (BlockingQueue<Real>) it(thing);
  }

  private Real value(Step step) {
    Real value = step.value() < 0 ? null : has[step.value()];
    return value == null ? Real.NOTHING : value;
  }

  private void take(@Nullable Real value) {
    if (value != null && value != Real.NOTHING) {
      has[value.number] = value;
      writeHolds();
    }
  }

  private void writeHolds() {
    long bits = 0;
    for (int i = 0; i < has.length; i++) {
      bits |= has[i] == null ? 0 : 1L << i;
    }
    board.holds.set(index, bits);
  }

  private void send(Step step) throws InterruptedException {
    switch (kind(step)) {
      case CHANNEL -> channel(step.thing()).send(value(step));
      case TRANSFER -> ((LinkedTransferQueue<Real>) queue(step.thing())).transfer(value(step));
      default -> queue(step.thing()).put(value(step));
    }
  }

  private @Nullable Real received(Step step) throws InterruptedException {
    return kind(step) == Kind.CHANNEL
        ? channel(step.thing()).receiveOrNull()
        : queue(step.thing()).take();
  }

  private Real selected(Step step) throws InterruptedException {
    return select(
        receive(channel(step.thing()), value -> value).orClosed(() -> Real.NOTHING),
        receive(channel(step.other()), value -> value).orClosed(() -> Real.NOTHING));
  }

  private Real selectedOrSent(Step step) throws InterruptedException {
    return select(
        receive(channel(step.thing()), value -> value).orClosed(() -> Real.NOTHING),
        Select.send(channel(step.other()), value(step), () -> Real.NOTHING));
  }

  private void await(Step step) throws InterruptedException {
    switch (kind(step)) {
      case LATCH -> ((CountDownLatch) it(step.thing())).await();
      case WAIT_GROUP -> ((WaitGroup) it(step.thing())).await();
      default -> {
        try {
          ((CompletableFuture<?>) it(step.thing())).get();
        } catch (ExecutionException e) {
          throw new AssertionError(e);
        }
      }
    }
  }

  @SuppressWarnings("unchecked") // so it was made
  private void count(Step step) {
    switch (kind(step)) {
      case LATCH -> ((CountDownLatch) it(step.thing())).countDown();
      case WAIT_GROUP -> ((WaitGroup) it(step.thing())).done();
      default -> ((CompletableFuture<Boolean>) it(step.thing())).complete(true);
    }
  }

  private void acquire(Step step) throws InterruptedException {
    if (kind(step) == Kind.SEMAPHORE) {
      ((Semaphore) it(step.thing())).acquire();
    } else {
      ((dev.selvage.sync.Semaphore) it(step.thing())).acquire();
    }
  }

  private void release(Step step) {
    if (kind(step) == Kind.SEMAPHORE) {
      ((Semaphore) it(step.thing())).release();
    } else {
      ((dev.selvage.sync.Semaphore) it(step.thing())).release();
    }
  }

  @SuppressWarnings("LockNotBeforeTry") // whether it is unlocked is up to the graph
  private void lock(Step step) throws InterruptedException {
    if (kind(step) == Kind.MUTEX) {
      ((Mutex) it(step.thing())).lock();
      locked |= 1L << step.thing();
    } else {
      var lock = (ReentrantLock) it(step.thing());
      if (!lock.isHeldByCurrentThread()) {
        lock.lock();
      }
    }
  }

  private void unlock(Step step) {
    if (kind(step) == Kind.MUTEX) {
      if (((locked >>> step.thing()) & 1) != 0) {
        locked &= ~(1L << step.thing());
        ((Mutex) it(step.thing())).unlock();
      }
    } else {
      var lock = (ReentrantLock) it(step.thing());
      if (lock.isHeldByCurrentThread()) {
        lock.unlock();
      }
    }
  }

  // --------------- Until it is told to go on ---------------

  /** Every way to wait with a limit, by turns. */
  private static final List<Nap> NAPS =
      List.of(
          () -> Thread.sleep(PATIENCE_MILLIS),
          () -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS)),
          () -> new SynchronousQueue<Real>().poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS),
          () -> new Semaphore(0).tryAcquire(PATIENCE_MILLIS, TimeUnit.MILLISECONDS),
          () -> Channel.<Real>unbuffered().receive(Duration.ofMillis(PATIENCE_MILLIS)),
          () -> {
            var mutex = new Mutex();
            mutex.lock();
            mutex.lock(Duration.ofMillis(PATIENCE_MILLIS));
          });

  private interface Nap {
    void nap() throws InterruptedException;
  }

  private void idle(Step step) throws InterruptedException {
    switch (step.verb()) {
      case SLEEP -> {
        while (!board.isTold()) {
          NAPS.get((index + member) % NAPS.size()).nap();
          if (Thread.interrupted()) { // a park says nothing of it
            throw new InterruptedException();
          }
        }
      }
      case SPIN -> {
        // Most of the time; who only yields keeps all others from the JDK's scheduler.
        while (!board.isTold()) {
          long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2);
          while (System.nanoTime() < end) {
            Thread.onSpinWait();
          }
          Thread.sleep(3);
        }
      }
      case STAND -> board.told.await();
      default -> throw new AssertionError(step);
    }
  }
}
