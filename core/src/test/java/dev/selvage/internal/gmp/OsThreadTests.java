package dev.selvage.internal.gmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Threads;
import java.lang.Thread.State;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is known of an M's thread, and when that costs it its P. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OsThreadTests {
  private static final long SLICE = Sysmon.SLICE_NANOS;

  /** More than any thread has used: as if it had used nothing since. */
  private static final long NOTHING_SINCE = Long.MAX_VALUE / 2;

  private static volatile boolean computing;

  @BeforeEach
  void isTold() {
    assumeTrue(Files.isReadable(Path.of("/proc/thread-self/schedstat")), "told by Linux only");
  }

  private interface Work {
    void run() throws Exception;
  }

  private static OsThread started(Work work) throws InterruptedException {
    var handed = new SynchronousQueue<OsThread>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              OsThread current = OsThread.current();
              try {
                if (current != null) {
                  handed.put(current);
                }
                work.run();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    return handed.take();
  }

  private static OsThread hog() throws InterruptedException {
    computing = true;
    return started(
        () -> {
          while (computing) {
            Thread.onSpinWait();
          }
        });
  }

  @Test
  void whoComputesUsesTheProcessorAndLosesItsP() throws Exception {
    OsThread hog = hog();
    long before = hog.cpuNanos();
    assertTrue(before >= 0);
    Threads.until(() -> hog.cpuNanos() - before >= SLICE);
    assertTrue(hog.isRunnable());
    assertTrue(Sysmon.isStuck(State.RUNNABLE, hog, before, SLICE));
    computing = false;
  }

  @Test
  void whoIsLeftWaitingForAProcessorKeepsItsPForAWhile() throws Exception {
    OsThread hog = hog();
    assertFalse(Sysmon.isStuck(State.RUNNABLE, hog, NOTHING_SINCE, SLICE));
    assertTrue(Sysmon.isStuck(State.RUNNABLE, hog, NOTHING_SINCE, 10 * SLICE), "but no longer");
    computing = false;
  }

  @Test
  void whoWaitsInTheKernelLosesItsP() throws Exception {
    try (var socket = new ServerSocket(0)) {
      OsThread accepting =
          started(
              () -> {
                try {
                  socket.accept().close();
                } catch (java.net.SocketException e) {
                  // The end of the test.
                }
              });
      Threads.until(() -> !accepting.isRunnable());
      assertTrue(Sysmon.isStuck(State.RUNNABLE, accepting, NOTHING_SINCE, SLICE));
    }
  }

  @Test
  void whoIsPinnedLosesItsPWhateverTheSystemSays() throws Exception {
    OsThread hog = hog();
    assertTrue(Sysmon.isStuck(State.WAITING, hog, NOTHING_SINCE, SLICE));
    assertTrue(Sysmon.isStuck(State.TIMED_WAITING, hog, NOTHING_SINCE, SLICE));
    assertTrue(Sysmon.isStuck(State.BLOCKED, hog, NOTHING_SINCE, SLICE));
    computing = false;
  }

  @Test
  void whereNothingIsKnownTheTimeDecides() throws Exception {
    assertTrue(Sysmon.isStuck(State.RUNNABLE, null, NOTHING_SINCE, SLICE));
    OsThread hog = hog();
    assertTrue(Sysmon.isStuck(State.RUNNABLE, hog, -1, SLICE));
    computing = false;
  }

  @Test
  void ofWhoHasEndedNothingIsKnown() throws Exception {
    var end = new CountDownLatch(1);
    OsThread thread = started(end::await);
    end.countDown();
    Threads.until(() -> thread.cpuNanos() < 0);
    assertFalse(thread.isRunnable());
    assertTrue(Sysmon.isStuck(State.RUNNABLE, thread, 0, SLICE));
  }

  @Test
  void theOneOfTheCurrentThreadIsIts() throws Exception {
    Thread.currentThread().setName("R) R (S");
    OsThread current = OsThread.current();
    assertNotNull(current);
    assertTrue(current.isRunnable(), "whatever it is called");
    OsThread parked = started(LockSupport::park);
    Threads.until(() -> !parked.isRunnable());
    long used = parked.cpuNanos();
    long mine = current.cpuNanos();
    Threads.until(() -> current.cpuNanos() > mine);
    assertEquals(used, parked.cpuNanos());
  }
}
