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
 * No wake-up is lost on a thread that has a permit already. Unpark does nothing then, not even
 * fence; so what was written before must be visible before unpark looks at the permit, or the
 * thread takes that permit, looks, and parks again with nobody left to wake it.
 */
final class Unpark {
  private Unpark() {}

  /** The end of a wait, as of every operation of the language. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "1, 1"},
      expect = ACCEPTABLE,
      desc = "it has seen that it may go on")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "it parks, and finds a permit")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "it parks for ever")
  @State
  public static class Finish {
    private final Permit permit = new Permit();

    @Actor
    public void wakes() {
      permit.finish();
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
