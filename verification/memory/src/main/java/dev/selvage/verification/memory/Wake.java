package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.sync.Cond;
import dev.selvage.sync.Mutex;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A signal happens before the return of the wait that it ended. The field is written after the lock
 * was given back for the last time, so it is not the lock that orders it.
 */
final class Wake {
  private Wake() {}

  /** One who waits, and one who knows that he does. */
  private static class Room {
    final Mutex m = new Mutex();
    final Cond c = new Cond(m);
    private volatile boolean entered;
    int x;

    void untilSomebodyWaits() {
      while (!entered) {
        Thread.onSpinWait();
      }
      // Who waits gives the lock back only when he has queued.
      Blocking.run(m::lock);
      m.unlock();
    }

    int await() {
      return Blocking.call(
          () -> {
            m.lock();
            try {
              entered = true;
              c.await();
              return x;
            } finally {
              m.unlock();
            }
          });
    }
  }

  /** A signal. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "woken, without what came before")
  @State
  public static class Signal {
    private final Room room = new Room();

    @Actor
    public void before() {
      room.untilSomebodyWaits();
      room.x = 1;
      room.c.signal();
    }

    @Actor
    public void after(I_Result r) {
      r.r1 = room.await();
    }
  }

  /** A broadcast. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "woken, without what came before")
  @State
  public static class Broadcast {
    private final Room room = new Room();

    @Actor
    public void before() {
      room.untilSomebodyWaits();
      room.x = 1;
      room.c.broadcast();
    }

    @Actor
    public void after(I_Result r) {
      r.r1 = room.await();
    }
  }
}
