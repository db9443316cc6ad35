package dev.selvage.internal.trace;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The events of one platform thread, and of the virtual threads while they run on it. Its methods
 * are for that thread alone, take no lock but once a chunk, and do not park, so that a virtual
 * thread stays where it is.
 */
final class Buffer {
  /** An event with its time and six numbers takes no more; what is written behind a number does. */
  private static final int MOST_BYTES = 72;

  /** What a stack costs at most: the first ones are interpreted, or their walker loses its core. */
  private static final long DEAREST = 50_000;

  /** What a thread may have saved for stacks, which it has at its beginning. */
  private static final long MOST_SAVED = 1_000_000;

  private static final int FIRST_SIZE = 1 << 10;

  private static final int KNOWN = 1 << 6;

  /** That of all but the first ones. */
  static final int SIZE = 1 << 14;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

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

  // What the goroutine that runs here said when it was about to park; not 0 if it did.
  int reason;
  int stack;

  /** Whether the last event here is that a goroutine does not run any more. */
  private boolean leaving;

  /** The numbers of those that were met last, in pairs of places: mostly all. */
  private final @Nullable Object[] known = new Object[KNOWN];

  private final int[] numbers = new int[KNOWN];

  /*
   * A stack costs some microseconds, where an event costs some ten nanoseconds. So a thread pays for
   * stacks with what it earns, in nanoseconds: a two-hundredth of the time for which goroutines run
   * on it; a little for each event where that is not known, as it is no M; and a thousandth of all
   * the time, so that where little happens everything has a stack. While it has something saved it
   * walks one, and may owe for that.
   */
  private long saved = MOST_SAVED;

  /** Until when time has been earned for. */
  private long earnedUntil;

  /** Since when a goroutine runs here; 0 while none does. */
  private long runningSince;

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
  }

  // --------------- Events ---------------

  /** Begins an event of that time; false if there is no room, which is counted. */
  boolean begin(int kind, long now) {
    return begin(kind, now, 0);
  }

  boolean begin(int kind, long now, int more) {
    leaving = false;
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

  /** The event that has just ended was that a goroutine does not run any more, at that moment. */
  void left() {
    leaving = true;
  }

  /**
   * The time, for a goroutine that begins to run.
   *
   * @param straightOn whether it became runnable before another one left, if that is what happened
   *     here last: then what is between is the way from one to the other, and the clock is not read
   */
  long switchedAt(boolean straightOn) {
    return straightOn && leaving ? last : recorder.now();
  }

  void number(long n) {
    if ((n & ~0xFFFFFFFL) == 0) {
      // Nearly all: one store, and no branch that depends on how long it is. What it writes behind
      // its last byte is written over.
      int v = (int) n;
      int spread =
          (v & 0x7F) | ((v & 0x3F80) << 1) | ((v & 0x1FC000) << 2) | ((v & 0xFE00000) << 3);
      int last = (31 - Integer.numberOfLeadingZeros(v | 1)) / 7;
      INT.set(data, at, spread | (0x80808080 & ((1 << (last << 3)) - 1)));
      at += last + 1;
      return;
    }
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

  /** A goroutine begins to run here. */
  void runs(long now) {
    runningSince = now;
  }

  /** It does not any more. */
  void ran(long now) {
    if (runningSince != 0) {
      saved += Math.max(0, now - runningSince) / 200;
      runningSince = 0;
    }
  }

  /**
   * The stack of the current thread, or 0: where much happens most events have none.
   *
   * @param now the time
   */
  int stack(long now) {
    return maySpend(now) ? walked(Stacks.ofCurrentThread(), now) : 0;
  }

  /** The same before a time is known, which is read for a stack only. */
  int stack() {
    return maySpend(last) ? stack(recorder.now()) : 0;
  }

  /** The same of a virtual thread that is not mounted. */
  int stackOf(Thread thread, long now) {
    return maySpend(now) ? walked(Stacks.trimmed(thread.getStackTrace()), now) : 0;
  }

  private boolean maySpend(long now) {
    long earned = Math.max(0, now - earnedUntil) / 1_000 + (machine ? 0 : 25);
    earnedUntil = now;
    saved = Math.min(saved + earned, MOST_SAVED);
    return saved > 0;
  }

  /** The number of a string that is always the same object, or of a reason. */
  int number(Object reason) {
    int i = System.identityHashCode(reason) & (KNOWN - 1);
    if (known[i] == reason) {
      return numbers[i];
    }
    int other = i ^ 1;
    if (known[other] == reason) {
      return numbers[other];
    }
    int number = recorder.strings.number(reason.toString());
    known[other] = known[i];
    numbers[other] = numbers[i];
    known[i] = reason;
    numbers[i] = number;
    return number;
  }

  private int walked(List<StackTraceElement> stack, long begun) {
    int number = stack.isEmpty() ? 0 : recorder.stacks.number(stack);
    saved -= Math.min(recorder.now() - begun, DEAREST);
    return number;
  }
}
