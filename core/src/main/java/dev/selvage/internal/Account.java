package dev.selvage.internal;

import org.jspecify.annotations.Nullable;

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

  /** The thread that started it, by its identifier; 0 if that was not noted. */
  public long startedBy;

  /** The line that started it; null if that was not noted. */
  public @Nullable StackTraceElement startedAt;

  /** Creates one with nothing in it. */
  public Account() {}
}
