package com.acme;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.SingleFlight;
import java.lang.ref.Cleaner;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A user's program, for the tests of the prover: its frames must not belong to Selvage. */
public final class Leaky {
  public static final LinkedBlockingQueue<Integer> GLOBAL = new LinkedBlockingQueue<>();

  private static final Cleaner CLEANER = Cleaner.create();

  private Leaky() {}

  /** Puts where nobody takes. */
  public static void put() {
    try {
      new SynchronousQueue<Integer>().put(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for a group of which one never ends. */
  public static void group() {
    Go.go(
        () -> {
          ErrorGroup group = new ErrorGroup();
          Channel<Integer> answer = Channel.unbuffered();
          group.go(() -> answer.receive());
          group.await();
        });
  }

  /** Asks for what another asks for already, who never gets it. */
  public static void flight() {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    Channel<Integer> answer = Channel.unbuffered();
    for (int i = 0; i < 2; i++) {
      Go.go(() -> flight.run("price", () -> answer.receive()));
    }
  }

  /** Sends on a channel from which nobody may receive. */
  public static void send(Channel<Integer> channel) {
    try {
      channel.send(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes from a queue that everybody can reach. */
  public static void takeGlobal() {
    try {
      GLOBAL.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes from that queue again and again. */
  public static void takeForEver() {
    while (!Thread.currentThread().isInterrupted()) {
      takeGlobal();
    }
  }

  /** Two that wait for each other. */
  public static void cycle() {
    CountDownLatch a = new CountDownLatch(1);
    CountDownLatch b = new CountDownLatch(1);
    Thread.ofVirtual().name("cycle-a").start(() -> await(a, b));
    Thread.ofVirtual().name("cycle-b").start(() -> await(b, a));
  }

  /** One that waits for a latch which a sleeper will count down. */
  public static void besideASleeper() {
    CountDownLatch latch = new CountDownLatch(1);
    Thread.ofVirtual().name("waits-for-sleeper").start(() -> await(latch, latch));
    Thread.ofVirtual()
        .name("sleeper")
        .start(
            () -> {
              try {
                Thread.sleep(600_000);
              } catch (InterruptedException e) {
                latch.countDown();
              }
            });
  }

  /** Leaks in an executor; returns it. */
  public static ExecutorService executor(int leaks) {
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    fill(executor, leaks);
    return executor;
  }

  public static void fill(Executor executor, int leaks) {
    for (int i = 0; i < leaks; i++) {
      executor.execute(Leaky::put);
    }
  }

  /** A thread whose only way to be woken is the finalizer of an object that only it reaches. */
  public static void wokenByFinalizer() {
    Thread.ofVirtual().name("finalizer-wakes").start(() -> park(new Waker(Thread.currentThread())));
  }

  /**
   * A thread that waits for a reference which only it holds, and another that it wakes then.
   *
   * @param watched what the reference refers to
   */
  public static void wokenByTheCollector(Object watched) {
    CountDownLatch latch = new CountDownLatch(1);
    ReferenceQueue<Object> queue = new ReferenceQueue<>();
    PhantomReference<Object> reference = new PhantomReference<>(watched, queue);
    Thread.ofVirtual().name("waits-for-reference").start(() -> clean(queue, reference, latch));
    Thread.ofVirtual().name("waits-for-cleaner").start(() -> await(latch, latch));
  }

  /** A thread that one finalizer after the other wakes, and another that it wakes at last. */
  public static void wokenByManyFinalizers(int finalizers) {
    CountDownLatch latch = new CountDownLatch(1);
    Thread.ofVirtual().name("waits-for-many").start(() -> count(finalizers, latch));
    Thread.ofVirtual().name("waits-for-many-counter").start(() -> await(latch, latch));
  }

  private static void count(int finalizers, CountDownLatch latch) {
    for (int i = 0; i < finalizers; i++) {
      CountDownLatch next = new CountDownLatch(1);
      drop(next);
      await(next, next);
    }
    latch.countDown();
  }

  /** Something that opens the latch when it is finalized. */
  public static Object withFinalizer(CountDownLatch latch) {
    return new Opener(latch);
  }

  private static void drop(CountDownLatch latch) {
    Opener opener = new Opener(latch);
    opener.check();
  }

  private static void clean(
      ReferenceQueue<Object> queue, PhantomReference<Object> reference, CountDownLatch latch) {
    try {
      Reference<?> removed = queue.remove();
      if (removed == reference) {
        latch.countDown();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * A thread that waits for an event of a listener which only it holds; whoever fires events holds
   * the listener weakly, or strongly as well.
   *
   * @return how to fire: false if the listener is gone
   */
  public static BooleanSupplier listening(String name, boolean heldStrongly) {
    CountDownLatch latch = new CountDownLatch(1);
    Runnable listener = latch::countDown;
    WeakReference<Runnable> weak = new WeakReference<>(listener);
    Thread.ofVirtual().name(name).start(() -> listen(latch, listener));
    Runnable strong = heldStrongly ? listener : () -> {};
    return () -> {
      Runnable registered = weak.get();
      if (registered == null) {
        strong.run();
        return false;
      }
      registered.run();
      return true;
    };
  }

  private static void listen(CountDownLatch latch, Runnable listener) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      Reference.reachabilityFence(listener);
    }
  }

  private static void park(Waker waker) {
    while (!waker.woken && !Thread.currentThread().isInterrupted()) {
      LockSupport.park(waker);
    }
    takeGlobal();
  }

  /**
   * A thread that the last of a chain of finalizers wakes, each of which makes the next object.
   *
   * @param held whether the thread itself holds the first object, so that only a look could set the
   *     chain off
   */
  public static void wokenByChainOfFinalizers(int length, boolean held) {
    CountDownLatch latch = new CountDownLatch(1);
    Thread.ofVirtual()
        .name("waits-for-chain")
        .start(
            () -> {
              Object kept = chain(length, latch, held);
              try {
                await(latch, latch);
              } finally {
                Reference.reachabilityFence(kept);
              }
            });
  }

  private static Object chain(int length, CountDownLatch latch, boolean held) {
    Link first = new Link(length, latch);
    first.check();
    return held ? first : latch;
  }

  /** The same with cleaners, and with finalizers and cleaners in turn. */
  public static void wokenByChainOfCleaners(int length, boolean mixed) {
    CountDownLatch latch = new CountDownLatch(1);
    Thread.ofVirtual().name("waits-for-chain").start(() -> await(latch, latch));
    clean(length, mixed, latch);
  }

  private static void clean(int length, boolean mixed, CountDownLatch latch) {
    if (length == 0) {
      latch.countDown();
    } else if (mixed && length % 2 == 0) {
      new Mixed(length, latch).check();
    } else {
      CLEANER.register(new Object(), () -> clean(length - 1, mixed, latch));
    }
  }

  /** Waits for a latch; whatever it ends by, it then opens another. */
  public static void awaitThenOpen(CountDownLatch latch, CountDownLatch then) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      then.countDown();
    }
  }

  /** Waits for a latch; if it is interrupted, it shuts an executor down. */
  public static void awaitThenShutDown(CountDownLatch latch, ExecutorService executor) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      executor.shutdownNow();
    }
  }

  /** Waits for a latch. */
  public static void await(CountDownLatch latch) {
    await(latch, latch);
  }

  private static void await(CountDownLatch first, CountDownLatch second) {
    try {
      first.await();
      second.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Waker {
    private final Thread thread;
    volatile boolean woken;

    Waker(Thread thread) {
      this.thread = thread;
    }

    @Override
    @SuppressWarnings({"removal", "deprecation", "Finalize"}) // this trap is what is tested
    protected void finalize() {
      woken = true;
      LockSupport.unpark(thread);
    }
  }

  private static final class Link {
    private final int length;
    private final CountDownLatch latch;

    Link(int length, CountDownLatch latch) {
      this.length = length;
      this.latch = latch;
    }

    @Override
    @SuppressWarnings({"removal", "deprecation", "Finalize"}) // this trap is what is tested
    protected void finalize() {
      if (length == 1) {
        latch.countDown();
      } else {
        new Link(length - 1, latch).check();
      }
    }

    void check() {
      if (length < 1) {
        throw new IllegalStateException("too short");
      }
    }
  }

  private static final class Mixed {
    private final int length;
    private final CountDownLatch latch;

    Mixed(int length, CountDownLatch latch) {
      this.length = length;
      this.latch = latch;
    }

    @Override
    @SuppressWarnings({"removal", "deprecation", "Finalize"}) // this trap is what is tested
    protected void finalize() {
      clean(length - 1, true, latch);
    }

    void check() {
      if (length < 1) {
        throw new IllegalStateException("too short");
      }
    }
  }

  private static final class Opener {
    private final CountDownLatch latch;

    Opener(CountDownLatch latch) {
      this.latch = latch;
    }

    void check() {
      if (latch.getCount() == 0) {
        throw new IllegalStateException("nobody has opened it yet");
      }
    }

    @Override
    @SuppressWarnings({"removal", "deprecation", "Finalize"}) // this trap is what is tested
    protected void finalize() {
      latch.countDown();
    }
  }
}
