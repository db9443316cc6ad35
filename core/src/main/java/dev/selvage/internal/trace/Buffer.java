package dev.selvage.internal.trace;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The events of one platform thread, and of the virtual threads while they run on it. Its methods
 * are for that thread alone, take no lock but once a chunk, and do not park, so that a virtual
 * thread stays where it is.
 */
final class Buffer {
  /** An event with its time and six numbers takes no more. */
  private static final int MOST_BYTES = 72;

  private static final long MOST_NANOS = 50_000;
  private static final int FIRST_SIZE = 1 << 10;
  private static final int SIZE = 1 << 14;

  final Recorder recorder;
  final Thread owner;
  final long id;
  final String name;

  /** Whether it is an M of a scheduler of our own. */
  final boolean machine;

  private @Nullable Chunk chunk;
  private byte[] data = {};
  private int at;
  private long last;
  private int size = FIRST_SIZE;

  /** Events for which there was no room. The owner writes, others read something not too old. */
  final AtomicLong lost = new AtomicLong();

  // What the goroutine that runs here said when it was about to park.
  int reason;
  int stack;

  /** Before that time no stack is walked: they are worth a share of the time and no more. */
  private long noStackBefore;

  Buffer(Recorder recorder, Thread owner, boolean machine) {
    this.recorder = recorder;
    this.owner = owner;
    this.id = owner.threadId();
    this.name = owner.getName();
    this.machine = machine;
  }

  // --------------- Events ---------------

  /** Begins an event; false if there is no room, which is counted. */
  boolean begin(int kind) {
    return begin(kind, 0);
  }

  boolean begin(int kind, int more) {
    long now = recorder.now();
    if (at + MOST_BYTES + more > data.length && !next(now)) {
      lost.incrementAndGet();
      return false;
    }
    data[at++] = (byte) kind;
    long passed = Math.max(0, now - last);
    last += passed;
    number(passed);
    return true;
  }

  void number(long n) {
    long rest = n;
    byte[] d = data;
    int i = at;
    while ((rest & ~0x7FL) != 0) {
      d[i++] = (byte) ((rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    d[i++] = (byte) rest;
    at = i;
  }

  void bytes(byte[] bytes, int length) {
    number(length);
    System.arraycopy(bytes, 0, data, at, length);
    at += length;
  }

  void end() {
    Chunk c = chunk;
    if (c != null) {
      c.events++;
      c.publish(at);
    }
  }

  private boolean next(long now) {
    Chunk c = recorder.chunk(this, chunk, size, now);
    if (c == null) {
      return false;
    }
    size = Math.min(SIZE, size * 4);
    chunk = c;
    data = c.data;
    at = 0;
    last = c.base;
    return true;
  }

  /** The chunk that is written to; for the recorder, under its lock. */
  @Nullable Chunk current() {
    return chunk;
  }

  // --------------- Stacks ---------------

  /**
   * The stack of the current thread, or 0: all stacks together cost a thread at most about a
   * twentieth of its time, so where much happens most events have none.
   */
  int stack() {
    long begun = System.nanoTime();
    return begun - noStackBefore < 0 ? 0 : walked(Stacks.ofCurrentThread(), begun);
  }

  /** The same of a virtual thread that is not mounted. */
  int stackOf(Thread thread) {
    long begun = System.nanoTime();
    return begun - noStackBefore < 0
        ? 0
        : walked(Stacks.trimmed(thread.getStackTrace()), begun);
  }

  private int walked(List<StackTraceElement> stack, long begun) {
    int number = stack.isEmpty() ? 0 : recorder.stacks.number(stack);
    long done = System.nanoTime();
    // The first ones are interpreted, and who loses its core meanwhile is not to pay for it.
    noStackBefore = done + Math.min(done - begun, MOST_NANOS) * 19;
    return number;
  }

  /** A buffer starts with the right to a stack. */
  void allowStack() {
    noStackBefore = System.nanoTime();
  }
}
