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

/** A send happens before the return of the receive that got its value. */
final class Send {
  private Send() {}

  /** Through a buffer. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "received, without what came before")
  @State
  public static class Buffered {
    int x;
    final Channel<Integer> ch = Channel.buffered(1);

    @Actor
    public void before() {
      x = 1;
      ch.trySend(1);
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = ch.tryReceive().orElse(0);
      r.r2 = x;
    }
  }

  /** Through a buffer, in a limited time. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "received, without what came before")
  @State
  public static class TimedThroughBuffer {
    int x;
    final Channel<Integer> ch = Channel.buffered(1);

    @Actor
    public void before() {
      x = 1;
      Blocking.run(() -> ch.send(1, Blocking.LIMIT));
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = ch.tryReceive().orElse(0);
      r.r2 = x;
    }
  }

  /** Hand to hand. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "received, without what came before")
  @State
  public static class Unbuffered {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      Blocking.run(() -> ch.send(1));
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(ch::receive);
      r.r1 = x;
    }
  }

  /** Hand to hand, past an empty buffer, or through it. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "received, without what came before")
  @State
  public static class ToAWaitingReceiver {
    int x;
    final Channel<Integer> ch = Channel.buffered(1);

    @Actor
    public void before() {
      x = 1;
      Blocking.run(() -> ch.send(1));
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(ch::receive);
      r.r1 = x;
    }
  }

  /** The second value comes from a sender that found the buffer full, or not. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "received, without what came before")
  @State
  public static class FromABlockedSender {
    int x;
    final Channel<Integer> ch = Channel.buffered(1);

    @Actor
    public void before() {
      Blocking.run(() -> ch.send(1));
      x = 1;
      Blocking.run(() -> ch.send(2));
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(ch::receive);
      Blocking.run(ch::receive);
      r.r1 = x;
    }
  }

  /** A select on both sides, of which neither waits. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "received, without what came before")
  @State
  public static class Selected {
    int x;
    final Channel<Integer> a = Channel.buffered(1);
    final Channel<Integer> b = Channel.buffered(1);

    @Actor
    public void before() {
      x = 1;
      Blocking.run(
          () ->
              Select.select(
                  Select.send(a, 1, () -> 1),
                  Select.send(b, 1, () -> 1),
                  Select.otherwise(() -> 0)));
    }

    @Actor
    public void after(II_Result r) {
      r.r1 =
          Blocking.call(
              () ->
                  Select.<Integer, RuntimeException>select(
                      Select.receive(a, (Integer v) -> v),
                      Select.receive(b, (Integer v) -> v),
                      Select.otherwise(() -> 0)));
      r.r2 = x;
    }
  }

  /** A select on both sides, which wait for each other. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "received, without what came before")
  @State
  public static class SelectedWaiting {
    int x;
    final Channel<Integer> a = Channel.unbuffered();
    final Channel<Integer> b = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      Blocking.run(() -> Select.select(Select.send(a, 1, () -> 1), Select.send(b, 1, () -> 1)));
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(() -> Select.select(Select.receive(a, v -> v), Select.receive(b, v -> v)));
      r.r1 = x;
    }
  }

  /** The reusable form, which waits, receives what a plain send sends. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "received, without what came before")
  @State
  public static class SelectedReused {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();
    final Select select = Select.create();
    final Select.Receiving<Integer> in = select.receive(ch);

    @Actor
    public void before() {
      x = 1;
      Blocking.run(() -> ch.send(1));
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(select::await);
      r.r1 = x;
    }
  }
}
