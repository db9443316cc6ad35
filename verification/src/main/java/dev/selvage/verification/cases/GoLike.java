package dev.selvage.verification.cases;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Just enough of Go's vocabulary, from JDK parts, for the kernels that need a channel with close
 * and select, a wait group whose counter grows, or a condition whose mutex has no owner. Slow and
 * simple on purpose. A mutex is a {@code Semaphore(1)}, a read-write lock a fair semaphore of
 * {@link #WRITE} permits: neither is reentrant nor has an owner, and a waiting writer holds up
 * later readers.
 *
 * <p>Blocked channel operations and selects wait in {@code CompletableFuture.get}.
 */
final class GoLike {

  /** How many permits a writer takes; a reader takes one. */
  static final int WRITE = 1 << 16;

  /** Runs timers. Cancelled ones are removed, so that it holds nothing of a stopped timer. */
  private static final ScheduledThreadPoolExecutor TIMERS = timers();

  private GoLike() {}

  /** Work that may throw. */
  interface Body {
    void run() throws Exception;
  }

  /** Starts a virtual thread. An exception ends it, and is printed as the JVM prints it. */
  static void go(Body body) {
    Thread.startVirtualThread(
        () -> {
          try {
            body.run();
          } catch (RuntimeException e) {
            throw e;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  /** Go's {@code Gosched}: lets others run, where the described program gives way on purpose. */
  @SuppressWarnings("ThreadPriorityCheck") // a hint is all that is wanted
  static void yieldNow() {
    Thread.yield();
  }

  /** A lock of {@link #WRITE} permits for readers and writers. */
  static Semaphore readWriteLock() {
    return new Semaphore(WRITE, true);
  }

  /** A channel that is closed after that time. */
  static Chan<Void> after(Duration delay) {
    var chan = new Chan<Void>(0);
    ScheduledFuture<?> unused = TIMERS.schedule(chan::close, delay.toNanos(), TimeUnit.NANOSECONDS);
    return chan;
  }

  /** A channel that is closed when the body, run in a thread of its own, has ended. */
  static Chan<Void> after(Body body) {
    var chan = new Chan<Void>(0);
    go(
        () -> {
          try {
            body.run();
          } finally {
            chan.close();
          }
        });
    return chan;
  }

  private static ScheduledThreadPoolExecutor timers() {
    var executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("go-like-timers").daemon().factory());
    executor.setRemoveOnCancelPolicy(true);
    return executor;
  }

  /** Blocks until one of the operations can be done, does it, and says which. */
  static int select(Op<?>... ops) throws InterruptedException {
    Attempt attempt = new Attempt();
    int done = Chan.tryAll(ops, attempt);
    if (done >= 0) {
      return done;
    }
    Fired fired;
    try {
      fired = attempt.result.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    ops[fired.index].accept(fired.value);
    return fired.index;
  }

  /** Does one of the operations if that is possible at once, and says which; otherwise -1. */
  static int selectNow(Op<?>... ops) {
    return Chan.tryAll(ops, null);
  }

  /** One case of a select. */
  static final class Op<T> {
    private final Chan<T> chan;
    private final boolean send;

    /** What to send, or what was received; null when the channel was closed and drained. */
    @Nullable T value;

    private Op(Chan<T> chan, boolean send, @Nullable T value) {
      this.chan = chan;
      this.send = send;
      this.value = value;
    }

    @SuppressWarnings("unchecked") // it comes from the channel of this operation
    private void accept(@Nullable Object received) {
      if (!send) {
        value = (T) received;
      }
    }
  }

  private record Fired(int index, @Nullable Object value) {}

  /** One blocked call; the first operation that completes it wins. */
  private static final class Attempt {
    final CompletableFuture<Fired> result = new CompletableFuture<>();
  }

  private record Waiter(Attempt attempt, int index, @Nullable Object value) {
    boolean gone() {
      return attempt.result.isDone();
    }
  }

  /** Go's channel. {@link #close} may be called twice; values are not null. */
  static final class Chan<T> {
    /*
     * One lock for all channels makes a select over several of them simple. No thread waits while
     * holding it, and it refers to no channel.
     */
    private static final ReentrantLock LOCK = new ReentrantLock();

    private final int capacity;
    private final Queue<T> buffer = new ArrayDeque<>();
    private final Deque<Waiter> senders = new ArrayDeque<>();
    private final Deque<Waiter> receivers = new ArrayDeque<>();
    private boolean closed;

    Chan(int capacity) {
      this.capacity = capacity;
    }

    Op<T> sending(T value) {
      return new Op<>(this, true, value);
    }

    Op<T> receiving() {
      return new Op<>(this, false, null);
    }

    void send(T value) throws InterruptedException {
      select(sending(value));
    }

    @Nullable T receive() throws InterruptedException {
      Op<T> op = receiving();
      select(op);
      return op.value;
    }

    boolean isClosed() {
      LOCK.lock();
      try {
        return closed;
      } finally {
        LOCK.unlock();
      }
    }

    void close() {
      LOCK.lock();
      try {
        closed = true;
        for (Waiter w : receivers) {
          w.attempt.result.complete(new Fired(w.index, null));
        }
        for (Waiter w : senders) {
          w.attempt.result.completeExceptionally(new IllegalStateException("closed channel"));
        }
        receivers.clear();
        senders.clear();
      } finally {
        LOCK.unlock();
      }
    }

    /** Does one operation, or else registers all of them under the attempt if there is one. */
    private static int tryAll(Op<?>[] ops, @Nullable Attempt attempt) {
      LOCK.lock();
      try {
        int first = ThreadLocalRandom.current().nextInt(ops.length);
        for (int i = 0; i < ops.length; i++) {
          int at = (first + i) % ops.length;
          if (attempt(ops[at])) {
            return at;
          }
        }
        if (attempt != null) {
          for (int i = 0; i < ops.length; i++) {
            var queue = ops[i].send ? ops[i].chan.senders : ops[i].chan.receivers;
            queue.removeIf(Waiter::gone);
            queue.add(new Waiter(attempt, i, ops[i].send ? ops[i].value : null));
          }
        }
        return -1;
      } finally {
        LOCK.unlock();
      }
    }

    private static <T> boolean attempt(Op<T> op) {
      return op.send ? op.chan.trySend(op.value) : op.chan.tryReceive(op);
    }

    private boolean trySend(@Nullable T value) {
      if (value == null) {
        throw new NullPointerException("value");
      }
      if (closed) {
        throw new IllegalStateException("send on closed channel");
      }
      for (Waiter w; (w = receivers.poll()) != null; ) {
        if (w.attempt.result.complete(new Fired(w.index, value))) {
          return true;
        }
      }
      return buffer.size() < capacity && buffer.add(value);
    }

    private boolean tryReceive(Op<T> op) {
      T value = buffer.poll();
      if (value != null) {
        T next = nextSent();
        if (next != null) {
          buffer.add(next);
        }
      } else {
        value = nextSent();
      }
      op.value = value;
      return value != null || closed;
    }

    @SuppressWarnings("unchecked") // only operations of this channel are in its queues
    private @Nullable T nextSent() {
      for (Waiter w; (w = senders.poll()) != null; ) {
        if (w.attempt.result.complete(new Fired(w.index, null))) {
          return (T) w.value;
        }
      }
      return null;
    }
  }

  /** Go's wait group: a counter, and waiters for its zero. */
  static final class WaitGroup {
    private final ReentrantLock lock = new ReentrantLock();
    private CountDownLatch zero = new CountDownLatch(0);
    private int count;

    void add(int delta) {
      lock.lock();
      try {
        if (count == 0 && delta > 0) {
          zero = new CountDownLatch(1);
        }
        count += delta;
        if (count == 0) {
          zero.countDown();
        }
      } finally {
        lock.unlock();
      }
    }

    void done() {
      add(-1);
    }

    void await() throws InterruptedException {
      CountDownLatch latch;
      lock.lock();
      try {
        latch = zero;
      } finally {
        lock.unlock();
      }
      latch.await();
    }
  }

  /** Go's condition: a signal that nobody waits for is lost, and its mutex has no owner. */
  static final class Cond {
    private final Semaphore mutex;
    private final Queue<CountDownLatch> waiters = new ConcurrentLinkedQueue<>();

    Cond(Semaphore mutex) {
      this.mutex = mutex;
    }

    void await() throws InterruptedException {
      var signalled = new CountDownLatch(1);
      waiters.add(signalled);
      mutex.release();
      signalled.await();
      mutex.acquire();
    }

    void signal() {
      var first = waiters.poll();
      if (first != null) {
        first.countDown();
      }
    }
  }

  /** Go's once: a second caller waits for the first; called within itself it never returns. */
  static final class Once {
    private final Semaphore mutex = new Semaphore(1);
    private boolean done;

    void run(Body body) throws Exception {
      mutex.acquire();
      try {
        if (!done) {
          done = true;
          body.run();
        }
      } finally {
        mutex.release();
      }
    }
  }

  /** Go's timer with a channel, or with a function that runs in a thread of its own. */
  static final class Timer {
    final Chan<Boolean> c = new Chan<>(1);
    private final Body fire;
    private ScheduledFuture<?> pending;

    private Timer(Duration delay, @Nullable Body function) {
      Chan<Boolean> channel = c;
      this.fire = function != null ? function : () -> selectNow(channel.sending(true));
      this.pending = schedule(delay);
    }

    static Timer afterFunc(Duration delay, Body function) {
      return new Timer(delay, function);
    }

    static Timer create(Duration delay) {
      return new Timer(delay, null);
    }

    /** Whether it had neither fired nor been stopped before. */
    boolean stop() {
      return pending.cancel(false);
    }

    void reset(Duration delay) {
      pending = schedule(delay);
    }

    private ScheduledFuture<?> schedule(Duration delay) {
      Body body = fire;
      return TIMERS.schedule(() -> go(body), delay.toNanos(), TimeUnit.NANOSECONDS);
    }
  }
}
