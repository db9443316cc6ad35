package dev.selvage.verification.kernels;

import static dev.selvage.Go.go;
import static dev.selvage.Select.otherwise;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.Cond;
import dev.selvage.sync.Mutex;
import dev.selvage.time.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Kernels of real bugs in which a channel, or a condition, is used in vain. */
public final class GoKerChannels {
  private GoKerChannels() {}

  /** Waits to be stopped by nobody, where it should have asked whether it is. */
  @Leak(at = "Cockroach25456", reason = "chan receive")
  public static final class Cockroach25456 implements Program {
    record Stopper(Channel<Void> quiesce) {}

    @Override
    public void start(Copy copy) {
      var stopper = new Stopper(Channel.unbuffered());
      go(() -> process(stopper, copy.fixed()));
    }

    private static void process(Stopper stopper, boolean fixed) throws InterruptedException {
      if (fixed) {
        select(receive(stopper.quiesce, _ -> true).orClosed(() -> true), otherwise(() -> false));
      } else {
        stopper.quiesce.receiveOrNull(); // LEAK Cockroach25456
      }
    }
  }

  /** Says that all is cancelled on a channel that is full already. */
  @Leak(at = "Cockroach35931", reason = "chan send")
  public static final class Cockroach35931 implements Program {
    record Flow(Mutex registry, List<Channel<String>> inbound) {
      void cancel(boolean fixed) throws InterruptedException {
        List<Channel<String>> receivers = registry.callWithLock(() -> List.copyOf(inbound));
        for (var receiver : receivers) {
          if (fixed) {
            receiver.trySend("cancelled");
          } else {
            receiver.send("cancelled"); // LEAK Cockroach35931
          }
        }
      }
    }

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var left = Channel.<String>buffered(1);
            var right = Channel.<String>buffered(1);
            left.send("row");
            new Flow(new Mutex(), List.of(left, right)).cancel(copy.fixed());
          });
    }
  }

  /** Asks a server loop that may have stopped, and nothing guards the question. */
  @Leak(at = "Etcd6857", reason = "chan send")
  public static final class Etcd6857 implements Program {
    private final Channel<Channel<Integer>> status = Channel.unbuffered();
    private final Channel<Boolean> stop = Channel.unbuffered();
    private final Channel<Void> done = Channel.unbuffered();

    @Override
    public void start(Copy copy) {
      go(this::run);
      go(this::stop);
      go(() -> status(copy.fixed()));
    }

    private void run() throws InterruptedException {
      while (true) {
        Optional<Channel<Integer>> reply =
            select(receive(status, Optional::of), receive(stop, _ -> Optional.empty()));
        if (reply.isEmpty()) {
          done.close();
          return;
        }
        reply.get().send(1);
      }
    }

    private void stop() throws InterruptedException {
      select(send(stop, true, () -> true), receive(done, _ -> false).orClosed(() -> false));
      done.receiveOrNull();
    }

    private void status(boolean fixed) throws InterruptedException {
      var reply = Channel.<Integer>unbuffered();
      if (fixed) {
        boolean asked =
            select(
                send(status, reply, () -> true), receive(done, _ -> false).orClosed(() -> false));
        if (!asked) {
          return;
        }
      } else {
        status.send(reply); // LEAK Etcd6857
      }
      reply.receive();
    }
  }

  /** The parent returns when told to stop, without the result of the child that it started. */
  @Leak(at = "Grpc660", reason = "chan send")
  public static final class Grpc660 implements Program {
    @Override
    public void start(Copy copy) {
      var stop = Channel.<Boolean>unbuffered();
      go(
          () -> {
            boolean stopped = false;
            while (!stopped) {
              var done =
                  copy.fixed() ? Channel.<Boolean>buffered(1) : Channel.<Boolean>unbuffered();
              go(
                  () -> {
                    done.send(true); // LEAK Grpc660
                  });
              stopped = select(receive(stop, _ -> true), receive(done, _ -> false));
            }
          });
      go(() -> stop.send(true));
    }
  }

  /** A watcher returns without a word on its done channel. */
  @Leak(at = "Grpc1424", reason = "chan receive")
  public static final class Grpc1424 implements Program {
    @Override
    public void start(Copy copy) {
      var addresses = Channel.<String>unbuffered();
      go(
          () -> {
            var done = Channel.<Void>unbuffered();
            go(() -> watch(addresses, done, copy.fixed()));
            done.receiveOrNull(); // LEAK Grpc1424
          });
      addresses.close();
    }

    private static void watch(Channel<String> addresses, Channel<Void> done, boolean fixed) {
      for (var address : addresses) {
        if (address.isEmpty()) {
          done.close();
          return;
        }
      }
      if (fixed) {
        done.close();
      }
    }
  }

  /** A signal is missed, for the wait runs in another goroutine than the one that locked. */
  @Leak(at = "K11298.waiter", reason = "sync.Cond.Wait")
  @Leak(at = "K11298.waiter", reason = "sync.Mutex.Lock")
  @Leak(at = "K11298.aborted", reason = "chan receive")
  @Leak(at = "K11298.loop", reason = "select")
  @Leak(at = "K11298.lock", reason = "sync.Mutex.Lock")
  @Leak(at = "K11298.notifier", reason = "sync.Mutex.Lock")
  @Leak(at = "K11298.main", reason = "chan receive")
  public static final class Kubernetes11298 implements Program {
    private final Mutex mutex = new Mutex();
    private final Cond cond = new Cond(mutex);
    private final Channel<Boolean> wake = Channel.buffered(1);

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var abort = Channel.<Void>unbuffered();
            var notified = after(() -> notify(abort, copy.fixed()));
            Chance.give(30);
            Go.sleep(Duration.ofNanos(300));
            abort.close();
            notified.receiveOrNull(); // LEAK K11298.main
          });
    }

    private void notify(Channel<Void> abort, boolean fixed) throws InterruptedException {
      var finished =
          after(
              () -> {
                while (!isClosed(abort)) {
                  mutex.lock(); // LEAK K11298.notifier
                  signal(fixed);
                  mutex.unlock();
                  Chance.giveOrRest();
                }
              });
      while (!isClosed(abort)) {
        if (fixed) {
          serveSafely(finished);
        } else {
          serviceLoop(finished);
        }
      }
    }

    private void signal(boolean fixed) {
      if (fixed) {
        wake.trySend(true); // which waits there for whoever comes
      } else {
        cond.signal();
      }
    }

    private void serviceLoop(Channel<Void> abort) throws InterruptedException {
      mutex.lock(); // LEAK K11298.lock
      while (!isClosed(abort)) {
        var woken =
            after(
                () -> {
                  cond.await(); // LEAK K11298.waiter
                });
        boolean aborted =
            select( // LEAK K11298.loop
                receive(abort, _ -> true).orClosed(() -> true),
                receive(woken, _ -> false).orClosed(() -> false));
        if (aborted) {
          cond.signal();
          woken.receiveOrNull(); // LEAK K11298.aborted
          break;
        }
      }
      mutex.unlock();
    }

    private void serveSafely(Channel<Void> abort) throws InterruptedException {
      boolean aborted = false;
      while (!aborted) {
        aborted = select(receive(abort, _ -> true).orClosed(() -> true), receive(wake, _ -> false));
      }
    }

    /** A channel that is closed when the body, run in a goroutine of its own, has ended. */
    private static Channel<Void> after(Go.Action body) {
      var ended = Channel.<Void>unbuffered();
      go(
          () -> {
            body.run();
            ended.close();
          });
      return ended;
    }
  }

  /** The first events are sent before anybody could read them. */
  @Leak(at = "Kubernetes38669", reason = "chan send")
  public static final class Kubernetes38669 implements Program {
    @Override
    public void start(Copy copy) {
      var mutex = new Mutex();
      var input = Channel.<String>unbuffered();
      var result = Channel.<String>buffered(copy.fixed() ? 2 : 0);
      go(
          () -> {
            for (var event : List.of("first", "second")) {
              result.send(event); // LEAK Kubernetes38669
            }
            for (var event : input) {
              result.send(event);
            }
          });
      go(() -> mutex.withLock(input::close));
    }
  }

  /** Waits for a channel that only its own exit would close. */
  @Leak(at = "Kubernetes70277", reason = "chan receive")
  public static final class Kubernetes70277 implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var stop = Channel.<Void>unbuffered();
            var calls = new AtomicInteger();
            waitFor(() -> calls.incrementAndGet() >= 10, stop);
            if (copy.fixed()) {
              stop.close();
            }
            stop.receiveOrNull(); // LEAK Kubernetes70277
            if (!copy.fixed()) {
              stop.close();
            }
          });
    }

    /** Something that is true at last. */
    private interface Condition {
      boolean holds();
    }

    /** Asks with every tick of a poller. */
    private static void waitFor(Condition condition, Channel<Void> stop)
        throws InterruptedException {
      var ticks = poll(stop);
      while (ticks.receiveOrNull() != null) {
        if (condition.holds()) {
          return;
        }
      }
    }

    private static Channel<Boolean> poll(Channel<Void> stop) {
      var ticks = Channel.<Boolean>unbuffered();
      go(
          () -> {
            try (var ticker = Ticker.every(Duration.ofMillis(1));
                var timeout = dev.selvage.time.Timer.after(Duration.ofMillis(80))) {
              boolean polling = true;
              while (polling) {
                polling =
                    select(
                        receive(ticker.channel(), _ -> true),
                        receive(timeout.channel(), _ -> false),
                        receive(stop, _ -> false).orClosed(() -> false));
                if (polling) {
                  ticks.trySend(true);
                }
              }
            }
            ticks.close();
          });
      return ticks;
    }
  }

  private static boolean isClosed(Channel<Void> channel) throws InterruptedException {
    return select(receive(channel, _ -> true).orClosed(() -> true), otherwise(() -> false));
  }
}
