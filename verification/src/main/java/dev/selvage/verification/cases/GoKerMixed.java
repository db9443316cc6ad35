package dev.selvage.verification.cases;

import static dev.selvage.verification.cases.GoLike.go;
import static dev.selvage.verification.cases.GoLike.select;

import dev.selvage.verification.cases.GoLike.Chan;
import dev.selvage.verification.cases.GoLike.WaitGroup;
import dev.selvage.verification.cases.Kernel.Leak;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Kernels of real bugs that take a lock and a message, or a lock and a count, to make. */
public final class GoKerMixed {
  private GoKerMixed() {}

  /** Quiesce waits, holding the mutex, for tasks that wait to be stopped. */
  @Kernel(
      suite = "goker",
      upstream = "cockroachdb/cockroach#1055",
      leaks = {
        @Leak(at = "C1055.parent", reason = "CountDownLatch.await", count = 100, atLeast = 0),
        @Leak(at = "C1055.quiesce", reason = "CountDownLatch.await", count = 100, atLeast = 0),
        @Leak(at = "C1055.drain", reason = "CountDownLatch.await", count = 100, atLeast = 0),
        @Leak(at = "C1055.stop", reason = "CountDownLatch.await", count = 100, atLeast = 0),
        @Leak(at = "C1055.worker", reason = "CountDownLatch.await", count = 200, atLeast = 0),
        @Leak(at = "C1055.mutex", reason = "Semaphore.acquire", count = 200, atLeast = 0)
      })
  public static final class Cockroach1055 implements Case {
    static final class Stopper {
      private final Semaphore mutex = new Semaphore(1);
      private final WaitGroup drain = new WaitGroup();
      private final WaitGroup stop = new WaitGroup();
      private final CountDownLatch stopped = new CountDownLatch(1);
      private volatile boolean draining;

      void runWorker() {
        stop.add(1);
        go(
            () -> {
              if (!draining) {
                mutex.acquire(); // LEAK C1055.mutex
                drain.add(1);
                mutex.release();
              }
              stopped.await(); // LEAK C1055.worker
              stop.done();
            });
      }

      void quiesce() throws InterruptedException {
        mutex.acquire();
        draining = true;
        drain.await(); // LEAK C1055.quiesce
        draining = false;
        mutex.release();
      }

      void stop() throws InterruptedException {
        mutex.acquire();
        draining = true;
        drain.await(); // LEAK C1055.drain
        stopped.countDown();
        // A worker that has not registered by now waits for the mutex that is held here.
        stop.await(); // LEAK C1055.stop
        mutex.release();
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 100; i++) {
        go(
            () -> {
              var stoppers = List.of(new Stopper(), new Stopper());
              stoppers.forEach(Stopper::runWorker);
              var done = new CountDownLatch(1);
              go(
                  () -> {
                    for (var stopper : stoppers) {
                      stopper.quiesce();
                    }
                    for (var stopper : stoppers) {
                      stopper.stop();
                    }
                    done.countDown();
                  });
              done.await(); // LEAK C1055.parent
            });
      }
    }
  }

  /** A follower receives under the mutex that the leader needs to close the channel. */
  @Kernel(
      suite = "goker",
      upstream = "etcd-io/etcd#7902",
      leaks = {
        @Leak(at = "Etcd7902.parent", reason = "CountDownLatch.await", count = 20, atLeast = 0),
        @Leak(at = "Etcd7902.next", reason = "CountDownLatch.await", count = 20, atLeast = 0),
        @Leak(at = "Etcd7902.first", reason = "Semaphore.acquire", count = 60, atLeast = 0),
        @Leak(at = "Etcd7902.second", reason = "Semaphore.acquire", count = 60, atLeast = 0)
      })
  public static final class Etcd7902 implements Case {
    static final class Election {
      private final Semaphore mutex = new Semaphore(1);
      private final CountDownLatch group = new CountDownLatch(3);
      private CountDownLatch next = new CountDownLatch(1);

      void client(boolean leader) throws InterruptedException {
        for (int round = 0; round < 10; round++) {
          mutex.acquire(); // LEAK Etcd7902.first
          var mine = next;
          mutex.release();
          Thread.sleep(10);
          mutex.acquire(); // LEAK Etcd7902.second
          if (leader) {
            next.countDown();
            next = new CountDownLatch(1);
          }
          mine.await(); // LEAK Etcd7902.next
          mutex.release();
        }
        group.countDown();
      }

      void run() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
          boolean leader = i == 2; // Go would run the one that was started last first
          go(() -> client(leader));
        }
        group.await(); // LEAK Etcd7902.parent
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 20; i++) {
        go(new Election()::run);
      }
    }
  }

  /** A handler sends under a lock that the receiver wants; and one receive too many. */
  @Kernel(
      suite = "goker",
      upstream = "istio/istio#16224",
      leaks = {
        @Leak(at = "Istio16224.lock", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "Istio16224.send", reason = "BlockingQueue.put", count = 50, atLeast = 0),
        @Leak(at = "Istio16224.extra", reason = "Future.get", count = 50, atLeast = 0)
      })
  public static final class Istio16224 implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        var events = new Chan<Boolean>(0);
        var stop = new Chan<Void>(0);
        var mutex = new Semaphore(1);
        var done = new SynchronousQueue<Boolean>();
        go(
            () -> {
              while (select(stop.receiving(), events.receiving()) == 1) {
                mutex.acquire();
                done.put(true); // LEAK Istio16224.send
                mutex.release();
              }
              events.receive(); // LEAK Istio16224.extra
            });
        go(
            () -> {
              events.send(true);
              mutex.acquire(); // LEAK Istio16224.lock
              mutex.release();
              done.take();
              stop.close();
            });
      }
    }
  }

  /** Sends under a lock; who could unblock it needs the lock. */
  @Kernel(
      suite = "goker",
      upstream = "kubernetes/kubernetes#6632",
      leaks = {
        @Leak(at = "K6632.write", reason = "BlockingQueue.put", count = 50, atLeast = 0),
        @Leak(at = "K6632.monitor", reason = "Semaphore.acquire", count = 50, atLeast = 0)
      })
  public static final class Kubernetes6632 implements Case {
    static final class Connection {
      private final Semaphore mutex = new Semaphore(1);
      private final SynchronousQueue<Boolean> close = new SynchronousQueue<>();
      private @Nullable SynchronousQueue<Boolean> reset = new SynchronousQueue<>();

      void writeFrame() throws InterruptedException {
        mutex.acquire();
        if (reset != null) {
          reset.put(true); // LEAK K6632.write
        }
        mutex.release();
      }

      void monitor() throws InterruptedException {
        close.take();
        mutex.acquire(); // LEAK K6632.monitor
        reset = null;
        mutex.release();
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        var connection = new Connection();
        go(connection::writeFrame);
        go(connection::monitor);
        go(() -> connection.close.put(true));
      }
    }
  }

  /** Setters send under the lock that the consumer takes between two receives. */
  @Kernel(
      suite = "goker",
      upstream = "kubernetes/kubernetes#10182",
      leaks = {
        @Leak(at = "K10182.consumer", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "K10182.setter", reason = "BlockingQueue.put", count = 50, atLeast = 0)
      })
  public static final class Kubernetes10182 implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        var pods = new SynchronousQueue<Integer>();
        var mutex = new Semaphore(1);
        go(
            () -> {
              for (int n = 0; n < 2; n++) {
                GoLike.yieldNow();
                pods.take();
                mutex.acquire(); // LEAK K10182.consumer
                mutex.release();
              }
            });
        for (int n = 0; n < 2; n++) {
          int pod = n;
          go(
              () -> {
                mutex.acquire();
                pods.put(pod); // LEAK K10182.setter
                mutex.release();
              });
        }
      }
    }
  }

  /** Requests are granted in another order than they are let go. */
  @Kernel(
      suite = "goker",
      upstream = "knative/serving#2137",
      leaks = {
        @Leak(at = "Serving2137.main", reason = "BlockingQueue.take", count = 50, atLeast = 0),
        @Leak(at = "Serving2137.active", reason = "BlockingQueue.put", count = 50, atLeast = 0),
        @Leak(at = "Serving2137.thunk", reason = "Semaphore.acquire", count = 50, atLeast = 0)
      })
  public static final class Serving2137 implements Case {
    record Request(Semaphore lock, BlockingQueue<Boolean> accepted) {}

    static final class Breaker {
      private final BlockingQueue<Boolean> pending = new ArrayBlockingQueue<>(2);
      private final BlockingQueue<Boolean> active = new ArrayBlockingQueue<>(1);

      Request request() throws InterruptedException {
        var request = new Request(new Semaphore(0), new ArrayBlockingQueue<>(1));
        var started = new CountDownLatch(1);
        go(
            () -> {
              started.countDown();
              for (int n = ThreadLocalRandom.current().nextInt(50); n > 0; n--) {
                GoLike.yieldNow();
              }
              request.accepted.put(maybe(request.lock));
            });
        started.await();
        return request;
      }

      private boolean maybe(Semaphore lock) throws InterruptedException {
        if (!pending.offer(true)) {
          return false;
        }
        active.put(true); // LEAK Serving2137.active
        lock.acquire(); // LEAK Serving2137.thunk
        GoLike.yieldNow();
        lock.release();
        active.take();
        pending.take();
        return true;
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        go(
            () -> {
              var breaker = new Breaker();
              var requests = new ArrayList<Request>();
              requests.add(breaker.request());
              requests.add(breaker.request());
              for (var request : requests) {
                request.lock.release();
                request.accepted.put(request.accepted.take()); // LEAK Serving2137.main
              }
            });
      }
    }
  }
}
