package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.Context;
import dev.selvage.Scope;
import dev.selvage.Task;
import dev.selvage.sync.Once;
import dev.selvage.sync.OnceValue;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** What was done once, or by a child, happens before whoever finds it done. */
final class Outcomes {
  private Outcomes() {}

  /** An action of a Once, for whoever runs it and whoever comes too late. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the value is there for both")
  @Outcome(expect = FORBIDDEN, desc = "done, without what was done; or done twice")
  @State
  public static class OfOnce {
    int x;
    final Once once = new Once();

    @Actor
    public void first(II_Result r) {
      Blocking.run(() -> once.run(() -> x++));
      r.r1 = x;
    }

    @Actor
    public void second(II_Result r) {
      Blocking.run(() -> once.run(() -> x++));
      r.r2 = x;
    }
  }

  /** A value that is found out once, and that is not safe to publish by itself. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the value is whole for both")
  @Outcome(expect = FORBIDDEN, desc = "a value without what is in it")
  @State
  public static class OfOnceValue {
    final OnceValue<Box, RuntimeException> value = Once.value(Box::full);

    @Actor
    public void first(II_Result r) {
      r.r1 = Blocking.call(value::get).x;
    }

    @Actor
    public void second(II_Result r) {
      r.r2 = Blocking.call(value::get).x;
    }
  }

  /**
   * A task, for who finds that it has ended, and for who has joined its scope and gets its value.
   */
  @JCStressTest
  @Outcome(
      id = {"0, 0, 1", "0, 1, 1", "1, 1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(expect = FORBIDDEN, desc = "ended, without what it did")
  @State
  public static class OfTask {
    int x;
    volatile @Nullable Task<Box> task;

    @Actor
    public void owner(III_Result r) {
      try (Scope scope = Scope.open(Context.background())) {
        Task<Box> forked =
            scope.fork(
                () -> {
                  x = 1;
                  return Box.full();
                });
        task = forked;
        Blocking.run(scope::join);
        r.r3 = forked.get().x & x;
      }
    }

    @Actor
    public void other(III_Result r) {
      Task<Box> forked = null;
      for (int i = 0; i < 10_000 && forked == null; i++) {
        forked = task;
      }
      for (int i = 0; i < 100 && r.r1 == 0 && forked != null; i++) {
        r.r1 = forked.state() == Future.State.RUNNING ? 0 : 1;
      }
      r.r2 = x;
    }
  }

  /** Plain. */
  static final class Box {
    int x;

    static Box full() {
      Box box = new Box();
      box.x = 1;
      return box;
    }
  }
}
