package com.acme.shop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/** Executors as programs use them, well and badly. Whoever calls this must shut them down. */
public final class Pools {
  private Pools() {}

  /** One for each report. */
  public static ExecutorService report() {
    ExecutorService pool = Executors.newFixedThreadPool(1);
    pool.execute(() -> {});
    return pool;
  }

  /** A task that nobody waits for. */
  public static void mail(Executor pool, CountDownLatch sent, String to) {
    pool.execute(() -> send(sent, to));
  }

  /** Another task that captures the same. */
  public static void print(Executor pool, CountDownLatch printed, String page) {
    pool.execute(() -> send(printed, "the printer, " + page));
  }

  private static void send(CountDownLatch sent, String to) {
    try {
      sent.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("not sent to " + to, e);
    }
  }

  /** What the threads of a pool keep for themselves. */
  public static final class Kept {
    private static final ThreadLocal<List<String>> LINES = ThreadLocal.withInitial(ArrayList::new);
    private static final ThreadLocal<Map<String, Integer>> SEEN =
        ThreadLocal.withInitial(HashMap::new);

    private Kept() {}

    /** Forgets to clear. */
    public static void log(String line) {
      LINES.get().add(line);
    }

    /** Clears at its end. */
    public static int count(List<String> words) {
      Map<String, Integer> seen = SEEN.get();
      try {
        words.forEach(word -> seen.merge(word, 1, Integer::sum));
        return seen.size();
      } finally {
        seen.clear();
      }
    }

    /** Collects for as long as the task goes on. */
    public static void collect(String word) {
      SEEN.get().put(word, 1);
    }

    /** A variable of its own for each call, which its value refers to. */
    @SuppressWarnings("ThreadLocalUsage") // that it is made anew is the leak
    public static void bind(String user) {
      ThreadLocal<Object> mine = new ThreadLocal<>();
      mine.set(new Binding(mine, user));
    }
  }

  /** Refers to the variable that has it, so that neither ever goes. */
  public record Binding(ThreadLocal<Object> variable, String user) {}

  /** A worker with a queue, that falls behind. */
  public static final class Mailer implements Runnable {
    private final BlockingQueue<String> outbox;
    private final CountDownLatch open;

    public Mailer(BlockingQueue<String> outbox, CountDownLatch open) {
      this.outbox = outbox;
      this.open = open;
    }

    public Mailer(CountDownLatch open) {
      this(new LinkedBlockingQueue<>(), open);
    }

    public void put(String mail) {
      outbox.add(mail);
    }

    public void take() {
      outbox.clear();
    }

    @Override
    public void run() {
      try {
        open.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
