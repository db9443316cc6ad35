package dev.selvage.verification;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Starts, ends, blocks and wakes threads without pause, in and out of executors that are opened,
 * closed, shut down, interrupted and awaited, beside {@link #LEAKED} threads that never move;
 * {@code leak} adds two more, for looks to have something new to prove. {@code stop} answers
 * whether every one of them did what it should.
 */
public final class Churn {
  /** How many leak at each of the two places. */
  static final int LEAKED = 100;

  private static final ExecutorService SHARED = Executors.newVirtualThreadPerTaskExecutor();
  private static final AtomicLong WORK = new AtomicLong();
  private static final AtomicInteger STARTED = new AtomicInteger();
  private static final AtomicInteger ENDED = new AtomicInteger();
  private static volatile String wrong = "";
  private static volatile boolean stop;

  private Churn() {}

  public static void main(String[] args) throws Exception {
    Child.startAside(Churn::leak);
    var workers = new Thread[5];
    workers[0] = worker("pairs", Churn::pairs);
    workers[1] = worker("executors", Churn::executors);
    workers[2] = worker("chain", Churn::chain);
    workers[3] = worker("shared", Churn::shared);
    workers[4] = worker("interrupted", Churn::interrupted);
    Thread.sleep(300);
    Child.serve(
        command -> {
          if (command.equals("leak")) {
            Child.startAside(Churn::leakOnce);
            Child.say("leaked");
            return;
          }
          if (!command.equals("stop")) {
            throw new IllegalArgumentException(command);
          }
          stop = true;
          for (Thread worker : workers) {
            worker.join(TimeUnit.SECONDS.toMillis(60));
          }
          boolean joined = true;
          for (Thread worker : workers) {
            joined &= !worker.isAlive();
          }
          long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
          while (STARTED.get() != ENDED.get() && System.nanoTime() < end) {
            Thread.sleep(20);
          }
          boolean good = joined && wrong.isEmpty() && STARTED.get() == ENDED.get();
          Child.say(
              (good ? "sound " : "unsound ")
                  + ("work " + WORK + ", started " + STARTED + ", ended " + ENDED)
                  + (joined ? "" : ", a worker is stuck")
                  + wrong);
        });
  }

  private static void leak() {
    for (int i = 0; i < LEAKED; i++) {
      leakOnce();
    }
  }

  private static void leakOnce() {
    Thread.startVirtualThread(
        () -> {
          forever(() -> new SynchronousQueue<Integer>().take()); // LEAK direct
        });
    SHARED.execute(
        () -> {
          forever(() -> new SynchronousQueue<Integer>().take()); // LEAK shared
        });
  }

  private static void forever(Callable<Integer> call) {
    try {
      call.call();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static Thread worker(String name, Callable<?> once) {
    return Thread.ofPlatform()
        .name(name)
        .daemon()
        .start(
            () -> {
              try {
                while (!stop) {
                  once.call();
                  WORK.incrementAndGet();
                  // Leaves time to the looks on a small machine.
                  Thread.sleep(1);
                }
              } catch (Exception e) {
                wrong = ", " + name + ": " + e;
              }
            });
  }

  private static Runnable counted(Callable<?> body) {
    STARTED.incrementAndGet();
    return () -> {
      try {
        body.call();
      } catch (Exception e) {
        wrong = ", " + e;
      }
      ENDED.incrementAndGet();
    };
  }

  /** Pairs that hand one value over and end. */
  private static boolean pairs() throws InterruptedException {
    var last = new CountDownLatch(20);
    for (int i = 0; i < 20; i++) {
      var queue = new SynchronousQueue<Integer>();
      Thread.startVirtualThread(
          counted(
              () -> {
                queue.put(1);
                return true;
              }));
      Thread.startVirtualThread(
          counted(
              () -> {
                queue.take();
                last.countDown();
                return true;
              }));
    }
    if (ThreadLocalRandom.current().nextBoolean()) {
      last.await();
    }
    return true;
  }

  /** Executors that count: each is closed in one of the ways there are. */
  private static boolean executors() throws Exception {
    var ran = new AtomicInteger();
    var gate = new CountDownLatch(1);
    var executor = Executors.newVirtualThreadPerTaskExecutor();
    for (int i = 0; i < 10; i++) {
      executor.execute(
          counted(
              () -> {
                gate.await();
                return ran.incrementAndGet();
              }));
    }
    var asked = executor.submit(() -> 42);
    if (ThreadLocalRandom.current().nextBoolean()) {
      executor.shutdown();
      if (executor.awaitTermination(1, TimeUnit.MILLISECONDS)) {
        wrong = ", ended before its tasks";
      }
      gate.countDown();
      if (!executor.awaitTermination(60, TimeUnit.SECONDS)) {
        wrong = ", did not end after its tasks";
      }
    } else {
      gate.countDown();
      executor.close();
    }
    if (asked.get() != 42 || ran.get() != 10 || !executor.isTerminated()) {
      wrong = ", " + ran + " of 10 tasks had run when the executor was closed";
    }
    return true;
  }

  /** A chain of threads, each of which is woken by the one before. */
  private static boolean chain() throws InterruptedException {
    var first = new CountDownLatch(1);
    var before = first;
    for (int i = 0; i < 50; i++) {
      var mine = before;
      var next = new CountDownLatch(1);
      Thread.startVirtualThread(
          counted(
              () -> {
                mine.await();
                next.countDown();
                return true;
              }));
      before = next;
    }
    Thread.sleep(ThreadLocalRandom.current().nextInt(3));
    first.countDown();
    before.await();
    return true;
  }

  /**
   * An executor whose threads wait for its {@code shutdownNow()}, and a thread outside that one of
   * them wakes then. Nothing else can wake any of them, so a look may say so in the meantime.
   */
  private static boolean interrupted() throws Exception {
    var opened = new CountDownLatch(1);
    var executor = Executors.newVirtualThreadPerTaskExecutor();
    executor.execute(
        counted(
            () -> {
              try {
                return new SynchronousQueue<Integer>().take(); // LEAK inside
              } catch (InterruptedException e) {
                return 0;
              } finally {
                opened.countDown();
              }
            }));
    Thread.startVirtualThread(
        counted(
            () -> {
              opened.await(); // LEAK outside
              return true;
            }));
    Thread.sleep(ThreadLocalRandom.current().nextInt(60));
    executor.shutdownNow();
    if (!executor.awaitTermination(60, TimeUnit.SECONDS)) {
      wrong = ", did not end when it was interrupted";
    }
    return true;
  }

  /** Tasks of an executor that lives as long as the program and holds leaked threads too. */
  private static boolean shared() throws Exception {
    var gate = new SynchronousQueue<Integer>();
    SHARED.execute(
        counted(
            () -> {
              gate.put(7);
              return true;
            }));
    var taken =
        SHARED.submit(
            () -> {
              Thread.sleep(ThreadLocalRandom.current().nextInt(2));
              return gate.take();
            });
    if (taken.get() != 7) {
      wrong = ", another value";
    }
    return true;
  }
}
