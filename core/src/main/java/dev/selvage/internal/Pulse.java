package dev.selvage.internal;

/**
 * A channel that yields the time at certain times: what a timer or a ticker is made of.
 *
 * @param <C> the channel's type, which this package does not know
 */
public interface Pulse<C> extends Resources.Resource {
  /** The channel. It looks unbuffered and never holds a value that stop or reset made stale. */
  C channel();

  /**
   * Sets the next time, and forgets a value that was not received yet.
   *
   * @param after nanoseconds from now
   * @param period nanoseconds between further times, 0 for only one
   * @return whether a time lay ahead, or a value was ready that nobody had received
   */
  boolean start(long after, long period);

  /** No more times. Returns what {@link #start} returns. */
  boolean stop();
}
