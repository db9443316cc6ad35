package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class CondTests {
  private final Mutex mutex = new Mutex();
  private final Cond cond = new Cond(mutex);
  private final Queue<Object> order = new ConcurrentLinkedQueue<>();

  /** Starts a thread that waits, and adds what became of that. */
  private Thread waiting(Object name) {
    return startBlocked(
        () ->
            mutex.withLock(
                () -> {
                  try {
                    cond.await();
                    order.add(name);
                  } catch (InterruptedException e) {
                    assertFalse(mutex.tryLock()); // it has the lock again
                    order.add(name + " interrupted");
                  }
                }));
  }

  private void untilOrder(int size) {
    until(() -> order.size() == size);
  }

  @Test
  void wakesOneAtATimeInTheOrderOfComing() throws Exception {
    List<Thread> threads = List.of(waiting(0), waiting(1), waiting(2));
    assertEquals("Cond(3 waiting)", cond.toString());
    for (int i = 1; i <= 3; i++) {
      cond.signal();
      untilOrder(i);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(0, 1, 2), List.copyOf(order));
    cond.signal(); // nobody waits: is not kept for later
    assertEquals("Cond(0 waiting)", cond.toString());
    mutex.lock();
    assertFalse(cond.await(Duration.ofMillis(1)));
    mutex.unlock();
  }

  @Test
  void wakesEveryoneInTheOrderOfComing() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      threads.add(waiting(i));
    }
    mutex.withLock(cond::broadcast);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(20, order.size());
    assertEquals("Mutex(free)", mutex.toString());
  }

  @Test
  void hasTheLockAgainAfterwards() throws Exception {
    Thread waiting = waiting("w");
    assertTrue(mutex.tryLock()); // which it gave back
    cond.signal();
    until(() -> mutex.toString().equals("Mutex(locked, 1 waiting)"));
    assertTrue(order.isEmpty());
    mutex.unlock();
    waiting.join();
  }

  @Test
  void whoIsInterruptedHasTheLockAgainToo() throws Exception {
    Thread waiting = waiting("w");
    mutex.lock();
    waiting.interrupt();
    until(() -> mutex.toString().equals("Mutex(locked, 1 waiting)"));
    waiting.interrupt(); // even this does not end the wait for the lock
    assertEquals("Cond(0 waiting)", cond.toString());
    assertTrue(order.isEmpty());
    mutex.unlock();
    waiting.join();
    assertEquals(List.of("w interrupted"), List.copyOf(order));
  }

  @Test
  void whoIsInterruptedBeforeKeepsTheLock() throws Exception {
    mutex.lock();
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, cond::await);
    assertEquals("Mutex(locked)", mutex.toString());
  }

  @Test
  void aSignalIsNeverLostToOneThatIsInterrupted() throws Exception {
    for (int i = 0; i < 1000; i++) {
      order.clear();
      Thread first = waiting("first");
      Thread second = waiting("second");
      Thread interrupter = Thread.startVirtualThread(first::interrupt);
      cond.signal();
      first.join();
      interrupter.join();
      if (order.contains("first interrupted")) {
        second.join(); // the signal was for it then
        assertTrue(order.contains("second"));
      } else {
        assertEquals(List.of("first"), List.copyOf(order));
        cond.signal();
        second.join();
      }
    }
  }

  @Test
  void givesUpInTime() throws Exception {
    mutex.lock();
    assertFalse(cond.await(Duration.ofMillis(1)));
    assertFalse(cond.await(Duration.ZERO));
    assertEquals("Mutex(locked)", mutex.toString());
    assertEquals("Cond(0 waiting)", cond.toString());
    AtomicInteger signalled = new AtomicInteger();
    mutex.unlock();
    Thread waiting =
        startBlocked(
            () ->
                mutex.withLock(() -> signalled.addAndGet(cond.await(Duration.ofHours(1)) ? 1 : 0)));
    cond.signal();
    waiting.join();
    assertEquals(1, signalled.get());
  }

  @Test
  void needsTheLock() throws Exception {
    assertThrows(UnlockException.class, cond::await);
    assertEquals("Cond(0 waiting)", cond.toString());
    assertEquals("Mutex(free)", mutex.toString());
    assertSame(mutex, cond.locker());
  }

  /** It comes in between: after the mistake is queued, and before its lock says that it is one. */
  @Test
  void aSignalThatReachesWhoHasNotTheLockGoesOnToTheNext() throws Exception {
    Thread tester = Thread.currentThread();
    Cond[] made = new Cond[1];
    Thread[] next = new Thread[1];
    made[0] =
        new Cond(
            new Locker() {
              @Override
              public void lock() {}

              @Override
              public void unlock() {
                if (Thread.currentThread() == tester) {
                  next[0] = startBlocked(made[0]::await);
                  made[0].signal();
                  throw new UnlockException("nobody has it");
                }
              }
            });
    assertThrows(UnlockException.class, made[0]::await);
    next[0].join();
    assertEquals("Cond(0 waiting)", made[0].toString());
  }

  @Test
  void worksWithBothSidesOfAnRwMutex() throws Exception {
    RWMutex rw = new RWMutex();
    Cond written = new Cond(rw.rLocker());
    Cond read = new Cond(rw);
    List<Thread> threads = new ArrayList<>();
    threads.add(startBlocked(() -> rw.withRLock(written::await)));
    threads.add(startBlocked(() -> rw.withRLock(written::await)));
    threads.add(startBlocked(() -> rw.withLock(read::await)));
    assertEquals("RWMutex(0 readers)", rw.toString());
    rw.withLock(
        () -> {
          written.broadcast();
          read.signal();
        });
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals("RWMutex(0 readers)", rw.toString());
  }

  @Test
  void aBoundedBufferConservesWhatGoesThrough() throws Exception {
    Cond notFull = new Cond(mutex);
    ArrayDeque<Integer> buffer = new ArrayDeque<>();
    AtomicInteger sum = new AtomicInteger();
    WaitGroup wg = new WaitGroup();
    for (int p = 0; p < 3; p++) {
      wg.go(
          () -> {
            for (int i = 1; i <= 2000; i++) {
              int value = i;
              mutex.withLock(
                  () -> {
                    while (buffer.size() == 2) {
                      notFull.await();
                    }
                    buffer.add(value);
                    cond.signal();
                  });
            }
          });
      wg.go(
          () -> {
            for (int i = 1; i <= 2000; i++) {
              sum.addAndGet(
                  mutex.callWithLock(
                      () -> {
                        while (buffer.isEmpty()) {
                          cond.await();
                        }
                        notFull.signal();
                        return buffer.remove();
                      }));
            }
          });
    }
    wg.await();
    assertEquals(3 * 2000 * 2001 / 2, sum.get());
  }
}
