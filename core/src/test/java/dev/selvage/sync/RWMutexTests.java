package dev.selvage.sync;

import static dev.selvage.Threads.start;
import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static dev.selvage.Threads.untilBlocked;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class RWMutexTests {
  private final RWMutex rw = new RWMutex();
  private final Queue<String> order = new ConcurrentLinkedQueue<>();

  private Thread reader(String name) {
    return startBlocked(
        () -> {
          rw.rLock();
          order.add(name);
        });
  }

  private Thread writer(String name) {
    return startBlocked(
        () -> {
          rw.lock();
          order.add(name);
        });
  }

  @Test
  void letsManyReadAtTheSameTimeOrOneWrite() throws Exception {
    rw.rLock();
    rw.rLock();
    assertTrue(rw.tryRLock());
    assertFalse(rw.tryLock());
    assertEquals("RWMutex(3 readers)", rw.toString());
    rw.rUnlock();
    rw.rUnlock();
    rw.rUnlock();
    assertTrue(rw.tryLock());
    assertFalse(rw.tryLock());
    assertFalse(rw.tryRLock());
    assertEquals("RWMutex(writer)", rw.toString());
    rw.unlock();
    assertEquals("RWMutex(0 readers)", rw.toString());
  }

  @Test
  void aWriterThatWaitsKeepsNewReadersOut() throws Exception {
    rw.rLock();
    Thread writer = writer("w");
    assertFalse(rw.tryRLock());
    Thread reader = reader("r");
    assertEquals("RWMutex(1 readers, writer waiting, 1 waiting to read)", rw.toString());
    rw.rUnlock();
    writer.join();
    assertEquals("RWMutex(writer, 1 waiting to read)", rw.toString());
    rw.unlock();
    reader.join();
    assertEquals(List.of("w", "r"), List.copyOf(order));
  }

  @Test
  void theLastReaderLetsTheWriterIn() throws Exception {
    rw.rLock();
    rw.rLock();
    Thread writer = writer("w");
    rw.rUnlock();
    assertTrue(order.isEmpty());
    rw.rUnlock();
    writer.join();
    assertEquals("RWMutex(writer)", rw.toString());
  }

  @Test
  void allWhoWaitToReadComeBeforeTheNextWriter() throws Exception {
    rw.lock();
    Thread second = writer("w2");
    List<Thread> readers = List.of(reader("r"), reader("r"), reader("r"));
    rw.unlock();
    for (Thread reader : readers) {
      reader.join();
    }
    until(() -> rw.toString().contains("writer waiting"));
    assertEquals("RWMutex(3 readers, writer waiting)", rw.toString());
    rw.rUnlock();
    rw.rUnlock();
    rw.rUnlock();
    second.join();
    assertEquals(List.of("r", "r", "r", "w2"), List.copyOf(order));
  }

  @Test
  void readingAgainWithAWriterInBetweenWaitsForEver() throws Exception {
    Thread reader =
        start(
            () -> {
              rw.rLock();
              until(() -> rw.toString().contains("writer waiting"));
              try {
                rw.rLock();
              } finally {
                rw.rUnlock();
              }
            });
    until(() -> rw.toString().equals("RWMutex(1 readers)"));
    Thread writer = writer("w");
    untilBlocked(reader);
    assertEquals("RWMutex(1 readers, writer waiting, 1 waiting to read)", rw.toString());
    reader.interrupt();
    reader.join();
    writer.join();
  }

  // --------------- Giving up ---------------

  @Test
  void aWriterThatGivesUpLetsTheReadersInThatItKeptOut() throws Exception {
    rw.rLock();
    Thread writer = writer("w");
    Thread reader = reader("r");
    writer.interrupt();
    writer.join();
    reader.join();
    assertEquals("RWMutex(2 readers)", rw.toString());
    rw.rUnlock();
    rw.rUnlock();
    assertFalse(order.contains("w"));
    assertTrue(rw.tryLock()); // and the next writer, too
  }

  @Test
  void aReaderThatGivesUpIsNotCounted() throws Exception {
    rw.lock();
    Thread first = reader("1");
    Thread second = reader("2");
    first.interrupt();
    first.join();
    rw.unlock();
    second.join();
    assertEquals("RWMutex(1 readers)", rw.toString());
    rw.rUnlock();
    assertTrue(rw.tryLock());
  }

  @Test
  void aWriterBehindAnotherGivesUp() throws Exception {
    rw.lock();
    Thread second = writer("w2");
    second.interrupt();
    second.join();
    rw.unlock();
    assertTrue(rw.tryRLock());
    assertTrue(order.isEmpty());
  }

  @Test
  void givesUpInTime() throws Exception {
    assertTrue(rw.lock(Duration.ofHours(1)));
    assertFalse(rw.lock(Duration.ofMillis(1)));
    assertFalse(rw.rLock(Duration.ofMillis(1)));
    assertFalse(rw.rLock(Duration.ZERO));
    rw.unlock();
    assertTrue(rw.rLock(Duration.ZERO));
    assertFalse(rw.lock(Duration.ZERO));
    assertFalse(rw.lock(Duration.ofMillis(1)));
    assertTrue(rw.rLock(Duration.ofHours(1)));
    rw.rUnlock();
    rw.rUnlock();
    assertTrue(rw.lock(Duration.ZERO));
  }

  @Test
  void whoIsInterruptedBeforeDoesNotGetItThoughItIsFree() {
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, rw::lock);
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, rw::rLock);
    assertEquals("RWMutex(0 readers)", rw.toString());
    assertTrue(rw.tryLock());
  }

  // --------------- Tasks ---------------

  @Test
  void isGivenBackWhenTheTaskThrows() throws Exception {
    assertThrows(
        IOException.class,
        () ->
            rw.withLock(
                () -> {
                  assertFalse(rw.tryRLock());
                  throw new IOException();
                }));
    assertThrows(
        IOException.class,
        () ->
            rw.withRLock(
                () -> {
                  assertFalse(rw.tryLock());
                  throw new IOException();
                }));
    assertEquals(5, rw.callWithRLock(() -> 5));
    assertEquals(6, rw.callWithLock(() -> 6));
    assertEquals("RWMutex(0 readers)", rw.toString());
  }

  @Test
  void theReadSideIsALockOfItsOwn() throws Exception {
    Locker reading = rw.rLocker();
    reading.withLock(() -> assertEquals("RWMutex(1 readers)", rw.toString()));
    assertThrows(UnlockException.class, reading::unlock);
  }

  // --------------- Misuse ---------------

  @Test
  void cannotBeGivenBackWhenNobodyHasIt() throws Exception {
    assertEquals(
        "sync: Unlock of unlocked RWMutex",
        assertThrows(UnlockException.class, rw::unlock).getMessage());
    assertEquals(
        "sync: RUnlock of unlocked RWMutex",
        assertThrows(UnlockException.class, rw::rUnlock).getMessage());
    rw.rLock();
    assertThrows(UnlockException.class, rw::unlock);
    Thread writer = writer("w");
    assertThrows(UnlockException.class, rw::unlock); // it waits only
    rw.rUnlock();
    writer.join();
    assertThrows(UnlockException.class, rw::rUnlock);
    rw.unlock();
    assertTrue(rw.tryLock()); // it stayed as it was each time
  }

  @Test
  void hasNoOwner() throws Exception {
    List<Thread> threads = new ArrayList<>();
    rw.lock();
    threads.add(reader("r"));
    threads.add(start(rw::unlock));
    for (Thread thread : threads) {
      thread.join();
    }
    rw.rUnlock();
    assertEquals("RWMutex(0 readers)", rw.toString());
  }
}
