package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.sync.Semaphore;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Giving permits back happens before they are taken again. */
final class Release {
  private Release() {}

  /** Found there. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "taken, without what came before")
  @State
  public static class Found {
    int x;
    final Semaphore s = new Semaphore(1);

    public Found() {
      s.tryAcquire();
    }

    @Actor
    public void before() {
      x = 1;
      s.release();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = s.tryAcquire() ? 1 : 0;
      r.r2 = x;
    }
  }

  /** Waited for. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "taken, without what came before")
  @State
  public static class Waiting {
    int x;
    final Semaphore s = new Semaphore(1);

    public Waiting() {
      s.tryAcquire();
    }

    @Actor
    public void before() {
      x = 1;
      s.release();
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(s::acquire);
      r.r1 = x;
    }
  }
}
