package dev.selvage.verification.cases;

import static dev.selvage.verification.cases.GoLike.go;

import dev.selvage.verification.cases.Kernel.Leak;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Exchanger;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;

/** The smallest leaks there are, one primitive each, and one control. */
public final class Micro {
  private Micro() {}

  /** A nil channel is never ready: here, a future that nobody completes. */
  @Kernel(suite = "micro", leaks = @Leak(at = "NilRecv", reason = "Future.get"))
  public static final class NilRecv implements Case {
    @Override
    public void start() {
      go(
          () -> {
            new CompletableFuture<Void>().get(); // LEAK NilRecv
          });
    }
  }

  /** An exchanger that nobody else comes to. */
  @Kernel(suite = "micro", leaks = @Leak(at = "NilSend", reason = "Exchanger.exchange"))
  public static final class NilSend implements Case {
    @Override
    public void start() {
      go(
          () -> {
            new Exchanger<Integer>().exchange(1); // LEAK NilSend
          });
    }
  }

  /** Waits for nothing at all. */
  @Kernel(suite = "micro", leaks = @Leak(at = "SelectNoCases", reason = "park"))
  public static final class SelectNoCases implements Case {
    @Override
    public void start() {
      go(
          () -> {
            while (true) {
              LockSupport.park(); // LEAK SelectNoCases
            }
          });
    }
  }

  /** Receives where nobody sends. */
  @Kernel(suite = "micro", leaks = @Leak(at = "ChanRecv", reason = "BlockingQueue.take"))
  public static final class ChanRecv implements Case {
    @Override
    public void start() {
      go(
          () -> {
            new SynchronousQueue<Integer>().take(); // LEAK ChanRecv
          });
    }
  }

  /** Sends where nobody receives. */
  @Kernel(suite = "micro", leaks = @Leak(at = "ChanSend", reason = "BlockingQueue.put"))
  public static final class ChanSend implements Case {
    @Override
    public void start() {
      go(
          () -> {
            new SynchronousQueue<Integer>().put(1); // LEAK ChanSend
          });
    }
  }

  /** Selects over channels that nobody else knows. */
  @Kernel(suite = "micro", leaks = @Leak(at = "Select", reason = "Future.get"))
  public static final class Select implements Case {
    @Override
    public void start() {
      go(
          () -> {
            var out = new GoLike.Chan<Integer>(0);
            var in = new GoLike.Chan<Integer>(0);
            GoLike.select(out.sending(1), in.receiving()); // LEAK Select
          });
    }
  }

  /** Adds one and waits for it itself. */
  @Kernel(suite = "micro", leaks = @Leak(at = "WaitGroup", reason = "CountDownLatch.await"))
  public static final class WaitGroup implements Case {
    @Override
    public void start() {
      go(
          () -> {
            new CountDownLatch(1).await(); // LEAK WaitGroup
          });
    }
  }

  /** Locks a local mutex twice, a thousand times over. */
  @Kernel(
      suite = "micro",
      leaks = @Leak(at = "MutexStack", reason = "Semaphore.acquire", count = 1000))
  public static final class MutexStack implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 1000; i++) {
        go(
            () -> {
              var mutex = new Semaphore(1);
              mutex.acquire();
              mutex.acquire(); // LEAK MutexStack
            });
      }
    }
  }

  /** A mutex that a parent made and its child locks twice; the parent has ended. */
  @Kernel(suite = "micro", leaks = @Leak(at = "MutexHeap", reason = "Lock.lock", count = 1000))
  public static final class MutexHeap implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 1000; i++) {
        go(
            () -> {
              var mutex = new StampedLock();
              go(
                  () -> {
                    mutex.writeLock();
                    mutex.writeLock(); // LEAK MutexHeap
                  });
            });
      }
    }
  }

  /** Waits for a condition that nobody signals. */
  @Kernel(suite = "micro", leaks = @Leak(at = "Cond", reason = "Condition.await"))
  public static final class Cond implements Case {
    @Override
    public void start() {
      go(
          () -> {
            var lock = new ReentrantLock();
            var signal = lock.newCondition();
            lock.lock();
            try {
              while (true) {
                signal.await(); // LEAK Cond
              }
            } finally {
              lock.unlock();
            }
          });
    }
  }

  /** Reads under its own write lock. */
  @Kernel(suite = "micro", leaks = @Leak(at = "RWMutexRLock", reason = "Lock.lock"))
  public static final class RWMutexRLock implements Case {
    @Override
    public void start() {
      go(
          () -> {
            var lock = new StampedLock();
            lock.writeLock();
            lock.readLock(); // LEAK RWMutexRLock
          });
    }
  }

  /** Writes under its own read lock. */
  @Kernel(suite = "micro", leaks = @Leak(at = "RWMutexLock", reason = "Lock.lock"))
  public static final class RWMutexLock implements Case {
    @Override
    public void start() {
      go(
          () -> {
            var lock = new StampedLock();
            lock.readLock();
            lock.writeLock(); // LEAK RWMutexLock
          });
    }
  }

  /** Waits for a child that sends to the waiter. */
  @Kernel(
      suite = "micro",
      leaks = {
        @Leak(at = "Mixed.child", reason = "BlockingQueue.put"),
        @Leak(at = "Mixed.parent", reason = "CountDownLatch.await")
      })
  public static final class Mixed implements Case {
    @Override
    public void start() {
      go(
          () -> {
            var chan = new SynchronousQueue<Integer>();
            var group = new CountDownLatch(1);
            go(
                () -> {
                  chan.put(1); // LEAK Mixed.child
                  group.countDown();
                });
            group.await(); // LEAK Mixed.parent
            chan.take();
          });
    }
  }

  /** Control: everybody can reach a queue in a static field. */
  @Kernel(suite = "micro")
  public static final class NoLeakGlobal implements Case {
    private static final BlockingQueue<Integer> GLOBAL = new LinkedBlockingQueue<>();

    @Override
    public void start() {
      go(GLOBAL::take);
    }
  }
}
