package dev.selvage.verification.kernels;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.done;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.sync.Mutex;
import dev.selvage.time.Timer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Kernels of real bugs in which a context is never cancelled, or is, and not everywhere. */
public final class GoKerContexts {
  private GoKerContexts() {}

  /** On cancel a drainer is started, but the sender stops on cancel as well. */
  @Leak(at = "Cockroach10790", reason = "chan receive", perCopy = 2)
  public static final class Cockroach10790 implements Program {
    private final List<Channel<Boolean>> chans =
        List.of(Channel.unbuffered(), Channel.unbuffered());

    @Override
    public void start(Copy copy) {
      var context = Context.background().withCancel();
      go(
          () -> {
            sendAll(context);
            if (copy.fixed()) {
              chans.forEach(Channel::close);
            }
          });
      go(() -> context.cancel());
      go(
          () -> {
            for (var chan : chans) {
              boolean received =
                  select(receive(chan, _ -> true).orClosed(() -> true), done(context, _ -> false));
              if (!received) {
                go(this::drain);
              }
            }
          });
    }

    private void sendAll(Context context) throws InterruptedException {
      for (var chan : chans) {
        boolean sent = select(send(chan, true, () -> true), done(context, _ -> false));
        if (!sent) {
          return;
        }
      }
    }

    private void drain() throws InterruptedException {
      for (var chan : chans) {
        chan.receiveOrNull(); // LEAK Cockroach10790
      }
    }
  }

  /** A transaction is dropped without commit or rollback, so its context is never cancelled. */
  @Leak(at = "Cockroach13197", reason = "chan receive")
  public static final class Cockroach13197 implements Program {
    record Tx(CancellableContext context) {
      void rollback() {
        context.cancel();
      }
    }

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            Tx tx = begin();
            if (copy.fixed()) {
              tx.rollback();
            }
          });
    }

    private static Tx begin() {
      var context = Context.background().withCancel();
      go(() -> awaitDone(context.view()));
      return new Tx(context);
    }

    private static void awaitDone(Context context) throws InterruptedException {
      context.done().receiveOrNull(); // LEAK Cockroach13197
    }
  }

  /** A connection is lost on an early return, and with it the means to cancel its context. */
  @Leak(at = "Grpc862", reason = "chan receive")
  public static final class Grpc862 implements Program {
    record Connection(CancellableContext context) {
      void close() {
        context.cancel();
      }
    }

    @Override
    public void start(Copy copy) {
      var outer = Context.background().withCancel();
      go(
          () -> {
            Connection connection = dial(outer, copy.fixed());
            if (connection != null) {
              connection.close();
            }
          });
      go(() -> outer.cancel());
    }

    private static @Nullable Connection dial(Context outer, boolean fixed)
        throws InterruptedException {
      var connection = new Connection(Context.background().withCancel());
      go(() -> resetTransport(connection.context.view()));
      boolean connected = select(done(outer, _ -> false));
      if (connected) {
        return connection;
      }
      if (fixed) {
        connection.close();
      }
      return null;
    }

    private static void resetTransport(Context parent) throws InterruptedException {
      try (var child = parent.withCancel()) {
        child.done().receiveOrNull(); // LEAK Grpc862
      }
    }
  }

  /** A timer is drained twice; whoever resets it waits behind. */
  @Leak(at = "Istio18454.strategy", reason = "chan receive")
  @Leak(at = "Istio18454.processor", reason = "chan send")
  public static final class Istio18454 implements Program {
    private static final Duration SOON = Duration.ofNanos(1);

    private final Channel<Boolean> events = Channel.buffered(1024);
    private final Strategy strategy = new Strategy();

    @Override
    public void start(Copy copy) throws InterruptedException {
      for (int i = 0; i < events.cap(); i++) {
        events.send(true);
      }
      var context = Context.background().withCancel();
      go(() -> process(context, copy.fixed()));
      go(() -> context.cancel());
    }

    private void process(Context context, boolean fixed) throws InterruptedException {
      var worker = Context.background().withCancel();
      boolean running = true;
      while (running) {
        running = select(done(context, _ -> false), receive(events, _ -> true));
        if (running) {
          strategy.onChange(worker, fixed);
        }
      }
      worker.cancel();
    }

    static final class Strategy {
      private final Mutex mutex = new Mutex();
      private final Channel<Boolean> reset = Channel.buffered(1);
      private @Nullable Timer timer;

      void onChange(Context context, boolean fixed) throws InterruptedException {
        mutex.lock();
        if (timer != null) {
          mutex.unlock();
          reset.send(true); // LEAK Istio18454.processor
          return;
        }
        Timer created = Timer.after(SOON);
        timer = created;
        go(() -> work(created, context, fixed));
        mutex.unlock();
      }

      private void work(Timer timer, Context context, boolean fixed) throws InterruptedException {
        while (true) {
          int what =
              select(
                  receive(timer.channel(), _ -> 0), receive(reset, _ -> 1), done(context, _ -> 2));
          if (what == 2) {
            timer.stop();
            return;
          }
          if (what == 1) {
            if (!timer.stop() && !fixed) {
              timer.channel().receive(); // LEAK Istio18454.strategy
            }
            timer.reset(SOON);
          }
        }
      }
    }
  }

  /** An error is reported to the only reader, who was told just before not to read any more. */
  @Leak(at = "Kubernetes25331", reason = "chan send")
  public static final class Kubernetes25331 implements Program {
    @Override
    public void start(Copy copy) {
      var context = Context.background().withCancel();
      var errors = Channel.<String>unbuffered();
      var results = copy.fixed() ? Channel.<String>buffered(1) : Channel.<String>unbuffered();
      go(
          () -> {
            boolean failed = select(receive(errors, _ -> true), done(context, _ -> false));
            if (failed) {
              context.cancel();
              results.send("error"); // LEAK Kubernetes25331
            }
          });
      go(
          () -> {
            errors.send("error");
            context.cancel();
          });
    }
  }

  /** Told to stop, it does not receive what its probe has to say. */
  @Leak(at = "Moby33781", reason = "chan send")
  public static final class Moby33781 implements Program {
    private static final Duration MILLISECOND = Duration.ofMillis(1);

    @Override
    public void start(Copy copy) {
      var stop = Channel.<Boolean>unbuffered();
      go(() -> monitor(stop, copy.fixed()));
      go(
          () -> {
            dev.selvage.Go.sleep(MILLISECOND.multipliedBy(copy.number()));
            stop.send(true);
          });
    }

    private static void monitor(Channel<Boolean> stop, boolean fixed) throws InterruptedException {
      while (true) {
        boolean stopped = select(receive(stop, _ -> true), after(MILLISECOND, () -> false));
        if (stopped) {
          return;
        }
        var results = fixed ? Channel.<Boolean>buffered(1) : Channel.<Boolean>unbuffered();
        try (var context = Context.background().withTimeout(MILLISECOND)) {
          go(
              () -> {
                Chance.give();
                results.send(true); // LEAK Moby33781
                results.close();
              });
          int what = select(receive(stop, _ -> 0), receive(results, _ -> 1), done(context, _ -> 2));
          if (what == 0) {
            return;
          }
          if (what == 2) {
            context.cancel();
            results.receive();
          }
        }
      }
    }
  }
}
