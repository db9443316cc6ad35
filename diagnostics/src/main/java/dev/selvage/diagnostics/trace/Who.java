package dev.selvage.diagnostics.trace;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A goroutine, or a thread that does what only goroutines do in a trace; and its state in it. */
final class Who {
  /** What it does. */
  enum State {
    UNKNOWN,
    RUNNABLE,
    RUNNING,
    WAITING,
    ENDED
  }

  /** A region that it is in. */
  record Region(long task, String type) {}

  final long id;

  /** The name of its thread; empty if it has none. */
  String name = "";

  /** The class of its task; empty if not known. */
  String type = "";

  /** Where its thread began, if a stack of it was seen. */
  @Nullable StackTraceElement root;

  /** What stands for it, if that is never seen: who started it. */
  @Nullable StackTraceElement startedAt;

  State state = State.UNKNOWN;
  Replay.@Nullable Machine on;
  final Deque<Region> regions = new ArrayDeque<>();

  /** The number of a stop whose reason who wakes it may tell; -1 if none. */
  int unexplained = -1;

  // The writer's.
  long sequence;

  Who(long id) {
    this.id = id;
  }
}
