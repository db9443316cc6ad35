package dev.selvage.verification.library;

import java.lang.ref.ReferenceQueue;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Exchanger;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.concurrent.locks.StampedLock;

/** What the language and {@code java.util.concurrent} have. */
// Those are the bugs.
@SuppressWarnings({"CheckReturnValue", "LockNotBeforeTry", "WaitNotInLoop"})
final class PlainJdk {
  private static final Map<String, CountDownLatch> SESSIONS = new ConcurrentHashMap<>();
  private static final List<Object> KEPT = new CopyOnWriteArrayList<>();
  private static final Timer TIMER = new Timer("timer", true);
  private static final long AN_HOUR = 3_600_000;

  private PlainJdk() {}

  private static <T> T kept(T it) {
    KEPT.add(it);
    return it;
  }

  // --------------- Queues ---------------

  /** A second answer, where only the first is waited for. */
  static void secondAnswer(Threads threads) {
    var answers = new SynchronousQueue<Integer>();
    threads.go(
        () -> {
          for (int replica = 0; replica < 2; replica++) {
            answers.put(replica); // LEAK secondAnswer
          }
        });
    threads.go(answers::take);
  }

  /** The consumer has failed; its producer has filled the queue. */
  static void consumerFailed(Threads threads) {
    var queue = new ArrayBlockingQueue<Integer>(2);
    threads.go(
        () -> {
          for (int i = 0; i < 10; i++) {
            queue.put(i); // LEAK consumerFailed
          }
        });
    threads.go(
        () -> {
          try {
            throw new IllegalStateException("cannot parse " + queue.take());
          } catch (IllegalStateException e) {
            Thread.currentThread().setName(e.getMessage()); // that was all that came of it
          }
        });
  }

  /** The same, but the consumer is only slow. */
  static void consumerIsSlow(Threads threads) {
    var queue = new ArrayBlockingQueue<Integer>(2);
    threads.go(
        () -> {
          for (int i = 0; i < 10; i++) {
            queue.put(i); // LINE consumerIsSlow
          }
        });
    threads.go(
        () -> {
          while (queue.take() >= 0) {
            Thread.sleep(AN_HOUR);
          }
        });
  }

  /** A consumer that nobody tells that there is no more. */
  static void noPoison(Threads threads) {
    var queue = new LinkedBlockingQueue<String>();
    threads.go(
        () -> {
          while (!queue.take().isEmpty()) { // LEAK noPoison
            Thread.onSpinWait();
          }
        });
    queue.add("work");
  }

  /** An actor whose mailbox is registered, and is sent nothing. */
  static void registeredMailbox(Threads threads) {
    var mailbox = kept(new LinkedBlockingQueue<String>());
    threads.go(
        () -> {
          mailbox.take(); // LEAK registeredMailbox
        });
  }

  /** Somebody keeps a thread that has ended: the JDK keeps its task with it. */
  static void endedThreadKept(Threads threads) {
    var queue = new LinkedBlockingQueue<String>();
    kept(Thread.ofVirtual().start(queue::clear));
    threads.go(
        () -> {
          queue.take(); // LEAK endedThreadKept
        });
  }

  // --------------- Counts and meetings ---------------

  /** A worker throws before it counts down. */
  static void notCountedDown(Threads threads) {
    var done = new CountDownLatch(2);
    threads.go(
        () -> {
          done.await(); // LEAK notCountedDown
        });
    threads.go(done::countDown);
    threads.go(
        () -> {
          if (Integer.toString(7).equals("7")) {
            return; // an early return, where finally was forgotten
          }
          done.countDown();
        });
  }

  /** A session is still in the map, so that it could be ended. */
  static void sessionInMap(Threads threads) {
    var ended = new CountDownLatch(1);
    SESSIONS.put("session " + SESSIONS.size(), ended);
    threads.go(
        () -> {
          ended.await(); // LINE sessionInMap
        });
  }

  /** A timer will count down. */
  static void timerCounts(Threads threads) {
    var ended = new CountDownLatch(1);
    TIMER.schedule(
        new TimerTask() {
          @Override
          public void run() {
            ended.countDown();
          }
        },
        AN_HOUR);
    threads.go(
        () -> {
          ended.await(); // LINE timerCounts
        });
  }

  /** A timer runs for ever, has the latch, and never counts down. */
  static void timerForgets(Threads threads) {
    var ended = new CountDownLatch(1);
    TIMER.schedule(
        new TimerTask() {
          @Override
          public void run() {
            if (ended.getCount() < 0) {
              ended.countDown();
            }
          }
        },
        AN_HOUR,
        AN_HOUR);
    threads.go(
        () -> {
          ended.await(); // LEAK timerForgets
        });
  }

  /** One party of three has gone. */
  static void partyOfThree(Threads threads) {
    var barrier = new CyclicBarrier(3);
    for (int i = 0; i < 2; i++) {
      threads.go(
          () -> {
            barrier.await(); // LEAK partyOfThree
          });
    }
  }

  /** Registered twice, arrived once. */
  static void registeredTwice(Threads threads) {
    var phaser = new Phaser(1);
    phaser.register();
    threads.go(
        () -> {
          phaser.awaitAdvance(phaser.arrive()); // LEAK registeredTwice
        });
  }

  /** The other side of an exchange never comes. */
  static void exchangedWithNobody(Threads threads) {
    var exchanger = new Exchanger<Integer>();
    threads.go(
        () -> {
          exchanger.exchange(1); // LEAK exchangedWithNobody
        });
  }

  // --------------- Permits and locks ---------------

  /** A permit is not given back when the work throws. */
  static void lostPermit(Threads threads) {
    var permits = new Semaphore(1);
    threads.go(
        () -> {
          permits.acquire();
          threads.go(
              () -> {
                permits.acquire(); // LEAK lostPermit
              });
        });
  }

  /** Who has the permit works for an hour. */
  static void longPermit(Threads threads) {
    var permits = new Semaphore(1);
    threads.go(
        () -> {
          permits.acquire();
          threads.go(
              () -> {
                permits.acquire(); // LINE longPermit
              });
          Thread.sleep(AN_HOUR);
          permits.release();
        });
  }

  /** A reader has ended with the lock; a writer waits. */
  static void abandonedReadLock(Threads threads) {
    var lock = new ReentrantReadWriteLock();
    threads.go(
        () -> {
          lock.readLock().lock();
          threads.go(
              () -> {
                lock.writeLock().lock(); // LEAK abandonedReadLock
              });
        });
  }

  /** A stamp is thrown away. */
  static void lostStamp(Threads threads) {
    var lock = new StampedLock();
    threads.go(
        () -> {
          long stamp = lock.readLock();
          if (stamp != 0) {
            lock.writeLock(); // LEAK lostStamp
          }
        });
  }

  /** The signal goes to another condition of the same lock. */
  static void wrongCondition(Threads threads) {
    var lock = new ReentrantLock();
    var filled = lock.newCondition();
    var emptied = lock.newCondition();
    threads.go(
        () -> {
          lock.lock();
          try {
            filled.await(); // LEAK wrongCondition
          } finally {
            lock.unlock();
          }
        });
    threads.go(
        () -> {
          lock.lock();
          try {
            emptied.signalAll();
          } finally {
            lock.unlock();
          }
        });
  }

  /** A lock of a class, never unlocked: the field still has it. */
  static void staticLock(Threads threads) {
    var lock = kept(new ReentrantLock());
    threads.go(
        () -> {
          lock.lock();
          threads.go(
              () -> {
                lock.lock(); // LEAK staticLock
              });
        });
  }

  /** Unparked by nobody. */
  static void parked(Threads threads) {
    var done = new AtomicBoolean();
    threads.go(
        () -> {
          while (!done.get()) {
            LockSupport.park(done); // LEAK parked
          }
        });
  }

  // --------------- What the JVM itself holds ---------------

  /** Nobody notifies. */
  static void notNotified(Threads threads) {
    threads.go(
        () -> {
          var lock = new Object();
          synchronized (lock) {
            lock.wait(); // LEAK notNotified
          }
        });
  }

  /** Who is in the monitor is stuck there; a second one waits to enter. */
  static void monitorOfTheStuck(Threads threads) {
    var monitor = new Object();
    var gate = new CountDownLatch(1);
    threads.go(
        () -> {
          synchronized (monitor) {
            threads.go(
                () -> {
                  synchronized (monitor) { // the JVM names the line after this
                    gate.countDown(); // LEAK monitorOfTheStuck
                  }
                });
            new CountDownLatch(1).await(); // LEAK insideTheMonitor
          }
        });
  }

  /** Nothing is ever put into the queue by the collector. */
  static void referenceQueue(Threads threads) {
    var queue = new ReferenceQueue<Object>();
    threads.go(
        () -> {
          queue.remove(); // LEAK referenceQueue
        });
  }

  /** Nobody knows the port. */
  static void unknownPort(Threads threads) {
    threads.go(
        () -> {
          try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            server.accept().close(); // LEAK unknownPort
          }
        });
  }

  // --------------- Time ---------------

  /** For an hour. */
  static void sleeps(Threads threads) {
    threads.go(
        () -> {
          Thread.sleep(AN_HOUR); // LINE sleeps
        });
  }

  /** Waits for one who sleeps. */
  static void joinsWhoSleeps(Threads threads) {
    threads.go(
        () -> {
          Thread sleeper = Thread.ofVirtual().start(PlainJdk::sleepAnHour);
          sleeper.join(); // LINE joinsWhoSleeps
        });
  }

  private static void sleepAnHour() {
    try {
      Thread.sleep(AN_HOUR);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
