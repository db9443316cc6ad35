package dev.selvage.verification;

import dev.selvage.Go;
import dev.selvage.observe.SchedulerObserver;
import dev.selvage.scheduler.Scheduler;
import dev.selvage.sync.WaitGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Virtual threads of the JDK that give way, and some that sleep, on one P of ours; {@code pairs N}
 * does it beside so many pairs that hand something back and forth without end. Counts for how many
 * turns of others each of them has waited at most from when it could run to when it ran, and says
 * so: {@code turns GAVE_WAY SLEPT}; and on how many times a P was taken from its M meanwhile, which
 * mixes turns.
 */
final class Turns {
  static final int YIELDING = 50;
  static final int SLEEPING = 10;
  private static final int YIELDS = 20;
  private static final int SLEEPS = 4;

  private Turns() {}

  /** Counts turns. There is one P, so there is one turn at a time. */
  private static final class Counter implements SchedulerObserver {
    private final AtomicLong turn = new AtomicLong();
    private final Map<Thread, Long> since = new ConcurrentHashMap<>();
    final AtomicLong yielding = new AtomicLong();
    final AtomicLong sleeping = new AtomicLong();

    @Override
    public void runnable(Thread thread, Thread by) {
      since.put(thread, turn.get());
    }

    @Override
    public void running(Thread thread, int p) {
      long now = turn.getAndIncrement();
      Long from = since.remove(thread);
      String name = thread.getName();
      if (from != null && name.equals("yields")) {
        yielding.accumulateAndGet(now - from, Math::max);
      } else if (from != null && name.equals("sleeps")) {
        sleeping.accumulateAndGet(now - from, Math::max);
      }
    }
  }

  public static void main(String[] args) throws Exception {
    var wg = new WaitGroup();
    wg.go(() -> {});
    wg.await(); // so the program's own copy of the language has the scheduler
    Child.serve(command -> run(Integer.parseInt(command.substring("pairs ".length()))));
  }

  @SuppressWarnings("ThreadPriorityCheck") // that they give way is what this is about
  private static void run(int pairs) throws Exception {
    var stop = new AtomicBoolean();
    var counter = new Counter();
    List<Thread> handing = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    long before = handOffs();
    try (var _ = Scheduler.observe(counter)) {
      for (int i = 0; i < pairs; i++) {
        var queue = new SynchronousQueue<Integer>();
        handing.add(start("puts", () -> put(queue, stop)));
        handing.add(start("takes", () -> take(queue)));
      }
      for (int i = 0; i < YIELDING; i++) {
        threads.add(
            start(
                "yields",
                () -> {
                  for (int n = 0; n < YIELDS; n++) {
                    Thread.yield();
                  }
                }));
      }
      for (int i = 0; i < SLEEPING; i++) {
        threads.add(
            start(
                "sleeps",
                () -> {
                  for (int n = 0; n < SLEEPS; n++) {
                    Thread.sleep(0, 100_000);
                  }
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    long mixed = handOffs() - before;
    stop.set(true);
    for (Thread thread : handing) {
      thread.join();
    }
    Child.say(
        "turns " + counter.yielding + " " + counter.sleeping + " " + mixed + " " + Go.runtime());
  }

  private static long handOffs() {
    return Scheduler.ofThisJvm().stats().handOffs().total();
  }

  private static Thread start(String name, Child.Action action) {
    return Thread.ofVirtual()
        .name(name)
        .start(
            () -> {
              try {
                action.run();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
  }

  private static void put(SynchronousQueue<Integer> queue, AtomicBoolean stop)
      throws InterruptedException {
    while (!stop.get()) {
      queue.put(1);
    }
    queue.put(0);
  }

  private static void take(SynchronousQueue<Integer> queue) throws InterruptedException {
    while (queue.take() != 0) {
      // the next
    }
  }
}
