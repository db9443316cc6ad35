package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HalvesTests {
  @Test
  @DisplayName("many things are halved, few are not")
  void halves() {
    for (int n : new int[] {0, 1, 4_999, 5_000, 5_001, 100_003}) {
      int[] times = new int[n];
      List<Thread> by = Collections.synchronizedList(new ArrayList<>());
      Halves.Work work =
          (from, to) -> {
            by.add(Thread.currentThread());
            for (int i = from; i < to; i++) {
              times[i]++;
            }
          };
      Halves.of(n, work, work);
      for (int each : times) {
        assertEquals(1, each);
      }
      assertEquals(Halves.areWorthIt(n) ? 2 : 1, by.size());
      assertTrue(by.contains(Thread.currentThread()));
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
    assertSame(failure, assertThrows(RuntimeException.class, () -> Halves.both(fails, works)));
    assertSame(failure, assertThrows(RuntimeException.class, () -> Halves.both(works, fails)));
    assertEquals(2, done.size());
    assertNotSame(done.get(0), done.get(1));
  }

  @Test
  @DisplayName("an interrupt does not end the wait for the helper, and is not lost")
  void interrupted() {
    CountDownLatch begun = new CountDownLatch(1);
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    Thread caller = Thread.currentThread();
    Halves.both(
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
