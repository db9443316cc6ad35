package dev.selvage.internal.gmp;

import org.jspecify.annotations.Nullable;

/** An M: what a thread that runs goroutines has of its own. */
final class Machine {
  /** The P that it has. Null while it is spare; then whoever takes it out of the spares sets it. */
  volatile @Nullable Processor processor;

  /** Its thread; null under a simulation. Written before the thread starts. */
  @Nullable Worker worker;

  /** For what it stands still; null while it does not. Written by its thread alone. */
  volatile @Nullable Hold rests;

  /** Whether it has been given a thread. Guarded by the scheduler's lock. */
  boolean started;

  // The M's own.

  /** Whether the last task that it was given was in the queue of its own P. */
  boolean straightOn;

  /** While it is watched: the P with which it ran the task before; null if it had none since. */
  @Nullable Processor ranOn;

  /** Whether it is counted among those that look for work. */
  boolean spinning;

  /** For tasks on the way from one queue to another. */
  final @Nullable Runnable[] bag = new Runnable[Processor.SIZE / 2];

  private int random;

  /** The P for whose runnext this M was woken. Written by the waker, at some risk of being late. */
  @Nullable Processor wokenFor;

  Machine(int seed) {
    random = seed * 0x9E3779B9 | 1;
  }

  /** A number from 0 up to the bound. */
  int random(int bound) {
    int r = random; // Marsaglia's xorshift
    r ^= r << 13;
    r ^= r >>> 17;
    r ^= r << 5;
    random = r;
    return (int) (((r & 0xFFFFFFFFL) * bound) >>> 32);
  }
}
