package dev.selvage.examples.language;

import dev.selvage.Go;
import dev.selvage.sync.Semaphore;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** At most two jobs at a time, by a semaphore of two. The first two of five jobs fail. */
final class WorkerPool {
  private static final int AT_ONCE = 2;
  private static final int JOBS = 5;

  private WorkerPool() {}

  /** Works, and notes how many did at the same time. */
  private static void work(int job, AtomicInteger working, AtomicInteger most)
      throws InterruptedException {
    int now = working.incrementAndGet();
    most.accumulateAndGet(now, Math::max);
    Go.sleep(Duration.ofMillis(job));
    working.decrementAndGet();
    if (job <= AT_ONCE) {
      throw new IllegalStateException("job " + job + " failed");
    }
  }

  /** A job that fails keeps its permit; two of them, and nobody gets one any more. */
  // snippet: wrong
  static String wrong() throws InterruptedException {
    var working = new AtomicInteger();
    var most = new AtomicInteger();
    var permits = new Semaphore(AT_ONCE);
    var group = new WaitGroup();
    for (int i = 1; i <= JOBS; i++) {
      int job = i;
      permits.acquire(); // LEAK
      group.go(
          () -> {
            work(job, working, most);
            permits.release(); // not if work throws
          });
    }
    group.await();
    return "at most " + most + " at a time";
  }

  // end

  /** Gives the permit back whatever happens. */
  // snippet: right
  static String right() throws InterruptedException {
    var working = new AtomicInteger();
    var most = new AtomicInteger();
    var permits = new Semaphore(AT_ONCE);
    var group = new WaitGroup();
    for (int i = 1; i <= JOBS; i++) {
      int job = i;
      permits.acquire();
      group.go(
          () -> {
            try {
              work(job, working, most);
            } finally {
              permits.release();
            }
          });
    }
    group.await();
    return "at most " + most + " at a time";
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(WorkerPool::wrong));
    System.out.println("right: " + Simulated.run(WorkerPool::right));
  }
}
