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

  /** When it did; 0 if it did not. */
  long parkedAt;

  /** The numbers of those that were met first, which are mostly all. */
  private final @Nullable Object[] reasons = new Object[16];

  private final int[] numbers = new int[reasons.length];

  /** Before that time no stack is walked: they are worth a share of the time and no more. */
  private long noStackBefore;

  Buffer(Recorder recorder, Thread owner, boolean machine) {
    this.recorder = recorder;
    this.owner = owner;
    this.id = owner.threadId();
    this.name = owner.getName();
    this.machine = machine;
  }

  /** Forgets what a goroutine said: it has been told, or it did not park. */
  void forget() {
    reason = 0;
    stack = 0;
    parkedAt = 0;
  }

  // --------------- Events ---------------

  /** Begins an event of that time; false if there is no room, which is counted. */
  boolean begin(int kind, long now) {
    return begin(kind, now, 0);
  }

  boolean begin(int kind, long now, int more) {
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
   * fiftieth of its time, so where much happens most events have none.
   *
   * @param now the time
   */
  int stack(long now) {
    return now < noStackBefore ? 0 : walked(Stacks.ofCurrentThread(), now);
  }

  /** The same of a virtual thread that is not mounted. */
  int stackOf(Thread thread, long now) {
    return now < noStackBefore ? 0 : walked(Stacks.trimmed(thread.getStackTrace()), now);
  }

  /** The number of a string that is always the same object, or of a reason. */
  int number(Object reason) {
    int i = 0;
    for (; i < reasons.length && reasons[i] != null; i++) {
      if (reasons[i] == reason) {
        return numbers[i];
      }
    }
    int number = recorder.strings.number(reason.toString());
    if (i < reasons.length) {
      reasons[i] = reason;
      numbers[i] = number;
    }
    return number;
  }

  private int walked(List<StackTraceElement> stack, long begun) {
    int number = stack.isEmpty() ? 0 : recorder.stacks.number(stack);
    long done = recorder.now();
    // The first ones are interpreted, and who loses its core meanwhile is not to pay for it.
    noStackBefore = done + Math.min(done - begun, MOST_NANOS) * 49;
    return number;
  }
}
