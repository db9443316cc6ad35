package dev.selvage.internal.trace;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A piece of one thread's events. Written by that thread, read by anybody. */
final class Chunk {
  private static final VarHandle END;

  static {
    try {
      END = MethodHandles.lookup().findVarHandle(Chunk.class, "end", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final Buffer of;
  final byte[] data;

  /** What the time of the first event counts from, in nanoseconds after the recorder's origin. */
  final long base;

  @SuppressWarnings("UnusedVariable") // through END
  private int end;

  /** When its owner began another one; guarded by the recorder's lock. */
  long closedAt = Long.MAX_VALUE;

  /**
   * An empty one.
   *
   * @param data what it writes to, which nobody else uses
   */
  Chunk(Buffer of, byte[] data, long base) {
    this.of = of;
    this.data = data;
    this.base = base;
  }

  /** Everything before this place is an event, whoever sees it. */
  void publish(int upTo) {
    END.setRelease(this, upTo);
  }

  int end() {
    return (int) END.getAcquire(this);
  }
}
