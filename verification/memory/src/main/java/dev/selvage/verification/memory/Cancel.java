package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.CancellableContext;
import dev.selvage.Context;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Cancelling a context happens before whatever finds it done. */
final class Cancel {
  private Cancel() {}

  /** Asked for. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "done, without what came before")
  @State
  public static class IsDone {
    int x;
    final CancellableContext ctx = Context.background().withCancel();

    @Actor
    public void before() {
      x = 1;
      ctx.cancel();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = ctx.isDone() ? 1 : 0;
      r.r2 = x;
    }
  }

  /** Asked for by its cause. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "done, without what came before")
  @State
  public static class HasCause {
    int x;
    final CancellableContext ctx = Context.background().withCancel();

    @Actor
    public void before() {
      x = 1;
      ctx.cancel();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = ctx.cause() != null ? 1 : 0;
      r.r2 = x;
    }
  }

  /** By the channel. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "done, without what came before")
  @State
  public static class Channel {
    int x;
    final CancellableContext ctx = Context.background().withCancel();

    @Actor
    public void before() {
      x = 1;
      ctx.cancel();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = Blocking.isClosed(ctx.done()::tryReceive) ? 1 : 0;
      r.r2 = x;
    }
  }

  /** In a context derived from it. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "done, without what came before")
  @State
  public static class Derived {
    int x;
    final CancellableContext ctx = Context.background().withCancel();
    final CancellableContext child = ctx.withCancel();

    @Actor
    public void before() {
      x = 1;
      ctx.cancel();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = child.isDone() ? 1 : 0;
      r.r2 = x;
    }
  }

  /** Waited for. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "done, without what came before")
  @State
  public static class Waiting {
    int x;
    final CancellableContext ctx = Context.background().withCancel();

    @Actor
    public void before() {
      x = 1;
      ctx.cancel();
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(() -> ctx.done().receiveOrNull());
      r.r1 = x;
    }
  }

  /** Who finds the outcome before the channel is closed closes it himself. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or ready")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "done, but the channel is not ready")
  @State
  public static class ReadyWhenDone {
    final CancellableContext ctx = Context.background().withCancel();

    @Actor
    public void before() {
      ctx.cancel();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = ctx.isDone() ? 1 : 0;
      r.r2 = Blocking.isClosed(ctx.done()::tryReceive) ? 1 : 0;
    }
  }
}
