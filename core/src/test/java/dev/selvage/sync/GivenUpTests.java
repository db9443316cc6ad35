package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Threads;
import dev.selvage.internal.Waiter;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whoever gives up waiting, by an interrupt or since the time is over, is in the queue for a moment
 * longer. What is given out in that moment must go to somebody else. The tests give up in a
 * thread's place, so the moment lasts for as long as they like.
 */
@Timeout(20)
final class GivenUpTests {
  private static final Duration LONG = Duration.ofHours(1);

  /** Wins every wait that has been given up. */
  private static final Object NOTHING = new Object();

  /** Who got what it waited for, and who did not. */
  private final Queue<String> outcomes = new ConcurrentLinkedQueue<>();

  private interface Attempt {
    boolean run() throws Exception;
  }

  private Thread waiting(String name, Attempt attempt) {
    return startBlocked(() -> outcomes.add(name + (attempt.run() ? " got it" : " gave up")));
  }

  /** Gives up in place of a thread, which does not notice before it is told. */
  private static Waiter giveUp(Thread thread) {
    Threads.until(() -> LockSupport.getBlocker(thread) instanceof Waiter);
    Object blocker = LockSupport.getBlocker(thread);
    if (blocker instanceof Waiter waiter && waiter.claim()) {
      return waiter;
    }
    throw new AssertionError("it does not wait: " + blocker);
  }

  private void untilOutcomes(int size) {
    Threads.until(() -> outcomes.size() == size);
  }

  @Test
  void aMutexGoesToTheNext() throws Exception {
    Mutex mutex = new Mutex();
    mutex.lock();
    Thread first = waiting("first", () -> mutex.lock(LONG));
    Thread second = waiting("second", () -> mutex.lock(LONG));
    Waiter gone = giveUp(first);
    mutex.unlock();
    untilOutcomes(1);
    gone.finish(NOTHING);
    first.join();
    second.join();
    assertEquals("[second got it, first gave up]", outcomes.toString());
    assertEquals("Mutex(locked)", mutex.toString());
  }

  @Test
  void aMutexForWhichNobodyElseWaitsIsFree() throws Exception {
    Mutex mutex = new Mutex();
    mutex.lock();
    Thread first = waiting("first", () -> mutex.lock(LONG));
    Waiter gone = giveUp(first);
    mutex.unlock();
    assertEquals("Mutex(free)", mutex.toString());
    gone.finish(NOTHING);
    first.join();
    assertTrue(mutex.tryLock());
    // And is given on as ever.
    Thread next = waiting("next", () -> mutex.lock(LONG));
    mutex.unlock();
    next.join();
    assertEquals("[first gave up, next got it]", outcomes.toString());
  }

  @Test
  void aStarvingMutexIsHandedToTheNext() throws Exception {
    for (boolean starving = false; !starving; ) {
      outcomes.clear();
      Mutex mutex = new Mutex();
      mutex.lock();
      Thread first = waiting("first", () -> mutex.lock(LONG));
      Thread second = waiting("second", () -> mutex.lock(LONG));
      Thread.sleep(2);
      mutex.unlock();
      starving = mutex.tryLock(); // quicker than the first, which is being woken
      if (starving) {
        Threads.until(() -> mutex.toString().equals("Mutex(locked, starving, 2 waiting)"));
        Threads.untilBlocked(first);
        Waiter gone = giveUp(first);
        mutex.unlock();
        assertFalse(mutex.tryLock());
        untilOutcomes(1);
        gone.finish(NOTHING);
        untilOutcomes(2);
        assertEquals("[second got it, first gave up]", outcomes.toString());
        assertEquals("Mutex(locked)", mutex.toString());
      } else {
        untilOutcomes(1);
        mutex.unlock();
      }
      first.join();
      second.join();
    }
  }

  @Test
  void aReaderIsNotCounted() throws Exception {
    RWMutex rw = new RWMutex();
    rw.lock();
    Thread first = waiting("first", () -> rw.rLock(LONG));
    Thread second = waiting("second", () -> rw.rLock(LONG));
    Thread third = waiting("third", () -> rw.rLock(LONG));
    Waiter gone = giveUp(first);
    Waiter alsoGone = giveUp(third);
    rw.unlock();
    second.join();
    assertEquals("RWMutex(1 readers)", rw.toString());
    gone.finish(NOTHING);
    alsoGone.finish(NOTHING);
    first.join();
    third.join();
    assertEquals(3, outcomes.size());
    assertTrue(outcomes.contains("second got it"));
    rw.rUnlock();
    assertTrue(rw.tryLock());
  }

  @Test
  void aWriterIsNotGivenTheLockAndLetsReadersIn() throws Exception {
    RWMutex rw = new RWMutex();
    rw.rLock();
    Thread writer = waiting("writer", () -> rw.lock(LONG));
    Thread reader = waiting("reader", () -> rw.rLock(LONG));
    Waiter gone = giveUp(writer);
    rw.rUnlock();
    assertEquals("RWMutex(0 readers, writer waiting, 1 waiting to read)", rw.toString());
    gone.finish(NOTHING);
    writer.join();
    reader.join();
    assertEquals("RWMutex(1 readers)", rw.toString());
    rw.rUnlock();
    assertTrue(rw.tryLock());
  }

  @Test
  void aSignalGoesToTheNext() throws Exception {
    Mutex mutex = new Mutex();
    Cond cond = new Cond(mutex);
    Thread first = waiting("first", () -> mutex.callWithLock(() -> cond.await(LONG)));
    Thread second = waiting("second", () -> mutex.callWithLock(() -> cond.await(LONG)));
    Waiter gone = giveUp(first);
    cond.signal();
    second.join();
    gone.finish(NOTHING);
    first.join();
    assertEquals("[second got it, first gave up]", outcomes.toString());
  }

  @Test
  void permitsGoToTheNext() throws Exception {
    Semaphore semaphore = new Semaphore(2);
    semaphore.acquire(2);
    Thread first = waiting("first", () -> semaphore.acquire(2, LONG));
    Thread second = waiting("second", () -> semaphore.acquire(1, LONG));
    Waiter gone = giveUp(first);
    semaphore.release(2);
    second.join();
    gone.finish(NOTHING);
    first.join();
    assertEquals("[second got it, first gave up]", outcomes.toString());
    assertEquals("Semaphore(1/2)", semaphore.toString());
  }

  @Test
  void aGroupCountsItUntilItHasLeft() throws Exception {
    WaitGroup group = new WaitGroup();
    group.add(1);
    Thread first = waiting("first", () -> group.await(LONG));
    Thread second = waiting("second", () -> group.await(LONG));
    Waiter gone = giveUp(first);
    group.done();
    second.join();
    gone.finish(NOTHING);
    first.join();
    assertEquals("[second got it, first gave up]", outcomes.toString());
    group.add(1); // nobody is present any more
    group.done();
  }
}
