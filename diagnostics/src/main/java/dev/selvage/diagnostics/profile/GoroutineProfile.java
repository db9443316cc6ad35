package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.observe.WaitReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;

/**
 * Virtual threads counted by stack and labels, in the forms of Go's {@code goroutine} and {@code
 * goroutineleak} profiles. Labels are {@code state} ({@code leaked}, {@code waiting} or {@code
 * runnable}), {@code wait} (the text of the {@link WaitReason}), {@code name} and {@code
 * container}, each only where there is something to say. Immutable; any thread may use it.
 */
public final class GoroutineProfile {
  /** The longest text of {@link #dump}, in characters; Go stops there, too. */
  static final int MAX_DUMP = 64 << 20;

  /** One line of a profile: threads with the same stack (leaf first) and the same labels. */
  private record Group(List<StackTraceElement> stack, Map<String, String> labels) {}

  private final String name;
  private final String program;
  private final Instant takenAt;
  private final Duration duration;
  private final Map<Group, Long> counts;

  private GoroutineProfile(
      String name, String program, Instant takenAt, Duration duration, Map<Group, Long> counts) {
    this.name = name;
    this.program = program;
    this.takenAt = takenAt;
    this.duration = duration;
    this.counts = counts;
  }

  /**
   * Counts threads.
   *
   * @param name {@code goroutine} or {@code goroutineleak}
   * @param program what the threads run, as a file's name; a reader of the profile shows it
   */
  public static GoroutineProfile of(
      String name, String program, Instant takenAt, List<GoroutineInfo> threads) {
    Map<Group, Long> counts = new LinkedHashMap<>();
    for (GoroutineInfo goroutine : threads) {
      counts.merge(new Group(goroutine.stack(), labels(goroutine)), 1L, Long::sum);
    }
    return new GoroutineProfile(name, program, takenAt, Duration.ZERO, counts);
  }

  private static Map<String, String> labels(GoroutineInfo goroutine) {
    Map<String, String> labels = new TreeMap<>();
    boolean runs = goroutine.waitReason() == WaitReason.NONE;
    labels.put("state", goroutine.leaked() ? "leaked" : runs ? "runnable" : "waiting");
    if (!runs) {
      labels.put("wait", goroutine.waitReason().text());
    }
    if (!goroutine.name().isEmpty()) {
      labels.put("name", goroutine.name());
    }
    if (!goroutine.container().isEmpty()) {
      labels.put("container", goroutine.container());
    }
    return labels;
  }

  /** What has come ({@code > 0}) and gone ({@code < 0}) since an earlier profile of that name. */
  public GoroutineProfile since(GoroutineProfile earlier) {
    Map<Group, Long> delta = new LinkedHashMap<>(counts);
    earlier.counts.forEach((group, count) -> delta.merge(group, -count, Long::sum));
    delta.values().removeIf(count -> count == 0);
    return new GoroutineProfile(
        name, program, takenAt, Duration.between(earlier.takenAt, takenAt), delta);
  }

  /** How many threads. */
  public long total() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Writes {@code profile.proto}, compressed with gzip, as {@code debug=0} does.
   *
   * <p>There is exactly one mapping and it claims to have all symbols: without it {@code go tool
   * pprof} remarks on the missing binary, and without the claims it goes looking for one.
   */
  public byte[] toProto() {
    Strings strings = new Strings();
    ProtoWriter profile = new ProtoWriter();
    profile.message(1, valueType(strings));

    Map<StackTraceElement, Long> locationIds = new HashMap<>();
    List<ProtoWriter> locations = new ArrayList<>();
    Map<String, Long> functionIds = new HashMap<>();
    List<ProtoWriter> functions = new ArrayList<>();
    for (Map.Entry<Group, Long> entry : counts.entrySet()) {
      List<StackTraceElement> stack = entry.getKey().stack();
      long[] ids = new long[stack.size()];
      for (int i = 0; i < ids.length; i++) {
        ids[i] =
            locationIds.computeIfAbsent(
                stack.get(i),
                element -> {
                  Frame frame = Frame.of(element);
                  long function =
                      functionIds.computeIfAbsent(
                          frame.function() + "\0" + frame.file(),
                          _ -> {
                            long id = functions.size() + 1L;
                            functions.add(function(strings, id, frame));
                            return id;
                          });
                  long id = locations.size() + 1L;
                  locations.add(location(id, function, frame));
                  return id;
                });
      }
      ProtoWriter sample = new ProtoWriter().packed(1, ids).packed(2, entry.getValue());
      entry
          .getKey()
          .labels()
          .forEach(
              (key, value) ->
                  sample.message(
                      3,
                      new ProtoWriter().number(1, strings.of(key)).number(2, strings.of(value))));
      profile.message(2, sample);
    }
    profile.message(
        3,
        new ProtoWriter()
            .number(1, 1)
            .number(5, strings.of(program))
            .number(7, 1)
            .number(8, 1)
            .number(9, 1));
    locations.forEach(location -> profile.message(4, location));
    functions.forEach(function -> profile.message(5, function));
    // The last strings must be known before the table is written.
    ProtoWriter periodType = valueType(strings);
    strings.all().forEach(string -> profile.string(6, string));
    profile
        .number(9, takenAt.getEpochSecond() * 1_000_000_000L + takenAt.getNano())
        .number(10, duration.toNanos())
        .message(11, periodType)
        .number(12, 1);

    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new FastGzip(bytes)) {
      gzip.write(profile.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot happen: memory cannot fail to be written", e);
    }
    return bytes.toByteArray();
  }

  private ProtoWriter valueType(Strings strings) {
    return new ProtoWriter().number(1, strings.of(name)).number(2, strings.of("count"));
  }

  private static ProtoWriter location(long id, long function, Frame frame) {
    return new ProtoWriter()
        .number(1, id)
        .number(2, 1)
        .number(3, frame.address())
        .message(4, new ProtoWriter().number(1, function).number(2, frame.line()));
  }

  private static ProtoWriter function(Strings strings, long id, Frame frame) {
    return new ProtoWriter()
        .number(1, id)
        .number(2, strings.of(frame.function()))
        .number(3, strings.of(frame.function()))
        .number(4, strings.of(frame.file()));
  }

  /** The string table: the empty string first, then each once. */
  private static final class Strings {
    private final Map<String, Long> ids = new LinkedHashMap<>(Map.of("", 0L));

    long of(String string) {
      return ids.computeIfAbsent(string, _ -> (long) ids.size());
    }

    Set<String> all() {
      return ids.keySet();
    }
  }

  /** As quick as it can: the reader is on the same machine more often than not. */
  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(OutputStream out) throws IOException {
      super(out, 1 << 16);
      def.setLevel(java.util.zip.Deflater.BEST_SPEED);
    }
  }

  /** Writes the text of {@code debug=1}: stacks with their counts, the largest first. */
  public String toText() {
    record Row(long count, String key, Group group) {}
    List<Row> rows = new ArrayList<>(counts.size());
    for (Map.Entry<Group, Long> entry : counts.entrySet()) {
      StringBuilder key = new StringBuilder("@");
      for (StackTraceElement element : entry.getKey().stack()) {
        key.append(' ').append(hex(Frame.of(element).address()));
      }
      if (!entry.getKey().labels().isEmpty()) {
        key.append("\n# labels: {");
        String separator = "";
        for (Map.Entry<String, String> label : entry.getKey().labels().entrySet()) {
          key.append(separator).append(quoted(label.getKey())).append(':');
          key.append(quoted(label.getValue()));
          separator = ", ";
        }
        key.append('}');
      }
      rows.add(new Row(entry.getValue(), key.toString(), entry.getKey()));
    }
    rows.sort(Comparator.comparingLong(Row::count).reversed().thenComparing(Row::key));

    StringBuilder out = new StringBuilder();
    out.append(name).append(" profile: total ").append(total()).append('\n');
    for (Row row : rows) {
      out.append(row.count()).append(' ').append(row.key()).append('\n');
      frames(out, row.group().stack());
      out.append('\n');
    }
    return out.toString();
  }

  /** The lines of one stack, functions padded with tabs so that the files stand in a column. */
  private static void frames(StringBuilder out, List<StackTraceElement> stack) {
    List<Frame> frames = stack.stream().map(Frame::of).toList();
    int first = 0;
    while (first < frames.size() && frames.get(first).isRuntime()) {
      first++;
    }
    int end = frames.size();
    while (end > first && frames.get(end - 1).isStart()) {
      end--;
    }
    List<Frame> shown = first == end ? frames : frames.subList(first, end);
    int tabs = 0;
    for (Frame frame : shown) {
      tabs = Math.max(tabs, length(cell(frame)) / 8 + 1);
    }
    for (Frame frame : shown) {
      String cell = cell(frame);
      out.append("#\t").append(hex(frame.address())).append('\t').append(cell);
      out.repeat('\t', tabs - length(cell) / 8);
      out.append(frame.file()).append(':').append(frame.line()).append('\n');
    }
  }

  private static String cell(Frame frame) {
    return frame.function() + "+0x0";
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /**
   * Writes the text of {@code debug=2}: each thread by itself, in the form of a crash of a Go
   * program. What goes beyond 64 MB is left out, and the last line says how many threads that are.
   */
  public static String dump(List<GoroutineInfo> goroutines) {
    return dump(goroutines, MAX_DUMP);
  }

  static String dump(List<GoroutineInfo> goroutines, int max) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < goroutines.size(); i++) {
      int start = out.length();
      if (i > 0) {
        out.append('\n');
      }
      goroutine(out, goroutines.get(i));
      if (out.length() > max) {
        out.setLength(start);
        int rest = goroutines.size() - i;
        return out.append("\n...").append(rest).append(" more goroutines left out\n").toString();
      }
    }
    return out.toString();
  }

  private static void goroutine(StringBuilder out, GoroutineInfo goroutine) {
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
    if (!goroutine.name().isEmpty()) {
      out.append(" labels:{\"name\": ").append(quoted(goroutine.name())).append('}');
    }
    out.append("]:\n");
    for (StackTraceElement element : goroutine.stack()) {
      Frame frame = Frame.of(element);
      out.append(frame.function()).append("(...)\n\t");
      out.append(frame.file()).append(':').append(frame.line()).append('\n');
    }
  }

  /**
   * The functions at some of the addresses that {@link #toText} writes, as far as threads stand
   * there: {@code pprof} asks for them when it has read that text, one less than was written.
   *
   * @return by the address that was asked for, in that order
   */
  public static Map<Long, String> symbols(List<GoroutineInfo> goroutines, List<Long> addresses) {
    Set<Long> wanted = new TreeSet<>();
    for (long address : addresses) {
      wanted.add(address);
      wanted.add(address + 1);
    }
    Map<Long, String> functions = new HashMap<>();
    goroutines.stream()
        .flatMap(goroutine -> goroutine.stack().stream())
        .distinct()
        .map(Frame::of)
        .filter(frame -> wanted.contains(frame.address()))
        .forEach(frame -> functions.put(frame.address(), frame.function()));
    Map<Long, String> found = new LinkedHashMap<>();
    for (long address : addresses) {
      String function = functions.getOrDefault(address, functions.get(address + 1));
      if (function != null) {
        found.put(address, function);
      }
    }
    return found;
  }

  private static String hex(long address) {
    return "0x" + Long.toHexString(address);
  }

  /** In Go's double quotes, so that a name can neither end the quotes nor begin a line. */
  private static String quoted(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                  if (c < 0x20 || c == 0x7F) {
                    out.append(String.format(Locale.ROOT, "\\x%02x", c));
                  } else if (isPrintable(c)) {
                    out.appendCodePoint(c);
                  } else if (c < 0x10000) {
                    out.append(String.format(Locale.ROOT, "\\u%04x", c));
                  } else {
                    out.append(String.format(Locale.ROOT, "\\U%08x", c));
                  }
                }
              }
            });
    return out.append('"').toString();
  }

  private static boolean isPrintable(int c) {
    return c == ' '
        || switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SPACE_SEPARATOR ->
              false;
          default -> true;
        };
  }
}
