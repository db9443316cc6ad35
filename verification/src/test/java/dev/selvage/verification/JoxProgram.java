package dev.selvage.verification;

import com.softwaremill.jox.Channel;
import com.softwaremill.jox.Select;
import java.util.List;

/** Threads that block on the channels of Jox: for ever, or until somebody who is there acts. */
final class JoxProgram {
  /** How many leak at each place. */
  static final int EACH = 50;

  private static final Channel<Integer> GLOBAL = Channel.newRendezvousChannel();

  private JoxProgram() {}

  public static void main(String[] args) throws Exception {
    Child.startAside(JoxProgram::start);
    Thread.sleep(500);
    Child.serve(
        _ -> {
          GLOBAL.send(7);
          Child.say("sent");
        });
  }

  private static void start() {
    for (int i = 0; i < EACH; i++) {
      Channel<Integer> sent = Channel.newRendezvousChannel();
      go(
          () -> {
            sent.send(1); // LEAK send
          });
      Channel<Integer> full = Channel.newBufferedChannel(2);
      go(
          () -> {
            for (int value : List.of(1, 2, 3)) {
              full.send(value); // LEAK full
            }
          });
      Channel<Integer> received = Channel.newRendezvousChannel();
      go(
          () -> {
            received.receive(); // LEAK receive
          });
      Channel<Integer> one = Channel.newRendezvousChannel();
      Channel<Integer> other = Channel.newBufferedDefaultChannel();
      go(
          () -> {
            Select.select(one.receiveClause(), other.receiveClause()); // LEAK select
          });
    }
    go(
        () -> {
          Child.say("received " + GLOBAL.receive());
        });
    Channel<Integer> slow = Channel.newRendezvousChannel();
    go(slow::receive);
    go(
        () -> {
          Thread.sleep(600_000);
          slow.send(1);
        });
  }

  /** Work that may be interrupted. */
  private interface Body {
    void run() throws InterruptedException;
  }

  private static void go(Body body) {
    Thread.startVirtualThread(
        () -> {
          try {
            body.run();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }
}
