package dev.selvage.internal;

import org.jspecify.annotations.Nullable;

/**
 * A thread of a scheduler of our own: what a trace must find at once, whenever anything happens.
 */
public abstract class Carrier extends Thread {
  /** Which scheduler it belongs to. */
  public final int scheduler;

  /** Where its events go, while they are recorded; the recorder's, and of this thread alone. */
  public @Nullable Object events;

  /** For the scheduler: a platform thread that inherits nothing. */
  protected Carrier(int scheduler, String name) {
    super(null, null, name, 0, false);
    this.scheduler = scheduler;
  }

  /** The number of the P that it has; -1 if none. On its own thread only. */
  public abstract int processor();

  /**
   * Whether what it runs was already in its own queue when what it ran before left it. On its own
   * thread only.
   */
  public abstract boolean isStraightOn();
}
