package dev.selvage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many senders and receivers by every kind of operation, interrupted and timed out all the while.
 * Afterwards every value that a sender was told is sent has been received once, and no other.
 */
@Timeout(60)
final class ChannelStressTests {
  private static final int SENDERS = 6;
  private static final int RECEIVERS = 5;
  private static final int EACH = 4_000;

  private final AtomicIntegerArray sent = new AtomicIntegerArray(SENDERS * EACH);
  private final AtomicIntegerArray received = new AtomicIntegerArray(SENDERS * EACH);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void everyValueSentIsReceivedOnce(int capacity) throws Exception {
    conserve(Channel.buffered(capacity), Channel.buffered(capacity));
  }

  private void conserve(Channel<Integer> a, Channel<Integer> b) throws Exception {
    List<Thread> threads = new ArrayList<>();
    ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    WaitGroup senders = new WaitGroup();
    WaitGroup receivers = new WaitGroup();
    for (int s = 0; s < SENDERS; s++) {
      int first = s * EACH;
      senders.add(1);
      threads.add(start(() -> sendAll(a, b, first), senders, failures));
    }
    for (int r = 0; r < RECEIVERS; r++) {
      int seed = r;
      receivers.add(1);
      threads.add(start(() -> receiveAll(a, b, seed), receivers, failures));
    }
    Random random = new Random(1);
    while (!senders.await(Duration.ofNanos(50_000))) {
      for (int i = 0; i < 4; i++) {
        threads.get(random.nextInt(threads.size())).interrupt();
      }
    }
    a.close();
    b.close();
    receivers.await();
    assertTrue(failures.isEmpty(), () -> failures.toString());
    int total = 0;
    for (int i = 0; i < SENDERS * EACH; i++) {
      assertEquals(sent.get(i), received.get(i), "value " + i);
      total += sent.get(i);
    }
    assertTrue(total > SENDERS * EACH / 4, total + " values were sent");
    assertEquals(0, a.senderCount() + a.receiverCount() + b.senderCount() + b.receiverCount());
    assertEquals(0, a.len() + b.len());
  }

  private static Thread start(
      Go.Action task, WaitGroup group, ConcurrentLinkedQueue<Throwable> failures) {
    return Threads.start(
        () -> {
          try {
            task.run();
          } catch (Throwable e) {
            failures.add(e);
          } finally {
            group.done();
          }
        });
  }

  private void sendAll(Channel<Integer> a, Channel<Integer> b, int first) {
    Random random = new Random(first);
    Select reused = Select.create();
    Select.Sending<Integer> toA = reused.send(a, first);
    Select.Sending<Integer> toB = reused.send(b, first);
    for (int i = 0; i < EACH; i++) {
      int value = first + i;
      try {
        boolean done =
            switch (random.nextInt(6)) {
              case 0 -> {
                a.send(value);
                yield true;
              }
              case 1 -> b.trySend(value);
              case 2 -> a.send(value, Duration.ofNanos(random.nextInt(100_000)));
              case 3 ->
                  Select.select(
                      Select.send(a, value, () -> true),
                      Select.send(b, value, () -> true),
                      Select.after(Duration.ofNanos(random.nextInt(100_000)), () -> false));
              case 4 -> {
                toA.next(value);
                toB.next(value);
                yield reused.await(Duration.ofNanos(random.nextInt(100_000))) != null;
              }
              default ->
                  Select.select(
                      Select.send(b, value, () -> true),
                      Select.send(a, value, () -> true),
                      Select.send(b, value, () -> true));
            };
        if (done) {
          sent.incrementAndGet(value);
        }
      } catch (InterruptedException e) {
        // It did not happen: nobody may have received it.
      }
    }
  }

  private void receiveAll(Channel<Integer> a, Channel<Integer> b, int seed) {
    Random random = new Random(seed);
    Select reused = Select.create();
    Select.Receiving<Integer> fromA = reused.receive(a);
    Select.Receiving<Integer> fromB = reused.receive(b);
    boolean aOpen = true;
    boolean bOpen = true;
    while (aOpen || bOpen) {
      try {
        switch (random.nextInt(4)) {
          case 0 -> {
            if (aOpen) {
              Integer v = a.receive(Duration.ofNanos(random.nextInt(100_000))).orElse(null);
              count(v);
            }
          }
          case 1 -> {
            if (bOpen) {
              count(b.tryReceive().orElse(null));
            }
          }
          case 2 -> {
            if (aOpen && bOpen) {
              count(
                  Select.select(
                      Select.receive(a, v -> v),
                      Select.receive(b, v -> v),
                      Select.receive(a, v -> v)));
            }
          }
          default -> {
            fromA.enable(aOpen);
            fromB.enable(bOpen);
            Select.Arm hit = reused.await();
            if (hit == fromA) {
              aOpen = !fromA.closed();
              if (aOpen) {
                count(fromA.value());
              }
            } else {
              bOpen = !fromB.closed();
              if (bOpen) {
                count(fromB.value());
              }
            }
          }
        }
      } catch (ClosedChannelException e) {
        // Which of the two it was, the last form finds out.
      } catch (InterruptedException e) {
        // Nothing was taken.
      }
    }
  }

  private void count(@Nullable Integer value) {
    if (value != null) {
      received.incrementAndGet(value);
    }
  }
}
