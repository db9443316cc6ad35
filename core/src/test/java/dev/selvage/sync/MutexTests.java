package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class MutexTests {
  private final Mutex mutex = new Mutex();
  private int count;

  @Test
  void letsOneInAtATime() throws Exception {
    WaitGroup wg = new WaitGroup();
    for (int i = 0; i < 20; i++) {
      wg.go(
          () -> {
            for (int n = 0; n < 1000; n++) {
              mutex.withLock(() -> count++);
            }
          });
    }
    wg.await();
    assertEquals(20_000, count);
  }

  @Test
  void hasNoOwner() throws Exception {
    mutex.lock();
    Thread next = startBlocked(mutex::lock);
    mutex.unlock();
    next.join();
    assertFalse(mutex.tryLock());
    mutex.unlock();
    assertTrue(mutex.tryLock());
  }

  @Test
  void isGivenOnInOrder() throws Exception {
    List<Integer> order = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    mutex.lock();
    for (int i = 0; i < 5; i++) {
      int n = i;
      threads.add(startBlocked(() -> mutex.withLock(() -> order.add(n))));
    }
    mutex.unlock();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(0, 1, 2, 3, 4), order);
  }

  @Test
  void whoIsInterruptedDoesNotGetIt() throws Exception {
    mutex.lock();
    Thread waiting = startBlocked(mutex::lock);
    waiting.interrupt();
    waiting.join();
    mutex.unlock();
    assertTrue(mutex.tryLock());
  }

  @Test
  void isGivenBackWhenTheTaskThrows() throws Exception {
    assertThrows(
        IOException.class,
        () ->
            mutex.withLock(
                () -> {
                  throw new IOException();
                }));
    assertTrue(mutex.tryLock());
  }

  @Test
  void cannotBeGivenBackWhenNobodyHasIt() {
    UnlockException e = assertThrows(UnlockException.class, mutex::unlock);
    assertEquals("sync: unlock of unlocked mutex", e.getMessage());
  }
}
