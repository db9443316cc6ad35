package dev.selvage.verification.interleavings;

import dev.selvage.Channel;
import dev.selvage.ClosedChannelException;
import dev.selvage.Select;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Selects against single operations, against close, against time, and against each other. */
final class Selects {
  private static final Duration SHORT = Duration.ofNanos(1000);

  private Selects() {}

  /** Each wants to send on one channel or receive from the other: they meet on exactly one. */
  static void selectAgainstSelect() throws InterruptedException {
    Channel<Integer> a = Channel.unbuffered();
    Channel<Integer> b = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Race.run(() -> sendOrReceive(a, 1, b, ledger), () -> sendOrReceive(b, 2, a, ledger));
    Race.same(1, ledger.sentCount(), "values sent");
    ledger.checkConserved();
    checkIdle(a, b);
  }

  private static void sendOrReceive(
      Channel<Integer> out, int value, Channel<Integer> in, Ledger ledger)
      throws InterruptedException {
    int got =
        Select.<Integer, RuntimeException>select(
            Select.send(out, value, () -> 0), Select.receive(in, v -> v));
    if (got == 0) {
      ledger.sent(value);
    } else {
      ledger.received(got);
    }
  }

  static void twoSendersForOneSelect() throws InterruptedException {
    Channel<Integer> a = Channel.unbuffered();
    Channel<Integer> b = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Race.run(
        () -> Channels.send(a, 1, ledger),
        () -> Channels.send(b, 2, ledger),
        () -> {
          for (int i = 0; i < 2; i++) {
            ledger.received(
                Select.<Integer, RuntimeException>select(
                    Select.receive(a, v -> v), Select.receive(b, v -> v)));
          }
        });
    Race.same(2, ledger.sentCount(), "values sent");
    ledger.checkConserved();
  }

  static void sameChannelTwiceAndClose() throws InterruptedException {
    Channel<Integer> a = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Race.run(
        () ->
            Select.<Integer, RuntimeException>select(
                Select.receive(a, v -> count(ledger, v)).orClosed(() -> 0),
                Select.receive(a, v -> count(ledger, v)).orClosed(() -> 0)),
        () -> {
          try {
            ledger.sent(
                Select.<Integer, RuntimeException>select(
                    Select.send(a, 1, () -> 1), Select.send(a, 2, () -> 2)));
          } catch (ClosedChannelException e) {
            // Not sent.
          }
        },
        a::close);
    ledger.checkConserved();
  }

  /** One select that sends and receives on the same channel must not meet itself. */
  static void sendAndReceiveOnOneChannel() throws InterruptedException {
    Channel<Integer> a = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Race.run(() -> sendOrReceive(a, 1, a, ledger), () -> sendOrReceive(a, 2, a, ledger));
    Race.same(1, ledger.sentCount(), "values sent");
    ledger.checkConserved();
  }

  static void timeLimitAgainstSender() throws InterruptedException {
    Channel<Integer> a = Channel.unbuffered();
    Channel<Integer> b = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Race.run(
        () -> {
          int got =
              Select.<Integer, RuntimeException>select(
                  Select.receive(a, v -> v),
                  Select.receive(b, v -> v),
                  Select.after(SHORT, () -> 0));
          if (got != 0) {
            ledger.received(got);
          }
        },
        () -> {
          if (a.trySend(1)) {
            ledger.sent(1);
          }
        },
        () -> {
          if (b.send(2, SHORT)) {
            ledger.sent(2);
          }
        });
    ledger.checkConserved();
    checkIdle(a, b);
  }

  /** The limit is used again: that of the first wait, should it ring late, ends no later one. */
  static void timeLimitOfReusedSelect() throws InterruptedException {
    Channel<Integer> a = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Race.run(
        () -> {
          Select select = Select.create();
          Select.Receiving<Integer> in = select.receive(a);
          Select.Arm hit = select.await(SHORT);
          if (hit == null) {
            hit = select.await(Duration.ofDays(1));
          }
          Race.check(hit == in, "ended by the time limit of the wait before");
          ledger.received(in.value());
        },
        () -> Channels.send(a, 1, ledger));
    Race.same(1, ledger.sentCount(), "values sent");
    ledger.checkConserved();
  }

  static void interruptedReusedSelect() throws InterruptedException {
    Channel<Integer> a = Channel.unbuffered();
    Channel<Integer> b = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Thread selecting =
        Race.start(
            () -> {
              Select select = Select.create();
              Select.Receiving<Integer> in = select.receive(a);
              Select.Sending<Integer> out = select.send(b, 2);
              for (int i = 0; i < 2; i++) {
                try {
                  note(select.await(SHORT), in, out, ledger);
                } catch (InterruptedException e) {
                  // Neither case was carried out, and the select can be used again.
                }
              }
            });
    Race.run(
        selecting::interrupt,
        () -> {
          if (a.trySend(1)) {
            ledger.sent(1);
          }
        },
        () -> b.tryReceive().ifPresent(ledger::received));
    selecting.join();
    ledger.checkConserved();
    checkIdle(a, b);
  }

  private static void note(
      Select.@Nullable Arm hit,
      Select.Receiving<Integer> in,
      Select.Sending<Integer> out,
      Ledger ledger) {
    if (hit == in) {
      ledger.received(in.value());
    } else if (hit == out) {
      ledger.sent(2);
      out.enable(false); // once is enough to tell a lost value from a doubled one
    }
  }

  private static int count(Ledger ledger, int value) {
    ledger.received(value);
    return value;
  }

  private static void checkIdle(Channel<Integer> a, Channel<Integer> b) {
    Race.check(!a.trySend(9) && !b.trySend(9), "somebody still waits to receive");
    Race.check(a.tryReceive().isEmpty() && b.tryReceive().isEmpty(), "somebody waits to send");
  }
}
