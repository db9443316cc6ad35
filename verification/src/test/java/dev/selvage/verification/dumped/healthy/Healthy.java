package dev.selvage.verification.dumped.healthy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that somebody can still wake, each in another way. */
public final class Healthy {
  private static final CountDownLatch OPEN = new CountDownLatch(1);
  private static final AtomicInteger DOOR = new AtomicInteger();
  private static final Map<Integer, CompletableFuture<String>> ANSWERS = new ConcurrentHashMap<>();

  private Healthy() {}

  /** Starts each so many times; all wait when this returns. */
  public static void start(int times) throws IOException, InterruptedException {
    var started = new ArrayList<Thread>();
    for (int i = 0; i < times; i++) {
      var answer = new CompletableFuture<String>();
      ANSWERS.put(i, answer);
      started.add(thread("healthy latch", OPEN::await));
      started.add(thread("healthy answer", answer::get));
      started.add(thread("healthy sleep", () -> Thread.sleep(Duration.ofHours(1))));
      var queue = new ArrayBlockingQueue<Integer>(1);
      started.add(thread("healthy poll", () -> queue.poll(1, TimeUnit.HOURS)));
      started.add(thread("healthy wait", Healthy::await));
      Thread sleeper = Thread.ofVirtual().name("healthy end").start(Healthy::sleep);
      started.add(sleeper);
      started.add(thread("healthy join", sleeper::join));
    }
    for (Thread each : started) {
      while (each.getState() != Thread.State.WAITING
          && each.getState() != Thread.State.TIMED_WAITING) {
        Thread.sleep(1);
      }
    }
    accept();
  }

  private interface Wait {
    void until() throws InterruptedException, ExecutionException;
  }

  private static Thread thread(String name, Wait wait) {
    return Thread.ofVirtual()
        .name(name)
        .start(
            () -> {
              try {
                wait.until();
              } catch (InterruptedException | ExecutionException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  private static void sleep() {
    try {
      Thread.sleep(Duration.ofHours(1));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await() throws InterruptedException {
    synchronized (DOOR) {
      while (DOOR.get() == 0) {
        DOOR.wait();
      }
    }
  }

  /** Waits for input: on which nobody in the program has a hand. */
  private static void accept() throws IOException, InterruptedException {
    var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    Thread thread =
        Thread.ofVirtual()
            .name("healthy accept")
            .start(
                () -> {
                  try (server) {
                    server.accept();
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
    while (thread.getState() == Thread.State.NEW || !isAccepting(thread)) {
      Thread.sleep(1);
    }
  }

  private static boolean isAccepting(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      if (frame.getMethodName().equals("park")) {
        return true;
      }
    }
    return false;
  }
}
