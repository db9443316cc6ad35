package dev.selvage.internal.trace;

import dev.selvage.internal.Tracing;
import dev.selvage.internal.gmp.Runner;
import dev.selvage.internal.gmp.Runners;
import dev.selvage.internal.gmp.WholeJvm;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One who wants events: all since it began, or the last ones. Thread-safe. */
final class Session {
  static {
    Tracing.setDoor(
        new Tracing.Door() {
          @Override
          public @Nullable String impossible() {
            return Session.impossible();
          }

          @Override
          public boolean isWholeJvm() {
            return WholeJvm.isOn();
          }

          @Override
          public Function<String, @Nullable Object> open(
              boolean ring, long mostBytes, long keepNanos) {
            Session session = Session.open(ring, mostBytes, keepNanos);
            return session::tell;
          }

          @Override
          public void countUsage(boolean on) {
            Runner.account(on);
          }

          @Override
          public void measureLatency(boolean on) {
            Runner.measureLatency(on);
          }
        });
  }

  private final Recorder recorder;
  final boolean ring;
  final long mostBytes;
  final long keepNanos;
  final long begun;
  final long lostBefore;

  // Guarded by the recorder's lock.
  private long taken;
  private long fullAt = Long.MAX_VALUE;

  private volatile long stoppedAt = Long.MAX_VALUE;

  Session(Recorder recorder, boolean ring, long mostBytes, long keepNanos, long begun) {
    this.recorder = recorder;
    this.ring = ring;
    this.mostBytes = mostBytes;
    this.keepNanos = keepNanos;
    this.begun = begun;
    this.lostBefore = recorder.lost();
  }

  /**
   * Begins one.
   *
   * @param ring whether it wants the last events, and not the first
   * @param mostBytes how many bytes of events are kept for it, about
   * @param keepNanos of a ring: events that are older may go
   * @throws UnsupportedOperationException where there is no scheduler of our own; says why
   */
  private static Session open(boolean ring, long mostBytes, long keepNanos) {
    String why = impossible();
    if (why != null) {
      throw new UnsupportedOperationException(why);
    }
    return Recorder.open(ring, mostBytes, keepNanos);
  }

  /** Why nothing can be recorded; null if it can. */
  private static @Nullable String impossible() {
    String why = Runners.impossible();
    if (why != null) {
      return why;
    }
    return Runners.ofThisJvm() == null
        ? "goroutines run on the scheduler of the JDK, as was asked for"
        : null;
  }

  /** Under the recorder's lock: whether it wants another chunk. */
  boolean take(int size, long now) {
    if (ring) {
      return true;
    }
    if (fullAt != Long.MAX_VALUE || stoppedAt != Long.MAX_VALUE) {
      return false;
    }
    taken += size;
    if (taken > mostBytes) {
      fullAt = now;
      return false;
    }
    return true;
  }

  boolean isLive() {
    return stoppedAt == Long.MAX_VALUE;
  }

  boolean isFull() {
    return fullAt != Long.MAX_VALUE;
  }

  /** Until when it has everything. */
  long endedAt() {
    return Math.min(Math.min(fullAt, stoppedAt), recorder.now());
  }

  private @Nullable Object tell(String word) {
    switch (word) {
      case "stop" -> {
        stoppedAt = recorder.now();
        recorder.stopped();
      }
      case "close" -> recorder.close(this);
      case "snapshot" -> {
        return recorder.snapshot(this);
      }
      default -> throw new IllegalArgumentException(word);
    }
    return null;
  }
}
