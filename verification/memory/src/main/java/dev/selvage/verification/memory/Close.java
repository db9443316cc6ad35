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

/** A close happens before the return of every operation that found it. */
final class Close {
  private Close() {}

  /** Found by a receive. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "closed, without what came before")
  @State
  public static class FoundByReceive {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      ch.close();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = Blocking.isClosed(ch::tryReceive) ? 1 : 0;
      r.r2 = x;
    }
  }

  /** Found by a send. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "closed, without what came before")
  @State
  public static class FoundBySend {
    int x;
    final Channel<Integer> ch = Channel.buffered(1000);

    @Actor
    public void before() {
      x = 1;
      ch.close();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = Blocking.isClosed(() -> ch.trySend(1)) ? 1 : 0;
      r.r2 = x;
    }
  }

  /** Found by who closes, too. Either may be the first. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "closed, without what came before")
  @State
  public static class FoundByClose {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      Blocking.isClosed(ch::close);
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = Blocking.isClosed(ch::close) ? 1 : 0;
      r.r2 = x;
    }
  }

  /** Found by a select. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "closed, without what came before")
  @State
  public static class FoundBySelect {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      ch.close();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 =
          Blocking.call(
              () ->
                  Select.<Integer, RuntimeException>select(
                      Select.<Integer, Integer, RuntimeException>receive(ch, v -> v)
                          .orClosed(() -> 1),
                      Select.otherwise(() -> 0)));
      r.r2 = x;
    }
  }

  /** Wakes a receiver. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "closed, without what came before")
  @State
  public static class WakesReceiver {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      ch.close();
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(() -> ch.receiveOrNull());
      r.r1 = x;
    }
  }
}
