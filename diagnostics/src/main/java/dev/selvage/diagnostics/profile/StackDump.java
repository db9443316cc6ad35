package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Locks;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.text.Quoted;
import dev.selvage.observe.WaitReason;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Stacks of virtual threads, as Go's {@code runtime.Stack} gives those of goroutines: all of them
 * or the current one, as text or as JSON. It is written as it is read, so a million threads need no
 * more memory than some thousand. Immutable; any thread may use it.
 *
 * <p>While all threads are dumped no proof is made, so the stream that it is written to should be a
 * file or memory, and not a slow reader.
 */
public final class StackDump {
  /** How a dump looks. */
  public enum Format {
    /** Go's: what a Go program prints when it crashes. */
    TEXT,
    /** One object, with one goroutine on a line. */
    JSON
  }

  private final Leaks leaks;
  private final boolean locks;
  private final long most;

  private StackDump(Leaks leaks, boolean locks, long most) {
    this.leaks = leaks;
    this.locks = locks;
    this.most = most;
  }

  /** One of what {@code leaks} lists: all of it, without locks. */
  public static StackDump of(Leaks leaks) {
    return new StackDump(leaks, false, Long.MAX_VALUE);
  }

  /**
   * The same with what each thread waits for, who has it where that is known, and the monitors that
   * it holds. Takes about twice as long. In the text these are lines of their own below the stack.
   *
   * <p>Warning: to know locks the JVM is asked for a snapshot of each thread, and JDK 25.0.3 can
   * crash (SIGSEGV) while it takes one of a virtual thread that is just being mounted. Ask for
   * locks where the threads are stuck, not in a busy program.
   */
  public StackDump withLocks() {
    return new StackDump(leaks, true, most);
  }

  /** The same, but of at most so many threads; the end of it says how many were left out. */
  public StackDump limitedTo(long threads) {
    return new StackDump(leaks, locks, threads);
  }

  /** Stops the writing of a dump whose reader has enough. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1;

    Enough() {
      super(null, null, false, false);
    }
  }

  /**
   * Writes all threads, in UTF-8.
   *
   * @param out left open, and flushed
   * @return how many threads were written
   * @throws IOException what the stream throws; then a part of it may have been written
   */
  public long write(OutputStream out, Format format) throws IOException {
    OutputStream buffered = new BufferedOutputStream(out, 1 << 16);
    long[] counts = new long[2]; // written, left out
    StringBuilder text = new StringBuilder();
    try {
      if (format == Format.JSON) {
        write(buffered, "{\"schema\":\"selvage.goroutines/1\",\"capturedAt\":\"" + Instant.now());
        write(buffered, "\",\"goroutines\":[\n");
      }
      leaks.visit(
          locks,
          (goroutine, held) -> {
            if (counts[0] >= most) {
              counts[1]++;
              return;
            }
            text.setLength(0);
            if (format == Format.JSON) {
              text.append(counts[0] == 0 ? "" : ",\n");
              json(text, goroutine, held);
            } else {
              text.append(counts[0] == 0 ? "" : "\n");
              text(text, goroutine, held);
            }
            counts[0]++;
            try {
              write(buffered, text.toString());
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      if (format == Format.JSON) {
        write(buffered, "\n],\"count\":" + counts[0] + ",\"leftOut\":" + counts[1] + "}\n");
      } else if (counts[1] > 0) {
        write(buffered, "\n..." + counts[1] + " more goroutines left out\n");
      }
      buffered.flush();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return counts[0];
  }

  /**
   * Writes the text of the current thread, or of all virtual threads, into a buffer: Go's {@code
   * runtime.Stack}. What does not fit is left out. With {@code all} the current thread comes first,
   * whatever kind it is.
   *
   * @return how many bytes were written
   */
  public int write(byte[] buffer, boolean all) {
    int[] length = {0};
    StringBuilder text = new StringBuilder();
    GoroutineInfo current = current();
    text(text, current, Locks.NONE);
    length[0] = put(buffer, 0, text.toString());
    if (!all) {
      return length[0];
    }
    try {
      leaks.visit(
          locks,
          (goroutine, held) -> {
            if (goroutine.id() == current.id()) {
              return;
            }
            text.setLength(0);
            text.append('\n');
            text(text, goroutine, held);
            length[0] = put(buffer, length[0], text.toString());
            if (length[0] == buffer.length) {
              throw new Enough();
            }
          });
    } catch (Enough _) {
      // The buffer is full: as in Go that is how the caller knows.
    }
    return length[0];
  }

  private static int put(byte[] buffer, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int fits = Math.min(bytes.length, buffer.length - at);
    System.arraycopy(bytes, 0, buffer, at, fits);
    return at + fits;
  }

  private static GoroutineInfo current() {
    Thread thread = Thread.currentThread();
    List<StackTraceElement> stack =
        Arrays.stream(new Throwable().getStackTrace())
            .dropWhile(frame -> frame.getClassName().equals(StackDump.class.getName()))
            .toList();
    return new GoroutineInfo(
        thread.threadId(),
        thread.getName(),
        WaitReason.NONE,
        OptionalLong.empty(),
        List.of(),
        false,
        "",
        stack,
        Cores.labels(thread),
        GoroutineInfo.Usage.of(thread));
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  // --------------- One goroutine ---------------

  static void text(StringBuilder out, GoroutineInfo goroutine, Locks locks) {
    out.append("goroutine ").append(goroutine.id()).append(" [").append(goroutine.waitReason());
    if (goroutine.leaked()) {
      out.append(" (leaked)");
    } else if (goroutine.waitReason() != WaitReason.NONE
        && goroutine.waitSeconds().orElse(0) >= 60) {
      out.append(", ").append(goroutine.waitSeconds().getAsLong() / 60).append(" minutes");
    }
    for (String object : goroutine.waitObjects()) {
      out.append(", ").append(object);
    }
    goroutine
        .usage()
        .cpuNanos()
        .ifPresent(n -> out.append(", cpu ").append(n / 1_000_000).append(" ms"));
    Map<String, String> labels = new TreeMap<>(goroutine.labels());
    if (!goroutine.name().isEmpty()) {
      labels.put("name", goroutine.name());
    }
    if (!labels.isEmpty()) {
      StackProfile.appendLabels(out.append(" labels:"), labels, ": ");
    }
    out.append("]:\n");
    for (StackTraceElement element : goroutine.stack()) {
      Frame frame = Frame.of(element);
      out.append(frame.function()).append("(...)\n\t");
      out.append(frame.file()).append(':').append(frame.line()).append('\n');
    }
    OptionalLong by = goroutine.usage().startedBy();
    if (by.isPresent() && goroutine.usage().startedAt().isPresent()) {
      // As Go says it.
      Frame at = Frame.of(goroutine.usage().startedAt().get());
      out.append("created by ").append(at.function());
      out.append(" in goroutine ").append(by.getAsLong());
      out.append("\n\t").append(at.file()).append(':').append(at.line()).append('\n');
    }
    if (!locks.waitsFor().isEmpty()) {
      out.append("\t- waits for ").append(locks.waitsFor());
      locks.owner().ifPresent(owner -> out.append(" owned by goroutine ").append(owner));
      out.append('\n');
    }
    for (String held : locks.holds()) {
      out.append("\t- holds ").append(held).append('\n');
    }
  }

  private static void json(StringBuilder out, GoroutineInfo goroutine, Locks locks) {
    out.append("{\"id\":").append(goroutine.id());
    member(out, "name", goroutine.name());
    member(out, "wait", goroutine.waitReason().text());
    goroutine.waitSeconds().ifPresent(seconds -> out.append(",\"waitSeconds\":").append(seconds));
    if (!goroutine.waitObjects().isEmpty()) {
      out.append(",\"waitObjects\":");
      strings(out, goroutine.waitObjects());
    }
    out.append(",\"leaked\":").append(goroutine.leaked());
    GoroutineInfo.Usage usage = goroutine.usage();
    usage.cpuNanos().ifPresent(nanos -> out.append(",\"cpuNanos\":").append(nanos));
    usage.startedBy().ifPresent(by -> out.append(",\"createdBy\":").append(by));
    usage.startedAt().ifPresent(at -> member(out, "createdAt", Frames.text(at)));
    member(out, "container", goroutine.container());
    if (!goroutine.labels().isEmpty()) {
      out.append(",\"labels\":{");
      String separator = "";
      for (Map.Entry<String, String> label : new TreeMap<>(goroutine.labels()).entrySet()) {
        out.append(separator);
        Quoted.json(out, label.getKey());
        out.append(':');
        Quoted.json(out, label.getValue());
        separator = ",";
      }
      out.append('}');
    }
    if (!locks.waitsFor().isEmpty()) {
      member(out, "waitsFor", locks.waitsFor());
      locks.owner().ifPresent(owner -> out.append(",\"owner\":").append(owner));
    }
    if (!locks.holds().isEmpty()) {
      out.append(",\"holds\":");
      strings(out, locks.holds());
    }
    out.append(",\"stack\":");
    strings(out, goroutine.stack().stream().map(Frames::text).toList());
    out.append('}');
  }

  private static void member(StringBuilder out, String key, String value) {
    out.append(',');
    Quoted.json(out, key);
    out.append(':');
    Quoted.json(out, value);
  }

  private static void strings(StringBuilder out, List<String> texts) {
    out.append('[');
    for (int i = 0; i < texts.size(); i++) {
      out.append(i == 0 ? "" : ",");
      Quoted.json(out, texts.get(i));
    }
    out.append(']');
  }
}
