package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.Inheritance;
import dev.selvage.Scope;
import dev.selvage.sync.WaitGroup;
import dev.selvage.time.Timer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** What was before the start of a goroutine, of any kind, happens before what it does. */
final class Start {
  private Start() {}

  /** A goroutine sees what was before its start. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "started, without what came before")
  @State
  public static class ByGo {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      Go.go(() -> ch.send(x));
    }

    @Actor
    public void after(I_Result r) {
      r.r1 = Blocking.call(ch::receive);
    }
  }

  /** A goroutine sees what was captured for it, and who installs it does. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "installed, without what came before")
  @State
  public static class ByInheritance implements Inheritance<ByInheritance> {
    private static final ThreadLocal<ByInheritance> CURRENT = new ThreadLocal<>();

    static {
      // For all tests of this JVM, which it is nothing to.
      var unused = Inheritance.register(new ByInheritance());
    }

    int x;
    int installed;
    final Channel<Integer> ch = Channel.unbuffered();

    @Override
    public @Nullable ByInheritance capture() {
      ByInheritance current = CURRENT.get();
      if (current != null) {
        current.x = 1;
      }
      return current;
    }

    @Override
    public void install(ByInheritance captured) {
      captured.installed = captured.x;
    }

    @Override
    public void remove(ByInheritance captured) {}

    @Actor
    public void before() {
      CURRENT.set(this);
      Go.go(() -> ch.send(installed & x));
      CURRENT.remove();
    }

    @Actor
    public void after(I_Result r) {
      r.r1 = Blocking.call(ch::receive);
    }
  }

  /** The same by a WaitGroup, whose wait sees what was done in it. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "ended, without what came before")
  @State
  public static class ByWaitGroup {
    int x;
    int y;
    final WaitGroup wg = new WaitGroup();
    final Channel<Integer> ch = Channel.buffered(1);

    @Actor
    public void before() {
      x = 1;
      wg.go(() -> y = x);
      Blocking.run(wg::await);
      ch.trySend(y);
    }

    @Actor
    public void after(I_Result r) {
      r.r1 = Blocking.call(ch::receive);
    }
  }

  /** What a context starts when it is cancelled sees what was before that. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "started, without what came before")
  @State
  public static class ByAfterFunc {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();
    final CancellableContext ctx = Context.background().withCancel();

    public ByAfterFunc() {
      ctx.afterFunc(() -> ch.send(x));
    }

    @Actor
    public void before() {
      x = 1;
      ctx.cancel();
    }

    @Actor
    public void after(I_Result r) {
      r.r1 = Blocking.call(ch::receive);
    }
  }

  /** What a timer starts sees what was before it was set. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "started, without what came before")
  @State
  public static class ByTimer {
    int x;
    final Channel<Integer> ch = Channel.unbuffered();

    @Actor
    public void before() {
      x = 1;
      Timer.afterFunc(Duration.ZERO, () -> ch.send(x));
    }

    @Actor
    public void after(I_Result r) {
      r.r1 = Blocking.call(ch::receive);
    }
  }

  /** A child sees what was before it was forked, and its scope what it did. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "joined, without what came before")
  @State
  public static class ByScope {
    int x;
    int y;
    final Channel<Integer> ch = Channel.buffered(1);

    @Actor
    public void before() {
      x = 1;
      try (Scope scope = Scope.open(Context.background())) {
        scope.go(() -> y = x);
        Blocking.run(scope::join);
        ch.trySend(y);
      }
    }

    @Actor
    public void after(I_Result r) {
      r.r1 = Blocking.call(ch::receive);
    }
  }
}
