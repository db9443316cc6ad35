package dev.selvage.verification.cases;

import static dev.selvage.verification.cases.GoLike.WRITE;
import static dev.selvage.verification.cases.GoLike.go;

import dev.selvage.verification.cases.GoLike.Chan;
import dev.selvage.verification.cases.GoLike.Once;
import dev.selvage.verification.cases.GoLike.Timer;
import dev.selvage.verification.cases.GoLike.WaitGroup;
import dev.selvage.verification.cases.Kernel.Leak;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Kernels of real bugs in which a lock is not let go. */
public final class GoKerResource {
  private GoKerResource() {}

  /** Nested read locks, with a writer between the outer and the inner one. */
  @Kernel(
      suite = "goker",
      upstream = "cockroachdb/cockroach#6181",
      leaks = {
        @Leak(at = "C6181.parent", reason = "CountDownLatch.await", count = 50, atLeast = 0),
        @Leak(at = "C6181.outer", reason = "Semaphore.acquire", count = 150, atLeast = 0),
        @Leak(at = "C6181.inner", reason = "Semaphore.acquire", count = 150, atLeast = 0),
        @Leak(at = "C6181.write", reason = "Semaphore.acquire", count = 150, atLeast = 0)
      })
  public static final class Cockroach6181 implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        go(
            () -> {
              var lock = GoLike.readWriteLock();
              var group = new CountDownLatch(3);
              for (int n = 0; n < 3; n++) {
                go(
                    () -> {
                      testRangeCache(lock);
                      group.countDown();
                    });
              }
              group.await(); // LEAK C6181.parent
            });
      }
    }

    private static void testRangeCache(Semaphore lock) throws InterruptedException {
      lock.acquire(); // LEAK C6181.outer
      GoLike.yieldNow();
      string(lock);
      lock.release();
      lock.acquire(WRITE); // LEAK C6181.write
      lock.release(WRITE);
    }

    private static void string(Semaphore lock) throws InterruptedException {
      lock.acquire(); // LEAK C6181.inner
      lock.release();
    }
  }

  /** The error path locks once more what is locked already. */
  @Kernel(
      suite = "goker",
      upstream = "cockroachdb/cockroach#9935",
      leaks = @Leak(at = "Cockroach9935", reason = "Semaphore.acquire", count = 100, atLeast = 1))
  public static final class Cockroach9935 implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 100; i++) {
        var mutex = new Semaphore(1);
        go(
            () -> {
              mutex.acquire();
              boolean created = ThreadLocalRandom.current().nextInt(8) >= 6;
              if (!created) {
                exit(mutex);
              }
              mutex.release();
            });
      }
    }

    private static void exit(Semaphore mutex) throws InterruptedException {
      mutex.acquire(); // LEAK Cockroach9935
      mutex.release();
    }
  }

  /** Store before replica, and replica before store. */
  @Kernel(
      suite = "goker",
      upstream = "cockroachdb/cockroach#10214",
      leaks = {
        @Leak(at = "C10214.replica", reason = "Semaphore.acquire", count = 100, atLeast = 0),
        @Leak(at = "C10214.store", reason = "Semaphore.acquire", count = 100, atLeast = 0),
        @Leak(at = "C10214.tick", reason = "Semaphore.acquire", count = 100, atLeast = 0),
        @Leak(at = "C10214.beats", reason = "Semaphore.acquire", count = 100, atLeast = 0)
      })
  public static final class Cockroach10214 implements Case {
    record Replica(Semaphore raft, Semaphore state) {
      Replica() {
        this(new Semaphore(1), new Semaphore(1));
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 100; i++) {
        var store = new Semaphore(1);
        var replicas = List.of(new Replica(), new Replica());
        go(() -> sendQueuedHeartbeats(store, replicas));
        go(() -> tick(store, replicas.getFirst()));
      }
    }

    private static void sendQueuedHeartbeats(Semaphore store, List<Replica> replicas)
        throws InterruptedException {
      store.acquire(); // LEAK C10214.beats
      for (int beat = 0; beat < 2; beat++) {
        for (var replica : replicas) {
          replica.raft.acquire(); // LEAK C10214.replica
          Thread.sleep(1);
          replica.raft.release();
        }
      }
      store.release();
    }

    private static void tick(Semaphore store, Replica replica) throws InterruptedException {
      replica.raft.acquire(); // LEAK C10214.tick
      replica.state.acquire();
      for (int i = 0; i < 2; i++) {
        store.acquire(); // LEAK C10214.store
        store.release();
      }
      replica.state.release();
      replica.raft.release();
    }
  }

  /** The callback of a timer returns without unlocking on one of its paths. */
  @Kernel(
      suite = "goker",
      upstream = "grpc/grpc-go#3017",
      leaks = {
        @Leak(at = "Grpc3017.parent", reason = "CountDownLatch.await", count = 20, atLeast = 0),
        @Leak(at = "Grpc3017.remove", reason = "Semaphore.acquire", count = 20, atLeast = 0),
        @Leak(at = "Grpc3017.create", reason = "Semaphore.acquire", count = 20, atLeast = 0),
        @Leak(at = "Grpc3017.timer", reason = "Semaphore.acquire", count = 20_000, atLeast = 0)
      })
  public static final class Grpc3017 implements Case {
    static final class Entry {
      @Nullable Timer timer;
      boolean abort;

      void cancel() {
        if (timer != null && !timer.stop()) {
          abort = true;
        }
      }
    }

    static final class Cache {
      private final Semaphore mutex = new Semaphore(1);
      private final Map<Integer, Entry> byAddress = new HashMap<>();
      private final Map<Integer, Integer> addresses = new HashMap<>();

      void remove(int connection) throws InterruptedException {
        mutex.acquire(); // LEAK Grpc3017.remove
        Integer address = addresses.get(connection);
        if (address == null || byAddress.containsKey(address)) {
          mutex.release();
          return;
        }
        var entry = new Entry();
        byAddress.put(address, entry);
        entry.timer = Timer.afterFunc(Duration.ofNanos(1), () -> expire(entry, connection));
        mutex.release();
      }

      private void expire(Entry entry, int connection) throws InterruptedException {
        GoLike.yieldNow();
        mutex.acquire(); // LEAK Grpc3017.timer
        if (entry.abort) {
          return;
        }
        Integer address = addresses.remove(connection);
        if (address != null) {
          byAddress.remove(address);
        }
        mutex.release();
      }

      void create(int connection, int address) throws InterruptedException {
        mutex.acquire(); // LEAK Grpc3017.create
        var cached = byAddress.remove(address);
        if (cached != null) {
          cached.cancel();
        } else {
          addresses.put(connection, address);
        }
        mutex.release();
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 20; i++) {
        go(
            () -> {
              var cache = new Cache();
              cache.create(1, 1);
              var done = new CountDownLatch(1);
              go(
                  () -> {
                    for (int n = 0; n < 1000; n++) {
                      cache.remove(1);
                      cache.create(1, 1);
                    }
                    done.countDown();
                  });
              done.await(); // LEAK Grpc3017.parent
            });
      }
    }
  }

  /** A lock per key, taken under the write lock of the map and released under its read lock. */
  @Kernel(
      suite = "goker",
      upstream = "gohugoio/hugo#3251",
      leaks = {
        @Leak(at = "Hugo3251.parent", reason = "CountDownLatch.await", count = 5, atLeast = 0),
        @Leak(at = "Hugo3251.map", reason = "Semaphore.acquire", count = 500, atLeast = 0),
        @Leak(at = "Hugo3251.key", reason = "Semaphore.acquire", count = 5, atLeast = 0),
        @Leak(at = "Hugo3251.unlock", reason = "Semaphore.acquire", count = 5, atLeast = 0)
      })
  public static final class Hugo3251 implements Case {
    static final class RemoteLock {
      private final Semaphore lock = GoLike.readWriteLock();
      private final Map<String, Semaphore> keys = new HashMap<>();

      void lock(String key) throws InterruptedException {
        lock.acquire(WRITE); // LEAK Hugo3251.map
        var mutex = keys.computeIfAbsent(key, _ -> new Semaphore(1));
        mutex.acquire(); // LEAK Hugo3251.key
        GoLike.yieldNow();
        lock.release(WRITE);
      }

      void unlock(String key) throws InterruptedException {
        lock.acquire(); // LEAK Hugo3251.unlock
        var mutex = keys.get(key);
        if (mutex != null) {
          mutex.release();
        }
        lock.release();
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 5; i++) {
        go(
            () -> {
              var lock = new RemoteLock();
              var group = new CountDownLatch(100);
              for (int n = 0; n < 100; n++) {
                go(
                    () -> {
                      for (int times = 0; times < 100; times++) {
                        lock.lock("http://example.org/");
                        lock.unlock("http://example.org/");
                      }
                      group.countDown();
                    });
              }
              group.await(); // LEAK Hugo3251.parent
            });
      }
    }
  }

  /** A renderer needs the mutex of the thread that renders. */
  @Kernel(
      suite = "goker",
      upstream = "gohugoio/hugo#5379",
      leaks = {
        @Leak(at = "Hugo5379.parent", reason = "CountDownLatch.await", count = 20, atLeast = 0),
        @Leak(at = "Hugo5379.content", reason = "Semaphore.acquire", count = 60, atLeast = 0),
        @Leak(at = "Hugo5379.plain", reason = "Semaphore.acquire", count = 60, atLeast = 0),
        @Leak(at = "Hugo5379.mutex", reason = "Semaphore.acquire", count = 60, atLeast = 0),
        @Leak(at = "Hugo5379.render", reason = "Semaphore.acquire", count = 60, atLeast = 0)
      })
  public static final class Hugo5379 implements Case {
    static final class Page {
      private final Once contentInit = new Once();
      private final Once plainInit = new Once();
      private final Semaphore contentMutex = new Semaphore(1);

      void wordCount() throws Exception {
        contentInit.run(this::initContent); // LEAK Hugo5379.content
        plainInit.run(this::initPlain); // LEAK Hugo5379.plain
      }

      private void initContent() throws InterruptedException {
        var rendered = new CountDownLatch(1);
        go(
            () -> {
              contentMutex.acquire(); // LEAK Hugo5379.render
              wordCount();
              contentMutex.release();
              rendered.countDown();
            });
        if (!rendered.await(1, TimeUnit.MILLISECONDS)) {
          GoLike.yieldNow();
        }
      }

      private void initPlain() throws InterruptedException {
        contentMutex.acquire(); // LEAK Hugo5379.mutex
        contentMutex.release();
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 20; i++) {
        go(
            () -> {
              var page = new Page();
              var group = new CountDownLatch(2);
              for (int n = 0; n < 2; n++) {
                go(
                    () -> {
                      page.wordCount();
                      group.countDown();
                    });
              }
              group.await(); // LEAK Hugo5379.parent
            });
      }
    }
  }

  /** Cacher before watch cache, and watch cache before cacher; unlocked in a callback. */
  @Kernel(
      suite = "goker",
      upstream = "kubernetes/kubernetes#13135",
      leaks = {
        @Leak(at = "K13135.replace", reason = "Semaphore.acquire", count = 20, atLeast = 0),
        @Leak(at = "K13135.event", reason = "Semaphore.acquire", count = 20, atLeast = 0)
      })
  public static final class Kubernetes13135 implements Case {
    static final class Cacher {
      private final Semaphore mutex = new Semaphore(1);
      private final Semaphore cache = GoLike.readWriteLock();
      private final CountDownLatch initialized = new CountDownLatch(1);
      private final CountDownLatch stop = new CountDownLatch(1);

      void listAndWatch() throws InterruptedException {
        while (stop.getCount() > 0) {
          mutex.acquire();
          GoLike.yieldNow();
          cache.acquire(WRITE); // LEAK K13135.replace
          initialized.countDown();
          mutex.release();
          cache.release(WRITE);
          GoLike.yieldNow();
        }
      }

      void add() throws InterruptedException {
        cache.acquire(WRITE);
        mutex.acquire(); // LEAK K13135.event
        mutex.release();
        cache.release(WRITE);
      }

      void run() throws InterruptedException {
        go(this::listAndWatch);
        initialized.await();
        go(this::add);
        stop.countDown();
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 20; i++) {
        go(new Cacher()::run);
      }
    }
  }

  /** Informer before queue, and queue before informer; a third waits behind. */
  @Kernel(
      suite = "goker",
      upstream = "kubernetes/kubernetes#30872",
      leaks = {
        @Leak(at = "K30872.start", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "K30872.process", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "K30872.pop", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "K30872.stop", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "K30872.add", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "K30872.queue", reason = "Semaphore.acquire", count = 50, atLeast = 0)
      })
  public static final class Kubernetes30872 implements Case {
    static final class Informer {
      private final Semaphore informer = new Semaphore(1);
      private final Semaphore queue = new Semaphore(1);
      private final Chan<Void> inner = new Chan<>(0);

      void start() throws InterruptedException {
        informer.acquire(); // LEAK K30872.start
        go(
            () -> {
              while (!inner.isClosed()) {
                queue.acquire(); // LEAK K30872.pop
                informer.acquire(); // LEAK K30872.process
                informer.release();
                queue.release();
              }
            });
        GoLike.yieldNow();
        informer.release();
      }

      void stop(Chan<Void> outer) throws InterruptedException {
        outer.receive();
        informer.acquire(); // LEAK K30872.stop
        inner.close();
        informer.release();
      }

      void add() throws InterruptedException {
        informer.acquire(); // LEAK K30872.add
        queue.acquire(); // LEAK K30872.queue
        queue.release();
        informer.release();
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        var informer = new Informer();
        var outer = new Chan<Void>(0);
        go(informer::start);
        go(() -> informer.stop(outer));
        go(informer::add);
        go(outer::close);
      }
    }
  }

  /** A worker waits for a condition under a read lock, a writer waits, and all others behind it. */
  @Kernel(
      suite = "goker",
      upstream = "kubernetes/kubernetes#58107",
      leaks = {
        @Leak(at = "K58107.get", reason = "CountDownLatch.await", count = 20, atLeast = 1),
        @Leak(at = "K58107.worker", reason = "Semaphore.acquire", count = 20, atLeast = 0),
        @Leak(at = "K58107.syncer", reason = "Semaphore.acquire", count = 10, atLeast = 0)
      })
  public static final class Kubernetes58107 implements Case {
    static final class Queue {
      final Semaphore mutex = new Semaphore(1);
      final GoLike.Cond cond = new GoLike.Cond(mutex);

      void get() throws InterruptedException {
        mutex.acquire();
        cond.await(); // LEAK K58107.get
        mutex.release();
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 10; i++) {
        var workers = GoLike.readWriteLock();
        var queues = List.of(new Queue(), new Queue());
        for (var queue : queues) {
          go(
              () -> {
                while (true) {
                  workers.acquire(); // LEAK K58107.worker
                  queue.get();
                  workers.release();
                }
              });
        }
        go(
            () -> {
              for (int n = 0; n < 2000; n++) {
                workers.acquire(WRITE); // LEAK K58107.syncer
                GoLike.yieldNow();
                workers.release(WRITE);
              }
            });
        go(
            () -> {
              for (int n = 0; n < 2000; n++) {
                queues.forEach(queue -> queue.cond.signal());
              }
            });
      }
    }
  }

  /** The outer lock is let go for a moment while the inner one is kept. */
  @Kernel(
      suite = "goker",
      upstream = "moby/moby#4951",
      leaks = {
        @Leak(at = "Moby4951.device", reason = "Semaphore.acquire", count = 40, atLeast = 0),
        @Leak(at = "Moby4951.set", reason = "Semaphore.acquire", count = 40, atLeast = 0)
      })
  public static final class Moby4951 implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 20; i++) {
        var set = new Semaphore(1);
        var device = new Semaphore(1);
        go(() -> deleteDevice(set, device));
        go(() -> deleteDevice(set, device));
      }
    }

    private static void deleteDevice(Semaphore set, Semaphore device) throws InterruptedException {
      set.acquire();
      device.acquire(); // LEAK Moby4951.device
      GoLike.yieldNow();
      set.release();
      Thread.sleep(Duration.ofNanos(300));
      set.acquire(); // LEAK Moby4951.set
      device.release();
      set.release();
    }
  }

  /** Nothing to delete, so it returns: locked. */
  @Kernel(
      suite = "goker",
      upstream = "moby/moby#17176",
      leaks = @Leak(at = "Moby17176", reason = "Semaphore.acquire", count = 100))
  public static final class Moby17176 implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 100; i++) {
        go(
            () -> {
              var mutex = new Semaphore(1);
              cleanup(mutex, 0);
              var done = new SynchronousQueue<Boolean>();
              go(
                  () -> {
                    mutex.acquire(); // LEAK Moby17176
                    mutex.release();
                    done.put(true);
                  });
              if (done.poll(1, TimeUnit.MILLISECONDS) != null) {
                throw new IllegalStateException("the mutex was free");
              }
            });
      }
    }

    private static void cleanup(Semaphore mutex, int toDelete) throws InterruptedException {
      mutex.acquire();
      if (toDelete == 0) {
        return;
      }
      mutex.release();
    }
  }

  /** Waits in the loop that starts the workers. */
  @Kernel(
      suite = "goker",
      upstream = "moby/moby#25384",
      leaks = @Leak(at = "Moby25384", reason = "CountDownLatch.await"))
  public static final class Moby25384 implements Case {
    @Override
    public void start() {
      go(
          () -> {
            var group = new WaitGroup();
            group.add(2);
            for (int plugin = 0; plugin < 2; plugin++) {
              go(group::done);
              group.await(); // LEAK Moby25384
            }
          });
    }
  }
}
