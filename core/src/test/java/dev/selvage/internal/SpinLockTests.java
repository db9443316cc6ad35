package dev.selvage.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class SpinLockTests {
  private final SpinLock lock = new SpinLock();

  @Test
  void thoseWhoWaitLetAHolderRunThatGaveWay() throws Exception {
    // Nobody should; but a holder may have to wait for another such lock, and then yields.
    AtomicBoolean held = new AtomicBoolean();
    AtomicBoolean on = new AtomicBoolean();
    Thread holder =
        Thread.ofVirtual()
            .start(
                () -> {
                  lock.lock();
                  held.set(true);
                  while (!on.get()) {
                    LockSupport.park();
                  }
                  lock.unlock();
                });
    Threads.until(held::get);
    AtomicInteger got = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    int many = 4 * Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < many; i++) {
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    Thread.currentThread().interrupt();
                    lock.lock();
                    lock.unlock();
                    assertTrue(Thread.currentThread().isInterrupted());
                    got.incrementAndGet();
                  }));
    }
    Threads.until(() -> threads.stream().anyMatch(t -> t.getState() == Thread.State.TIMED_WAITING));
    on.set(true);
    LockSupport.unpark(holder);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(many, got.get());
  }

  @Test
  void aPermitThatWasThereIsThereAfterwards() throws Exception {
    lock.lock();
    AtomicBoolean parked = new AtomicBoolean();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  LockSupport.unpark(Thread.currentThread());
                  lock.lock();
                  lock.unlock();
                  LockSupport.park();
                  parked.set(true);
                });
    Threads.until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    lock.unlock();
    thread.join();
    assertTrue(parked.get());
  }

  @Test
  void isTriedInVainWhileItIsTaken() {
    assertTrue(lock.tryLock());
    assertFalse(lock.tryLock());
    lock.unlock();
    assertTrue(lock.tryLock());
  }
}
