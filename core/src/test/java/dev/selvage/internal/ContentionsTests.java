package dev.selvage.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Threads;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Waits are sampled at moments at which nothing may fail. */
@Timeout(20)
final class ContentionsTests {
  /** The reason of a wait at which memory runs out when somebody samples it. */
  private static final class Reason {
    volatile int failures;
    volatile boolean fails;

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // only ever by one at a time
    public String toString() {
      if (fails) {
        failures++;
        throw new OutOfMemoryError("as if there were none left");
      }
      return "sync.Mutex.Lock";
    }
  }

  private final Reason reason = new Reason();

  @BeforeEach
  void on() {
    Contentions.openWindow();
  }

  @AfterEach
  void off() {
    Contentions.closeWindow();
  }

  /** An error of that kind would end the tests. */
  private void finish(Waiter waiter) {
    try {
      waiter.finish(this);
    } catch (OutOfMemoryError e) {
      throw new AssertionError("the wait has not been ended", e);
    }
  }

  @Test
  void whoEndsAWaitGoesOnWithoutMemory() {
    Waiter waiter = new Waiter(reason);
    assertTrue(waiter.claim());
    reason.fails = true;
    finish(waiter);
    assertEquals(1, reason.failures);
    assertTrue(waiter.awaitUnsampled());
    assertSame(this, waiter.winner());
  }

  @Test
  void whoWaitsGoesOnWithoutMemoryAndKeepsWhatItGot() {
    AtomicReference<@Nullable Waiter> queued = new AtomicReference<>();
    AtomicReference<@Nullable Object> got = new AtomicReference<>();
    reason.fails = true;
    Threads.startBlocked(
        () -> {
          Waiter waiter = new Waiter(reason);
          queued.set(waiter);
          assertTrue(waiter.await());
          got.set(waiter.winner());
        });
    assertEquals(1, reason.failures, "before the wait");
    Waiter waits = Objects.requireNonNull(queued.get());
    assertTrue(waits.claim());
    finish(waits);
    Threads.until(() -> got.get() == this);
    assertEquals(3, reason.failures, "where it was ended, and after it");
  }
}
