package dev.selvage;

import static dev.selvage.Go.go;
import static dev.selvage.Threads.startBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.observe.WaitReason;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class GoTests {
  private static final Duration LONG = Duration.ofHours(1);

  @Test
  void runsATaskOnAVirtualThread() throws Exception {
    Channel<Thread> ch = Channel.unbuffered();
    go(() -> ch.send(Thread.currentThread()));
    assertTrue(ch.receive().isVirtual());
    go("quote-1", () -> ch.send(Thread.currentThread()));
    assertEquals("quote-1", ch.receive().getName());
  }

  @Test
  void freezesItsArgument() throws Exception {
    Channel<Integer> ch = Channel.buffered(10);
    WaitGroup wg = new WaitGroup();
    int shared = 0;
    for (int i = 0; i < 10; i++) {
      shared += 1;
      wg.add(1);
      go(
          n -> {
            ch.send(n);
            wg.done();
          },
          shared);
    }
    wg.await();
    ch.close();
    int sum = 0;
    for (int n : ch) {
      sum += n;
    }
    assertEquals(55, sum);
    Channel<String> names = Channel.unbuffered();
    go("named", n -> names.send(Thread.currentThread().getName() + n), 7);
    assertEquals("named7", names.receive());
  }

  // --------------- Uncaught exceptions ---------------

  @Test
  void anUncaughtExceptionGoesToTheProgramsHandler() throws Exception {
    Channel<String> told = Channel.buffered(1);
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> told.trySend(thread.getName() + ": " + e.getMessage()));
    try {
      go(
          "bad",
          () -> {
            throw new IOException("boom");
          });
      assertEquals("bad: boom", told.receive());
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  @Test
  void anUncaughtExceptionIsLoggedIfThereIsNoHandler() throws Exception {
    Channel<String> told = Channel.buffered(1);
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            told.trySend(entry.getMessage() + ": " + entry.getThrown());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("dev.selvage");
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      go(
          "bad",
          () -> {
            throw new AssertionError("boom");
          });
      assertEquals(
          "goroutine bad ended with an exception that it did not catch:"
              + " java.lang.AssertionError: boom",
          told.receive());
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
  }

  // --------------- Sleeping ---------------

  @Test
  void sleepsAtLeastThatLong() throws Exception {
    long before = System.nanoTime();
    Go.sleep(Duration.ofMillis(5));
    assertFalse(System.nanoTime() - before < 5_000_000);
    Go.sleep(Duration.ZERO);
    Go.sleep(Duration.ofSeconds(-1));
  }

  @Test
  void manySleepersAllWake() throws Exception {
    WaitGroup wg = new WaitGroup();
    Random random = new Random(1);
    for (int i = 0; i < 5000; i++) {
      int micros = random.nextInt(50_000);
      wg.go(() -> Go.sleep(Duration.ofNanos(micros * 1000L)));
    }
    wg.await();
  }

  @Test
  void goroutinesThatOnlyYieldLetOthersRun() throws Exception {
    // On the JDK's scheduler two that yield keep a carrier from looking at what was submitted.
    // They do so for a while before anybody else comes: each must leave its carrier again and
    // again.
    AtomicBoolean over = new AtomicBoolean();
    LongAdder yields = new LongAdder();
    WaitGroup all = new WaitGroup();
    for (int i = 0; i < 4 * Runtime.getRuntime().availableProcessors(); i++) {
      all.go(
          () -> {
            while (!over.get()) {
              Go.yield();
              yields.increment();
            }
          });
    }
    try {
      while (yields.sum() < 50_000) {
        Thread.sleep(1);
      }
      all.go(
          () -> {
            Go.sleep(Duration.ofMillis(1));
            over.set(true);
          });
      all.await();
    } finally {
      over.set(true); // else they starve the tests that follow, too
    }
  }

  @Test
  void anInterruptEndsASleep() throws Exception {
    Channel<Boolean> flag = Channel.buffered(1);
    Thread thread =
        startBlocked(
            () -> {
              try {
                Go.sleep(LONG);
              } catch (InterruptedException e) {
                flag.trySend(Thread.currentThread().isInterrupted());
              }
            });
    thread.interrupt();
    assertFalse(flag.receive());
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> Go.sleep(Duration.ZERO));
  }

  // --------------- What a wait says of itself ---------------

  @Test
  void aParkedThreadSaysWhatItWaitsFor() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    WaitGroup wg = new WaitGroup();
    wg.add(1);
    Mutex mutex = new Mutex();
    mutex.lock();
    List<Thread> threads = new ArrayList<>();
    check(threads, WaitReason.CHAN_RECEIVE, ch::receive);
    check(threads, WaitReason.CHAN_RECEIVE, () -> ch.receive(LONG));
    check(threads, WaitReason.CHAN_SEND, () -> Channel.unbuffered().send(1));
    check(threads, WaitReason.CHAN_RECEIVE_NIL, () -> Channel.never().receive());
    check(threads, WaitReason.CHAN_SEND_NIL, () -> Channel.never().send(1));
    check(threads, WaitReason.SELECT, () -> Select.select(Select.receive(ch, v -> v)));
    check(threads, WaitReason.SELECT_NO_CASES, () -> Select.<Object, RuntimeException>select());
    check(threads, WaitReason.WAIT_GROUP_WAIT, wg::await);
    check(threads, WaitReason.MUTEX_LOCK, mutex::lock);
    check(threads, WaitReason.SLEEP, () -> Go.sleep(LONG));
    for (Thread thread : threads) {
      thread.interrupt();
      thread.join();
    }
  }

  private static void check(List<Thread> threads, WaitReason reason, Go.Action action) {
    Thread thread = startBlocked(action);
    threads.add(thread);
    assertEquals(reason.text(), String.valueOf(LockSupport.getBlocker(thread)));
  }
}
