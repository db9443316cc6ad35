package dev.selvage;

import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Threads.isCollected;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.selvage.observe.WaitReason;
import dev.selvage.sync.Cond;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.Semaphore;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Exchanger;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * For every reason there is to wait: a goroutine that waits so, on what nobody else can reach, is
 * garbage; or it is said here why it is none. A reason that is added and is in neither list fails.
 * Runs in a JVM whose own list of virtual threads is switched off.
 */
@Timeout(60)
final class WaitReasonReachabilityTests {
  private static final Map<WaitReason, Go.Action> WAITS = new EnumMap<>(WaitReason.class);

  /** Reasons of which no goroutine is garbage, or none can be made here, and why. */
  private static final Map<WaitReason, String> NEVER_GARBAGE =
      new EnumMap<>(
          Map.of(
              WaitReason.MONITOR_ENTER, "the JVM holds who waits for a monitor",
              WaitReason.OBJECT_WAIT, "the JVM holds who waits for a monitor",
              WaitReason.REFERENCE_QUEUE, "it waits for a monitor of the JDK's",
              WaitReason.TIMED, "a timer will end it, and holds it until then",
              WaitReason.IO, "the JDK's poller holds who waits for a socket",
              WaitReason.SCOPE_JOIN, "a preview API, which this module does not use",
              WaitReason.NONE, "not a wait"));

  private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);

  static {
    ofTheLanguage();
    ofTheJdk();
  }

  private static void ofTheLanguage() {
    WAITS.put(WaitReason.CHAN_SEND, () -> Channel.<Integer>unbuffered().send(1));
    WAITS.put(WaitReason.CHAN_RECEIVE, () -> Channel.unbuffered().receive());
    WAITS.put(WaitReason.CHAN_SEND_NIL, () -> Channel.never().send(1));
    WAITS.put(WaitReason.CHAN_RECEIVE_NIL, () -> Channel.never().receive());
    WAITS.put(WaitReason.SELECT, () -> select(receive(Channel.unbuffered(), v -> v)));
    WAITS.put(WaitReason.SELECT_NO_CASES, () -> Select.<Object, RuntimeException>select());
    WAITS.put(
        WaitReason.MUTEX_LOCK,
        () -> {
          Mutex mutex = new Mutex();
          mutex.lock();
          mutex.lock();
        });
    WAITS.put(
        WaitReason.RWMUTEX_RLOCK,
        () -> {
          RWMutex rw = new RWMutex();
          rw.lock();
          rw.rLock();
        });
    WAITS.put(
        WaitReason.RWMUTEX_LOCK,
        () -> {
          RWMutex rw = new RWMutex();
          rw.rLock();
          rw.lock();
        });
    WAITS.put(
        WaitReason.WAIT_GROUP_WAIT,
        () -> {
          WaitGroup wg = new WaitGroup();
          wg.add(1);
          wg.await();
        });
    WAITS.put(
        WaitReason.ERROR_GROUP_WAIT,
        () -> {
          ErrorGroup group = new ErrorGroup();
          group.go(() -> Channel.unbuffered().receive());
          group.await();
        });
    WAITS.put(
        WaitReason.SINGLE_FLIGHT_DO,
        () -> {
          SingleFlight<String, Integer> flight = new SingleFlight<>();
          flight.run("key", () -> flight.run("key", () -> 1).value());
        });
    WAITS.put(
        WaitReason.COND_WAIT,
        () -> {
          Mutex mutex = new Mutex();
          mutex.lock();
          new Cond(mutex).await();
        });
    WAITS.put(
        WaitReason.SEMACQUIRE,
        () -> {
          Semaphore semaphore = new Semaphore(1);
          semaphore.acquire();
          semaphore.acquire();
        });
    WAITS.put(WaitReason.SLEEP, () -> Go.sleep(FOR_EVER));
    WAITS.put(
        WaitReason.SCOPE,
        () -> {
          try (var scope = Scope.open(Context.background())) {
            scope.go(() -> Channel.unbuffered().receive());
            scope.join();
          }
        });
  }

  @SuppressWarnings({"WaitNotInLoop", "ModifiedButNotUsed"}) // to block is all that is wanted
  private static void ofTheJdk() {
    WAITS.put(WaitReason.QUEUE_TAKE, () -> new LinkedBlockingQueue<Integer>().take());
    WAITS.put(
        WaitReason.QUEUE_PUT,
        () -> {
          var queue = new ArrayBlockingQueue<Integer>(1);
          queue.put(1);
          queue.put(2);
        });
    WAITS.put(WaitReason.LATCH, () -> new CountDownLatch(1).await());
    WAITS.put(WaitReason.BARRIER, () -> new CyclicBarrier(2).await());
    WAITS.put(WaitReason.FUTURE, () -> new CompletableFuture<Integer>().get());
    WAITS.put(
        WaitReason.CONDITION,
        () -> {
          ReentrantLock lock = new ReentrantLock();
          lock.lock();
          lock.newCondition().await();
        });
    WAITS.put(WaitReason.SEMAPHORE, () -> new java.util.concurrent.Semaphore(0).acquire());
    WAITS.put(WaitReason.JOIN, () -> Thread.ofVirtual().start(() -> parkForEver()).join());
    WAITS.put(WaitReason.PHASER, () -> new Phaser(1).awaitAdvance(0));
    WAITS.put(WaitReason.EXCHANGER, () -> new Exchanger<Integer>().exchange(1));
    WAITS.put(
        WaitReason.LOCK,
        () -> {
          ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
          lock.readLock().lock();
          lock.writeLock().lock(); // for which it would have to give the other back
        });
    WAITS.put(WaitReason.PARK, () -> parkForEver());
  }

  private static void parkForEver() {
    while (!Thread.currentThread().isInterrupted()) {
      LockSupport.park();
    }
  }

  @BeforeAll
  static void theJdkHoldsNoThreads() {
    assertEquals("false", System.getProperty("jdk.trackAllThreads"));
  }

  @Test
  void everyReasonIsInOneOfTheLists() {
    for (WaitReason reason : WaitReason.values()) {
      assertTrue(
          WAITS.containsKey(reason) || NEVER_GARBAGE.containsKey(reason),
          () -> reason.name() + ": say here how to wait so, or why who does is never garbage");
      assertFalse(
          WAITS.containsKey(reason) && NEVER_GARBAGE.containsKey(reason),
          () -> reason.name() + " is in both lists");
    }
  }

  @TestFactory
  Stream<DynamicTest> whoWaitsOnWhatNobodyElseCanReachIsGarbage() {
    return WAITS.entrySet().stream()
        .map(
            wait ->
                dynamicTest(
                    wait.getKey().name(),
                    () ->
                        assertTrue(
                            isCollected(waiting(wait.getKey(), wait.getValue())),
                            "something holds it")));
  }

  /** Starts a goroutine that waits for that reason, which is looked at, and keeps nothing of it. */
  private static WeakReference<Thread> waiting(WaitReason reason, Go.Action task) {
    Thread thread = Threads.start(task);
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!waitsFor(reason, thread)) {
      assertTrue(System.nanoTime() < end, () -> "it does not wait for that: " + state(thread));
      Threads.untilBlocked(thread);
    }
    return new WeakReference<>(thread);
  }

  /** By the words of the language; or it is in the JDK's method that the words name. */
  private static boolean waitsFor(WaitReason reason, Thread thread) {
    if (thread.getState() != Thread.State.WAITING) {
      return false;
    }
    if (state(thread).equals(reason.text())) {
      return true;
    }
    String method = reason.text().substring(reason.text().lastIndexOf('.') + 1);
    return reason.compareTo(WaitReason.QUEUE_TAKE) >= 0
        && Stream.of(thread.getStackTrace())
            .anyMatch(
                frame ->
                    frame.getClassName().startsWith("java.")
                        && frame.getMethodName().equals(method));
  }

  private static String state(Thread thread) {
    return String.valueOf(LockSupport.getBlocker(thread));
  }
}
