package dev.selvage.diagnostics.trace;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The events of one thread, one after the other. Has the event at which it stands, until it is at
 * the end. The kinds are those of the language's recorder, which gives the arguments in this order.
 */
final class Events {
  /** Goroutine, class of its task, its name, who starts it, stack. */
  static final int CREATED = 1;

  /** Goroutine, who wakes it, name of that one if it is virtual and not of ours, stack. */
  static final int RUNNABLE = 2;

  /** Goroutine, scheduler and P (16 bits). */
  static final int RUNNING = 3;

  /** Goroutine, reason, stack. */
  static final int STOPPED = 4;

  /** Goroutine. */
  static final int ENDED = 5;

  /** Thread, task, parent, type, stack. */
  static final int TASK_BEGIN = 6;

  /** Thread, task, stack. */
  static final int TASK_END = 7;

  /** Thread, task, type, stack. */
  static final int REGION_BEGIN = 8;

  /** Thread, task, type, stack. */
  static final int REGION_END = 9;

  /** Thread, task, category, stack, and the message. */
  static final int LOG = 10;

  /** M, goroutine, why the P was taken away. */
  static final int TAKEN_AWAY = 11;

  private static final int[] ARGUMENTS = {0, 5, 4, 2, 3, 1, 5, 3, 4, 4, 4, 3};

  final long id;
  final String name;

  /** Whether it is an M. */
  final boolean machine;

  private final List<byte[]> chunks;
  private final List<Long> bases;
  private int chunk = -1;
  private byte[] data = {};
  private int at;

  /** 0 at the end. */
  int kind;

  /** In nanoseconds after the recording's origin. */
  long time;

  final long[] arguments = new long[5];
  String message = "";

  Events(long id, String name, boolean machine, List<byte[]> chunks, List<Long> bases) {
    this.id = id;
    this.name = name;
    this.machine = machine;
    this.chunks = chunks;
    this.bases = bases;
  }

  /** The same from the beginning. */
  Events again() {
    return new Events(id, name, machine, chunks, bases);
  }

  /** Goes to the next event; false if there is none. */
  boolean next() {
    while (at >= data.length) {
      if (++chunk >= chunks.size()) {
        kind = 0;
        return false;
      }
      data = chunks.get(chunk);
      at = 0;
      time = bases.get(chunk);
    }
    int type = data[at++];
    if (type <= 0 || type >= ARGUMENTS.length) {
      throw new IllegalArgumentException("no such event: " + type);
    }
    time += number();
    for (int i = 0; i < ARGUMENTS[type]; i++) {
      arguments[i] = number();
    }
    if (type == LOG) {
      int length = (int) number();
      message = new String(data, at, length, StandardCharsets.UTF_8);
      at += length;
    }
    kind = type;
    return true;
  }

  private long number() {
    long n = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = data[at++];
      n |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return n;
      }
    }
  }
}
