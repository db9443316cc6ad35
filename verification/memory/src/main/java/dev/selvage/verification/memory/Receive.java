package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.Channel;
import dev.selvage.Select;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The nth receive happens before the return of the (n + capacity)th send. */
final class Receive {
  private Receive() {}

  /** The first receive makes room for the second send. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "there was room, without what came before")
  @State
  public static class Buffered {
    int x;
    final Channel<Integer> ch = Channel.buffered(1);

    public Buffered() {
      ch.trySend(1);
    }

    @Actor
    public void before() {
      x = 1;
      ch.tryReceive();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = ch.trySend(2) ? 1 : 0;
      r.r2 = x;
    }
  }

  /** The same, with a sender that waits. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "there was room, without what came before")
  @State
  public static class BufferedWaiting {
    int x;
    final Channel<Integer> ch = Channel.buffered(1);

    public BufferedWaiting() {
      ch.trySend(1);
    }

    @Actor
    public void before() {
      x = 1;
      Blocking.run(ch::receive);
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(() -> ch.send(2));
      r.r1 = x;
    }
  }

  /** What was before a receive began is seen when its send has ended. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "sent, without what came before")
  @State
  public static class Unbuffered {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      Blocking.run(ch::receive);
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(() -> ch.send(1));
      r.r1 = x;
    }
  }

  /** The same with a select that receives. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "sent, without what came before")
  @State
  public static class UnbufferedSelected {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      Blocking.run(() -> Select.select(Select.receive(ch, v -> v), Select.receive(ch, v -> v)));
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(() -> ch.send(1));
      r.r1 = x;
    }
  }
}
