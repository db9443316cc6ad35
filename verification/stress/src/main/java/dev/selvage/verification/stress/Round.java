package dev.selvage.verification.stress;

import static dev.selvage.Select.after;
import static dev.selvage.Select.done;
import static dev.selvage.Select.otherwise;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.ClosedChannelException;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.Select;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One round: some senders and receivers on three channels, by every form there is, each operation
 * with another way to end before it happens; one thread that interrupts, cancels and closes. It
 * ends when all three are closed and drained.
 */
final class Round {
  private static final int SENDERS = 4;
  private static final int RECEIVERS = 4;
  private static final int EACH = 1_000;

  /** How many values senders try to send. */
  static final int VALUES = SENDERS * EACH;

  private final long seed;
  private final List<Channel<Integer>> channels;
  private final Ledger ledger = new Ledger(VALUES);
  private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final AtomicInteger sending = new AtomicInteger(SENDERS);
  private final AtomicLong operations = new AtomicLong();

  // Replaced by the one who interrupts; senders and receivers take whichever they see.
  private volatile CancellableContext context = Context.background().withCancel();

  Round(int capacity, long seed) {
    this.seed = seed;
    this.channels =
        List.of(Channel.buffered(capacity), Channel.buffered(capacity), Channel.buffered(capacity));
  }

  /** What was done in a round. */
  record Done(long operations, int sent) {}

  Done run() throws InterruptedException {
    Random random = new Random(seed);
    List<Thread> threads = new ArrayList<>();
    for (int s = 0; s < SENDERS; s++) {
      int first = s * EACH;
      Random own = new Random(random.nextLong());
      threads.add(start(random, () -> sendAll(first, own)));
    }
    for (int r = 0; r < RECEIVERS; r++) {
      Random own = new Random(random.nextLong());
      threads.add(start(random, () -> receiveAll(own)));
    }
    disturb(threads, random);
    for (Thread thread : threads) {
      thread.join();
    }
    context.close();
    if (!failures.isEmpty()) {
      throw new AssertionError("a thread failed", failures.peek());
    }
    for (Channel<Integer> ch : channels) {
      if (ch.len() != 0) {
        throw new AssertionError("left in a channel: " + ch);
      }
    }
    return new Done(operations.get(), ledger.checkConserved());
  }

  private Thread start(Random random, Go.Action task) {
    Runnable body =
        () -> {
          try {
            task.run();
          } catch (Throwable e) {
            failures.add(e);
          }
        };
    // Goroutines and threads of the system meet at the same channels.
    return random.nextInt(3) == 0
        ? Thread.ofPlatform().start(body)
        : Thread.ofVirtual().start(body);
  }

  /** Interrupts and cancels until the senders are done, and closes on the way, or at the end. */
  private void disturb(List<Thread> threads, Random random) throws InterruptedException {
    List<Channel<Integer>> open = new ArrayList<>(channels);
    int closeEarly = random.nextInt(4); // of three: so often all are closed under the senders
    for (int i = 1; sending.get() > 0; i++) {
      Go.sleep(Duration.ofNanos(20_000 + random.nextInt(50_000)));
      threads.get(random.nextInt(threads.size())).interrupt();
      if (i % 8 == 0) {
        CancellableContext old = context;
        context =
            random.nextBoolean()
                ? Context.background().withCancel()
                : Context.background().withTimeout(Duration.ofNanos(random.nextInt(200_000)));
        old.cancel();
      }
      if (i % 40 == 0 && closeEarly > 0) {
        closeEarly--;
        open.remove(random.nextInt(open.size())).close();
      }
    }
    open.forEach(Channel::close);
  }

  private static Duration shortly(Random random) {
    return Duration.ofNanos(random.nextInt(100_000));
  }

  private Channel<Integer> any(Random random) {
    return channels.get(random.nextInt(channels.size()));
  }

  // --------------- Sending ---------------

  private void sendAll(int first, Random random) {
    try {
      Select reused = Select.create();
      List<Select.Sending<Integer>> arms =
          channels.stream().map(ch -> reused.send(ch, first)).toList();
      for (int i = 0; i < EACH; i++) {
        operations.incrementAndGet();
        if (trySending(first + i, reused, arms, random)) {
          ledger.sent(first + i);
        }
      }
    } finally {
      sending.decrementAndGet();
    }
  }

  /** Whether it was sent. */
  private boolean trySending(
      int value, Select reused, List<Select.Sending<Integer>> arms, Random random) {
    Channel<Integer> a = any(random);
    Channel<Integer> b = any(random);
    Context ctx = context.view();
    try {
      switch (random.nextInt(7)) {
        case 0 -> {
          a.send(value);
          return true;
        }
        case 1 -> {
          return a.trySend(value);
        }
        case 2 -> {
          return a.send(value, shortly(random));
        }
        case 3 -> {
          return select(send(a, value, () -> true), done(ctx, cause -> false));
        }
        case 4 -> {
          return select(
              send(a, value, () -> true),
              send(b, value, () -> true),
              after(shortly(random), () -> false));
        }
        case 5 -> {
          return select(
              send(a, value, () -> true),
              send(b, value, () -> true),
              random.nextBoolean() ? done(ctx, cause -> false) : otherwise(() -> false));
        }
        default -> {
          arms.forEach(arm -> arm.next(value));
          return reused.await(shortly(random)) != null;
        }
      }
    } catch (ClosedChannelException | InterruptedException e) {
      return false; // it did not happen, so nobody may have received it
    }
  }

  // --------------- Receiving ---------------

  private void receiveAll(Random random) {
    Select reused = Select.create();
    List<Select.Receiving<Integer>> arms = channels.stream().map(reused::receive).toList();
    for (int closed = 0; closed < channels.size(); ) {
      operations.incrementAndGet();
      try {
        if (random.nextInt(3) == 0) {
          // The one form that finds out which are closed and drained, and leaves them out.
          if (reused.await(shortly(random)) instanceof Select.Receiving<?> hit) {
            Select.Receiving<Integer> arm = arms.get(arms.indexOf(hit));
            if (arm.closed()) {
              arm.enable(false);
              closed++;
            } else {
              ledger.received(arm.value());
            }
          }
        } else {
          receiveOnce(random);
        }
      } catch (ClosedChannelException | InterruptedException e) {
        // Nothing was taken.
      }
    }
  }

  private void receiveOnce(Random random) throws InterruptedException {
    Channel<Integer> a = any(random);
    Channel<Integer> b = any(random);
    Context ctx = context.view();
    switch (random.nextInt(6)) {
      case 0 -> ledger.received(a.receive());
      case 1 -> a.tryReceive().ifPresent(ledger::received);
      case 2 -> a.receive(shortly(random)).ifPresent(ledger::received);
      case 3 -> record(select(receive(a, v -> v), done(ctx, cause -> -1)));
      case 4 ->
          record(
              select(
                  receive(a, v -> v),
                  receive(b, v -> v),
                  after(shortly(random), () -> -1),
                  done(ctx, cause -> -1)));
      default -> {
        // What hasNext has taken is the iterator's, so it must be asked for.
        try {
          var values = a.iterator();
          if (values.hasNext()) {
            ledger.received(values.next());
          }
        } catch (CancellationException e) {
          Thread.interrupted();
        }
      }
    }
  }

  private void record(int value) {
    if (value >= 0) {
      ledger.received(value);
    }
  }
}
