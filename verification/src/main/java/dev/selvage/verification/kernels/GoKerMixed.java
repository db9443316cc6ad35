package dev.selvage.verification.kernels;

import static dev.selvage.Go.go;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Kernels of real bugs that take a lock and a message, or a lock and a count, to make. */
public final class GoKerMixed {
  private GoKerMixed() {}

  /** Waits, holding the mutex, for tasks that wait to be stopped. */
  @Leak(at = "C1055.parent", reason = "chan receive")
  @Leak(at = "C1055.quiesce", reason = "sync.WaitGroup.Wait")
  @Leak(at = "C1055.drain", reason = "sync.WaitGroup.Wait")
  @Leak(at = "C1055.stop", reason = "sync.WaitGroup.Wait")
  @Leak(at = "C1055.worker", reason = "chan receive", perCopy = 2)
  @Leak(at = "C1055.mutex", reason = "sync.Mutex.Lock", perCopy = 2)
  public static final class Cockroach1055 implements Program {
    static final class Stopper {
      private final Mutex mutex = new Mutex();
      private final WaitGroup drain = new WaitGroup();
      private final WaitGroup stop = new WaitGroup();
      private final Channel<Void> stopped = Channel.unbuffered();
      private final boolean fixed;
      private volatile boolean draining;

      Stopper(boolean fixed) {
        this.fixed = fixed;
      }

      void runWorker() {
        stop.add(1);
        go(
            () -> {
              if (!draining) {
                mutex.lock(); // LEAK C1055.mutex
                drain.add(1);
                mutex.unlock();
                if (fixed) {
                  drain.done();
                }
              }
              stopped.receiveOrNull(); // LEAK C1055.worker
              stop.done();
            });
      }

      void quiesce() throws InterruptedException {
        mutex.lock();
        draining = true;
        drain.await(); // LEAK C1055.quiesce
        draining = false;
        mutex.unlock();
      }

      void stop() throws InterruptedException {
        mutex.lock();
        draining = true;
        drain.await(); // LEAK C1055.drain
        stopped.close();
        if (fixed) {
          mutex.unlock();
          stop.await();
        } else {
          // A worker that has not registered by now waits for the mutex that is held here.
          stop.await(); // LEAK C1055.stop
          mutex.unlock();
        }
      }
    }

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var stoppers = List.of(new Stopper(copy.fixed()), new Stopper(copy.fixed()));
            stoppers.forEach(Stopper::runWorker);
            var done = Channel.<Void>unbuffered();
            go(
                () -> {
                  for (var stopper : stoppers) {
                    stopper.quiesce();
                  }
                  for (var stopper : stoppers) {
                    stopper.stop();
                  }
                  done.close();
                });
            done.receiveOrNull(); // LEAK C1055.parent
          });
    }
  }

  /** A follower receives under the mutex that the leader needs to close the channel. */
  @Leak(at = "Etcd7902.parent", reason = "sync.WaitGroup.Wait")
  @Leak(at = "Etcd7902.first", reason = "sync.Mutex.Lock", perCopy = 2)
  @Leak(at = "Etcd7902.second", reason = "sync.Mutex.Lock", perCopy = 2)
  @Leak(at = "Etcd7902.next", reason = "chan receive")
  public static final class Etcd7902 implements Program {
    private static final int ROUNDS = 100;

    private final Mutex mutex = new Mutex();
    private Channel<Void> next = Channel.unbuffered();

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var group = new WaitGroup();
            for (int i = 0; i < 3; i++) {
              boolean leader = i == 0;
              group.go(() -> client(leader, copy.fixed()));
            }
            group.await(); // LEAK Etcd7902.parent
          });
    }

    private void client(boolean leader, boolean fixed) throws InterruptedException {
      for (int round = 1; round <= ROUNDS; round++) {
        mutex.lock(); // LEAK Etcd7902.first
        var mine = next;
        mutex.unlock();
        Go.sleep(Duration.ofMillis(10));
        mutex.lock(); // LEAK Etcd7902.second
        if (leader) {
          next.close();
          // Without the bug, the last one stays closed for those that lag behind.
          if (!fixed || round < ROUNDS) {
            next = Channel.unbuffered();
          }
        }
        if (fixed) {
          mutex.unlock();
          mine.receiveOrNull();
        } else {
          mine.receiveOrNull(); // LEAK Etcd7902.next
          mutex.unlock();
        }
      }
    }
  }

  /** A handler sends under a lock that the receiver wants; and one receive too many. */
  @Leak(at = "Istio16224.lock", reason = "sync.Mutex.Lock")
  @Leak(at = "Istio16224.send", reason = "chan send")
  @Leak(at = "Istio16224.extra", reason = "chan receive")
  public static final class Istio16224 implements Program {
    private final Channel<Boolean> events = Channel.unbuffered();
    private final Channel<Boolean> done = Channel.unbuffered();
    private final Channel<Void> stop = Channel.unbuffered();
    private final Mutex mutex = new Mutex();

    @Override
    public void start(Copy copy) {
      go(() -> monitor(copy.fixed()));
      go(
          () -> {
            events.send(true);
            mutex.lock(); // LEAK Istio16224.lock
            mutex.unlock();
            done.receive();
            stop.close();
          });
    }

    private void monitor(boolean fixed) throws InterruptedException {
      boolean running = true;
      while (running) {
        running =
            select(receive(stop, _ -> false).orClosed(() -> false), receive(events, _ -> true));
        if (running) {
          handle(fixed);
        }
      }
      if (!fixed) {
        events.receive(); // LEAK Istio16224.extra
      }
    }

    private void handle(boolean fixed) throws InterruptedException {
      mutex.lock();
      if (fixed) {
        mutex.unlock();
        done.send(true);
      } else {
        done.send(true); // LEAK Istio16224.send
        mutex.unlock();
      }
    }
  }

  /** Sends under a lock that is needed by who could receive. */
  @Leak(at = "K6632.write", reason = "chan send")
  @Leak(at = "K6632.monitor", reason = "sync.Mutex.Lock")
  public static final class Kubernetes6632 implements Program {
    private final Mutex mutex = new Mutex();
    private final Channel<Boolean> close = Channel.unbuffered();
    private @Nullable Channel<Boolean> reset = Channel.unbuffered();

    @Override
    public void start(Copy copy) {
      var drained = reset;
      go(this::writeFrame);
      go(
          () -> {
            close.receive();
            if (copy.fixed() && drained != null) {
              go(() -> drain(drained));
            }
            monitor();
          });
      go(() -> close.send(true));
    }

    private void writeFrame() throws InterruptedException {
      mutex.lock();
      if (reset != null) {
        reset.send(true); // LEAK K6632.write
      }
      mutex.unlock();
    }

    private void monitor() throws InterruptedException {
      mutex.lock(); // LEAK K6632.monitor
      if (reset != null) {
        reset.close();
        reset = null;
      }
      mutex.unlock();
    }

    private static void drain(Channel<Boolean> reset) throws InterruptedException {
      while (reset.receiveOrNull() != null) {
        Go.yield();
      }
    }
  }

  /** Setters send under the lock that the consumer takes between two receives. */
  @Leak(at = "K10182.consumer", reason = "sync.Mutex.Lock")
  @Leak(at = "K10182.setter", reason = "chan send")
  public static final class Kubernetes10182 implements Program {
    private final Channel<Integer> pods = Channel.unbuffered();
    private final Mutex mutex = new Mutex();

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            for (int i = 0; i < 2; i++) {
              Go.yield();
              pods.receive();
              mutex.lock(); // LEAK K10182.consumer
              mutex.unlock();
            }
          });
      for (int i = 0; i < 2; i++) {
        int pod = i;
        go(() -> set(pod, copy.fixed()));
      }
    }

    private void set(int pod, boolean fixed) throws InterruptedException {
      mutex.lock();
      if (fixed) {
        mutex.unlock();
        pods.send(pod);
      } else {
        pods.send(pod); // LEAK K10182.setter
        mutex.unlock();
      }
    }
  }

  /** Waits inside the loop that starts what it waits for. */
  @Leak(at = "Moby25348", reason = "sync.WaitGroup.Wait")
  public static final class Moby25348 implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var group = new WaitGroup();
            group.add(2);
            for (int plugin = 0; plugin < 2; plugin++) {
              go(group::done);
              if (!copy.fixed()) {
                group.await(); // LEAK Moby25348
              }
            }
            if (copy.fixed()) {
              group.await();
            }
          });
    }
  }

  /** Requests are granted in another order than they are let go. */
  @Leak(at = "Serving2137.main", reason = "chan receive")
  @Leak(at = "Serving2137.active", reason = "chan send")
  @Leak(at = "Serving2137.thunk", reason = "sync.Mutex.Lock")
  public static final class Serving2137 implements Program {
    record Request(Mutex lock, Channel<Boolean> accepted) {}

    private final Channel<Boolean> pending = Channel.buffered(2);
    private final Channel<Boolean> active = Channel.buffered(1);

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var requests = new ArrayList<Request>();
            requests.add(request());
            requests.add(request());
            if (copy.fixed()) {
              requests.forEach(request -> request.lock.unlock());
            }
            for (var request : requests) {
              if (!copy.fixed()) {
                request.lock.unlock();
              }
              boolean accepted = request.accepted.receive(); // LEAK Serving2137.main
              request.accepted.send(accepted);
            }
          });
    }

    private Request request() throws InterruptedException {
      var request = new Request(new Mutex(), Channel.buffered(1));
      request.lock.lock();
      var started = Channel.<Void>unbuffered();
      go(
          () -> {
            started.close();
            Chance.give();
            request.accepted.send(maybe(request.lock));
          });
      started.receiveOrNull();
      return request;
    }

    private boolean maybe(Mutex lock) throws InterruptedException {
      if (!pending.trySend(true)) {
        return false;
      }
      active.send(true); // LEAK Serving2137.active
      lock.lock(); // LEAK Serving2137.thunk
      Go.yield();
      lock.unlock();
      active.receive();
      pending.receive();
      return true;
    }
  }
}
