package dev.selvage.diagnostics.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Go's rules for a trace, written a second time: what a reader would refuse fails here. */
final class Checking implements Sink {
  private enum State {
    RUNNABLE,
    RUNNING,
    WAITING
  }

  private final Map<Long, State> goroutines = new HashMap<>();
  private final Map<Long, Integer> processorOf = new HashMap<>();
  private final Map<Long, Long> running = new HashMap<>();
  private final Set<Integer> idle = new HashSet<>();
  private final Set<Integer> known = new HashSet<>();
  private final Map<Long, Deque<String>> regions = new HashMap<>();
  private long last = -1;
  private boolean collecting;
  private boolean finished;

  /** How many events were told. */
  int count;

  /** How many of them were runs. */
  int runs;

  private void at(long time) {
    assertTrue(time > last, "time goes on");
    assertFalse(finished, "nothing comes after the end");
    last = time;
    count++;
  }

  private void inside(long m, Who g) {
    assertNotNull(processorOf.get(m), "it has a P");
    assertEquals(g.id, running.get(m));
    assertEquals(State.RUNNING, goroutines.get(g.id));
  }

  @Override
  public void processor(long time, long m, int p) {
    at(time);
    assertTrue(known.add(p), "a P is told of once");
    idle.add(p);
  }

  @Override
  public void take(long time, long m, int p) {
    at(time);
    assertTrue(idle.remove(p), "the P is idle");
    assertNull(processorOf.put(m, p), "the M has no P");
  }

  @Override
  public void release(long time, long m, int p) {
    at(time);
    assertEquals(p, processorOf.remove(m));
    assertNull(running.get(m));
    idle.add(p);
  }

  @Override
  public void known(long time, long m, Who g, boolean waiting, List<StackTraceElement> root) {
    at(time);
    assertNull(goroutines.put(g.id, waiting ? State.WAITING : State.RUNNABLE));
  }

  @Override
  public void created(
      long time, long m, Who g, List<StackTraceElement> root, List<StackTraceElement> stack) {
    at(time);
    assertNotNull(processorOf.get(m));
    assertNull(goroutines.put(g.id, State.RUNNABLE));
  }

  @Override
  public void runnable(long time, long m, Who g, List<StackTraceElement> stack) {
    at(time);
    assertEquals(State.WAITING, goroutines.put(g.id, State.RUNNABLE));
  }

  @Override
  public void running(long time, long m, int p, Who g) {
    at(time);
    runs++;
    assertEquals(p, processorOf.get(m));
    assertNull(running.put(m, g.id));
    assertEquals(State.RUNNABLE, goroutines.put(g.id, State.RUNNING));
  }

  private void stop(long time, long m, int p, Who g, @Nullable State state) {
    at(time);
    inside(m, g);
    assertEquals(p, processorOf.get(m));
    running.remove(m);
    if (state == null) {
      goroutines.remove(g.id);
      regions.remove(g.id);
    } else {
      goroutines.put(g.id, state);
    }
  }

  @Override
  public void yielded(long time, long m, int p, Who g, String reason) {
    stop(time, m, p, g, State.RUNNABLE);
    assertFalse(reason.isEmpty());
  }

  @Override
  public void blocked(
      long time, long m, int p, Who g, String reason, List<StackTraceElement> stack) {
    stop(time, m, p, g, State.WAITING);
    assertFalse(reason.isEmpty());
  }

  @Override
  public void ended(long time, long m, int p, Who g) {
    stop(time, m, p, g, null);
  }

  @Override
  public void processors(long time, long m, int n) {
    at(time);
    assertTrue(n > 0);
    assertNotNull(running.get(m));
  }

  @Override
  public void beginTask(
      long time,
      long m,
      Who g,
      long task,
      long parent,
      String type,
      List<StackTraceElement> stack) {
    at(time);
    inside(m, g);
  }

  @Override
  public void endTask(long time, long m, Who g, long task, List<StackTraceElement> stack) {
    at(time);
    inside(m, g);
  }

  @Override
  public void beginRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack) {
    at(time);
    inside(m, g);
    regions.computeIfAbsent(g.id, _ -> new ArrayDeque<>()).push(task + type);
  }

  @Override
  public void endRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack) {
    at(time);
    inside(m, g);
    assertEquals(task + type, regions.getOrDefault(g.id, new ArrayDeque<>()).poll());
  }

  @Override
  public void log(
      long time,
      long m,
      Who g,
      long task,
      String category,
      String message,
      List<StackTraceElement> stack) {
    at(time);
    inside(m, g);
  }

  @Override
  public void beginCollection(long time, long m, Who g, String cause) {
    at(time);
    inside(m, g);
    assertFalse(collecting);
    collecting = true;
  }

  @Override
  public void endCollection(long time, long m, Who g, String cause) {
    at(time);
    inside(m, g);
    assertTrue(collecting);
    collecting = false;
  }

  @Override
  public void beginStop(long time, long m, Who g, String cause) {
    beginCollection(time, m, g, cause);
  }

  @Override
  public void endStop(long time, long m, Who g, String cause) {
    endCollection(time, m, g, cause);
  }

  @Override
  public void heap(long time, long m, long used, long most) {
    at(time);
    assertNotNull(processorOf.get(m));
  }

  @Override
  public void finish(long time) {
    at(time);
    finished = true;
    assertFalse(collecting);
  }

  boolean isFinished() {
    return finished;
  }
}
