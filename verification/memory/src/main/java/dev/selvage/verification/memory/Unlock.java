package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.sync.Mutex;
import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Giving a Mutex back happens before the next lock. */
final class Unlock {
  private Unlock() {}

  /** Found free. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "taken, without what came before")
  @State
  public static class Found {
    int x;
    final Mutex m = new Mutex();

    public Found() {
      m.tryLock();
    }

    @Actor
    public void before() {
      x = 1;
      m.unlock();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = m.tryLock() ? 1 : 0;
      r.r2 = x;
    }
  }

  /** Taken in a limited time, often none. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "taken, without what came before")
  @State
  public static class InTime {
    int x;
    final Mutex m = new Mutex();

    public InTime() {
      m.tryLock();
    }

    @Actor
    public void before() {
      x = 1;
      m.unlock();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = Blocking.call(() -> m.lock(Duration.ZERO)) ? 1 : 0;
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
    final Mutex m = new Mutex();

    public Waiting() {
      m.tryLock();
    }

    @Actor
    public void before() {
      x = 1;
      m.unlock();
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(m::lock);
      r.r1 = x;
    }
  }

  /** Two count under it, and see all that the other did. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "both counted")
  @Outcome(expect = FORBIDDEN, desc = "a count was lost")
  @State
  public static class Counting {
    final Mutex m = new Mutex();
    int x;

    @Actor
    public void one() {
      count();
    }

    @Actor
    public void two() {
      count();
    }

    private void count() {
      Blocking.run(m::lock);
      x++;
      m.unlock();
    }

    @Arbiter
    public void sum(I_Result r) {
      r.r1 = x;
    }
  }
}
