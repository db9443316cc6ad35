package dev.selvage.internal.gmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Threads;
import dev.selvage.internal.jdk.VirtualThreads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A scheduler on threads, of which tests ask more than {@code Scheduler} shows. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunnerTests {
  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();

  private @Nullable Runner first;
  private @Nullable Runner second;

  @BeforeEach
  void start() {
    assumeTrue(JDK.canSchedule(), "java.base/java.lang is not open");
    first = Runner.start(1);
    second = Runner.start(1);
  }

  @AfterEach
  void close() {
    for (@Nullable Runner runner : new @Nullable Runner[] {first, second}) {
      if (runner != null) {
        runner.close();
      }
    }
  }

  /** A scheduler's Ms have its number in their names. */
  private static String scheduler() {
    String text = Thread.currentThread().toString();
    return text.substring(text.indexOf('@') + 1).replaceAll("m-\\d+.*", "");
  }

  @Test
  @SuppressWarnings("ThreadPriorityCheck") // giving way is one of the things that are tried
  void whoWaitsWhileItIsHandedOverGoesOnAtTheSuccessor() throws Exception {
    assertNotNull(first);
    assertNotNull(second);
    List<String> seen = new CopyOnWriteArrayList<>();
    Runnable task =
        () -> {
          seen.add(scheduler());
          LockSupport.park();
          seen.add(scheduler());
          Thread.yield();
          seen.add(scheduler());
        };
    Thread before = JDK.create(first, "before", task);
    before.start();
    Threads.untilBlocked(before);
    first.handOver(second);
    LockSupport.unpark(before);
    before.join();
    assertEquals(3, seen.size());
    assertTrue(seen.get(0).startsWith("selvage-"), seen.toString());
    assertNotEquals(seen.get(0), seen.get(1));
    assertEquals(seen.get(1), seen.get(2));
  }

  @Test
  void whoIsMadeOnItAfterwardsRunsAtTheSuccessor() throws Exception {
    assertNotNull(first);
    assertNotNull(second);
    List<String> seen = new CopyOnWriteArrayList<>();
    Thread there = JDK.create(second, "there", () -> seen.add(scheduler()));
    there.start();
    there.join();
    first.handOver(second);
    Thread after = JDK.create(first, "after", () -> seen.add(scheduler()));
    after.start();
    after.join();
    assertEquals(2, seen.size());
    assertEquals(seen.get(0), seen.get(1));
  }

  // --------------- What may come ---------------

  /** Such as those of programs which reach the scheduler by reflection. */
  @Test
  void tasksThatAreNoGoroutinesRunOnceAndWhatTheyThrowHurtsNobody() throws Exception {
    assertNotNull(first);
    Runner runner = first;
    int n = 1_000;
    var ran = new AtomicIntegerArray(n);
    List<Error> errors =
        List.of(
            new OutOfMemoryError("as intended"),
            new StackOverflowError("as intended"),
            new AssertionError("as intended"));
    for (int i = 0; i < n; i += 2) {
      int id = i;
      runner.execute(
          () -> {
            ran.incrementAndGet(id);
            runner.execute(() -> ran.incrementAndGet(id + 1)); // from an M's own thread
            if (id < 2 * errors.size()) {
              throw errors.get(id / 2);
            }
          });
    }
    for (int i = 0; i < n; i++) {
      int id = i;
      Threads.until(() -> ran.get(id) > 0);
    }
    List<String> seen = new CopyOnWriteArrayList<>();
    Thread after = JDK.create(runner, "after", () -> seen.add(Thread.currentThread().toString()));
    after.start();
    after.join();
    assertTrue(seen.getFirst().contains("selvage-"), seen.toString());
    for (int i = 0; i < n; i++) {
      assertEquals(1, ran.get(i), "task " + i);
    }
  }

  @Test
  @SuppressWarnings("ThreadPriorityCheck") // giving way is one of the things that are tried
  void aTaskThatComesTwiceRunsItsThreadOnce() throws Exception {
    assertNotNull(first);
    Runner runner = first;
    runner.setProcs(2);
    Executor twice =
        task -> {
          runner.execute(task);
          runner.execute(task);
        };
    int n = 500;
    int turns = 5;
    var ran = new AtomicIntegerArray(n);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int id = i;
      Runnable task =
          () -> {
            for (int turn = 0; turn < turns; turn++) {
              Thread.yield();
              LockSupport.parkNanos(1_000);
              ran.incrementAndGet(id);
            }
          };
      threads.add(JDK.create(twice, "twice", task));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    for (int i = 0; i < n; i++) {
      assertEquals(turns, ran.get(i), "thread " + i);
    }
  }

  @Test
  void whatComesAfterTheEndRunsAtTheJdks() throws Exception {
    assertNotNull(first);
    Runner runner = first;
    runner.close();
    var seen = new LinkedBlockingQueue<String>();
    runner.execute(() -> seen.add(Thread.currentThread().getName()));
    String name = seen.take();
    assertTrue(name.startsWith("ForkJoinPool-"), name);
    Thread late = JDK.create(runner, "late", () -> seen.add(Thread.currentThread().toString()));
    late.start();
    String text = seen.take();
    assertTrue(text.contains("@ForkJoinPool-"), text);
  }

  // --------------- How many Ps ---------------

  @Test
  void theDefaultIsFollowedUntilSomebodySaysANumber() {
    assertNotNull(first);
    int byDefault = GoMaxProcs.byDefault();
    assertEquals(byDefault, first.setDefaultProcs());
    first.gmp.setProcs(byDefault + 1); // as if machine or container had allowed more
    first.follow();
    assertEquals(byDefault, first.procs());
    assertEquals(byDefault + 1, first.setProcs(byDefault + 1));
    first.follow();
    assertEquals(byDefault + 1, first.procs());
  }
}
