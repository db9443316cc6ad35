package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
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
  void whoIsInterruptedBeforeDoesNotGetItThoughItIsFree() {
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, mutex::lock);
    assertEquals("Mutex(free)", mutex.toString());
    Thread.currentThread().interrupt();
    assertTrue(mutex.tryLock()); // does not look
    assertTrue(Thread.interrupted());
  }

  @Test
  void givesUpInTime() throws Exception {
    assertTrue(mutex.lock(Duration.ZERO));
    assertFalse(mutex.lock(Duration.ZERO));
    assertFalse(mutex.lock(Duration.ofMillis(1)));
    assertEquals("Mutex(locked)", mutex.toString());
    mutex.unlock();
    assertTrue(mutex.lock(Duration.ofHours(1)));
  }

  @Test
  void yieldsWhatTheTaskYields() throws Exception {
    int now = mutex.callWithLock(() -> count + 1);
    assertEquals(1, now);
    assertEquals("Mutex(free)", mutex.toString());
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

  // --------------- Newcomers against those who wait ---------------

  /** A mutex that main has, and threads that take it for good, each adding its number then. */
  private static final class Contended {
    final Mutex mutex = new Mutex();
    final Queue<Integer> order = new ConcurrentLinkedQueue<>();
    final List<Thread> threads = new ArrayList<>();

    void queue() {
      int n = threads.size();
      threads.add(
          startBlocked(
              () -> {
                mutex.lock();
                order.add(n);
              }));
    }

    /** The same, and returns as soon as that one waits. */
    void queueAtOnce() {
      int n = threads.size();
      String waiting = (n + 1) + " waiting";
      threads.add(
          Thread.startVirtualThread(
              () -> {
                try {
                  mutex.lock();
                  order.add(n);
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              }));
      while (!mutex.toString().contains(waiting)) {
        Thread.onSpinWait();
      }
    }

    /** Gives the mutex back for whoever has it, until all have had it. */
    void drain() throws InterruptedException {
      while (order.size() < threads.size()) {
        int had = order.size();
        mutex.unlock();
        until(() -> order.size() > had);
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  /** Lets a thread wait for longer than Go's millisecond, be woken, and then be overtaken. */
  private static Contended starving(int waiting) throws InterruptedException {
    for (; ; ) {
      Contended contended = new Contended();
      contended.mutex.lock();
      for (int i = 0; i < waiting; i++) {
        contended.queue();
      }
      Thread.sleep(2);
      contended.mutex.unlock();
      if (contended.mutex.tryLock()) { // quicker than the one that is being woken
        String starving = "Mutex(locked, starving, " + waiting + " waiting)";
        until(() -> contended.mutex.toString().equals(starving));
        return contended;
      }
      until(() -> contended.order.size() == 1);
      contended.drain();
    }
  }

  @Test
  void whoWasOvertakenForTooLongIsHandedTheMutex() throws Exception {
    Contended contended = starving(1);
    contended.mutex.unlock();
    assertFalse(contended.mutex.tryLock()); // handed over, whether or not that thread runs yet
    contended.threads.getFirst().join();
    assertEquals("Mutex(locked)", contended.mutex.toString()); // the last ends starvation
    contended.mutex.unlock();
    assertTrue(contended.mutex.tryLock());
  }

  @Test
  void aStarvingMutexGoesFromOneToTheNextInOrder() throws Exception {
    Contended contended = starving(3);
    contended.queue();
    Thread.sleep(2);
    for (int handOver = 1; handOver <= 4; handOver++) {
      contended.mutex.unlock();
      assertFalse(contended.mutex.tryLock(), "free at hand-over " + handOver);
      int done = handOver;
      until(() -> contended.order.size() == done);
    }
    assertEquals(List.of(0, 1, 2, 3), List.copyOf(contended.order));
    contended.drain();
    assertEquals("Mutex(locked)", contended.mutex.toString());
  }

  /** Whether the time allowed for it suffices is chance: so it is tried until it does. */
  @Test
  void whoWasOvertakenForAShortTimeOnlyIsHandedNothing() throws Exception {
    for (boolean overtaken = false; !overtaken; ) {
      Contended contended = new Contended();
      contended.mutex.lock();
      contended.queueAtOnce();
      contended.mutex.unlock();
      if (contended.mutex.tryLock()) { // quicker than the one that is being woken
        // It waits again, or waited for too long by now, as others had the processor.
        until(() -> contended.mutex.toString().contains("1 waiting"));
        overtaken = contended.mutex.toString().equals("Mutex(locked, 1 waiting)");
      }
      contended.drain();
    }
  }

  @Test
  void aStarvingMutexThatReachesOneWhoHasNotWaitedLongIsOrdinaryAgain() throws Exception {
    for (boolean ordinary = false; !ordinary; ) {
      Contended contended = starving(1);
      contended.queueAtOnce();
      contended.queueAtOnce();
      contended.mutex.unlock();
      contended.mutex.unlock(); // handed to the second, which has come just now, if chance has it
      ordinary = contended.mutex.toString().equals("Mutex(locked, 1 waiting)");
      until(() -> contended.order.size() == 2);
      contended.drain();
    }
  }

  @Test
  void aStarvingMutexWhoseWaitersAllGaveUpIsOrdinaryAgain() throws Exception {
    Contended contended = starving(2);
    for (Thread thread : contended.threads) {
      thread.interrupt();
      thread.join();
    }
    assertEquals("Mutex(locked)", contended.mutex.toString());
    contended.mutex.unlock();
    assertTrue(contended.mutex.tryLock());
  }

  @Test
  void aWakeUpThatMeetsAnInterruptIsNotLost() throws Exception {
    for (int i = 0; i < 2000; i++) {
      Mutex m = new Mutex();
      m.lock();
      AtomicInteger had = new AtomicInteger();
      Thread first = startWaiting(m, had);
      Thread second = startWaiting(m, had);
      until(() -> m.toString().contains("2 waiting"));
      Thread interrupter = Thread.startVirtualThread(first::interrupt);
      m.unlock();
      second.join(); // whatever became of the first
      first.join();
      interrupter.join();
      assertTrue(had.get() >= 1);
      assertEquals("Mutex(free)", m.toString());
    }
  }

  private static Thread startWaiting(Mutex m, AtomicInteger had) {
    return Thread.startVirtualThread(
        () -> {
          try {
            m.withLock(had::incrementAndGet);
          } catch (InterruptedException e) {
            // It did not have it.
          }
        });
  }
}
