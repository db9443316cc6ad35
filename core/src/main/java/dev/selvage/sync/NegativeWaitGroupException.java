package dev.selvage.sync;

/** A {@link WaitGroup} was counted down more often than up. */
public final class NegativeWaitGroupException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  NegativeWaitGroupException() {
    super("sync: negative WaitGroup counter");
  }
}
