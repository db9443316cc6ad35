package dev.selvage.diagnostics.trace;

import dev.selvage.diagnostics.text.Quoted;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes a trace as the JSON of Chrome's trace viewer, which Perfetto reads: a track for each P,
 * with arrows from who wakes a goroutine to where that runs; one for each goroutine, with its
 * states and regions; tasks as asynchronous slices; the heap as counters.
 */
final class PerfettoWriter implements Sink {
  private static final int PROCESSORS = 1;
  private static final int GOROUTINES = 2;

  /** What a goroutine does since when, to be written when it does something else. */
  private record Since(long time, String what, List<StackTraceElement> stack) {}

  private final OutputStream out;
  private final Map<Long, Since> states = new HashMap<>();
  private final Map<Long, Since> runs = new HashMap<>();
  private final Map<Long, Integer> lanes = new HashMap<>();
  private final Map<Long, Long> arrows = new HashMap<>();
  private final Map<Long, String> tasks = new HashMap<>();
  private final Set<Long> named = new HashSet<>();
  private boolean first = true;
  private long arrow;

  PerfettoWriter(OutputStream out) {
    this.out = out;
  }

  // --------------- JSON ---------------

  private void write(String json) throws IOException {
    String before = first ? "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n" : ",\n";
    if (first) {
      first = false;
      out.write(before.getBytes(StandardCharsets.UTF_8));
      meta(PROCESSORS, 0, "process_name", "Ps");
      meta(GOROUTINES, 0, "process_name", "goroutines");
      before = ",\n";
    }
    out.write((before + json).getBytes(StandardCharsets.UTF_8));
  }

  private int metas;

  private void meta(int pid, long tid, String what, String name) throws IOException {
    String json =
        "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"%s\",\"args\":{\"name\":%s}}"
            .formatted(pid, tid, what, quoted(name));
    out.write(((metas++ == 0 ? "" : ",\n") + json).getBytes(StandardCharsets.UTF_8));
  }

  private void event(char phase, int pid, long tid, long time, String name, String more)
      throws IOException {
    write(
        "{\"ph\":\"%c\",\"pid\":%d,\"tid\":%d,\"ts\":%s,\"name\":%s%s}"
            .formatted(phase, pid, tid, micros(time), quoted(name), more));
  }

  private void slice(int pid, long tid, long from, long to, String name, String more)
      throws IOException {
    event('X', pid, tid, from, name, ",\"dur\":" + micros(to - from) + more);
  }

  private static String micros(long nanos) {
    String rest = Long.toString(nanos % 1000 + 1000).substring(1);
    return nanos / 1000 + "." + rest;
  }

  static String quoted(String text) {
    StringBuilder s = new StringBuilder();
    Quoted.json(s, text);
    return s.toString();
  }

  private static String args(Who g, List<StackTraceElement> stack) {
    StringBuilder s = new StringBuilder(",\"args\":{\"goroutine\":").append(g.id);
    if (!stack.isEmpty()) {
      StringBuilder frames = new StringBuilder();
      stack.forEach(frame -> frames.append(frame).append('\n'));
      s.append(",\"stack\":").append(quoted(frames.toString().strip()));
    }
    return s.append('}').toString();
  }

  private static String title(Who g) {
    if (!g.name.isEmpty()) {
      return g.name;
    }
    StackTraceElement root = g.root;
    return root == null ? "goroutine " + g.id : GoWriter.function(root) + " " + g.id;
  }

  /** A goroutine does something else from now on. */
  private void state(long time, Who g, String what, List<StackTraceElement> stack)
      throws IOException {
    Since since = states.remove(g.id);
    if (since != null) {
      slice(GOROUTINES, g.id, since.time, time, since.what, args(g, since.stack));
    }
    if (!what.isEmpty()) {
      states.put(g.id, new Since(time, what, stack));
    }
    if (named.add(g.id)) {
      write(
          "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":%s}}"
              .formatted(GOROUTINES, g.id, quoted(title(g))));
    }
  }

  private void stopped(long time, long m, int p, Who g, String how) throws IOException {
    Since since = runs.remove(m);
    if (since != null) {
      slice(
          PROCESSORS,
          p,
          since.time,
          time,
          title(g),
          ",\"args\":{\"goroutine\":" + g.id + ",\"end\":" + quoted(how) + "}");
    }
  }

  // --------------- Sink ---------------

  @Override
  public void processor(long time, long m, int p) throws IOException {
    write(
        "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":%s}}"
            .formatted(PROCESSORS, p, quoted("P " + p)));
  }

  @Override
  public void take(long time, long m, int p) {
    lanes.put(m, p);
  }

  @Override
  public void release(long time, long m, int p) {
    lanes.remove(m);
  }

  @Override
  public void known(long time, long m, Who g, boolean waiting, List<StackTraceElement> root)
      throws IOException {
    state(time, g, waiting ? "blocked" : "runnable", List.of());
  }

  @Override
  public void created(
      long time, long m, Who g, List<StackTraceElement> root, List<StackTraceElement> stack)
      throws IOException {
    state(time, g, "runnable", stack);
    arrow(time, m, g);
  }

  @Override
  public void runnable(long time, long m, Who g, List<StackTraceElement> stack) throws IOException {
    state(time, g, "runnable", stack);
    arrow(time, m, g);
  }

  /** An arrow begins in what runs on the M, if something does. */
  private void arrow(long time, long m, Who g) throws IOException {
    Integer lane = lanes.get(m);
    if (lane != null && runs.containsKey(m)) {
      arrows.put(g.id, ++arrow);
      event('s', PROCESSORS, lane, time, "wakes", ",\"cat\":\"wake\",\"id\":" + arrow);
    } else {
      arrows.remove(g.id);
    }
  }

  @Override
  public void running(long time, long m, int p, Who g) throws IOException {
    state(time, g, "running", List.of());
    runs.put(m, new Since(time, "", List.of()));
    Long from = arrows.remove(g.id);
    if (from != null) {
      event('f', PROCESSORS, p, time, "wakes", ",\"bp\":\"e\",\"cat\":\"wake\",\"id\":" + from);
    }
  }

  @Override
  public void yielded(long time, long m, int p, Who g, String reason) throws IOException {
    stopped(time, m, p, g, reason);
    state(time, g, "runnable", List.of());
  }

  @Override
  public void blocked(long time, long m, int p, Who g, String reason, List<StackTraceElement> stack)
      throws IOException {
    stopped(time, m, p, g, reason);
    state(time, g, reason, stack);
  }

  @Override
  public void ended(long time, long m, int p, Who g) throws IOException {
    stopped(time, m, p, g, "end");
    state(time, g, "", List.of());
  }

  @Override
  public void processors(long time, long m, int n) throws IOException {
    event('C', PROCESSORS, 0, time, "GOMAXPROCS", ",\"args\":{\"Ps\":" + n + "}");
  }

  @Override
  public void beginTask(
      long time, long m, Who g, long task, long parent, String type, List<StackTraceElement> stack)
      throws IOException {
    tasks.put(task, type);
    event(
        'b',
        GOROUTINES,
        g.id,
        time,
        type,
        ",\"cat\":\"task\",\"id\":" + task + ",\"args\":{\"parent\":" + parent + "}");
  }

  @Override
  public void endTask(long time, long m, Who g, long task, List<StackTraceElement> stack)
      throws IOException {
    String type = tasks.remove(task);
    if (type != null) {
      event('e', GOROUTINES, g.id, time, type, ",\"cat\":\"task\",\"id\":" + task);
    }
  }

  @Override
  public void beginRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack)
      throws IOException {
    // Asynchronous, as it does not nest with the states of the goroutine.
    event('b', GOROUTINES, g.id, time, type, ",\"cat\":\"region\",\"id\":" + g.id);
  }

  @Override
  public void endRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack)
      throws IOException {
    event('e', GOROUTINES, g.id, time, type, ",\"cat\":\"region\",\"id\":" + g.id);
  }

  @Override
  public void log(
      long time,
      long m,
      Who g,
      long task,
      String category,
      String message,
      List<StackTraceElement> stack)
      throws IOException {
    event(
        'i',
        GOROUTINES,
        g.id,
        time,
        category.isEmpty() ? message : category + ": " + message,
        ",\"s\":\"t\",\"args\":{\"task\":" + task + "}");
  }

  @Override
  public void beginCollection(long time, long m, Who g, String cause) throws IOException {
    event('b', PROCESSORS, 0, time, cause, ",\"cat\":\"gc\",\"id\":1");
  }

  @Override
  public void endCollection(long time, long m, Who g, String cause) throws IOException {
    event('e', PROCESSORS, 0, time, cause, ",\"cat\":\"gc\",\"id\":1");
  }

  @Override
  public void beginStop(long time, long m, Who g, String cause) throws IOException {
    event('b', PROCESSORS, 0, time, cause, ",\"cat\":\"safepoint\",\"id\":1");
  }

  @Override
  public void endStop(long time, long m, Who g, String cause) throws IOException {
    event('e', PROCESSORS, 0, time, cause, ",\"cat\":\"safepoint\",\"id\":1");
  }

  @Override
  public void heap(long time, long m, long used, long most) throws IOException {
    event('C', PROCESSORS, 0, time, "heap", ",\"args\":{\"used\":" + used + "}");
  }

  @Override
  public void finish(long time) throws IOException {
    for (Map.Entry<Long, Since> entry : states.entrySet()) {
      Since since = entry.getValue();
      slice(GOROUTINES, entry.getKey(), since.time, time, since.what, "");
    }
    for (Map.Entry<Long, Since> entry : runs.entrySet()) {
      Integer lane = lanes.get(entry.getKey());
      if (lane != null) {
        slice(PROCESSORS, lane, entry.getValue().time, time, "running", "");
      }
    }
    if (first) {
      write(
          "{\"ph\":\"M\",\"pid\":1,\"tid\":0,\"name\":\"process_labels\",\"args\":{\"labels\":\"\"}}");
    }
    out.write("\n]}\n".getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
