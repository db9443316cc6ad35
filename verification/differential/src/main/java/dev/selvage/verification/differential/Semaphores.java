package dev.selvage.verification.differential;

import dev.selvage.CancellableContext;
import dev.selvage.Context;
import dev.selvage.sync.Semaphore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;

/** The weighted semaphore of golang.org/x/sync. */
final class Semaphores {
  private static final String G = "Semaphore";

  private Semaphores() {}

  private static Callable<String> acquire(Semaphore semaphore, long permits) {
    return acquire(Context.background(), semaphore, permits);
  }

  private static Callable<String> acquire(Context context, Semaphore semaphore, long permits) {
    return () -> {
      try {
        semaphore.acquire(context, permits);
        return "acquired";
      } catch (CancellationException e) {
        return "error: " + e.getMessage();
      }
    };
  }

  /** Three permits, of which some are held. */
  private static Semaphore of(long held) throws InterruptedException {
    Semaphore semaphore = new Semaphore(3);
    semaphore.acquire(held);
    return semaphore;
  }

  private static String release(Semaphore semaphore, long permits) {
    semaphore.release(permits);
    return "ok";
  }

  private record State(String name, long held, List<Long> wants) {}

  private static final List<State> STATES =
      List.of(
          new State("3 permits, all free", 0, List.of()),
          new State("3 permits, 1 held", 1, List.of()),
          new State("3 permits, all held", 3, List.of()),
          new State("3 permits, all held, one waits for 1", 3, List.of(1L)),
          new State("3 permits, 1 held, one waits for 3", 1, List.of(3L)),
          new State("3 permits, 2 held, one waits for 2 and then one for 1", 2, List.of(2L, 1L)),
          new State(
              "3 permits, all held, two wait for 1 and then one for 2", 3, List.of(1L, 1L, 2L)));

  private interface Operation {
    String run(Semaphore semaphore) throws Exception;
  }

  private static final List<Map.Entry<String, Operation>> OPERATIONS =
      List.of(
          Map.entry("acquire 0", semaphore -> acquire(semaphore, 0).call()),
          Map.entry("acquire 1", semaphore -> acquire(semaphore, 1).call()),
          Map.entry("acquire 3", semaphore -> acquire(semaphore, 3).call()),
          Map.entry("acquire 1 if possible", semaphore -> "" + semaphore.tryAcquire(1)),
          Map.entry("acquire 3 if possible", semaphore -> "" + semaphore.tryAcquire(3)),
          Map.entry("acquire 4 if possible", semaphore -> "" + semaphore.tryAcquire(4)),
          Map.entry("release 1", semaphore -> release(semaphore, 1)),
          Map.entry("release 2", semaphore -> release(semaphore, 2)),
          Map.entry("release 3", semaphore -> release(semaphore, 3)));

  static void addTo(List<Scenario> all) {
    for (var operation : OPERATIONS) {
      for (State state : STATES) {
        all.add(
            new Scenario(
                G, operation.getKey(), state.name, s -> meet(s, operation.getValue(), state)));
      }
    }
    addMore(all);
    addCancelled(all);
  }

  private static String meet(Stage s, Operation operation, State state) throws Exception {
    Semaphore semaphore = of(state.held);
    List<Stage.Actor> peers = new ArrayList<>();
    for (long wanted : state.wants) {
      peers.add(s.start(acquire(semaphore, wanted)));
    }
    var self = s.start(() -> operation.run(semaphore));
    return peers.isEmpty() ? self.toString() : self + "; who waited: " + s.tell(peers);
  }

  private static void addMore(List<Scenario> all) {
    all.add(
        new Scenario(
            G,
            "acquire 1, without a context",
            "3 permits, all held",
            s -> {
              Semaphore semaphore = of(3);
              Callable<String> acquiring =
                  () -> {
                    semaphore.acquire(1);
                    return "acquired";
                  };
              return s.start(acquiring).toString();
            }));
    all.add(
        new Scenario(
            G, "acquire 4", "3 permits, all free", s -> s.start(acquire(of(0), 4)).toString()));
    all.add(
        new Scenario(
            G,
            "acquire 4, then another acquires 1",
            "3 permits, all free",
            s -> {
              Semaphore semaphore = of(0);
              return s.tell(s.start(acquire(semaphore, 4)), s.start(acquire(semaphore, 1)));
            }));
    all.add(
        new Scenario(
            G,
            "release 2, then acquire 3 if possible",
            "3 permits, 1 held",
            s -> {
              Semaphore semaphore = of(1);
              return Stage.attempt(() -> release(semaphore, 2))
                  + ", then "
                  + semaphore.tryAcquire(3);
            }));
  }

  private static void addCancelled(List<Scenario> all) {
    all.add(
        new Scenario(
            G,
            "acquire 1",
            "all free, the context is cancelled",
            s -> {
              CancellableContext ctx = Context.background().withCancel();
              ctx.cancel();
              Semaphore semaphore = of(0);
              var a = s.start(acquire(ctx, semaphore, 1));
              return a + "; all free: " + semaphore.tryAcquire(3);
            }));
    String cancel = "cancel the context";
    all.add(
        new Scenario(
            G,
            cancel,
            "3 permits, all held, one waits for 1 with it",
            s -> {
              CancellableContext ctx = Context.background().withCancel();
              Semaphore semaphore = of(3);
              var a = s.start(acquire(ctx, semaphore, 1));
              ctx.cancel();
              String said = s.finish(a);
              semaphore.release(3);
              return said + "; all free after 3 were released: " + semaphore.tryAcquire(3);
            }));
    all.add(
        new Scenario(
            G,
            cancel,
            "3 permits, 1 held, one waits for 3 with it, and then one for 2",
            s -> {
              CancellableContext ctx = Context.background().withCancel();
              Semaphore semaphore = of(1);
              var a = s.start(acquire(ctx, semaphore, 3));
              var b = s.start(acquire(semaphore, 2));
              ctx.cancel();
              return s.finish(a, b);
            }));
    all.add(
        new Scenario(
            G,
            cancel,
            "3 permits, 1 held, one waits for 3, and then one for 2 with it",
            s -> {
              CancellableContext ctx = Context.background().withCancel();
              Semaphore semaphore = of(1);
              var a = s.start(acquire(semaphore, 3));
              var b = s.start(acquire(ctx, semaphore, 2));
              ctx.cancel();
              return s.finish(b) + "; " + s.tell(a);
            }));
  }
}
