package dev.selvage.verification;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A program with the parts of {@link Growing}, and in which nothing piles up: what comes also goes,
 * or has a bound, or is used.
 */
public final class Steady {
  private static final CountDownLatch NEVER = new CountDownLatch(1);
  private static final Object MONITOR = new Object();

  private static final ExecutorService POOL = Executors.newFixedThreadPool(1, daemons());
  private static final ExecutorService CACHED = Executors.newCachedThreadPool(daemons());
  private static final ExecutorService BOUNDED =
      new ThreadPoolExecutor(
          1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(100_000), daemons());

  private static final List<ExecutorService> CUSTOMERS = new ArrayList<>();

  /** What a task uses, and clears. */
  private static final ThreadLocal<Map<String, Integer>> WORDS =
      ThreadLocal.withInitial(HashMap::new);

  private Steady() {}

  private static ThreadFactory daemons() {
    return Thread.ofPlatform().daemon().factory();
  }

  /** Ends on a line of standard input. */
  public static void main(String[] args) throws Exception {
    Mailer mailer = new Mailer();
    Thread.ofPlatform().daemon().name("mailer").start(mailer);
    BOUNDED.execute(() -> await(NEVER));
    for (int i = 0; i < 20; i++) {
      CUSTOMERS.add(Executors.newFixedThreadPool(1, daemons()));
    }
    Steps.run(
        _ -> report(),
        Steady::burst,
        _ -> BOUNDED.execute(Thread::onSpinWait),
        _ -> CACHED.submit(() -> count("a", "b", "c")).get(),
        _ -> customers(),
        mailer::burst,
        _ -> Thread.startVirtualThread(Steady::passThrough));
  }

  private static void report() throws Exception {
    try (ExecutorService own = Executors.newFixedThreadPool(1, daemons())) {
      own.submit(Thread::onSpinWait).get();
    }
  }

  /** Many at once, every second, and all are done before the next. */
  private static void burst(int step) {
    if (step % 20 == 0) {
      for (int i = 0; i < 500; i++) {
        POOL.execute(Thread::onSpinWait);
      }
    }
  }

  /** A pool for each customer, who comes again. */
  private static void customers() throws Exception {
    for (ExecutorService each : CUSTOMERS) {
      each.submit(Thread::onSpinWait).get();
    }
  }

  private static int count(String... words) {
    Map<String, Integer> seen = WORDS.get();
    try {
      for (String word : words) {
        seen.merge(word, 1, Integer::sum);
      }
      return seen.size();
    } finally {
      WORDS.remove();
    }
  }

  private static void passThrough() {
    synchronized (MONITOR) {
      Thread.onSpinWait();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A thread with a queue of its own, which it empties before the next come. */
  private static final class Mailer implements Runnable {
    private final BlockingQueue<String> outbox = new LinkedBlockingQueue<>();

    void burst(int step) {
      if (step % 20 == 0) {
        for (int i = 0; i < 10; i++) {
          outbox.add("mail");
        }
      }
    }

    @Override
    public void run() {
      try {
        while (true) {
          outbox.take();
          Thread.sleep(5);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
