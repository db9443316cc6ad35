package dev.selvage.internal;

/**
 * What a goroutine has used since somebody wanted to know. Written by whoever runs it, one at a
 * time; others see what was true a moment ago.
 */
public final class Account {
  /** When it became runnable, or 0. */
  public long readyAt;

  /** How often it was run. */
  public long mounts;

  /** Processor time, in nanoseconds. */
  public long cpuNanos;

  /** Bytes of heap. */
  public long allocatedBytes;

  /** Creates one with nothing in it. */
  public Account() {}
}
