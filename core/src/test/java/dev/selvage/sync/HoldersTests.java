package dev.selvage.sync;

import static dev.selvage.Threads.start;
import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static dev.selvage.Threads.untilBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.Scope;
import dev.selvage.Threads;
import dev.selvage.observe.GoroutineInfo;
import dev.selvage.observe.Probe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who keeps a thread waiting is told, and never somebody who does not. */
@Timeout(60)
final class HoldersTests {
  private static final Duration LONG = Duration.ofHours(1);

  @RegisterExtension final BlockedThreads threads = new BlockedThreads();
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void unblock() {
    end.countDown();
  }

  private Thread blocked(Go.Action task) {
    return threads.start(task);
  }

  /** A goroutine that has done something, and stays for the time of the test. */
  private Thread after(Go.Action task) throws InterruptedException {
    CountDownLatch did = new CountDownLatch(1);
    Thread thread =
        start(
            () -> {
              task.run();
              did.countDown();
              end.await();
            });
    threads.add(thread);
    did.await();
    return thread;
  }

  private static Map<String, Object> obstacle(Thread thread) {
    return Objects.requireNonNull(Probe.obstacle(thread));
  }

  private static void assertKept(Thread waits, Thread by, String how, Object on, boolean owned) {
    assertEquals(by.threadId(), Probe.keeperOf(waits));
    Map<String, Object> obstacle = obstacle(waits);
    assertEquals(by.threadId(), obstacle.get("thread"));
    assertEquals(how, obstacle.get("by"));
    assertEquals(owned, obstacle.get("owned"));
    assertFalse(obstacle.containsKey("group"));
    String name =
        on.getClass().getSimpleName() + "@" + Integer.toHexString(System.identityHashCode(on));
    assertEquals(name, obstacle.get("what"));
  }

  private static void assertNobody(Thread waits) {
    assertEquals(0, Probe.keeperOf(waits));
    assertNull(Probe.obstacle(waits));
  }

  // --------------- Mutex ---------------

  @Test
  void whoHasLockedMutexIsToldHoweverItWasTaken() throws Exception {
    Mutex mutex = new Mutex();
    List<Go.Action> ways = new ArrayList<>();
    ways.add(mutex::lock);
    ways.add(() -> assertTrue(mutex.tryLock()));
    ways.add(() -> assertTrue(mutex.lock(LONG)));
    for (Go.Action take : ways) {
      Thread holder = after(take);
      Thread waits = blocked(mutex::lock);
      assertKept(waits, holder, "locked by", mutex, false);
      waits.interrupt();
      assertTrue(waits.join(LONG));
      mutex.unlock(); // by another than has locked it
      assertEquals(0, mutex.locker());
    }
  }

  @Test
  void whoHasWaitedForMutexIsToldOnceItHasIt() throws Exception {
    Mutex mutex = new Mutex();
    Thread first = after(mutex::lock);
    AtomicReference<@Nullable Thread> has = new AtomicReference<>();
    List<Thread> waiting = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      waiting.add(
          blocked(
              () -> {
                mutex.lock();
                has.set(Thread.currentThread());
                end.await();
              }));
    }
    // They have waited for long, so it is handed from one to the next at last.
    Thread before = first;
    for (int i = 0; i < 3; i++) {
      for (Thread waits : waiting) {
        assertKept(waits, before, "locked by", mutex, false);
      }
      has.set(null);
      mutex.unlock();
      until(() -> has.get() != null);
      before = Objects.requireNonNull(has.get());
      waiting.remove(before);
      assertEquals(before.threadId(), mutex.locker());
      waiting.forEach(Threads::untilBlocked);
    }
    mutex.unlock();
  }

  @Test
  void ofWhoWaitsForLimitedTimeNothingIsTold() throws Exception {
    Mutex mutex = new Mutex();
    after(mutex::lock);
    assertNobody(blocked(() -> mutex.lock(LONG)));
    RWMutex both = new RWMutex();
    after(both::lock);
    assertNobody(blocked(() -> both.rLock(LONG)));
    WaitGroup group = new WaitGroup();
    group.add(1);
    assertNobody(blocked(() -> group.await(LONG)));
    assertNobody(Thread.currentThread());
    assertNobody(blocked(() -> Channel.never().receive()));
  }

  // --------------- RWMutex ---------------

  @Test
  void whoComesToReadWaitsForWhoWrites() throws Exception {
    RWMutex mutex = new RWMutex();
    Thread writes = after(mutex::lock);
    Thread reads = blocked(mutex::rLock);
    Thread alsoWrites = blocked(mutex::lock);
    assertKept(reads, writes, "locked by", mutex, false);
    assertKept(alsoWrites, writes, "locked by", mutex, false);
    mutex.unlock();
    assertTrue(reads.join(LONG));
    until(() -> Probe.keeperOf(alsoWrites) == reads.threadId());
    assertKept(alsoWrites, reads, "read by", mutex, false); // it has ended, and still has it
  }

  @Test
  void writerWaitsForOneWhoReadsAndOthersForTheWriter() throws Exception {
    RWMutex mutex = new RWMutex();
    Thread first = after(mutex::rLock);
    after(mutex::rLock);
    Thread writer = blocked(mutex::lock);
    assertKept(writer, first, "read by", mutex, false);
    assertKept(blocked(mutex::rLock), writer, "kept for", mutex, false);
    assertKept(blocked(mutex::lock), writer, "kept for", mutex, false);
  }

  @Test
  void whoHasReadAndLeftIsNotTold() throws Exception {
    RWMutex mutex = new RWMutex();
    CountDownLatch leave = new CountDownLatch(1);
    CountDownLatch left = new CountDownLatch(1);
    Thread first =
        startBlocked(
            () -> {
              mutex.rLock();
              leave.await();
              mutex.rUnlock();
              left.countDown();
              end.await();
            });
    threads.add(first);
    Thread second = after(mutex::rLock);
    Thread writer = blocked(mutex::lock);
    assertKept(writer, first, "read by", mutex, false);
    leave.countDown();
    left.await();
    assertNobody(writer); // for the second, which was not noted
    writer.interrupt();
    assertTrue(writer.join(LONG));
    Thread third = after(mutex::rLock);
    Thread other = blocked(mutex::lock);
    assertKept(other, third, "read by", mutex, false);
    mutex.rUnlock(); // by another than has taken it
    mutex.rUnlock();
    assertTrue(other.join(LONG));
    mutex.unlock();
    assertEquals(0, mutex.thread(RWMutex.Ahead.READER));
    Thread last = after(mutex::rLock);
    assertEquals(last.threadId(), mutex.thread(RWMutex.Ahead.READER));
    assertTrue(second.isAlive());
  }

  // --------------- Once ---------------

  @Test
  void whatIsDoneOnceBelongsToWhoDoesIt() throws Exception {
    Once once = new Once();
    Thread runs = blocked(() -> once.run(() -> end.await()));
    assertKept(blocked(() -> once.run(() -> {})), runs, "run by", once, true);
    OnceValue<Integer, RuntimeException> value =
        Once.value(
            () -> {
              end.await();
              return 1;
            });
    Thread finds = blocked(value::get);
    assertKept(blocked(value::get), finds, "found out by", value, true);
  }

  @Test
  void whoWaitsForAnotherThatAsksForTheSameWaitsForTheOneThatRunsTheFunction() throws Exception {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    Go.Action ask = () -> flight.run("price", () -> 1);
    CountDownLatch first = new CountDownLatch(1);
    Thread leads =
        blocked(
            () ->
                flight.run(
                    "price",
                    () -> {
                      first.await();
                      throw new InterruptedException("it gives up");
                    }));
    Thread follows = blocked(ask);
    assertKept(follows, leads, "led by", flight, true);
    assertEquals(
        List.of(flight.toString()),
        GoroutineInfo.of(follows).waitObjects().stream().map(o -> o.text()).toList());
    assertNobody(leads); // it waits for something else
    first.countDown();
    assertTrue(leads.join(LONG));
    assertTrue(follows.join(LONG)); // ran its own function in its place
    AtomicReference<@Nullable Thread> runs = new AtomicReference<>();
    flight.runChan(
        "other",
        () -> {
          runs.set(Thread.currentThread());
          end.await();
          return 1;
        });
    assertKept(blocked(() -> flight.run("other", () -> 1)), started(runs), "led by", flight, true);
  }

  // --------------- Groups ---------------

  private static void assertGroup(Thread waits, Thread member, String how, boolean owned) {
    assertEquals(-1, Probe.keeperOf(waits));
    Map<String, Object> obstacle = obstacle(waits);
    assertEquals(0L, obstacle.get("thread"));
    assertEquals(how, obstacle.get("by"));
    assertEquals(owned, obstacle.get("owned"));
    assertSame(obstacle.get("group"), Objects.requireNonNull(Probe.countedBy(member)));
  }

  @Test
  void whoWaitsForGroupWaitsForWhomItCounts() throws Exception {
    AtomicReference<@Nullable Thread> member = new AtomicReference<>();
    Go.Action task =
        () -> {
          member.set(Thread.currentThread());
          Go.uninterruptibly(
              () -> {
                end.await();
              });
        };
    WaitGroup group = new WaitGroup();
    group.go(task);
    assertGroup(blocked(group::await), started(member), "which counts", false);

    ErrorGroup errors = new ErrorGroup();
    errors.go(task);
    assertGroup(blocked(errors::await), started(member), "which counts", true);

    Thread owner =
        blocked(
            () -> {
              try (Scope scope = Scope.open(Context.background())) {
                scope.go(task);
                scope.join();
              }
            });
    assertGroup(owner, started(member), "whose child is", false);
    assertNull(Probe.countedBy(owner));
  }

  private Thread started(AtomicReference<@Nullable Thread> member) {
    until(() -> member.get() != null);
    Thread thread = Objects.requireNonNull(member.getAndSet(null));
    untilBlocked(thread);
    threads.add(thread);
    return thread;
  }

  @Test
  void whoIsDoneIsCountedNoMoreWhateverItDoesThen() throws Exception {
    WaitGroup group = new WaitGroup();
    AtomicReference<@Nullable Thread> ended = new AtomicReference<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, _) -> {
          ended.set(thread);
          try {
            end.await();
          } catch (InterruptedException e) {
            // it was meant to end
          }
        });
    try {
      group.go(
          () -> {
            throw new IllegalStateException("a failure that a test wants");
          });
      group.await();
      assertNull(Probe.countedBy(started(ended)));
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }
}
