package dev.selvage.verification;

import dev.selvage.Context;
import dev.selvage.Scope;
import dev.selvage.TaskFailedException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;

/**
 * Children of the language's scopes that wait for something which nobody can give them: a sibling
 * that fails, or a deadline, still ends them. {@code wake} lets the siblings fail; {@code drop}
 * leaves {@link #DROPPED} behind whom nobody can end.
 */
public final class OwnScopes {
  /**
   * How many threads a {@code drop} leaks: the child of a component, and a child with its owner.
   */
  static final int DROPPED = 3;

  private static final CountDownLatch GATE = new CountDownLatch(1);

  /** Two children and their owner in three scopes, and two children of a component. */
  private static final CountDownLatch ENDED = new CountDownLatch(3 * 3 + 2);

  private OwnScopes() {}

  public static void main(String[] args) throws Exception {
    Thread.ofVirtual().name("owner of a fail-fast scope").start(OwnScopes::failFast);
    Thread.ofPlatform().daemon().name("platform owner").start(OwnScopes::failFast);
    Thread.ofVirtual().name("owner around another").start(OwnScopes::nested);
    Child.startAside(OwnScopes::component);
    Thread.ofVirtual().name("owner with a deadline").start(OwnScopes::deadline);
    Thread.sleep(500);
    Child.serve(
        command -> {
          switch (command) {
            case "wake" -> {
              GATE.countDown();
              Child.say(ENDED.await(1, TimeUnit.MINUTES) ? "all ended" : "left: " + ENDED);
            }
            case "drop" -> {
              Child.startAside(OwnScopes::dropped);
              Thread.sleep(500);
              Child.say("dropped");
            }
            default -> throw new IllegalArgumentException(command);
          }
        });
  }

  private static void failFast() {
    try (var scope = Scope.open(Context.background())) {
      scope.fork(OwnScopes::waitForNobody);
      scope.fork(OwnScopes::failAtTheGate);
      scope.join();
    } catch (TaskFailedException _) {
      ENDED.countDown();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The sibling that fails is in the scope around that of the child. */
  private static void nested() {
    try (var scope = Scope.open(Context.background())) {
      scope.fork(
          () -> {
            try (var inner = Scope.collecting(scope.context())) {
              inner.fork(OwnScopes::waitForNobody);
              inner.join();
            }
            return true;
          });
      scope.fork(OwnScopes::failAtTheGate);
      scope.join();
    } catch (TaskFailedException _) {
      ENDED.countDown();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A component's children do not end each other by failing: this one ends them, as it has to. */
  private static void component() {
    Scope scope = Scope.component(Context.background());
    scope.fork(OwnScopes::waitForNobody);
    scope.fork(
        () -> {
          try {
            return failAtTheGate();
          } catch (IllegalArgumentException e) {
            scope.cancel(e);
            throw e;
          }
        });
  }

  /** Nobody but the clock can end it, and that will not be before the test has ended. */
  private static void deadline() {
    try (var scope = Scope.open(Context.background(), Duration.ofHours(1))) {
      scope.fork(OwnScopes::waitForNobody);
      scope.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void dropped() {
    Scope.component(Context.background()).fork(OwnScopes::leak);
    Thread.ofVirtual().name("owner that nobody can end").start(OwnScopes::leakingOwner);
  }

  private static void leakingOwner() {
    try (var scope = Scope.open(Context.background())) {
      scope.fork(OwnScopes::leak);
      scope.join(); // LEAK join
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int leak() throws InterruptedException {
    return new SynchronousQueue<Integer>().take(); // LEAK child
  }

  private static int waitForNobody() {
    try {
      return new SynchronousQueue<Integer>().take();
    } catch (InterruptedException e) {
      ENDED.countDown();
      return 0;
    }
  }

  private static int failAtTheGate() throws InterruptedException {
    GATE.await();
    ENDED.countDown();
    throw new IllegalArgumentException("this fails the scope");
  }
}
