package dev.selvage.diagnostics.trace;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.text.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a trace as JSON for a page that draws it, schema {@code selvage.timeline/1}: a lane for
 * each P, the states of each goroutine, the pauses of the collector, the heap, and how long
 * goroutines were runnable before they ran. It has a bound: of what is more, the newest is kept,
 * and {@code cutBefore} says from when on nothing is missing.
 */
final class TimelineWriter implements Sink {
  /*
   * Times are nanoseconds since the first event. Slices are lists of numbers, as each word would
   * stand there some ten thousand times:
   *   runs       lane, begin, end, goroutine, word, waker (-1 where not known)
   *   states     goroutine, begin, end, word
   * Goroutines and words are given by their place in "goroutines" and "words". A run's word is what
   * ended it, a state's what it was.
   */
  private static final int MOST_SLICES = 30_000;
  private static final int MOST_LOGS = 500;
  private static final int MOST_HEAP_POINTS = 2_000;
  private static final String RUNNING = "running";
  private static final String RUNNABLE = "runnable";

  /** Nobody is that quick: the replay says so of what only seems to wait, as it tells it. */
  private static final long LEAST_LATENCY = 10;

  /** Powers of two from 1 ns: the last is over half an hour. */
  private static final int BUCKETS = 42;

  private static final class Goroutine {
    final int index;
    final Who who;
    final long first;
    long running;
    long runnable;
    long blocked;
    int runs;
    long since;
    int state = -1;
    int waker = -1;

    Goroutine(int index, Who who, long first) {
      this.index = index;
      this.who = who;
      this.first = first;
    }
  }

  private static final class Log {
    final long time;
    int goroutine;
    final String what;
    final String text;

    Log(long time, int goroutine, String what, String text) {
      this.time = time;
      this.goroutine = goroutine;
      this.what = what;
      this.text = text;
    }
  }

  private record Run(Goroutine goroutine, long begin, int lane, int waker) {}

  private final OutputStream out;
  private final Map<Long, Goroutine> goroutines = new LinkedHashMap<>();
  private final Map<String, Integer> words = new LinkedHashMap<>();
  private final Map<Long, Run> running = new HashMap<>();
  private final Deque<long[]> runs = new ArrayDeque<>();
  private final Deque<long[]> states = new ArrayDeque<>();
  private final List<Integer> lanes = new ArrayList<>();
  private final List<Object> collections = new ArrayList<>();
  private final Deque<Log> logs = new ArrayDeque<>();
  private final Deque<long[]> heap = new ArrayDeque<>();
  private final long[] latencies = new long[BUCKETS];
  private long origin = -1;
  private long cutBefore;
  private long longestLatency;
  private long latencySum;
  private long latencyCount;
  private long collectionBegin;
  private int processors;

  TimelineWriter(OutputStream out) {
    this.out = out;
  }

  private long at(long time) {
    if (origin < 0) {
      origin = time;
    }
    return time - origin;
  }

  private Goroutine of(long time, Who who) {
    return goroutines.computeIfAbsent(who.id, _ -> new Goroutine(goroutines.size(), who, at(time)));
  }

  private int word(String word) {
    return words.computeIfAbsent(word, _ -> words.size());
  }

  private void keep(Deque<long[]> slices, long[] slice, int end) {
    if (slices.size() == MOST_SLICES) {
      cutBefore = Math.max(cutBefore, slices.remove()[end]);
    }
    slices.add(slice);
  }

  /** A goroutine does something else from now on; an empty word ends it. */
  private void state(long time, Goroutine g, String next) {
    long now = at(time);
    if (g.state >= 0) {
      long passed = now - g.since;
      if (g.state == word(RUNNING)) {
        g.running += passed;
      } else if (g.state == word(RUNNABLE)) {
        g.runnable += passed;
      } else {
        g.blocked += passed;
      }
      keep(states, new long[] {g.index, g.since, now, g.state}, 2);
    }
    g.state = next.isEmpty() ? -1 : word(next);
    g.since = now;
  }

  private void stopped(long time, long m, String how) {
    Run run = running.remove(m);
    if (run != null) {
      long[] slice = {run.lane, run.begin, at(time), run.goroutine.index, word(how), run.waker};
      keep(runs, slice, 2);
    }
  }

  private int runningOn(long m) {
    Run run = running.get(m);
    return run == null ? -1 : run.goroutine.index;
  }

  // --------------- Sink ---------------

  @Override
  public void processor(long time, long m, int p) {
    at(time);
    lanes.add(p);
  }

  @Override
  public void take(long time, long m, int p) {}

  @Override
  public void release(long time, long m, int p) {}

  @Override
  public void known(long time, long m, Who g, boolean waiting, List<StackTraceElement> root) {
    state(time, of(time, g), waiting ? "blocked" : RUNNABLE);
  }

  @Override
  public void created(
      long time, long m, Who g, List<StackTraceElement> root, List<StackTraceElement> stack) {
    runnable(time, m, g, stack);
  }

  @Override
  public void runnable(long time, long m, Who g, List<StackTraceElement> stack) {
    Goroutine goroutine = of(time, g);
    state(time, goroutine, RUNNABLE);
    goroutine.waker = runningOn(m);
  }

  @Override
  public void running(long time, long m, int p, Who g) {
    Goroutine goroutine = of(time, g);
    if (goroutine.state == word(RUNNABLE) && at(time) - goroutine.since >= LEAST_LATENCY) {
      latency(at(time) - goroutine.since);
    }
    state(time, goroutine, RUNNING);
    goroutine.runs++;
    running.put(m, new Run(goroutine, at(time), p, goroutine.waker));
    goroutine.waker = -1;
  }

  private void latency(long nanos) {
    int bucket = nanos <= 1 ? 0 : 63 - Long.numberOfLeadingZeros(nanos);
    latencies[Math.min(BUCKETS - 1, bucket)]++;
    longestLatency = Math.max(longestLatency, nanos);
    latencySum += nanos;
    latencyCount++;
  }

  @Override
  public void yielded(long time, long m, int p, Who g, String reason) {
    stopped(time, m, reason);
    state(time, of(time, g), RUNNABLE);
  }

  @Override
  public void blocked(
      long time, long m, int p, Who g, String reason, List<StackTraceElement> stack) {
    stopped(time, m, reason);
    state(time, of(time, g), reason.isEmpty() ? "blocked" : reason);
  }

  @Override
  public void ended(long time, long m, int p, Who g) {
    stopped(time, m, "end");
    state(time, of(time, g), "");
  }

  @Override
  public void processors(long time, long m, int n) {
    processors = n;
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
    say(time, g, "task begins", type);
  }

  @Override
  public void endTask(long time, long m, Who g, long task, List<StackTraceElement> stack) {
    say(time, g, "task ends", "");
  }

  @Override
  public void beginRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack) {
    say(time, g, "region begins", type);
  }

  @Override
  public void endRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack) {
    say(time, g, "region ends", type);
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
    say(time, g, category, message);
  }

  private void say(long time, Who g, String what, String text) {
    if (logs.size() == MOST_LOGS) {
      logs.remove();
    }
    logs.add(new Log(at(time), of(time, g).index, what, text));
  }

  @Override
  public void beginCollection(long time, long m, Who g, String cause) {
    collectionBegin = at(time);
  }

  @Override
  public void endCollection(long time, long m, Who g, String cause) {
    collections.add(List.of(collectionBegin, at(time), cause));
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
    if (heap.size() == MOST_HEAP_POINTS) {
      heap.remove();
    }
    heap.add(new long[] {at(time), used, most});
  }

  @Override
  public void finish(long time) throws IOException {
    for (Goroutine g : goroutines.values()) {
      state(time, g, "");
    }
    for (Long m : List.copyOf(running.keySet())) {
      stopped(time, m, RUNNING);
    }
    Map<String, @Nullable Object> root = new LinkedHashMap<>();
    root.put("schema", "selvage.timeline/1");
    root.put("nanos", at(time));
    root.put("cutBefore", cutBefore);
    root.put("processors", processors);
    root.put("lanes", lanes);
    root.put("words", List.copyOf(words.keySet()));
    root.put("goroutines", describe());
    root.put("runs", runs);
    root.put("states", states);
    root.put("collections", collections);
    root.put("heap", heap);
    root.put("logs", logs.stream().map(l -> List.of(l.time, l.goroutine, l.what, l.text)).toList());
    Map<String, @Nullable Object> latency = new LinkedHashMap<>();
    latency.put("buckets", latencies);
    latency.put("count", latencyCount);
    latency.put("sum", latencySum);
    latency.put("longest", longestLatency);
    root.put("latency", latency);
    out.write(Json.text(root).getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  /** Those that what is kept speaks of, which is renumbered so. */
  private List<Object> describe() {
    int[] places = new int[goroutines.size()];
    for (long[] run : runs) {
      places[(int) run[3]] = 1;
      if (run[5] >= 0) {
        places[(int) run[5]] = 1;
      }
    }
    states.forEach(state -> places[(int) state[0]] = 1);
    logs.forEach(log -> places[log.goroutine] = 1);
    List<Object> described = new ArrayList<>();
    for (Goroutine g : goroutines.values()) {
      if (places[g.index] == 1) {
        places[g.index] = described.size();
        described.add(describe(g));
      }
    }
    for (long[] run : runs) {
      run[3] = places[(int) run[3]];
      run[5] = run[5] < 0 ? -1 : places[(int) run[5]];
    }
    states.forEach(state -> state[0] = places[(int) state[0]]);
    logs.forEach(log -> log.goroutine = places[log.goroutine]);
    return described;
  }

  private static Map<String, @Nullable Object> describe(Goroutine g) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", g.who.id);
    json.put("name", g.who.name);
    StackTraceElement root = g.who.root == null ? g.who.startedAt : g.who.root;
    json.put("root", root == null ? g.who.type : Frames.stable(GoWriter.function(root)));
    json.put("first", g.first);
    json.put("running", g.running);
    json.put("runnable", g.runnable);
    json.put("blocked", g.blocked);
    json.put("runs", g.runs);
    return json;
  }
}
