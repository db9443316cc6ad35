package dev.selvage.verification;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Threads that are switched all the time, each with what another waits for in its hands and nowhere
 * else: in a frame of its own, in one far below, or only in what a method returns. One thread
 * leaks; all others end when they are told to stop.
 */
final class SwitchedProgram {
  static final String LEAKED = "leaked";

  private static final int CLIENTS = 40;
  private static final int DEPTH = 30;

  /** Whose end says that all is well. */
  private static final ConcurrentLinkedQueue<Thread> STARTED = new ConcurrentLinkedQueue<>();

  private static volatile boolean stop;

  private SwitchedProgram() {}

  public static void main(String[] args) throws Exception {
    Child.startAside(
        () -> Thread.ofVirtual().name(LEAKED).start(() -> await(new CountDownLatch(1))));
    switch (args[0]) {
      case "flat" -> flat();
      case "deep" -> deep();
      case "handed" -> handed();
      case "timed" -> timed();
      default -> throw new IllegalArgumentException(args[0]);
    }
    Thread.sleep(200);
    Child.serve(
        _ -> {
          stop = true;
          long end = System.nanoTime() + 60_000_000_000L;
          for (Thread thread : STARTED) {
            thread.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
          }
          List<String> stuck =
              STARTED.stream().filter(Thread::isAlive).map(Thread::getName).toList();
          Child.say(stuck.isEmpty() ? "all ended" : "stuck: " + stuck);
        });
    System.exit(0); // one is left
  }

  private static void go(String name, Runnable task) {
    Thread thread = Thread.ofVirtual().name(name).unstarted(task);
    STARTED.add(thread);
    thread.start();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  // ------------------------------------------------------------------ in a frame

  private static void flat() {
    for (int i = 0; i < 4; i++) {
      int number = i;
      go(
          "switched",
          () -> {
            var latch = new CountDownLatch(1);
            go("held by one that is switched", () -> await(latch));
            while (!stop) {
              switchOver(number);
            }
            latch.countDown();
          });
    }
  }

  /** In each of the ways that take a virtual thread off its carrier and put it on one again. */
  @SuppressWarnings("ThreadPriorityCheck") // to yield is the point
  private static void switchOver(int number) {
    switch (number % 4) {
      case 0 -> Thread.yield();
      case 1 -> LockSupport.parkNanos(20_000);
      case 2 -> sleep();
      default -> {
        var gate = new Semaphore(0);
        Thread.startVirtualThread(gate::release);
        gate.acquireUninterruptibly();
      }
    }
    long end = System.nanoTime() + 20_000;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(0, 50_000);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  // ------------------------------------------------------------------ in a frame far below

  private static void deep() {
    for (int i = 0; i < 4; i++) {
      int number = i;
      go(
          "switched",
          () -> {
            var latch = new CountDownLatch(1);
            go("held by a caller", () -> await(latch));
            below(DEPTH, number);
            latch.countDown();
          });
    }
  }

  private static int below(int depth, int number) {
    if (depth > 0) {
      return below(depth - 1, number) + 1;
    }
    while (!stop) {
      switchOver(number);
    }
    return 0;
  }

  // ------------------------------------------------------------------ with pauses

  /** As deep, but the carriers find time for other tasks now and then. */
  private static void timed() {
    for (int i = 0; i < 6; i++) {
      go(
          "switched",
          () -> {
            var latch = new CountDownLatch(1);
            go("held by a caller", () -> await(latch));
            pausing(DEPTH);
            latch.countDown();
          });
    }
  }

  private static int pausing(int depth) {
    if (depth > 0) {
      return pausing(depth - 1) + 1;
    }
    long sum = 0;
    while (!stop) {
      LockSupport.parkNanos(1_000_000);
      for (int i = 0; i < 1_000_000; i++) {
        sum += i ^ (sum << 1);
      }
    }
    return sum == 42 ? 1 : 0; // so that it is computed
  }

  // ------------------------------------------------------------------ in what a method returns

  private static final AtomicInteger LEFT = new AtomicInteger(CLIENTS);

  private record Request(CountDownLatch reply) {}

  private static void handed() {
    var requests = new LinkedBlockingQueue<Request>();
    for (int i = 0; i < CLIENTS; i++) {
      go("client", () -> ask(requests));
    }
    STARTED.add(Thread.ofPlatform().daemon().name("server").start(() -> answer(requests)));
  }

  private static void ask(LinkedBlockingQueue<Request> requests) {
    while (!stop) {
      var reply = new CountDownLatch(1);
      requests.add(new Request(reply));
      await(reply);
    }
    LEFT.decrementAndGet();
  }

  private static void answer(LinkedBlockingQueue<Request> requests) {
    while (LEFT.get() > 0) {
      Request request = requests.poll(); // as it returns, nothing else has the request
      if (request != null) {
        request.reply().countDown();
      }
    }
  }
}
