package dev.selvage.verification.interleavings;

import dev.selvage.Channel;
import dev.selvage.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Sends and receives in every form, against each other. */
final class Channels {
  private static final Duration SHORT = Duration.ofNanos(1000);

  private Channels() {}

  static void unbufferedHandOff() throws InterruptedException {
    handOff(Channel.unbuffered());
  }

  static void bufferedHandOff() throws InterruptedException {
    handOff(Channel.buffered(1));
  }

  private static void handOff(Channel<Integer> ch) throws InterruptedException {
    Ledger ledger = new Ledger();
    Race.run(
        () -> send(ch, 1, ledger),
        () -> send(ch, 2, ledger),
        () -> ledger.received(ch.receive()),
        () -> ledger.received(ch.receive()));
    Race.same(2, ledger.sentCount(), "values sent");
    ledger.checkConserved();
    Race.same(0, ch.len(), "left in the channel");
  }

  /** With a buffer that fills, values of one sender come in its order, and at the right moment. */
  static void fifo() throws InterruptedException {
    Channel<Integer> ch = Channel.buffered(1);
    List<Integer> got = new ArrayList<>();
    Race.run(
        () -> {
          for (int i = 1; i <= 4; i++) {
            ch.send(i);
          }
          ch.close();
        },
        () -> {
          for (int v : ch) {
            got.add(v);
          }
        });
    Race.same(List.of(1, 2, 3, 4), got, "received");
  }

  static void closeAgainstSendAndReceive() throws InterruptedException {
    Channel<Integer> ch = Channel.unbuffered();
    closeAgainst(ch);
  }

  static void closeAgainstBufferedSendAndReceive() throws InterruptedException {
    Channel<Integer> ch = Channel.buffered(1);
    closeAgainst(ch);
  }

  private static void closeAgainst(Channel<Integer> ch) throws InterruptedException {
    Ledger ledger = new Ledger();
    Race.Part sender1 = () -> sendUnlessClosed(ch, 1, ledger);
    Race.Part sender2 = () -> sendUnlessClosed(ch, 2, ledger);
    Race.run(
        sender1,
        sender2,
        () -> {
          for (Integer v; (v = ch.receiveOrNull()) != null; ) {
            ledger.received(v);
          }
        },
        ch::close);
    ledger.checkConserved();
  }

  static void twoWhoClose() throws InterruptedException {
    Channel<Integer> ch = Channel.unbuffered();
    int[] outcomes = new int[2];
    Race.Part close =
        () -> {
          try {
            ch.close();
            outcomes[0]++;
          } catch (ClosedChannelException e) {
            outcomes[1]++;
          }
        };
    Race.run(close, close, () -> Race.check(ch.receiveOrNull() == null, "a value came"));
    Race.same(1, outcomes[0], "closed");
    Race.same(1, outcomes[1], "refused");
  }

  static void tryAgainstBlocking() throws InterruptedException {
    Channel<Integer> ch = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Thread blocked = Race.start(() -> sendUnlessInterrupted(ch, 1, ledger));
    Race.run(
        () -> {
          if (ch.trySend(2)) {
            ledger.sent(2);
          }
        },
        () -> ch.tryReceive().ifPresent(ledger::received),
        () -> ch.tryReceive().ifPresent(ledger::received));
    blocked.interrupt();
    blocked.join();
    ledger.checkConserved();
  }

  static void timedSendAgainstTimedReceive() throws InterruptedException {
    Channel<Integer> ch = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Race.run(
        () -> {
          if (ch.send(1, SHORT)) {
            ledger.sent(1);
          }
        },
        () -> ch.receive(SHORT).ifPresent(ledger::received));
    ledger.checkConserved();
    Race.check(!ch.trySend(3), "somebody still waits to receive");
    Race.check(ch.tryReceive().isEmpty(), "somebody still waits to send");
  }

  static void interruptedSender() throws InterruptedException {
    Channel<Integer> ch = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Thread sender = Race.start(() -> sendUnlessInterrupted(ch, 1, ledger));
    Race.run(sender::interrupt, () -> ch.tryReceive().ifPresent(ledger::received));
    sender.join();
    ledger.checkConserved();
    Race.check(ch.tryReceive().isEmpty(), "the interrupted sender still waits");
  }

  static void interruptedReceiver() throws InterruptedException {
    Channel<Integer> ch = Channel.unbuffered();
    Ledger ledger = new Ledger();
    Thread receiver =
        Race.start(
            () -> {
              try {
                ledger.received(ch.receive());
              } catch (InterruptedException e) {
                // Nothing was received.
              }
            });
    Race.run(
        receiver::interrupt,
        () -> {
          if (ch.trySend(1)) {
            ledger.sent(1);
          }
        });
    receiver.join();
    ledger.checkConserved();
    Race.check(!ch.trySend(2), "the interrupted receiver still waits");
  }

  /** The value of an interrupted sender must not take a place that a later one should have. */
  static void interruptedSenderBehindFullBuffer() throws InterruptedException {
    Channel<Integer> ch = Channel.buffered(1);
    Ledger ledger = new Ledger();
    send(ch, 1, ledger);
    Thread sender = Race.start(() -> sendUnlessInterrupted(ch, 2, ledger));
    Race.run(
        sender::interrupt,
        () -> {
          ledger.received(ch.receive());
          ledger.received(ch.receive());
        },
        () -> send(ch, 3, ledger));
    sender.join();
    while (ch.len() > 0) {
      ledger.received(ch.receive());
    }
    ledger.checkConserved();
  }

  static void send(Channel<Integer> ch, int value, Ledger ledger) throws InterruptedException {
    ch.send(value);
    ledger.sent(value);
  }

  private static void sendUnlessClosed(Channel<Integer> ch, int value, Ledger ledger)
      throws InterruptedException {
    try {
      send(ch, value, ledger);
    } catch (ClosedChannelException e) {
      // Not sent.
    }
  }

  private static void sendUnlessInterrupted(Channel<Integer> ch, int value, Ledger ledger) {
    try {
      send(ch, value, ledger);
    } catch (InterruptedException e) {
      // Not sent.
    }
  }
}
