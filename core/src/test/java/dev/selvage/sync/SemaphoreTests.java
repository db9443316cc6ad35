package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Context;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class SemaphoreTests {
  private final Semaphore semaphore = new Semaphore(3);
  private final Queue<Object> order = new ConcurrentLinkedQueue<>();

  private Thread taking(int permits) {
    return startBlocked(
        () -> {
          semaphore.acquire(permits);
          order.add(permits);
        });
  }

  @Test
  void countsWeights() throws Exception {
    semaphore.acquire(2);
    assertFalse(semaphore.tryAcquire(2));
    assertTrue(semaphore.tryAcquire());
    assertEquals("Semaphore(3/3)", semaphore.toString());
    assertTrue(semaphore.tryAcquire(0));
    semaphore.release(3);
    semaphore.acquire();
    semaphore.release();
    assertEquals("Semaphore(0/3)", semaphore.toString());
  }

  @Test
  void nobodyOvertakesWhoAsksForMany() throws Exception {
    semaphore.acquire(2);
    Thread many = taking(3);
    Thread few = taking(1);
    assertFalse(semaphore.tryAcquire(1)); // one is free, but not for a newcomer
    assertFalse(semaphore.tryAcquire(0));
    semaphore.release(2);
    many.join();
    assertEquals(List.of(3), List.copyOf(order));
    semaphore.release(3);
    few.join();
    assertEquals("Semaphore(1/3)", semaphore.toString());
  }

  @Test
  void givesToAsManyAsThereIsFor() throws Exception {
    semaphore.acquire(3);
    List<Thread> threads = List.of(taking(1), taking(1), taking(2));
    semaphore.release(3);
    threads.get(0).join();
    threads.get(1).join();
    assertEquals("Semaphore(2/3, 1 waiting)", semaphore.toString());
    semaphore.release(1);
    threads.get(2).join();
    assertEquals("Semaphore(3/3)", semaphore.toString());
  }

  @Test
  void whoGivesUpMakesRoomForTheNext() throws Exception {
    semaphore.acquire(1);
    Thread many = taking(3);
    Thread few = taking(2);
    many.interrupt();
    many.join();
    few.join();
    assertEquals(List.of(2), List.copyOf(order));
    assertEquals("Semaphore(3/3)", semaphore.toString());
  }

  @Test
  void givesUpInTime() throws Exception {
    assertTrue(semaphore.acquire(3, Duration.ZERO));
    assertFalse(semaphore.acquire(1, Duration.ZERO));
    assertFalse(semaphore.acquire(1, Duration.ofMillis(1)));
    assertEquals("Semaphore(3/3)", semaphore.toString());
    semaphore.release(3);
    assertTrue(semaphore.acquire(1, Duration.ofHours(1)));
  }

  @Test
  void whoIsInterruptedBeforeGetsNothing() {
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, semaphore::acquire);
    assertEquals("Semaphore(0/3)", semaphore.toString());
  }

  // --------------- With a context ---------------

  @Test
  void waitsForPermitsOrAContext() throws Exception {
    try (var ctx = Context.background().withCancel()) {
      semaphore.acquire(ctx.view(), 2);
      Thread waiting =
          startBlocked(
              () -> {
                semaphore.acquire(ctx.view(), 2);
                order.add("had");
              });
      semaphore.release(2);
      waiting.join();
      assertEquals("Semaphore(2/3)", semaphore.toString());
      Thread many =
          startBlocked(
              () -> {
                try {
                  semaphore.acquire(ctx, 3);
                } catch (CancellationException e) {
                  order.add(e);
                }
              });
      Thread few = taking(1);
      ctx.cancel();
      many.join();
      few.join(); // it does not wait behind the one that gave up
      // Who gave up lets the other in before it says so itself.
      assertEquals(Set.<Object>of("had", requireNonNull(ctx.error()), 1), Set.copyOf(order));
      assertEquals("Semaphore(3/3)", semaphore.toString());
      semaphore.release(3);
      assertThrows(CancellationException.class, () -> semaphore.acquire(ctx, 1));
      assertEquals("Semaphore(0/3)", semaphore.toString());
    }
  }

  @Test
  void whoIsInterruptedWhileAContextIsWaitedForGetsNothing() throws Exception {
    semaphore.acquire(3);
    Thread waiting = startBlocked(() -> semaphore.acquire(Context.background(), 2));
    waiting.interrupt();
    waiting.join();
    assertEquals("Semaphore(3/3)", semaphore.toString());
    semaphore.release(3);
    until(() -> semaphore.toString().equals("Semaphore(0/3)"));
  }

  // --------------- Misuse ---------------

  @Test
  void cannotBeGivenBackMoreThanIsTaken() throws Exception {
    semaphore.acquire(2);
    assertEquals(
        "semaphore: released more than held",
        assertThrows(SemaphoreMisuseException.class, () -> semaphore.release(3)).getMessage());
    assertEquals("Semaphore(2/3)", semaphore.toString()); // it stayed as it was
  }

  @Test
  void saysAtOnceWhatCanNeverBe() {
    assertEquals(
        "4 permits will never be free, as the semaphore has only 3",
        assertThrows(IllegalArgumentException.class, () -> semaphore.acquire(4)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> semaphore.acquire(Context.background(), 4));
    assertFalse(semaphore.tryAcquire(4));
    assertThrows(IllegalArgumentException.class, () -> semaphore.acquire(-1));
    assertThrows(IllegalArgumentException.class, () -> semaphore.tryAcquire(-1));
    assertThrows(IllegalArgumentException.class, () -> semaphore.release(-1));
    assertThrows(IllegalArgumentException.class, () -> new Semaphore(-1));
  }
}
