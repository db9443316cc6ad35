package dev.selvage.diagnostics.heap;

import java.util.List;

/** A thread of the dump. */
public final class HeapThread {
  /** The same stacks are one object. */
  static final class Stack {
    static final Stack NONE = new Stack(List.of());
    final List<StackTraceElement> frames;

    Stack(List<StackTraceElement> frames) {
      this.frames = frames;
    }
  }

  /** What it did, as its field and its stack say. */
  public enum State {
    /** Not started, or ended. */
    NOT_ALIVE,
    /** Runs, is about to, or is on its way into or out of a wait. */
    RUNNABLE,
    /** Parked without a time limit, off its carrier, without a permit. */
    PARKED,
    /** Parked on its carrier. */
    PINNED,
    /** Waits with a time limit. */
    TIMED,
    /** Waits to enter a monitor. */
    MONITOR_ENTER,
    /** In {@code Object.wait} without a time limit, and not notified. */
    OBJECT_WAIT
  }

  /** What the dump does not show of what a thread that can run has in its hands. */
  public enum Gap {
    /** Nothing: all is in its frames. */
    NONE,
    /** It has a stack, but the dump has none of it. */
    STACK,
    /** Of a virtual thread on its carrier: the frames that it has not been given back yet. */
    CALLERS,
    /** It may be between two frames: what a method just returns is in neither. */
    RESULT
  }

  final int object;
  final boolean virtual;
  int serial;
  State state = State.RUNNABLE;
  Gap gap = Gap.NONE;
  boolean unwritten;
  Stack stack = Stack.NONE;
  int name = -1; // objects; -1 for null
  int blocker = -1;
  int container = -1;
  int holder = -1; // of a platform thread: the object with its status
  int[] own = {};

  HeapThread(int object, boolean virtual) {
    this.object = object;
    this.virtual = virtual;
  }

  /** Whether it is a virtual thread. */
  public boolean isVirtual() {
    return virtual;
  }

  /** What it did. */
  public State state() {
    return state;
  }

  /** What the dump lacks of it. */
  public Gap gap() {
    return gap;
  }

  /**
   * Whether it is off its carrier, with a stack, and the JVM that made the dump has written none of
   * it: HotSpot does from 22 on.
   */
  public boolean isUnwritten() {
    return unwritten;
  }

  /** All frames, leaf first, also those that the JVM hides. */
  public List<StackTraceElement> frames() {
    return stack.frames;
  }
}
