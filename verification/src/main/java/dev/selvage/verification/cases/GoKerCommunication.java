package dev.selvage.verification.cases;

import static dev.selvage.verification.cases.GoLike.go;
import static dev.selvage.verification.cases.GoLike.select;

import dev.selvage.verification.cases.GoLike.Chan;
import dev.selvage.verification.cases.GoLike.Timer;
import dev.selvage.verification.cases.Kernel.Leak;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import org.jspecify.annotations.Nullable;

/** Kernels of real bugs in which messages are sent or awaited in vain. */
public final class GoKerCommunication {
  private GoKerCommunication() {}

  /** On cancel a drainer is started, but the sender has stopped on cancel as well. */
  @Kernel(
      suite = "goker",
      upstream = "cockroachdb/cockroach#10790",
      leaks = @Leak(at = "Cockroach10790", reason = "Future.get", count = 100, atLeast = 0))
  public static final class Cockroach10790 implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        var chans = List.of(new Chan<Boolean>(0), new Chan<Boolean>(0));
        var done = new Chan<Void>(0);
        go(
            () -> {
              for (var chan : chans) {
                if (select(chan.sending(true), done.receiving()) == 1) {
                  return;
                }
              }
            });
        go(done::close);
        go(
            () -> {
              for (var chan : chans) {
                if (select(chan.receiving(), done.receiving()) == 1) {
                  go(() -> drain(chans));
                }
              }
            });
      }
    }

    private static void drain(List<Chan<Boolean>> chans) throws InterruptedException {
      for (var chan : chans) {
        chan.receive(); // LEAK Cockroach10790
      }
    }
  }

  /** A transaction is dropped without commit or rollback, so its context is never cancelled. */
  @Kernel(
      suite = "goker",
      upstream = "cockroachdb/cockroach#13197",
      leaks = @Leak(at = "Cockroach13197", reason = "Future.get"))
  public static final class Cockroach13197 implements Case {
    record Tx(Runnable cancel) {}

    @Override
    public void start() {
      go(
          () -> {
            Tx tx = begin();
            if (Thread.currentThread().isInterrupted()) {
              tx.cancel().run();
            }
          });
    }

    private static Tx begin() {
      var cancelled = new CompletableFuture<Void>();
      go(
          () -> {
            cancelled.get(); // LEAK Cockroach13197
          });
      return new Tx(() -> cancelled.complete(null));
    }
  }

  /** Receives on a shutdown channel that nobody closes. */
  @Kernel(
      suite = "goker",
      upstream = "cockroachdb/cockroach#25456",
      leaks = @Leak(at = "Cockroach25456", reason = "CountDownLatch.await"))
  public static final class Cockroach25456 implements Case {
    static final class Stopper {
      final CountDownLatch quiesce = new CountDownLatch(1);
    }

    @Override
    public void start() {
      var stopper = new Stopper();
      go(
          () -> {
            stopper.quiesce.await(); // LEAK Cockroach25456
          });
    }
  }

  /** A cancellation message for a queue that is full already. */
  @Kernel(
      suite = "goker",
      upstream = "cockroachdb/cockroach#35931",
      leaks = @Leak(at = "Cockroach35931", reason = "BlockingQueue.put"))
  public static final class Cockroach35931 implements Case {
    @Override
    public void start() {
      go(
          () -> {
            var left = new ArrayBlockingQueue<String>(1);
            var right = new ArrayBlockingQueue<String>(1);
            left.put("row");
            var registry = new Semaphore(1);
            registry.acquire();
            var receivers = List.<BlockingQueue<String>>of(left, right);
            registry.release();
            for (var receiver : receivers) {
              receiver.put("cancelled"); // LEAK Cockroach35931
            }
          });
    }
  }

  /** An unguarded send to a server loop that has stopped. */
  @Kernel(
      suite = "goker",
      upstream = "etcd-io/etcd#6857",
      leaks = @Leak(at = "Etcd6857", reason = "Future.get", count = 50, atLeast = 0))
  public static final class Etcd6857 implements Case {
    static final class Node {
      final Chan<Chan<Integer>> status = new Chan<>(0);
      final Chan<Boolean> stop = new Chan<>(0);
      final Chan<Void> done = new Chan<>(0);

      void run() throws InterruptedException {
        while (true) {
          var asked = status.receiving();
          if (select(asked, stop.receiving()) == 1) {
            done.close();
            return;
          }
          var reply = asked.value;
          if (reply != null) {
            reply.send(1);
          }
        }
      }

      void stop() throws InterruptedException {
        if (select(stop.sending(true), done.receiving()) == 0) {
          done.receive();
        }
      }

      @Nullable Integer status() throws InterruptedException {
        var reply = new Chan<Integer>(0);
        status.send(reply); // LEAK Etcd6857
        return reply.receive();
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        var node = new Node();
        go(node::run);
        go(node::stop);
        go(() -> node.status());
      }
    }
  }

  /** The parent returns on stop without the worker's result. */
  @Kernel(
      suite = "goker",
      upstream = "grpc/grpc-go#660",
      leaks = @Leak(at = "Grpc660", reason = "Future.get"))
  public static final class Grpc660 implements Case {
    @Override
    public void start() {
      var stop = new Chan<Boolean>(0);
      go(
          () -> {
            while (true) {
              var done = new Chan<Boolean>(0);
              go(
                  () -> {
                    done.send(true); // LEAK Grpc660
                  });
              if (select(stop.receiving(), done.receiving()) == 0) {
                return;
              }
            }
          });
      go(() -> stop.send(true));
    }
  }

  /** A connection is lost on an early return, and its context with it. */
  @Kernel(
      suite = "goker",
      upstream = "grpc/grpc-go#862",
      leaks = @Leak(at = "Grpc862", reason = "Future.get"))
  public static final class Grpc862 implements Case {
    record Connection(CompletableFuture<Void> context) {}

    @Override
    public void start() {
      var outer = new CompletableFuture<Void>();
      go(
          () -> {
            var connection = dial(outer);
            if (connection != null) {
              connection.context.complete(null);
            }
          });
      go(() -> outer.complete(null));
    }

    private static @Nullable Connection dial(CompletableFuture<Void> outer) throws Exception {
      var connection = new Connection(new CompletableFuture<>());
      go(
          () -> {
            var child = new CompletableFuture<Void>();
            var unused = connection.context.whenComplete((_, _) -> child.complete(null));
            child.get(); // LEAK Grpc862
          });
      outer.get();
      return outer.isDone() ? null : connection;
    }
  }

  /** A watcher returns without a word on its done channel. */
  @Kernel(
      suite = "goker",
      upstream = "grpc/grpc-go#1424",
      leaks = @Leak(at = "Grpc1424", reason = "CountDownLatch.await"))
  public static final class Grpc1424 implements Case {
    @Override
    public void start() {
      var addresses = new Chan<String>(0);
      go(
          () -> {
            var done = new CountDownLatch(1);
            go(() -> watch(addresses, done));
            done.await(); // LEAK Grpc1424
          });
      addresses.close();
    }

    private static void watch(Chan<String> addresses, CountDownLatch done)
        throws InterruptedException {
      while (addresses.receive() != null) {
        if (done.getCount() == 0) {
          return;
        }
        done.countDown();
      }
    }
  }

  /** A timer is drained twice; whoever resets it waits behind. */
  @Kernel(
      suite = "goker",
      upstream = "istio/istio#18454",
      leaks = {
        @Leak(at = "Istio18454.strategy", reason = "Future.get", count = 50, atLeast = 0),
        @Leak(at = "Istio18454.processor", reason = "Future.get", count = 50, atLeast = 0)
      })
  public static final class Istio18454 implements Case {
    static final class Strategy {
      final Chan<Boolean> reset = new Chan<>(1);
      final Chan<Void> cancelled = new Chan<>(0);
      final Semaphore mutex = new Semaphore(1);
      @Nullable Timer timer;

      void onChange() throws InterruptedException {
        mutex.acquire();
        if (timer != null) {
          mutex.release();
          reset.send(true); // LEAK Istio18454.processor
          return;
        }
        Timer created = Timer.create(Duration.ofNanos(1));
        timer = created;
        go(() -> work(created));
        mutex.release();
      }

      private void work(Timer timer) throws InterruptedException {
        while (true) {
          switch (select(timer.c.receiving(), reset.receiving(), cancelled.receiving())) {
            case 0 -> GoLike.yieldNow();
            case 1 -> {
              if (!timer.stop()) {
                timer.c.receive(); // LEAK Istio18454.strategy
              }
              timer.reset(Duration.ofNanos(1));
            }
            default -> {
              timer.stop();
              return;
            }
          }
        }
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        var strategy = new Strategy();
        var events = new Chan<Boolean>(128);
        for (int n = 0; n < 128; n++) {
          GoLike.selectNow(events.sending(true));
        }
        var stop = new Chan<Void>(0);
        go(
            () -> {
              while (select(stop.receiving(), events.receiving()) == 1) {
                strategy.onChange();
              }
              strategy.cancelled.close();
            });
        go(
            () -> {
              Thread.sleep(1);
              stop.close();
            });
      }
    }
  }

  /** A signal is missed; the wait runs in another thread than the one that locked. */
  @Kernel(
      suite = "goker",
      upstream = "kubernetes/kubernetes#11298",
      leaks = {
        @Leak(at = "K11298.waiter", reason = "CountDownLatch.await", count = 50, atLeast = 0),
        @Leak(at = "K11298.waiter", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "K11298.aborted", reason = "Future.get", count = 50, atLeast = 0),
        @Leak(at = "K11298.loop", reason = "Future.get", count = 50, atLeast = 0),
        @Leak(at = "K11298.lock", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "K11298.notifier", reason = "Semaphore.acquire", count = 50, atLeast = 0),
        @Leak(at = "K11298.main", reason = "Future.get", count = 50, atLeast = 0)
      })
  public static final class Kubernetes11298 implements Case {
    static final class Notifier {
      final Semaphore mutex = new Semaphore(1);
      final GoLike.Cond cond = new GoLike.Cond(mutex);

      void serviceLoop(Chan<Void> abort) throws InterruptedException {
        mutex.acquire(); // LEAK K11298.lock
        try {
          while (!abort.isClosed()) {
            var woken =
                GoLike.after(
                    () -> {
                      cond.await(); // LEAK K11298.waiter
                    });
            if (select(abort.receiving(), woken.receiving()) == 0) { // LEAK K11298.loop
              cond.signal();
              woken.receive(); // LEAK K11298.aborted
              return;
            }
          }
        } finally {
          mutex.release();
        }
      }

      void notify(Chan<Void> abort) throws InterruptedException {
        var finished =
            GoLike.after(
                () -> {
                  while (!abort.isClosed()) {
                    mutex.acquire(); // LEAK K11298.notifier
                    cond.signal();
                    mutex.release();
                  }
                });
        while (!abort.isClosed()) {
          serviceLoop(finished);
        }
      }
    }

    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        go(
            () -> {
              var notifier = new Notifier();
              var abort = new Chan<Void>(0);
              var notified = GoLike.after(() -> notifier.notify(abort));
              Thread.sleep(Duration.ofNanos(300));
              abort.close();
              notified.receive(); // LEAK K11298.main
            });
      }
    }
  }

  /** The error is sent to a reader that was cancelled just before. */
  @Kernel(
      suite = "goker",
      upstream = "kubernetes/kubernetes#25331",
      leaks = @Leak(at = "Kubernetes25331", reason = "BlockingQueue.put"))
  @SuppressWarnings("ModifiedButNotUsed") // nobody receives: that is the bug
  public static final class Kubernetes25331 implements Case {
    @Override
    public void start() {
      var errors = new Chan<String>(0);
      var results = new SynchronousQueue<String>();
      var context = new Chan<Void>(0);
      go(
          () -> {
            if (select(errors.receiving(), context.receiving()) == 0) {
              context.close();
              results.put("error"); // LEAK Kubernetes25331
            }
          });
      go(
          () -> {
            errors.send("error");
            context.close();
          });
    }
  }

  /** The first events are sent before anybody could read them. */
  @Kernel(
      suite = "goker",
      upstream = "kubernetes/kubernetes#38669",
      leaks = @Leak(at = "Kubernetes38669", reason = "BlockingQueue.put"))
  @SuppressWarnings("ModifiedButNotUsed") // nobody receives: that is the bug
  public static final class Kubernetes38669 implements Case {
    @Override
    public void start() {
      var input = new Chan<String>(0);
      var result = new SynchronousQueue<String>();
      go(
          () -> {
            for (var event : List.of("first", "second")) {
              result.put(event); // LEAK Kubernetes38669
            }
            for (String event; (event = input.receive()) != null; ) {
              result.put(event);
            }
          });
      go(input::close);
    }
  }

  /** Waits for a channel that only its own exit would close. */
  @Kernel(
      suite = "goker",
      upstream = "kubernetes/kubernetes#70277",
      leaks = @Leak(at = "Kubernetes70277", reason = "Future.get", count = 100, atLeast = 0))
  public static final class Kubernetes70277 implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 100; i++) {
        go(
            () -> {
              var stop = new Chan<Void>(0);
              try {
                waitFor(System.nanoTime() + 10_000_000, stop);
                stop.receive(); // LEAK Kubernetes70277
              } finally {
                stop.close();
              }
            });
      }
    }

    private static void waitFor(long until, Chan<Void> stop) throws InterruptedException {
      var ticks = new Chan<Boolean>(0);
      go(
          () -> {
            long end = System.nanoTime() + 80_000_000;
            while (System.nanoTime() < end && !stop.isClosed()) {
              Thread.sleep(1);
              GoLike.selectNow(ticks.sending(true));
            }
            ticks.close();
          });
      while (ticks.receive() != null) {
        if (System.nanoTime() >= until) {
          return;
        }
      }
    }
  }

  /** On stop the result of a probe is not drained. */
  @Kernel(
      suite = "goker",
      upstream = "moby/moby#33781",
      leaks = @Leak(at = "Moby33781", reason = "Future.get", count = 50, atLeast = 0))
  public static final class Moby33781 implements Case {
    @Override
    public void start() {
      for (int i = 0; i < 50; i++) {
        int millis = i % 10;
        var stop = new Chan<Boolean>(0);
        go(() -> monitor(stop));
        go(
            () -> {
              Thread.sleep(millis);
              stop.send(true);
            });
      }
    }

    private static void monitor(Chan<Boolean> stop) throws InterruptedException {
      while (select(stop.receiving(), GoLike.after(Duration.ofMillis(1)).receiving()) == 1) {
        var results = new Chan<Boolean>(0);
        var timeout = GoLike.after(Duration.ofMillis(1));
        go(
            () -> {
              results.send(true); // LEAK Moby33781
              results.close();
            });
        switch (select(stop.receiving(), results.receiving(), timeout.receiving())) {
          case 0 -> {
            return;
          }
          case 1 -> GoLike.yieldNow();
          default -> results.receive();
        }
      }
    }
  }
}
