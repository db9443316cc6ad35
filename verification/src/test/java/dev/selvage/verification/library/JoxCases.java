package dev.selvage.verification.library;

import com.softwaremill.jox.Channel;
import com.softwaremill.jox.Select;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The channels of Jox. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class JoxCases {
  private static final List<Object> KEPT = new CopyOnWriteArrayList<>();

  private JoxCases() {}

  static void sentToNobody(Threads threads) {
    threads.go(
        () -> {
          Channel.<Integer>newRendezvousChannel().send(1); // LEAK sentToNobody
        });
  }

  static void receiverHasGone(Threads threads) {
    Channel<Integer> channel = Channel.newBufferedChannel(2);
    threads.go(
        () -> {
          for (int i = 0; i < 10; i++) {
            channel.send(i); // LEAK receiverHasGone
          }
        });
    threads.go(channel::receive);
  }

  static void notDone(Threads threads) {
    Channel<Integer> channel = Channel.newUnlimitedChannel();
    threads.go(
        () -> {
          while (channel.receive() >= 0) { // LEAK notDone
            Thread.onSpinWait();
          }
        });
    threads.go(() -> channel.send(1)); // and does not say done
  }

  static void selectsBothWays(Threads threads) {
    threads.go(
        () -> {
          Channel<Integer> in = Channel.newRendezvousChannel();
          Channel<Integer> out = Channel.newRendezvousChannel();
          Select.select(in.receiveClause(), out.sendClause(1)); // LEAK selectsBothWays
        });
  }

  static void kept(Threads threads) {
    Channel<Integer> channel = Channel.newRendezvousChannel();
    KEPT.add(channel);
    threads.go(
        () -> {
          channel.receive(); // LINE kept
        });
  }

  /** Ends: a control of the count. */
  static void done(Threads threads) {
    Channel<Integer> channel = Channel.newRendezvousChannel();
    threads.go(
        () -> {
          while (channel.receiveOrClosed() instanceof Integer) {
            Thread.onSpinWait();
          }
        });
    threads.go(
        () -> {
          channel.send(1);
          channel.done();
        });
  }
}
