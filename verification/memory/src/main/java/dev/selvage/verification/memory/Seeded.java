package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A mistake that must be found: a run that misses it would miss others, too. (A hand-off by a plain
 * flag is none to search for on x86: its forbidden outcome did not come in 375,000 samples.)
 */
final class Seeded {
  private Seeded() {}

  /** A lock for two: each says that it wants in, and goes in if the other has not said so. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 0"},
      expect = ACCEPTABLE,
      desc = "one at most")
  @Outcome(id = "1, 1", expect = FORBIDDEN, desc = "both are in")
  @State
  public static class PlainLock {
    boolean first;
    boolean second;

    @Actor
    public void one(II_Result r) {
      first = true;
      r.r1 = second ? 0 : 1;
    }

    @Actor
    public void two(II_Result r) {
      second = true;
      r.r2 = first ? 0 : 1;
    }
  }

  /** {@link Unpark} with a release write, after which the permit may be looked at too early. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "1, 1"},
      expect = ACCEPTABLE,
      desc = "it has seen that it may go on")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "it parks, and finds a permit")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "it parks for ever")
  @State
  public static class FinishByReleaseWrite {
    private final Permit permit = new Permit();

    @Actor
    public void wakes() {
      permit.finishByReleaseWrite();
    }

    @Actor
    public void waits(II_Result r) {
      r.r1 = permit.await() ? 1 : 0;
    }

    @Arbiter
    public void later(II_Result r) {
      r.r2 = permit.takePermit() ? 1 : 0;
    }
  }
}
