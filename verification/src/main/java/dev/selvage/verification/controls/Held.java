package dev.selvage.verification.controls;

import static dev.selvage.verification.controls.Waiters.go;

import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Exchanger;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Threads that wait for something that is still within reach of somebody who can act. */
public final class Held {
  private Held() {}

  /** By one's own fields, in an instance that a static field holds: every kind of wait. */
  public static final class ByStatics implements Control {
    private final LinkedBlockingQueue<Integer> queue = new LinkedBlockingQueue<>();
    private final SynchronousQueue<Integer> sink = new SynchronousQueue<>();
    private final ConcurrentHashMap<String, CountDownLatch> map = new ConcurrentHashMap<>();
    private final CompletableFuture<Integer> future = new CompletableFuture<>();
    private final CompletableFuture<Integer> source = new CompletableFuture<>();
    private final Exchanger<Integer> exchanger = new Exchanger<>();
    private final Phaser phaser = new Phaser(1);
    private final CyclicBarrier barrier = new CyclicBarrier(2);
    private final Semaphore semaphore = new Semaphore(0);
    private final ReentrantLock lock = new ReentrantLock();
    private final ReentrantLock guard = new ReentrantLock();
    private final java.util.concurrent.locks.Condition condition = guard.newCondition();
    private final CountDownLatch end = new CountDownLatch(1);
    private volatile boolean woken;
    private @Nullable Thread parked;

    @Override
    @SuppressWarnings("LockNotBeforeTry") // unlocked in wake, by the same thread
    public void start() throws Exception {
      go("static queue", queue::take);
      go("static sink", () -> sink.put(1));
      var latch = new CountDownLatch(1);
      map.put("latch", latch);
      go("static map", latch::await);
      go("static future", future::get);
      var dependent = source.thenApply(i -> i + 1);
      go("dependent of a static future", dependent::get);
      go("static exchanger", () -> exchanger.exchange(1));
      go("static phaser", () -> phaser.awaitAdvance(0));
      go("static barrier", barrier::await);
      go("static semaphore", semaphore::acquire);
      lock.lock();
      go(
          "static lock",
          () -> {
            lock.lock();
            lock.unlock();
          });
      go(
          "static condition",
          () -> {
            guard.lock();
            try {
              while (!woken) {
                condition.await();
              }
            } finally {
              guard.unlock();
            }
          });
      parked =
          go(
              "parked, and listed",
              () -> {
                while (!woken) {
                  LockSupport.park();
                }
              });
      // Each holds what the next one waits for.
      var before = end;
      for (int i = 0; i < 20; i++) {
        var mine = before;
        var next = new CountDownLatch(1);
        go(
            "link of a chain",
            () -> {
              mine.await();
              next.countDown();
            });
        before = next;
      }
      Thread target = go("joined", end::await);
      go("joins a living thread", target::join);
    }

    @Override
    public void wake() throws Exception {
      woken = true;
      queue.put(1);
      sink.take();
      Objects.requireNonNull(map.get("latch")).countDown();
      future.complete(1);
      source.complete(1);
      exchanger.exchange(2);
      phaser.arrive();
      barrier.await();
      semaphore.release();
      lock.unlock();
      guard.lock();
      try {
        condition.signalAll();
      } finally {
        guard.unlock();
      }
      LockSupport.unpark(parked);
      end.countDown();
    }
  }

  /** By somebody who holds the thread itself, to interrupt it. */
  public static final class ByInterrupters implements Control {
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private @Nullable Thread thread;
    private @Nullable Future<?> future;

    @Override
    public void start() {
      thread = go("thread held", () -> new CountDownLatch(1).await());
      future =
          executor.submit(
              Waiters.counted("future held", () -> new LinkedBlockingQueue<Integer>().take()));
    }

    @Override
    public void wake() {
      Objects.requireNonNull(thread).interrupt();
      Objects.requireNonNull(future).cancel(true);
      executor.shutdown();
    }
  }

  /** By locals, thread-locals and scoped values of platform threads. */
  public static final class ByPlatformThreads implements Control {
    private static final ThreadLocal<CountDownLatch> LOCAL =
        ThreadLocal.withInitial(() -> new CountDownLatch(1));
    private static final ScopedValue<CountDownLatch> SCOPED = ScopedValue.newInstance();

    private final CountDownLatch gate = new CountDownLatch(1);
    private volatile boolean stop;

    @Override
    public void start() throws Exception {
      platform(
          "by a stack",
          () -> {
            var latch = new CountDownLatch(1);
            go("held by a platform thread's stack", latch::await);
            gate.await();
            latch.countDown();
          });
      platform(
          "by a thread-local",
          () -> {
            waitForLocal();
            gate.await();
            LOCAL.get().countDown();
          });
      platform(
          "by a scoped value",
          () ->
              ScopedValue.where(SCOPED, new CountDownLatch(1))
                  .call(
                      () -> {
                        waitForScoped();
                        gate.await();
                        SCOPED.get().countDown();
                        return true;
                      }));
      platform("by a running thread", () -> run("held by a running platform thread"));
      go("running", () -> run("held by a running virtual thread"));
    }

    @Override
    public void wake() {
      stop = true;
      gate.countDown();
    }

    /** Works most of the time, and leaves some to the rest of a small machine. */
    private void run(String name) throws InterruptedException {
      var latch = new CountDownLatch(1);
      go(name, latch::await);
      while (!stop) {
        long end = System.nanoTime() + 2_000_000;
        while (System.nanoTime() < end) {
          Thread.onSpinWait();
        }
        Thread.sleep(4);
      }
      latch.countDown();
    }

    private static void waitForLocal() {
      var latch = LOCAL.get();
      go("held by a thread-local", latch::await);
    }

    private static void waitForScoped() {
      var latch = SCOPED.get();
      go("held by a scoped value", latch::await);
    }

    private static void platform(String name, Waiters.Body body) {
      Thread.ofPlatform().daemon().name(name).start(Waiters.counted(name, body));
    }
  }

  /** By references that are weak in one place and strong in another, or soft. */
  public static final class ByReferences implements Control {
    private static final List<WeakReference<Runnable>> LISTENERS =
        new java.util.concurrent.CopyOnWriteArrayList<>();

    private @Nullable Runnable listener;
    private @Nullable SoftReference<CountDownLatch> soft;

    @Override
    public void start() {
      var latch = new CountDownLatch(1);
      listener = latch::countDown;
      LISTENERS.add(new WeakReference<>(listener));
      go("listens weakly, held elsewhere", latch::await);
      waitSoftly();
    }

    private void waitSoftly() {
      var latch = new CountDownLatch(1);
      soft = new SoftReference<>(latch);
      go("held softly", latch::await);
    }

    @Override
    public void wake() {
      for (var reference : LISTENERS) {
        Objects.requireNonNull(reference.get(), "the listener is gone").run();
      }
      Objects.requireNonNull(Objects.requireNonNull(soft).get(), "what was soft").countDown();
    }
  }

  /** By a shutdown hook: woken when the JVM ends, and not before. */
  public static final class ByHook implements Control {
    @Override
    public void start() {
      var latch = new CountDownLatch(1);
      var ended = new CountDownLatch(1);
      Thread.ofVirtual()
          .name("held by a shutdown hook")
          .start(
              () -> {
                try {
                  latch.await();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
                ended.countDown();
              });
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    latch.countDown();
                    try {
                      boolean woke = ended.await(30, TimeUnit.SECONDS);
                      System.out.println(woke ? "hook woke it" : "hook did not wake it");
                      System.out.flush();
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                  }));
    }

    @Override
    public void wake() {}
  }

  /** Workers of a pool that have nothing to do. */
  public static final class ByPool implements Control {
    private static final AtomicInteger RAN = new AtomicInteger();

    private final ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            3,
            3,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task ->
                Thread.ofVirtual()
                    .name("idle worker")
                    .unstarted(Waiters.counted("idle worker", task::run)));

    @Override
    public void start() {
      pool.prestartAllCoreThreads();
    }

    @Override
    public void wake() throws Exception {
      for (int i = 0; i < 10; i++) {
        pool.submit(RAN::incrementAndGet).get();
      }
      pool.shutdown();
      if (!pool.awaitTermination(30, TimeUnit.SECONDS) || RAN.get() != 10) {
        throw new IllegalStateException("the pool is no longer sound: " + pool);
      }
    }
  }

  /** In a class initializer: pinned to its carrier, so that the carrier's stack holds it. */
  public static final class Pinned implements Control {
    private static final CountDownLatch GATE = new CountDownLatch(1);

    static final class Slow {
      static final boolean INITIALIZED = initialize();

      private static boolean initialize() {
        try {
          GATE.await();
          return true;
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }

    @Override
    public void start() {
      go(
          "pinned",
          () -> {
            if (!Slow.INITIALIZED) {
              throw new IllegalStateException();
            }
          });
    }

    @Override
    public void wake() {
      GATE.countDown();
    }
  }
}
