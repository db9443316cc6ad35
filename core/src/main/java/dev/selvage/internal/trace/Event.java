package dev.selvage.internal.trace;

/**
 * The events of a recording. Each is a byte for its kind, the time since the event before it, and
 * arguments, all numbers in seven bits a byte, least first. A string or stack is a number, or zero.
 * Kinds are added, never renumbered: a tool of another version reads them.
 */
final class Event {
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

  /** Thread, task, category, stack, length and bytes of the message in UTF-8. */
  static final int LOG = 10;

  /** M, goroutine, why the P was taken away. */
  static final int TAKEN_AWAY = 11;

  private Event() {}
}
