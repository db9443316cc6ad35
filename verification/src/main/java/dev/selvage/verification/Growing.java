package dev.selvage.verification;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A program in which things pile up step by step, where no thread need be stuck. {@link Steady} has
 * the same parts, and nothing piles up there.
 */
public final class Growing {
  private static final CountDownLatch NEVER = new CountDownLatch(1);
  private static final Object MONITOR = new Object();

  private static final ExecutorService SLOW =
      new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), daemons());
  private static final ExecutorService LOGGING =
      new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(10), daemons());

  /** What a thread of a pool keeps for itself. */
  private static final ThreadLocal<List<String>> LINES = ThreadLocal.withInitial(ArrayList::new);

  private Growing() {}

  private static ThreadFactory daemons() {
    return Thread.ofPlatform().daemon().factory();
  }

  /** Ends on a line of standard input. */
  public static void main(String[] args) throws Exception {
    Mailer mailer = new Mailer();
    Thread.ofPlatform().daemon().name("mailer").start(mailer);
    Thread.ofPlatform().daemon().start(Growing::holdMonitor);
    Thread.ofVirtual().name("parked for ever: waits for what need not come").start(Growing::park);
    Steps.run(
        _ -> report(),
        _ -> mail(),
        _ -> LOGGING.submit(() -> log("a line")).get(),
        _ -> mailer.queue("mail"),
        _ -> Thread.startVirtualThread(Growing::enterMonitor));
  }

  private static void report() throws Exception {
    ExecutorService own = Executors.newFixedThreadPool(1, daemons()); // LEAK executor
    own.submit(() -> {}).get();
  }

  private static void mail() {
    for (int i = 0; i < 5; i++) {
      SLOW.execute(() -> await(NEVER)); // LEAK queue
    }
  }

  private static void log(String line) {
    LINES.get().add(line); // LEAK thread-local
  }

  private static void holdMonitor() {
    synchronized (MONITOR) {
      await(NEVER);
    }
  }

  private static void enterMonitor() {
    synchronized (MONITOR) {
      Thread.onSpinWait();
    }
  }

  private static void park() {
    try {
      new SynchronousQueue<String>().take(); // LINE park
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A thread with a queue of its own, which is filled faster than it is taken from. */
  private static final class Mailer implements Runnable {
    private final BlockingQueue<String> outbox = new LinkedBlockingQueue<>();

    void queue(String mail) {
      for (int i = 0; i < 5; i++) {
        outbox.add(mail); // LEAK outbox
      }
    }

    @Override
    public void run() {
      try {
        while (true) {
          outbox.take();
          Thread.sleep(500); // however slow the machine is, more come than that
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
