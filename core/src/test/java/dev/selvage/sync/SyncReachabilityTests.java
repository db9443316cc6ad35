package dev.selvage.sync;

import static dev.selvage.Threads.isCollected;
import static dev.selvage.Threads.isKept;
import static dev.selvage.Threads.leak;
import static dev.selvage.Threads.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.ReceiveChannel;
import dev.selvage.Threads;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whoever waits for something of this package is held by that and by nothing else. Runs in a JVM
 * whose own list of virtual threads is switched off.
 */
@Timeout(60)
final class SyncReachabilityTests {
  private static final Duration LONG = Duration.ofHours(1);

  /** What the program still holds while a test runs. */
  private final List<Object> held = new ArrayList<>();

  @BeforeAll
  static void theJdkHoldsNoThreads() {
    assertEquals("false", System.getProperty("jdk.trackAllThreads"));
  }

  private static void assertCollected(Go.Action waits) {
    assertTrue(isCollected(leak(waits)));
  }

  @Test
  void whoWaitsForAMutexThatNobodyCanGiveBackIsGarbage() {
    assertCollected(
        () -> {
          Mutex mutex = new Mutex();
          mutex.lock();
          mutex.lock();
        });
  }

  @Test
  void severalWhoWaitForTheSameMutexAreGarbage() throws Exception {
    List<WeakReference<Thread>> leaked = onOneMutex();
    for (WeakReference<Thread> reference : leaked) {
      assertTrue(isCollected(reference));
    }
  }

  private static List<WeakReference<Thread>> onOneMutex() throws InterruptedException {
    Mutex mutex = new Mutex();
    mutex.lock();
    List<WeakReference<Thread>> leaked = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      leaked.add(leak(mutex::lock));
    }
    // One more came and went: its place must not hold the others, nor they it.
    Thread gone = Threads.startBlocked(mutex::lock);
    leaked.add(leak(mutex::lock));
    gone.interrupt();
    gone.join();
    leaked.add(new WeakReference<>(gone));
    return leaked;
  }

  @Test
  void whoHasWhatTheProgramStillHoldsIsGarbage() {
    Mutex mutex = new Mutex();
    RWMutex both = new RWMutex();
    Once once = new Once();
    held.addAll(List.of(mutex, both, once));
    assertCollected(
        () -> {
          mutex.lock();
          both.rLock();
          once.run(() -> new CountDownLatch(1).await());
        });
    assertTrue(mutex.locker() != 0, "it was noted");
  }

  @Test
  void whoWaitsForEitherSideOfAnRwMutexIsGarbage() {
    assertCollected(
        () -> {
          RWMutex rw = new RWMutex();
          rw.lock();
          rw.rLock();
        });
    assertCollected(
        () -> {
          RWMutex rw = new RWMutex();
          rw.rLock();
          rw.lock();
        });
    assertCollected(
        () -> {
          RWMutex rw = new RWMutex();
          rw.lock();
          rw.lock();
        });
  }

  @Test
  void whoReadsAgainWithAWriterInBetweenIsGarbageTogetherWithThatWriter() {
    for (WeakReference<Thread> reference : recursiveRead()) {
      assertTrue(isCollected(reference));
    }
  }

  private static List<WeakReference<Thread>> recursiveRead() {
    RWMutex rw = new RWMutex();
    // Not until it blocks: it polls until the writer is there.
    WeakReference<Thread> reader =
        new WeakReference<>(
            Threads.start(
                () -> {
                  rw.rLock();
                  until(() -> rw.toString().contains("writer waiting"));
                  rw.rLock();
                }));
    until(() -> rw.toString().contains("1 readers"));
    WeakReference<Thread> writer = leak(rw::lock);
    until(() -> rw.toString().contains("waiting to read"));
    return List.of(reader, writer);
  }

  @Test
  void whoWaitsForASignalThatNobodyCanGiveIsGarbage() {
    assertCollected(
        () -> {
          Mutex mutex = new Mutex();
          mutex.lock();
          new Cond(mutex).await();
        });
    Mutex inUse = new Mutex(); // the lock alone cannot wake it
    assertCollected(() -> inUse.withLock(() -> new Cond(inUse).await()));
    assertTrue(inUse.tryLock());
  }

  @Test
  void whoWaitsForPermitsThatNobodyCanGiveBackIsGarbage() {
    assertCollected(
        () -> {
          Semaphore semaphore = new Semaphore(2);
          semaphore.acquire(2);
          semaphore.acquire();
        });
    assertCollected(
        () -> {
          Semaphore semaphore = new Semaphore(2);
          semaphore.acquire(2);
          semaphore.acquire(Context.background(), 1);
        });
  }

  @Test
  void whoWaitsForAWaitGroupThatNobodyCanCountDownIsGarbage() {
    assertCollected(
        () -> {
          WaitGroup wg = new WaitGroup();
          wg.add(1);
          wg.await();
        });
  }

  @Test
  void whoRunsAOnceWithinItselfIsGarbageAndSoIsWhoWaitsForIt() throws Exception {
    assertCollected(
        () -> {
          Once once = new Once();
          once.run(() -> once.run(() -> {}));
        });
    for (WeakReference<Thread> reference : onOneOnce()) {
      assertTrue(isCollected(reference));
    }
    assertCollected(() -> Once.value(() -> Channel.never().receive()).get());
    assertCollected(() -> Once.func(() -> Channel.never().receive()).run());
  }

  private static List<WeakReference<Thread>> onOneOnce() {
    Once once = new Once();
    return List.of(
        leak(() -> once.run(() -> Channel.unbuffered().receive())), leak(() -> once.run(() -> {})));
  }

  @Test
  void whoWaitsForAnErrorGroupWhoseTasksAreLeakedIsGarbageWithThem() throws Exception {
    for (WeakReference<Thread> reference : group()) {
      assertTrue(isCollected(reference));
    }
    assertCollected(
        () -> {
          ErrorGroup group = new ErrorGroup();
          group.setLimit(0);
          group.go(() -> {});
        });
  }

  private static List<WeakReference<Thread>> group() throws InterruptedException {
    ErrorGroup group = ErrorGroup.withContext(Context.background());
    group.setLimit(1);
    List<WeakReference<Thread>> leaked = new ArrayList<>();
    Channel<Thread> inside = Channel.unbuffered();
    group.go(
        () -> {
          inside.send(Thread.currentThread());
          Channel.unbuffered().receive();
        });
    Thread task = inside.receive();
    Threads.untilBlocked(task);
    leaked.add(new WeakReference<>(task));
    leaked.add(leak(group::await));
    leaked.add(leak(() -> group.go(() -> {})));
    return leaked;
  }

  @Test
  void whoWaitsForALeaderThatIsLeakedIsGarbageWithItThoughTheFlightIsInUse() throws Exception {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    held.add(flight);
    for (WeakReference<Thread> reference : flying(flight)) {
      assertTrue(isCollected(reference));
    }
    // And who asks afterwards is not kept waiting by what is gone.
    assertEquals(1, flight.run("key", () -> 1).value());
    assertCollected(() -> flight.run("other", () -> flight.run("other", () -> 1).value()));
    assertEquals(0, flight.runChan("key", () -> 0).receive().value());
    until(() -> flight.toString().equals("SingleFlight(0 in flight)"));
  }

  private static List<WeakReference<Thread>> flying(SingleFlight<String, Integer> flight)
      throws InterruptedException {
    List<WeakReference<Thread>> leaked = new ArrayList<>();
    leaked.add(leak(() -> flight.run("key", () -> Channel.<Integer>unbuffered().receive())));
    leaked.add(leak(() -> flight.run("key", () -> 2)));
    Channel<Thread> inside = Channel.unbuffered();
    ReceiveChannel<SingleFlight.Result<Integer>> chan =
        flight.runChan(
            "chan",
            () -> {
              inside.send(Thread.currentThread());
              return Channel.<Integer>unbuffered().receive();
            });
    Thread leader = inside.receive();
    Threads.untilBlocked(leader);
    leaked.add(new WeakReference<>(leader));
    leaked.add(leak(chan::receive));
    leaked.add(leak(() -> flight.run("chan", () -> 2)));
    return leaked;
  }

  @Test
  void whoeverLeadsOrFollowsIsKeptWhileTheLeaderCanGoOn() throws Exception {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    Channel<Integer> answer = Channel.unbuffered();
    Channel<Integer> follower = Channel.unbuffered();
    WeakReference<Thread> leader = leak(() -> flight.run("key", answer::receive));
    WeakReference<Thread> waits =
        leak(() -> follower.send(flight.run("key", answer::receive).value()));
    assertTrue(isKept(leader));
    assertTrue(isKept(waits));
    answer.send(5);
    assertEquals(5, follower.receive());
  }

  @Test
  void whoCanBeWokenIsKept() throws Exception {
    Mutex mutex = new Mutex();
    mutex.lock();
    RWMutex rw = new RWMutex();
    rw.lock();
    Mutex free = new Mutex();
    Cond cond = new Cond(free);
    Semaphore one = new Semaphore(1);
    one.acquire();
    held.addAll(List.of(mutex, rw, cond, one));
    List<WeakReference<Thread>> kept = new ArrayList<>();
    kept.add(leak(mutex::lock));
    kept.add(leak(rw::rLock));
    kept.add(leak(rw::lock));
    kept.add(leak(() -> free.withLock(cond::await)));
    kept.add(leak(() -> one.acquire()));
    kept.add(leak(() -> one.acquire(Context.background(), 1)));
    // And by the timers, for as long as they are to ring.
    kept.add(leak(() -> lockTwice(LONG)));
    kept.add(leak(() -> free.withLock(() -> assertTrue(new Cond(free).await(LONG)))));
    for (int i = 0; i < kept.size(); i++) {
      assertTrue(isKept(kept.get(i)), "number " + i);
    }
    for (WeakReference<Thread> reference : kept) {
      Thread thread = reference.get();
      assertNotNull(thread);
      thread.interrupt();
    }
  }

  private static void lockTwice(Duration timeout) throws InterruptedException {
    Mutex mutex = new Mutex();
    mutex.lock();
    assertTrue(mutex.lock(timeout));
  }
}
