package dev.selvage;

import static dev.selvage.Go.uninterruptibly;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Threads.untilBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class UninterruptiblyTests {
  @AfterEach
  void noFlagIsLeftOver() {
    assertFalse(Thread.interrupted());
  }

  @Test
  void whatIsSetBeforeIsClearInsideAndSetAfterwards() {
    Thread.currentThread().interrupt();
    boolean inside = uninterruptibly(() -> Thread.currentThread().isInterrupted());
    assertFalse(inside);
    assertTrue(Thread.interrupted());
  }

  @Test
  void withoutAnInterruptNothingIsSet() {
    uninterruptibly(() -> {});
    assertFalse(Thread.interrupted());
  }

  @Test
  void everyOperationGoesThroughThoughInterruptedJustBefore() throws Exception {
    Channel<Integer> ch = Channel.buffered(1);
    Mutex mutex = new Mutex();
    uninterruptibly(
        () -> {
          Thread.currentThread().interrupt();
          ch.send(1);
          Thread.currentThread().interrupt();
          assertEquals(1, ch.receive());
          Thread.currentThread().interrupt();
          mutex.lock();
          Thread.currentThread().interrupt();
          new WaitGroup().await();
          Thread.currentThread().interrupt();
          Go.sleep(Duration.ofMillis(1));
          ch.close();
          Thread.currentThread().interrupt();
          assertEquals(-1, select(receive(ch, v -> v).orClosed(() -> -1)));
        });
    assertTrue(Thread.interrupted());
    mutex.unlock();
  }

  @Test
  void anInterruptWhileItWaitsComesAfterwards() throws Exception {
    Channel<Integer> in = Channel.unbuffered();
    Channel<Boolean> out = Channel.unbuffered();
    Thread thread =
        Threads.startBlocked(
            () -> {
              int v = uninterruptibly(() -> in.receive());
              assertEquals(7, v);
              boolean flag = Thread.interrupted();
              out.send(flag);
            });
    thread.interrupt();
    // The flag is taken down by the thread that waits on.
    Threads.until(() -> !thread.isInterrupted());
    untilBlocked(thread);
    in.send(7);
    assertTrue(out.receive());
    thread.join();
  }

  @Test
  void theOutermostRegionCounts() {
    Thread.currentThread().interrupt();
    uninterruptibly(
        () -> {
          Thread.currentThread().interrupt();
          uninterruptibly(() -> assertFalse(Thread.currentThread().isInterrupted()));
          assertFalse(Thread.currentThread().isInterrupted());
        });
    assertTrue(Thread.interrupted());
  }

  @Test
  void exceptionsPassAndTheFlagIsSetAllTheSame() {
    IOException e = new IOException();
    Thread.currentThread().interrupt();
    assertSame(e, assertThrows(IOException.class, () -> uninterruptibly(() -> fail(e))));
    assertTrue(Thread.interrupted());
  }

  private static int fail(IOException e) throws IOException {
    throw e;
  }

  @Test
  void anInterruptedWaitOfTheJdkIsACancellation() {
    CancellationException e =
        assertThrows(
            CancellationException.class,
            () ->
                uninterruptibly(
                    () -> {
                      Thread.currentThread().interrupt();
                      Thread.sleep(1);
                    }));
    assertTrue(e.getCause() instanceof InterruptedException);
    assertTrue(Thread.interrupted());
  }

  @Test
  void anInterruptInsideComesAfterwardsThoughNoWaitMeetsIt() {
    uninterruptibly(() -> Thread.currentThread().interrupt());
    assertTrue(Thread.interrupted());
  }
}
