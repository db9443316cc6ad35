package dev.selvage.verification.cases;

import static dev.selvage.verification.cases.GoLike.go;

import dev.selvage.verification.cases.Kernel.Leak;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Each kind of wait that the JDK has, once, where nobody will end it. */
public final class Jdk {
  private Jdk() {}

  /** Every blocking queue, at its end that blocks. */
  @Kernel(
      suite = "jdk",
      leaks = {
        @Leak(at = "Queues.array", reason = "BlockingQueue.take"),
        @Leak(at = "Queues.deque", reason = "BlockingQueue.take"),
        @Leak(at = "Queues.full", reason = "BlockingQueue.put"),
        @Leak(at = "Queues.transfer", reason = "BlockingQueue.put"),
        @Leak(at = "Queues.priority", reason = "BlockingQueue.take"),
        @Leak(at = "Queues.delay", reason = "BlockingQueue.take")
      })
  public static final class Queues implements Case {
    @Override
    public void start() {
      go(
          () -> {
            new ArrayBlockingQueue<Integer>(1).take(); // LEAK Queues.array
          });
      go(
          () -> {
            new LinkedBlockingDeque<Integer>().takeFirst(); // LEAK Queues.deque
          });
      go(
          () -> {
            var full = new LinkedBlockingDeque<Integer>(1);
            full.put(1);
            full.putLast(2); // LEAK Queues.full
          });
      go(
          () -> {
            new LinkedTransferQueue<Integer>().transfer(1); // LEAK Queues.transfer
          });
      go(
          () -> {
            new PriorityBlockingQueue<Integer>().take(); // LEAK Queues.priority
          });
      go(
          () -> {
            new DelayQueue<Delayed>().take(); // LEAK Queues.delay
          });
    }
  }

  /** Barriers and phasers to which a party never comes. */
  @Kernel(
      suite = "jdk",
      leaks = {
        @Leak(at = "Parties.barrier", reason = "CyclicBarrier.await", count = 2),
        @Leak(at = "Parties.phaser", reason = "Phaser.awaitAdvance")
      })
  public static final class Parties implements Case {
    @Override
    public void start() {
      var barrier = new CyclicBarrier(3);
      for (int i = 0; i < 2; i++) {
        go(
            () -> {
              barrier.await(); // LEAK Parties.barrier
            });
      }
      go(
          () -> {
            new Phaser(2).arriveAndAwaitAdvance(); // LEAK Parties.phaser
          });
    }
  }

  /** Futures that nobody completes. */
  @Kernel(
      suite = "jdk",
      leaks = {
        @Leak(at = "Futures.task", reason = "Future.get"),
        @Leak(at = "Futures.join", reason = "Future.get")
      })
  public static final class Futures implements Case {
    @Override
    public void start() {
      go(
          () -> {
            new FutureTask<>(() -> 1).get(); // LEAK Futures.task
          });
      go(
          () -> {
            new CompletableFuture<Void>().join(); // LEAK Futures.join
          });
    }
  }

  /** Waits for the end of a thread that is leaked itself. */
  @Kernel(
      suite = "jdk",
      leaks = {
        @Leak(at = "Join.child", reason = "CountDownLatch.await"),
        @Leak(at = "Join.parent", reason = "Thread.join")
      })
  public static final class Join implements Case {
    @Override
    public void start() {
      go(
          () -> {
            Thread child =
                Thread.ofVirtual()
                    .start(
                        () -> {
                          try {
                            new CountDownLatch(1).await(); // LEAK Join.child
                          } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                          }
                        });
            child.join(); // LEAK Join.parent
          });
    }
  }

  /** A thread ended without unlocking. */
  @Kernel(
      suite = "jdk",
      leaks = {
        @Leak(at = "Abandoned.lock", reason = "Lock.lock"),
        @Leak(at = "Abandoned.interruptibly", reason = "Lock.lock")
      })
  public static final class Abandoned implements Case {
    @Override
    @SuppressWarnings("LockNotBeforeTry") // that is the bug
    public void start() {
      go(
          () -> {
            var lock = new ReentrantLock();
            var locked = new CountDownLatch(1);
            go(
                () -> {
                  lock.lock();
                  locked.countDown();
                });
            locked.await();
            go(
                () -> {
                  lock.lock(); // LEAK Abandoned.lock
                  lock.unlock();
                });
            lock.lockInterruptibly(); // LEAK Abandoned.interruptibly
            lock.unlock();
          });
    }
  }

  /** A reader wants to write as well. */
  @Kernel(suite = "jdk", leaks = @Leak(at = "Upgrade", reason = "Lock.lock"))
  public static final class Upgrade implements Case {
    @Override
    @SuppressWarnings("LockNotBeforeTry") // that is the bug
    public void start() {
      go(
          () -> {
            var lock = new ReentrantReadWriteLock();
            lock.readLock().lock();
            lock.writeLock().lock(); // LEAK Upgrade
          });
    }
  }

  /** Two locks with owners, in two orders. */
  @Kernel(
      suite = "jdk",
      leaks = {
        @Leak(at = "AbBa.first", reason = "Lock.lock"),
        @Leak(at = "AbBa.second", reason = "Lock.lock")
      })
  public static final class AbBa implements Case {
    @Override
    @SuppressWarnings("LockNotBeforeTry") // they never get there
    public void start() {
      var a = new ReentrantLock();
      var b = new ReentrantLock();
      var both = new CyclicBarrier(2);
      go(
          () -> {
            a.lock();
            both.await();
            b.lock(); // LEAK AbBa.first
          });
      go(
          () -> {
            b.lock();
            both.await();
            a.lock(); // LEAK AbBa.second
          });
    }
  }

  /** What a thread holds besides does not matter: here, a monitor and a permit. */
  @Kernel(
      suite = "jdk",
      leaks = {
        @Leak(at = "Holding.monitor", reason = "CountDownLatch.await"),
        @Leak(at = "Holding.blocker", reason = "park")
      })
  public static final class Holding implements Case {
    @Override
    public void start() {
      go(
          () -> {
            synchronized (new Object()) {
              new CountDownLatch(1).await(); // LEAK Holding.monitor
            }
          });
      go(
          () -> {
            var permit = new Semaphore(1);
            permit.acquire();
            while (permit.availablePermits() == 0) {
              LockSupport.park(permit); // LEAK Holding.blocker
            }
          });
    }
  }

  /** A ring of threads, each of which waits for the one before. */
  @Kernel(suite = "jdk", leaks = @Leak(at = "Ring", reason = "CountDownLatch.await", count = 50))
  public static final class Ring implements Case {
    @Override
    public void start() {
      var first = new CountDownLatch(1);
      var before = first;
      for (int i = 0; i < 50; i++) {
        var mine = before;
        var next = i == 49 ? first : new CountDownLatch(1);
        go(
            () -> {
              mine.await(); // LEAK Ring
              next.countDown();
            });
        before = next;
      }
    }
  }

  /** A wait that ends as soon as the time is up: a control. */
  @Kernel(suite = "jdk")
  public static final class Patient implements Case {
    @Override
    public void start() {
      go(
          () -> {
            if (new CountDownLatch(1).await(1, TimeUnit.HOURS)) {
              throw new IllegalStateException("nobody counts");
            }
          });
    }
  }
}
