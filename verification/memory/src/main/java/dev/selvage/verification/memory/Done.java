package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Counting a WaitGroup down to zero happens before the return of every wait. */
final class Done {
  private Done() {}

  /** Found at zero. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "zero, without what came before")
  @State
  public static class Found {
    int x;
    final WaitGroup wg = new WaitGroup();

    public Found() {
      wg.add(1);
    }

    @Actor
    public void before() {
      x = 1;
      wg.done();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = Blocking.call(() -> wg.await(Duration.ZERO)) ? 1 : 0;
      r.r2 = x;
    }
  }

  /** Waited for. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "zero, without what came before")
  @State
  public static class Waiting {
    int x;
    final WaitGroup wg = new WaitGroup();

    public Waiting() {
      wg.add(1);
    }

    @Actor
    public void before() {
      x = 1;
      wg.done();
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(wg::await);
      r.r1 = x;
    }
  }

  /** All that were counted, not only the last. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "zero, without what came before")
  @State
  public static class Both {
    final WaitGroup wg = new WaitGroup();
    int x;

    public Both() {
      wg.add(2);
    }

    @Actor
    public void before() {
      x = 1;
      wg.done();
    }

    @Actor
    public void after(II_Result r) {
      wg.done();
      r.r1 = Blocking.call(() -> wg.await(Duration.ZERO)) ? 1 : 0;
      r.r2 = x;
    }
  }
}
