package dev.selvage.verification.interleavings;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.ClosedChannelException;
import dev.selvage.Context;
import dev.selvage.Select;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.Once;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Threads that run side by side, and what is said about them afterwards. */
final class Race {
  /*
   * The scheduler does not see that a thread waits for another to initialise a class, and would wait
   * for both for ever. So everything that a scenario may use is used once, by the one thread that
   * there is then, before others start; and not in an initialiser, where it does not schedule.
   */
  private static boolean prepared;

  private Race() {}

  private static void useAll() throws InterruptedException {
    Channel<Integer> a = Channel.unbuffered();
    Channel<Integer> b = Channel.buffered(1);
    b.send(1);
    for (int i = 0; i < 2; i++) {
      Select.<Integer, RuntimeException>select(
          Select.receive(b, v -> v), Select.send(a, 2, () -> 0), Select.otherwise(() -> 0));
    }
    Select.<Integer, RuntimeException>select(
        Select.receive(b, v -> v), Select.after(Duration.ZERO, () -> 0));
    Select reusable = Select.create();
    Select.Receiving<Integer> in = reusable.receive(a);
    reusable.send(a, 1).enable(true);
    check(reusable.await(Duration.ZERO) != in, "a value came from nowhere");
    a.close();
    try {
      a.close();
    } catch (ClosedChannelException e) {
      check(a.receiveOrNull() == null, "a value came from nowhere");
    }
    try (CancellableContext context = Context.background().withTimeout(Duration.ofDays(1))) {
      try (CancellableContext child = context.view().withCancel()) {
        check(!child.isDone(), "done too early");
      }
    }
    new Mutex().withLock(() -> {});
    RWMutex rw = new RWMutex();
    check(rw.tryRLock(), "not free");
    check(!rw.lock(Duration.ofNanos(1)) && !rw.tryLock(), "written while it is read");
    rw.rUnlock();
    rw.lock();
    check(!rw.rLock(Duration.ofNanos(1)), "read while it is written");
    rw.unlock();
    WaitGroup group = new WaitGroup();
    group.add(1);
    group.await(Duration.ZERO);
    group.done();
    new Once().run(() -> {});
    same(1, Once.value(() -> 1).get(), "found out");
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    same(1, flight.run("key", () -> 1).value(), "found out");
    flight.forget("key");
  }

  /** What one thread does; whatever it throws is a failure of the scenario. */
  interface Part {
    void run() throws Exception;
  }

  /** Starts a platform thread. */
  static Thread start(Part part) throws InterruptedException {
    if (!prepared) {
      prepared = true;
      useAll();
    }
    Thread thread =
        new Thread(
            () -> {
              try {
                part.run();
              } catch (Exception e) {
                throw new AssertionError("a part of the scenario failed", e);
              }
            });
    thread.start();
    return thread;
  }

  /** Runs each part in a thread of its own, and returns when all have ended. */
  static void run(Part... parts) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (Part part : parts) {
      threads.add(start(part));
    }
    join(threads.toArray(Thread[]::new));
  }

  static void join(Thread... threads) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  static void check(boolean so, String otherwise) {
    if (!so) {
      throw new AssertionError(otherwise);
    }
  }

  static void same(Object expected, Object actual, String what) {
    check(expected.equals(actual), what + ": expected " + expected + ", not " + actual);
  }
}
