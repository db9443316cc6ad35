package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ClaimsTests {
  @Test
  @DisplayName("each of many things is worked on once, and few by one thread")
  void once() {
    for (int n : new int[] {0, 1, 4_999, 5_000, 5_001, 100_003}) {
      AtomicIntegerArray times = new AtomicIntegerArray(n);
      Set<Thread> by = ConcurrentHashMap.newKeySet();
      Claims.Work work =
          (from, to) -> {
            by.add(Thread.currentThread());
            for (int i = from; i < to; i++) {
              times.incrementAndGet(i);
            }
          };
      Claims.of(n, work, work);
      for (int i = 0; i < n; i++) {
        assertEquals(1, times.get(i));
      }
      assertTrue(by.size() <= (Claims.areWorthIt(n) ? 2 : 1));
    }
  }

  @Test
  @DisplayName("who comes late, or dwells on a claim, leaves all the others to the other thread")
  void late() {
    int n = 100_003;
    for (boolean helperIsLate : new boolean[] {true, false}) {
      AtomicInteger byOther = new AtomicInteger();
      AtomicInteger byLate = new AtomicInteger();
      CountDownLatch begun = new CountDownLatch(1); // by who comes late
      CountDownLatch others = new CountDownLatch(1);
      Claims.Work late =
          (from, to) -> {
            begun.countDown();
            await(others);
            byLate.addAndGet(to - from);
          };
      Claims.Work other =
          (from, to) -> {
            await(begun);
            if (byOther.addAndGet(to - from) >= n - Claims.CLAIM) {
              others.countDown();
            }
          };
      Claims.of(n, helperIsLate ? late : other, helperIsLate ? other : late);
      assertEquals(n, byOther.get() + byLate.get());
      assertTrue(byLate.get() <= Claims.CLAIM, byLate + " by who was late");
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS), "the other thread waits as well");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  @DisplayName("what either throws is thrown on when both have returned")
  void failure() {
    RuntimeException failure = new IllegalStateException("no");
    Runnable fails =
        () -> {
          throw failure;
        };
    List<Thread> done = Collections.synchronizedList(new ArrayList<>());
    Runnable works = () -> done.add(Thread.currentThread());
    assertSame(failure, assertThrows(RuntimeException.class, () -> Claims.both(fails, works)));
    assertSame(failure, assertThrows(RuntimeException.class, () -> Claims.both(works, fails)));
    assertEquals(2, done.size());
    assertNotSame(done.get(0), done.get(1));
  }

  @Test
  @DisplayName("an interrupt does not end the wait for the helper, and is not lost")
  void interrupted() {
    CountDownLatch begun = new CountDownLatch(1);
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    Thread caller = Thread.currentThread();
    Claims.both(
        () -> {
          try {
            begun.await();
            caller.interrupt();
            Thread.sleep(20);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          order.add("helper");
        },
        begun::countDown);
    order.add("caller");
    assertTrue(Thread.interrupted());
    assertEquals(List.of("helper", "caller"), order);
  }
}
