package dev.selvage.verification.interleavings;

import dev.selvage.CancellableContext;
import dev.selvage.Context;
import java.util.Objects;

/** Cancelling, twice, and along with deriving. */
final class Contexts {
  private Contexts() {}

  static void firstCauseCounts() throws InterruptedException {
    CancellableContext context = Context.background().withCancel();
    Exception one = new Exception("one");
    Exception two = new Exception("two");
    Context view = context.view();
    Race.run(
        () -> context.cancel(one),
        () -> context.cancel(two),
        () -> {
          Race.check(view.done().receiveOrNull() == null, "a value came");
          Throwable cause = Objects.requireNonNull(view.cause(), "done without a cause");
          Race.check(cause == one || cause == two, "neither cause: " + cause);
          Race.check(view.cause() == cause, "the cause changed");
        });
  }

  /** Who derives while the parent is cancelled gets a context that is done in the end. */
  static void deriveAgainstCancel() throws InterruptedException {
    CancellableContext parent = Context.background().withCancel();
    Exception cause = new Exception("parent");
    Race.run(
        () -> parent.cancel(cause),
        () -> {
          try (CancellableContext child = parent.view().withCancel()) {
            Race.check(child.done().receiveOrNull() == null, "a value came");
            Race.check(child.cause() == cause, "another cause: " + child.cause());
          }
        });
  }

  static void childAgainstParent() throws InterruptedException {
    CancellableContext parent = Context.background().withCancel();
    CancellableContext child = parent.view().withCancel();
    Exception parents = new Exception("parent");
    Exception childs = new Exception("child");
    Race.run(() -> parent.cancel(parents), () -> child.cancel(childs));
    Race.check(parent.cause() == parents, "the child's cause went up");
    Race.check(child.cause() == parents || child.cause() == childs, "no cause of the child");
  }
}
