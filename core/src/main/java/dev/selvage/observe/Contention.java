package dev.selvage.observe;

import dev.selvage.internal.Contentions;

/**
 * Turns on the block and the mutex profile for waits of the language: channels, {@code select},
 * WaitGroup, Mutex, RWMutex, Cond, Semaphore, Scope. Both are off at first, as in Go, and cost
 * nothing then. What has been sampled is in {@code /debug/pprof/block} and {@code
 * /debug/pprof/mutex}. Any thread may call it; nothing blocks.
 *
 * <p>A wait is counted when it ends, so one that never ends is in neither: that is a leak, and the
 * leak profile has it. A sleep is not counted. Of each place the number and the time of its waits
 * are kept, for at most 4,096 places.
 */
public final class Contention {
  private Contention() {}

  /**
   * Samples, on average, one wait for every so many nanoseconds that threads are blocked (Go's
   * {@code runtime.SetBlockProfileRate}). Waits at least that long are all counted; a shorter one
   * is with the chance that it has, and then counts for the others.
   *
   * @param nanos 1 to count every wait; 0 or less to stop
   */
  public static void setBlockProfileRate(long nanos) {
    Contentions.setBlockRate(nanos);
  }

  /**
   * Samples, on average, one of so many waits for a {@code Mutex} or an {@code RWMutex} (Go's
   * {@code runtime.SetMutexProfileFraction}). It is counted where the lock is given back: what is
   * shown is who makes others wait.
   *
   * @param fraction 1 to count every wait; 0 to stop; less than 0 to change nothing
   * @return what was set before
   */
  public static int setMutexProfileFraction(int fraction) {
    return Contentions.setMutexFraction(fraction);
  }
}
