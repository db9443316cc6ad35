package dev.selvage.diagnostics.trace;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a trace in Go's format, version 1.23, which {@code go tool trace} reads from that version
 * on. Source: {@code internal/trace/tracev2} and {@code order.go} of Go's sources.
 */
final class GoWriter implements Sink {
  /*
   * One generation. Events are in batches, each of one M; a batch has the time from which the first
   * event counts. Strings and stacks come in batches of their own, at the end. A frame is known by
   * its program counter, so each place has one that is made up.
   */
  private static final byte[] HEADER = "go 1.23 trace\0\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final int GENERATION = 1;
  private static final int MOST_BATCH = 60 << 10;
  private static final int MOST_EVENT = 128;
  private static final int MOST_STRING = 1024;
  private static final int MOST_FRAMES = 128;
  private static final long NO_THREAD = -1;
  private static final long PLACES = 0x1000_0000_0000L;

  // Batches.
  private static final int BATCH = 1;
  private static final int STACKS = 2;
  private static final int STACK = 3;
  private static final int STRINGS = 4;
  private static final int STRING = 5;
  private static final int FREQUENCY = 8;

  // Events.
  private static final int PROCS_CHANGE = 9;
  private static final int PROC_START = 10;
  private static final int PROC_STOP = 11;
  private static final int PROC_STATUS = 13;
  private static final int GO_CREATE = 14;
  private static final int GO_START = 16;
  private static final int GO_DESTROY = 17;
  private static final int GO_STOP = 19;
  private static final int GO_BLOCK = 20;
  private static final int GO_UNBLOCK = 21;
  private static final int STW_BEGIN = 26;
  private static final int STW_END = 27;
  private static final int GC_BEGIN = 29;
  private static final int GC_END = 30;
  private static final int HEAP_ALLOC = 37;
  private static final int HEAP_GOAL = 38;
  private static final int TASK_BEGIN = 40;
  private static final int TASK_END = 41;
  private static final int REGION_BEGIN = 42;
  private static final int REGION_END = 43;
  private static final int LOG = 44;
  private static final int GO_STATUS_STACK = 48;

  private static final int PROC_IDLE = 2;
  private static final int GO_RUNNABLE = 1;
  private static final int GO_WAITING = 4;

  private final OutputStream out;
  private final Map<Long, Batch> batches = new HashMap<>();
  private final Map<String, Integer> strings = new LinkedHashMap<>();
  private final Map<List<StackTraceElement>, Integer> stacks = new LinkedHashMap<>();
  private final Map<StackTraceElement, Long> places = new HashMap<>();
  private final Map<Integer, Long> processors = new HashMap<>();
  private long collections;

  /** What is written to of an M's events. */
  private static final class Batch {
    final Numbers data = new Numbers();
    long base;
    long last;
  }

  /** Bytes that numbers are written to, in seven bits each, least first. */
  static final class Numbers extends ByteArrayOutputStream {
    Numbers number(long n) {
      long rest = n;
      while ((rest & ~0x7FL) != 0) {
        write((int) ((rest & 0x7F) | 0x80));
        rest >>>= 7;
      }
      write((int) rest);
      return this;
    }
  }

  GoWriter(OutputStream out) {
    this.out = out;
  }

  /** Writes what comes before everything; may be written long before. */
  static void begin(OutputStream out) throws IOException {
    out.write(HEADER);
    Numbers frequency = new Numbers();
    frequency.write(FREQUENCY);
    frequency.number(1_000_000_000L); // units of time in a second
    batch(out, NO_THREAD, 0, frequency);
  }

  /** Writes something that means nothing: whoever waits for more sees that it will come. */
  static void beat(OutputStream out) throws IOException {
    batch(out, NO_THREAD, 0, new Numbers());
  }

  private static void batch(OutputStream out, long m, long base, Numbers data) throws IOException {
    Numbers head = new Numbers();
    head.write(BATCH);
    head.number(GENERATION).number(m).number(base).number(data.size());
    head.writeTo(out);
    data.writeTo(out);
  }

  private void event(long time, long m, int type, long... arguments) throws IOException {
    Batch b = batches.computeIfAbsent(m, _ -> new Batch());
    if (b.data.size() + MOST_EVENT > MOST_BATCH) {
      batch(out, m, b.base, b.data);
      b.data.reset();
    }
    if (b.data.size() == 0) {
      b.base = time;
      b.last = time;
    }
    b.data.write(type);
    b.data.number(time - b.last);
    b.last = time;
    for (long argument : arguments) {
      b.data.number(argument);
    }
  }

  private long string(String s) {
    return s.isEmpty() ? 0 : strings.computeIfAbsent(s, _ -> strings.size() + 1);
  }

  private long stack(List<StackTraceElement> stack) {
    return stack.isEmpty() ? 0 : stacks.computeIfAbsent(stack, _ -> stacks.size() + 1);
  }

  private long next(int p) {
    return processors.merge(p, 1L, Long::sum);
  }

  // --------------- Sink ---------------

  @Override
  public void processor(long time, long m, int p) throws IOException {
    event(time, m, PROC_STATUS, p, PROC_IDLE);
  }

  @Override
  public void take(long time, long m, int p) throws IOException {
    event(time, m, PROC_START, p, next(p));
  }

  @Override
  public void release(long time, long m, int p) throws IOException {
    event(time, m, PROC_STOP);
  }

  @Override
  public void known(long time, long m, Who g, boolean waiting, List<StackTraceElement> root)
      throws IOException {
    g.sequence = 0;
    event(
        time, m, GO_STATUS_STACK, g.id, NO_THREAD, waiting ? GO_WAITING : GO_RUNNABLE, stack(root));
  }

  @Override
  public void created(
      long time, long m, Who g, List<StackTraceElement> root, List<StackTraceElement> stack)
      throws IOException {
    g.sequence = 0;
    event(time, m, GO_CREATE, g.id, stack(root), stack(stack));
  }

  @Override
  public void runnable(long time, long m, Who g, List<StackTraceElement> stack) throws IOException {
    event(time, m, GO_UNBLOCK, g.id, ++g.sequence, stack(stack));
  }

  @Override
  public void running(long time, long m, int p, Who g) throws IOException {
    event(time, m, GO_START, g.id, ++g.sequence);
  }

  @Override
  public void yielded(long time, long m, int p, Who g, String reason) throws IOException {
    event(time, m, GO_STOP, string(reason), 0);
  }

  @Override
  public void blocked(long time, long m, int p, Who g, String reason, List<StackTraceElement> stack)
      throws IOException {
    event(time, m, GO_BLOCK, string(reason), stack(stack));
  }

  @Override
  public void ended(long time, long m, int p, Who g) throws IOException {
    event(time, m, GO_DESTROY);
  }

  @Override
  public void processors(long time, long m, int n) throws IOException {
    event(time, m, PROCS_CHANGE, n, 0);
  }

  @Override
  public void beginTask(
      long time, long m, Who g, long task, long parent, String type, List<StackTraceElement> stack)
      throws IOException {
    event(time, m, TASK_BEGIN, task, parent, string(type), stack(stack));
  }

  @Override
  public void endTask(long time, long m, Who g, long task, List<StackTraceElement> stack)
      throws IOException {
    event(time, m, TASK_END, task, stack(stack));
  }

  @Override
  public void beginRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack)
      throws IOException {
    event(time, m, REGION_BEGIN, task, string(type), stack(stack));
  }

  @Override
  public void endRegion(
      long time, long m, Who g, long task, String type, List<StackTraceElement> stack)
      throws IOException {
    event(time, m, REGION_END, task, string(type), stack(stack));
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
    event(time, m, LOG, task, string(category), string(message), stack(stack));
  }

  @Override
  public void beginCollection(long time, long m, Who g, String cause) throws IOException {
    event(time, m, STW_BEGIN, string(cause), 0);
    event(time, m, GC_BEGIN, ++collections, 0);
  }

  @Override
  public void endCollection(long time, long m, Who g, String cause) throws IOException {
    event(time, m, GC_END, ++collections);
    event(time, m, STW_END);
  }

  @Override
  public void beginStop(long time, long m, Who g, String cause) throws IOException {
    event(time, m, STW_BEGIN, string(cause), 0);
  }

  @Override
  public void endStop(long time, long m, Who g, String cause) throws IOException {
    event(time, m, STW_END);
  }

  @Override
  public void heap(long time, long m, long used, long most) throws IOException {
    event(time, m, HEAP_ALLOC, used);
    event(time, m, HEAP_GOAL, most);
  }

  @Override
  public void finish(long time) throws IOException {
    for (Map.Entry<Long, Batch> entry : batches.entrySet()) {
      Batch b = entry.getValue();
      if (b.data.size() > 0) {
        batch(out, entry.getKey(), b.base, b.data);
      }
    }
    writeStacks(time);
    writeStrings(time); // after the stacks, which have some
    out.flush();
  }

  private void writeStacks(long time) throws IOException {
    Numbers data = new Numbers();
    for (Map.Entry<List<StackTraceElement>, Integer> entry : stacks.entrySet()) {
      List<StackTraceElement> stack = entry.getKey();
      Numbers one = new Numbers();
      one.write(STACK);
      int frames = Math.min(MOST_FRAMES, stack.size());
      one.number(entry.getValue()).number(frames);
      for (StackTraceElement frame : stack.subList(0, frames)) {
        one.number(places.computeIfAbsent(frame, _ -> PLACES + 16L * (places.size() + 1)));
        one.number(string(function(frame))).number(string(file(frame)));
        one.number(Math.max(0, frame.getLineNumber()));
      }
      data = add(time, STACKS, data, one);
    }
    end(time, data);
  }

  private void writeStrings(long time) throws IOException {
    Numbers data = new Numbers();
    for (Map.Entry<String, Integer> entry : strings.entrySet()) {
      byte[] utf8 = entry.getKey().getBytes(StandardCharsets.UTF_8);
      int length = Math.min(MOST_STRING, utf8.length);
      while (length < utf8.length && length > 0 && (utf8[length] & 0xC0) == 0x80) {
        length--;
      }
      Numbers one = new Numbers();
      one.write(STRING);
      one.number(entry.getValue()).number(length);
      one.writeBytes(Arrays.copyOf(utf8, length));
      data = add(time, STRINGS, data, one);
    }
    end(time, data);
  }

  private Numbers add(long time, int kind, Numbers data, Numbers one) throws IOException {
    Numbers to = data;
    if (to.size() + one.size() > MOST_BATCH) {
      end(time, to);
      to = new Numbers();
    }
    if (to.size() == 0) {
      to.write(kind);
    }
    one.writeTo(to);
    return to;
  }

  private void end(long time, Numbers data) throws IOException {
    if (data.size() > 0) {
      batch(out, NO_THREAD, time, data);
    }
  }

  static String function(StackTraceElement frame) {
    String method = frame.getMethodName();
    return method.isEmpty() ? frame.getClassName() : frame.getClassName() + "." + method;
  }

  private static String file(StackTraceElement frame) {
    @Nullable String file = frame.getFileName();
    String type = frame.getClassName();
    return file == null
        ? ""
        : type.substring(0, type.lastIndexOf('.') + 1).replace('.', '/') + file;
  }
}
