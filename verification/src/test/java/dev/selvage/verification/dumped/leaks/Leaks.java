package dev.selvage.verification.dumped.leaks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that wait for what nobody else has. */
public final class Leaks {
  private static final List<Thread> REQUESTS_STARTED = new ArrayList<>();
  private static final ExecutorService REQUESTS =
      Executors.newThreadPerTaskExecutor(Leaks::request);

  private Leaks() {}

  /** Starts each so many times; all wait when this returns. */
  public static void start(int times) throws InterruptedException {
    var started = new ArrayList<Thread>();
    for (int i = 0; i < times; i++) {
      var queue = new ArrayBlockingQueue<Integer>(1);
      started.add(thread("leaked queue", queue::take));
      var latch = new CountDownLatch(1);
      started.add(thread("leaked latch", latch::await));
      var permits = new Semaphore(0);
      started.add(thread("leaked semaphore", permits::acquire));
      var done = new CountDownLatch(1);
      REQUESTS.execute(() -> run(done::await));
      var object = new AtomicInteger();
      started.add(thread("leaked wait", () -> await(object)));
    }
    synchronized (REQUESTS_STARTED) {
      started.addAll(REQUESTS_STARTED);
      REQUESTS_STARTED.clear();
    }
    for (Thread each : started) {
      while (each.getState() != Thread.State.WAITING) {
        Thread.sleep(1);
      }
    }
  }

  private interface Wait {
    void until() throws InterruptedException;
  }

  private static Thread thread(String name, Wait wait) {
    return Thread.ofVirtual().name(name).start(() -> run(wait));
  }

  private static Thread request(Runnable task) {
    Thread thread = Thread.ofVirtual().name("leaked request").unstarted(task);
    synchronized (REQUESTS_STARTED) {
      REQUESTS_STARTED.add(thread);
    }
    return thread;
  }

  private static void run(Wait wait) {
    try {
      wait.until();
      throw new IllegalStateException("woken");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(AtomicInteger object) throws InterruptedException {
    synchronized (object) {
      while (object.get() == 0) {
        object.wait();
      }
    }
  }
}
