package dev.selvage.diagnostics.trace;

import java.io.IOException;
import java.util.List;

/**
 * Takes a trace, event by event, as {@link Replay} tells it: each later than the one before, and
 * all of them possible one after the other. A thread is given by its identifier, and a P by its
 * number, of which those from some number on stand for no P, but for running without one.
 */
interface Sink {
  /** The first time at which a P is heard of: it is idle. */
  void processor(long time, long m, int p) throws IOException;

  /** An M takes a P. */
  void take(long time, long m, int p) throws IOException;

  /** An M gives its P back. */
  void release(long time, long m, int p) throws IOException;

  /**
   * The first time at which a goroutine is heard of that was there before.
   *
   * @param waiting whether it waits; else it is runnable
   * @param root where it began, empty if not known
   */
  void known(long time, long m, Who g, boolean waiting, List<StackTraceElement> root)
      throws IOException;

  /** The goroutine that runs on the M, or whoever has its P, starts one. */
  void created(
      long time, long m, Who g, List<StackTraceElement> root, List<StackTraceElement> stack)
      throws IOException;

  /** A goroutine that waited is runnable. */
  void runnable(long time, long m, Who g, List<StackTraceElement> stack) throws IOException;

  /** A runnable goroutine runs on the M, which has a P. */
  void running(long time, long m, int p, Who g) throws IOException;

  /** The one that runs on the M gives way. */
  void yielded(long time, long m, int p, Who g, String reason) throws IOException;

  /** The one that runs on the M waits. */
  void blocked(long time, long m, int p, Who g, String reason, List<StackTraceElement> stack)
      throws IOException;

  /** The one that runs on the M has ended. */
  void ended(long time, long m, int p, Who g) throws IOException;

  /** How many Ps there are, said while something runs on the M. */
  void processors(long time, long m, int n) throws IOException;

  /** A task begins in what runs on the M. */
  void beginTask(
      long time, long m, Who g, long task, long parent, String type, List<StackTraceElement> stack)
      throws IOException;

  /** A task ends, of which it is not said that it has begun. */
  void endTask(long time, long m, Who g, long task, List<StackTraceElement> stack)
      throws IOException;

  /** A region begins; they are nested. */
  void beginRegion(long time, long m, Who g, long task, String type, List<StackTraceElement> stack)
      throws IOException;

  /** The innermost region ends. */
  void endRegion(long time, long m, Who g, long task, String type, List<StackTraceElement> stack)
      throws IOException;

  /** Something is said. */
  void log(
      long time,
      long m,
      Who g,
      long task,
      String category,
      String message,
      List<StackTraceElement> stack)
      throws IOException;

  /** The world stops for a collection, said in what runs on the M. */
  void beginCollection(long time, long m, Who g, String cause) throws IOException;

  /** It goes on. */
  void endCollection(long time, long m, Who g, String cause) throws IOException;

  /** The world stops for something else. */
  void beginStop(long time, long m, Who g, String cause) throws IOException;

  /** It goes on. */
  void endStop(long time, long m, Who g, String cause) throws IOException;

  /** How much of the heap is used, and how much there may be. */
  void heap(long time, long m, long used, long most) throws IOException;

  /** That was all. */
  void finish(long time) throws IOException;
}
