package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.Channel;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** An interrupt happens before the exception that it causes. */
final class Interrupt {
  private Interrupt() {}

  /** Of a receive. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(expect = FORBIDDEN, desc = "interrupted, without what came before; or not interrupted")
  @State
  public static class Receiving {
    final Channel<Integer> ch = Channel.unbuffered();
    volatile @Nullable Thread receiver;
    int x;

    @Actor
    public void before() {
      Thread t;
      while ((t = receiver) == null) {
        Thread.onSpinWait();
      }
      x = 1;
      t.interrupt();
    }

    @Actor
    public void after(I_Result r) {
      receiver = Thread.currentThread();
      try {
        ch.receive();
        r.r1 = -1;
      } catch (InterruptedException e) {
        r.r1 = x;
      }
    }
  }
}
