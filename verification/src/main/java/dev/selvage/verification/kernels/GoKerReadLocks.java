package dev.selvage.verification.kernels;

import static dev.selvage.Go.go;

import dev.selvage.Go;
import dev.selvage.sync.Cond;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.WaitGroup;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Kernels of real bugs in which a waiting writer holds up a reader whom others wait for. */
public final class GoKerReadLocks {
  private GoKerReadLocks() {}

  /** Nested read locks, with a writer between the outer and the inner one. */
  @Leak(at = "C6181.parent", reason = "sync.WaitGroup.Wait")
  @Leak(at = "C6181.outer", reason = "sync.RWMutex.RLock", perCopy = 3)
  @Leak(at = "C6181.inner", reason = "sync.RWMutex.RLock", perCopy = 3)
  @Leak(at = "C6181.write", reason = "sync.RWMutex.Lock", perCopy = 3)
  public static final class Cockroach6181 implements Program {
    private final RWMutex cache = new RWMutex();

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var group = new WaitGroup();
            for (int i = 0; i < 3; i++) {
              group.go(() -> lookUp(copy.fixed()));
            }
            group.await(); // LEAK C6181.parent
          });
    }

    private void lookUp(boolean fixed) throws InterruptedException {
      cache.rLock(); // LEAK C6181.outer
      Go.yield();
      if (!fixed) {
        string();
      }
      cache.rUnlock();
      if (fixed) {
        string();
      }
      cache.lock(); // LEAK C6181.write
      cache.unlock();
    }

    private void string() throws InterruptedException {
      cache.rLock(); // LEAK C6181.inner
      cache.rUnlock();
    }
  }

  /** A lock for each key, taken under the write lock of the map, let go under its read lock. */
  @Leak(at = "Hugo3251.parent", reason = "sync.WaitGroup.Wait")
  @Leak(at = "Hugo3251.map", reason = "sync.RWMutex.Lock", perCopy = 100)
  @Leak(at = "Hugo3251.key", reason = "sync.Mutex.Lock")
  @Leak(at = "Hugo3251.unlock", reason = "sync.RWMutex.RLock")
  public static final class Hugo3251 implements Program {
    private final RWMutex map = new RWMutex();
    private final Map<String, Mutex> keys = new HashMap<>();

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            for (int round = 0; round < 2; round++) {
              var group = new WaitGroup();
              for (int i = 0; i < 100; i++) {
                group.go(() -> fetch(copy.fixed()));
              }
              group.await(); // LEAK Hugo3251.parent
            }
          });
    }

    private void fetch(boolean fixed) throws InterruptedException {
      for (int i = 0; i < 200; i++) {
        lock("http://example.org/", fixed);
        Chance.give();
        unlock("http://example.org/");
      }
    }

    private void lock(String key, boolean fixed) throws InterruptedException {
      map.lock(); // LEAK Hugo3251.map
      Mutex mutex = keys.computeIfAbsent(key, _ -> new Mutex());
      if (fixed) {
        map.unlock();
        mutex.lock();
      } else {
        mutex.lock(); // LEAK Hugo3251.key
        Go.yield();
        map.unlock();
      }
    }

    private void unlock(String key) throws InterruptedException {
      map.rLock(); // LEAK Hugo3251.unlock
      Mutex mutex = keys.get(key);
      if (mutex != null) {
        mutex.unlock();
      }
      map.rUnlock();
    }
  }

  /** A worker waits for a condition under a read lock, a writer for it, all others for that. */
  @Leak(at = "K58107.get", reason = "sync.Cond.Wait", perCopy = 2)
  @Leak(at = "K58107.worker", reason = "sync.RWMutex.RLock", perCopy = 2)
  @Leak(at = "K58107.syncer", reason = "sync.RWMutex.Lock")
  public static final class Kubernetes58107 implements Program {
    private static final int TIMES = 100_000;

    private final RWMutex workers = new RWMutex();

    /** Without the bug it counts what is in it, and can be shut. */
    static final class Queue {
      private final Mutex mutex = new Mutex();
      private final Cond cond = new Cond(mutex);
      private int items;
      private boolean shut;

      void get() throws InterruptedException {
        mutex.lock();
        cond.await(); // LEAK K58107.get
        mutex.unlock();
      }

      boolean take() throws InterruptedException {
        mutex.lock();
        while (items == 0 && !shut) {
          cond.await();
        }
        boolean taken = items > 0;
        if (taken) {
          items--;
        }
        mutex.unlock();
        return taken;
      }

      void add() throws InterruptedException {
        mutex.lock();
        items++;
        mutex.unlock();
        cond.signal();
      }

      void shut() throws InterruptedException {
        mutex.lock();
        shut = true;
        mutex.unlock();
        cond.broadcast();
      }
    }

    @Override
    public void start(Copy copy) {
      var queues = List.of(new Queue(), new Queue());
      for (var queue : queues) {
        go(() -> work(queue, copy.fixed()));
      }
      go(this::sync);
      go(() -> signalAll(queues, copy.fixed()));
    }

    private void work(Queue queue, boolean fixed) throws InterruptedException {
      if (fixed) {
        while (queue.take()) {
          workers.rLock();
          workers.rUnlock();
        }
      } else {
        while (true) {
          workers.rLock(); // LEAK K58107.worker
          queue.get();
          workers.rUnlock();
        }
      }
    }

    private void sync() throws InterruptedException {
      for (int i = 0; i < TIMES; i++) {
        workers.lock(); // LEAK K58107.syncer
        Go.yield();
        workers.unlock();
      }
    }

    private static void signalAll(List<Queue> queues, boolean fixed) throws InterruptedException {
      for (int i = 0; i < TIMES; i++) {
        for (var queue : queues) {
          if (fixed) {
            queue.add();
          } else {
            queue.cond.signal();
          }
        }
      }
      if (fixed) {
        for (var queue : queues) {
          queue.shut();
        }
      }
    }
  }
}
