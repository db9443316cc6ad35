package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
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
}
