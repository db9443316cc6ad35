package dev.selvage.internal;

/** The time limit of one wait: when it rings first, it is what finishes the waiter. */
public final class Timeout extends Alarms.Alarm {
  private final Waiter waiter;
  // True from the start for a limit so far away that it will never ring.
  private volatile boolean rung;

  private Timeout(Waiter waiter) {
    this.waiter = waiter;
  }

  /**
   * Limits a wait, whose waiter is finished with the timeout as its winner unless it ends before.
   */
  public static Timeout start(Waiter waiter, long nanos) {
    Timeout timeout = new Timeout(waiter);
    long when = Alarms.after(nanos);
    timeout.rung = when == Alarms.NEVER;
    Alarms.schedule(timeout, when);
    return timeout;
  }

  @Override
  protected void ring() {
    try {
      if (waiter.claim()) {
        waiter.finish(this);
      }
    } finally {
      rung = true;
    }
  }

  /** Ends it. On return it does not touch the waiter any more, so that may be used again. */
  @SuppressWarnings("ThreadPriorityCheck") // right without yielding, only slower
  public void stop() {
    if (!Alarms.cancel(this)) {
      while (!rung) {
        Thread.yield(); // it is ringing just now
      }
    }
  }
}
