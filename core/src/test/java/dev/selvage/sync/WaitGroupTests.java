package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class WaitGroupTests {
  private final WaitGroup wg = new WaitGroup();

  @Test
  void aGoroutineOfItCanHaveAName() throws Exception {
    WaitGroup wg = new WaitGroup();
    AtomicReference<String> name = new AtomicReference<>("");
    wg.go("page-1", () -> name.set(Thread.currentThread().getName()));
    wg.await();
    assertEquals("page-1", name.get());
  }

  @Test
  void waitsForAllThatWereStarted() throws Exception {
    AtomicInteger ended = new AtomicInteger();
    for (int i = 0; i < 1000; i++) {
      wg.go(ended::incrementAndGet);
    }
    wg.await();
    assertEquals(1000, ended.get());
  }

  @Test
  void aTaskThatThrowsCountsDownToo() throws Exception {
    Channel<String> thrown = Channel.buffered(1);
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> thrown.trySend(String.valueOf(e.getMessage())));
    try {
      wg.go(
          () -> {
            throw new IllegalStateException("boom");
          });
      wg.await();
      assertEquals("boom", thrown.receive());
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  @Test
  void doesNotWaitWhenNothingIsCounted() throws Exception {
    wg.await();
    wg.add(2);
    wg.done();
    wg.add(-1);
    wg.await();
    assertTrue(wg.await(Duration.ZERO));
  }

  @Test
  void wakesEveryoneWhoWaits() throws Exception {
    wg.add(1);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      threads.add(startBlocked(wg::await));
    }
    wg.done();
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void mayBeCountedUpWhileSomebodyWaitsIfNotFromZero() throws Exception {
    wg.add(1);
    Thread waiting = startBlocked(wg::await);
    wg.add(1);
    wg.done();
    assertEquals("WaitGroup(1)", wg.toString());
    assertTrue(waiting.isAlive());
    wg.done();
    waiting.join();
  }

  @Test
  void canBeUsedAgainOnceEveryoneHasReturned() throws Exception {
    for (int i = 0; i < 1000; i++) {
      wg.go(() -> {});
      wg.go(() -> {});
      wg.await();
    }
  }

  @Test
  void givesUpInTime() throws Exception {
    wg.add(1);
    assertFalse(wg.await(Duration.ofMillis(1)));
    wg.done();
    wg.add(1); // who gave up counts as returned
    wg.done();
  }

  @Test
  void givesUpWhenInterrupted() throws Exception {
    wg.add(1);
    AtomicInteger interrupted = new AtomicInteger();
    Thread waiting =
        startBlocked(
            () -> {
              try {
                wg.await();
              } catch (InterruptedException e) {
                interrupted.incrementAndGet();
              }
            });
    waiting.interrupt();
    waiting.join();
    assertEquals(1, interrupted.get());
    wg.done();
    wg.add(1);
  }

  // --------------- Misuse ---------------

  @Test
  void cannotBeCountedBelowZero() throws Exception {
    NegativeWaitGroupException e = assertThrows(NegativeWaitGroupException.class, wg::done);
    assertEquals("sync: negative WaitGroup counter", e.getMessage());
    wg.add(1);
    assertThrows(NegativeWaitGroupException.class, () -> wg.add(-2));
    wg.done();
    wg.await(); // it stayed as it was
  }

  @Test
  void doneTooOftenFailsWhereItIsCalled() throws Exception {
    Channel<String> thrown = Channel.unbuffered();
    wg.add(2);
    for (int i = 0; i < 3; i++) {
      dev.selvage.Go.go(
          () -> {
            try {
              wg.done();
            } catch (NegativeWaitGroupException e) {
              thrown.send(String.valueOf(e.getMessage()));
            }
          });
    }
    assertEquals("sync: negative WaitGroup counter", thrown.receive());
  }

  @Test
  void cannotBeReusedBeforeEveryoneHasReturned() throws Exception {
    String caught = "";
    while (caught.isEmpty()) { // the waiting thread may be quick
      WaitGroup group = new WaitGroup();
      group.add(1);
      List<Thread> waiting = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        waiting.add(startBlocked(group::await));
      }
      group.done();
      try {
        group.add(1);
        group.done();
      } catch (WaitGroupMisuseException e) {
        caught = String.valueOf(e.getMessage());
      }
      for (Thread thread : waiting) {
        thread.join();
      }
      assertEquals("WaitGroup(0)", group.toString());
      group.add(1); // everyone has returned
      group.done();
    }
    assertEquals("sync: WaitGroup is reused before previous Wait has returned", caught);
  }

  @Test
  void cannotBeCountedUpFromZeroWhileTheWaitingAreBeingWoken() throws Exception {
    String expected = "sync: WaitGroup misuse: Add called concurrently with Wait";
    AtomicInteger seen = new AtomicInteger();
    while (seen.get() == 0) {
      WaitGroup group = new WaitGroup();
      group.add(1);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        threads.add(startBlocked(group::await));
      }
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (group.toString().equals("WaitGroup(1)")) {
                      Thread.onSpinWait();
                    }
                    try {
                      group.add(1);
                      group.done();
                    } catch (WaitGroupMisuseException e) {
                      if (expected.equals(e.getMessage())) {
                        seen.incrementAndGet();
                      }
                    }
                  }));
      group.done();
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }
}
