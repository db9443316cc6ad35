package dev.selvage.diagnostics.trace;

import java.util.List;

/** Nobody is told. */
enum Nobody implements Sink {
  INSTANCE;

  @Override
  public void processor(long time, long m, int p) {}

  @Override
  public void take(long time, long m, int p) {}

  @Override
  public void release(long time, long m, int p) {}

  @Override
  public void known(long time, long m, Who g, boolean waiting, List<StackTraceElement> root) {}

  @Override
  public void created(
      long time, long m, Who g, List<StackTraceElement> root, List<StackTraceElement> stack) {}

  @Override
  public void runnable(long time, long m, Who g, List<StackTraceElement> stack) {}

  @Override
  public void running(long time, long m, int p, Who g) {}

  @Override
  public void yielded(long time, long m, int p, Who g, String reason) {}

  @Override
  public void blocked(
      long time, long m, int p, Who g, String reason, List<StackTraceElement> stack) {}

  @Override
  public void ended(long time, long m, int p, Who g) {}

  @Override
  public void processors(long time, long m, int n) {}

  @Override
  public void beginTask(
      long time,
      long m,
      Who g,
      long task,
      long parent,
      String type,
      List<StackTraceElement> stack) {}

  @Override
  public void endTask(long time, long m, Who g, long task, List<StackTraceElement> stack) {}

  @Override
  public void beginRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack) {}

  @Override
  public void endRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack) {}

  @Override
  public void log(
      long time,
      long m,
      Who g,
      long task,
      String category,
      String message,
      List<StackTraceElement> stack) {}

  @Override
  public void beginCollection(long time, long m, Who g, String cause) {}

  @Override
  public void endCollection(long time, long m, Who g, String cause) {}

  @Override
  public void beginStop(long time, long m, Who g, String cause) {}

  @Override
  public void endStop(long time, long m, Who g, String cause) {}

  @Override
  public void heap(long time, long m, long used, long most) {}

  @Override
  public void finish(long time) {}
}
