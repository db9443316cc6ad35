package com.acme.shop;

import dev.selvage.CancellableContext;
import dev.selvage.Context;

/** A service whose context lives for as long as it does, and a child of it for each request. */
public final class Contexts implements AutoCloseable {
  private final CancellableContext service = Context.background().withCancel();

  /** Drops what could cancel it. */
  public void request() {
    CancellableContext ctx = service.withCancel();
    use(ctx);
  }

  /** Cancels it at its end. */
  public void careful() {
    try (CancellableContext ctx = service.withCancel()) {
      use(ctx);
    }
  }

  /** Drops it, too, but nothing else has it. */
  public void orphan() {
    use(Context.background().withCancel());
  }

  private static void use(Context ctx) {
    if (ctx.isDone()) {
      throw new IllegalStateException("the service has ended");
    }
  }

  @Override
  public void close() {
    service.close();
  }
}
