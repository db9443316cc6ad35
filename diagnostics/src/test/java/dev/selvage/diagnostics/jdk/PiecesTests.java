package dev.selvage.diagnostics.jdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Two threads go over all threads that there are. */
class PiecesTests {
  private static final Jdk JDK = Jdk.ofThisJvm();
  private static final int THREADS = 3_000;

  private final List<Thread> started = new ArrayList<>();

  private Set<Long> start(int threads) {
    Set<Long> ids = new HashSet<>();
    for (int i = 0; i < threads; i++) {
      Thread thread =
          Thread.startVirtualThread(
              () -> {
                while (!Thread.currentThread().isInterrupted()) {
                  LockSupport.park();
                }
              });
      started.add(thread);
      ids.add(thread.threadId());
    }
    return ids;
  }

  @AfterEach
  void end() throws InterruptedException {
    for (Thread thread : started) {
      thread.interrupt();
      thread.join(10_000);
      assertFalse(thread.isAlive());
    }
    started.clear();
  }

  @Test
  @DisplayName("each is visited once, and who comes late leaves nearly all to the other")
  void late() throws InterruptedException {
    start(60_000); // the set never shrinks: afterwards all others lie side by side in it
    end();
    Set<Long> ids = start(THREADS);
    for (boolean helperIsLate : new boolean[] {true, false}) {
      Map<Long, Integer> times = new ConcurrentHashMap<>();
      CountDownLatch over = new CountDownLatch(1); // of the work of who is in time
      AtomicInteger byLate = new AtomicInteger();
      Jdk.Both both =
          (helpers, own) -> {
            Runnable late = helperIsLate ? helpers : own;
            Thread other = Thread.ofPlatform().start(late);
            (helperIsLate ? own : helpers).run();
            over.countDown();
            join(other);
          };
      JDK.forEach(
          both,
          (_, thread) -> visit(thread, ids, times, helperIsLate ? over : null, byLate),
          (_, thread) -> visit(thread, ids, times, helperIsLate ? null : over, byLate));
      assertEquals(ids, times.keySet());
      assertTrue(times.values().stream().allMatch(n -> n == 1));
      assertTrue(byLate.get() < THREADS / 10, byLate + " of " + THREADS + " by who was late");
    }
  }

  private static void visit(
      Thread thread,
      Set<Long> ids,
      Map<Long, Integer> times,
      @Nullable CountDownLatch late,
      AtomicInteger byLate) {
    if (!ids.contains(thread.threadId())) {
      return; // of another test
    }
    if (late != null) {
      byLate.incrementAndGet();
      try {
        assertTrue(late.await(60, TimeUnit.SECONDS), "the other one waits for this one");
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    times.merge(thread.threadId(), 1, Integer::sum);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
