package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.text.Quoted;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A profile in Go's form: for each stack and set of labels some numbers, of which all samples have
 * the same ones. It is written as {@code profile.proto}, which {@code go tool pprof} reads, and as
 * Go's text. Immutable; any thread may use it.
 */
public final class StackProfile {
  /**
   * What one of the numbers of a sample is.
   *
   * @param type as {@code alloc_space}
   * @param unit as {@code bytes}
   */
  public record Value(String type, String unit) {}

  /** What the numbers of a sample are of. */
  private record Key(List<StackTraceElement> stack, Map<String, String> labels) {}

  private final String name;
  private final String program;
  private final Instant takenAt;
  private final Duration duration;
  private final List<Value> values;
  private final Value periodType;
  private final long period;
  private final @Nullable String defaultType;
  private final List<String> comments;
  private final Map<Key, long[]> samples;

  private StackProfile(Builder builder, Duration duration, Map<Key, long[]> samples) {
    this.name = builder.name;
    this.program = builder.program;
    this.takenAt = builder.takenAt;
    this.duration = duration;
    this.values = List.copyOf(builder.values);
    this.periodType = builder.periodType;
    this.period = builder.period;
    this.defaultType = builder.defaultType;
    this.comments = List.copyOf(builder.comments);
    this.samples = samples;
  }

  /**
   * Begins a profile.
   *
   * @param name as Go's, as {@code heap}
   * @param program what was running, as a file's name; a reader of the profile shows it
   * @param values what the numbers of each sample are; at least one
   */
  public static Builder named(String name, String program, Value... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("a profile needs a number");
    }
    return new Builder(name, program, List.of(values));
  }

  /** Collects samples. Not thread-safe. */
  public static final class Builder {
    private final String name;
    private final String program;
    private final List<Value> values;
    private final List<String> comments = new ArrayList<>();
    private final Map<Key, long[]> samples = new LinkedHashMap<>();
    private Instant takenAt = Instant.EPOCH;
    private Duration duration = Duration.ZERO;
    private Value periodType;
    private long period = 1;
    private @Nullable String defaultType;

    private Builder(String name, String program, List<Value> values) {
      this.name = name;
      this.program = program;
      this.values = values;
      this.periodType = values.getFirst();
    }

    /** When it was taken, or when the taking ended. */
    public Builder takenAt(Instant when) {
      takenAt = when;
      return this;
    }

    /** What time it is about. */
    public Builder duration(Duration time) {
      duration = time;
      return this;
    }

    /** How much of what lies between two samples; otherwise one of the first number. */
    public Builder period(Value type, long period) {
      periodType = type;
      this.period = period;
      return this;
    }

    /** Which number a reader shows first; otherwise the last. */
    public Builder shows(String type) {
      defaultType = type;
      return this;
    }

    /**
     * Says something about the numbers, in a sentence ({@code go tool pprof -comments}). Nothing if
     * that is empty.
     */
    public Builder comment(String text) {
      if (!text.isEmpty()) {
        comments.add(text);
      }
      return this;
    }

    /**
     * Adds to the numbers of a stack.
     *
     * @param stack leaf first; an element without a method stands for what its class part says
     * @param numbers one for each value of the profile
     */
    public Builder add(List<StackTraceElement> stack, Map<String, String> labels, long... numbers) {
      if (numbers.length != values.size()) {
        throw new IllegalArgumentException(
            values.size() + " numbers make a sample, not " + numbers.length);
      }
      // An empty value says nothing: readers drop it, and Go's do not write it.
      TreeMap<String, String> sorted = new TreeMap<>(labels);
      sorted.values().removeIf(String::isEmpty);
      long[] sum =
          samples.computeIfAbsent(
              new Key(List.copyOf(stack), Collections.unmodifiableSortedMap(sorted)),
              _ -> new long[numbers.length]);
      for (int i = 0; i < numbers.length; i++) {
        sum[i] += numbers[i];
      }
      return this;
    }

    /** The profile. The builder must not be used any more. */
    public StackProfile build() {
      return new StackProfile(this, duration, samples);
    }
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** What the numbers of each sample are. */
  public List<Value> values() {
    return values;
  }

  /** What was said about the numbers. */
  public List<String> comments() {
    return comments;
  }

  /** When it was taken, or when the taking ended. */
  public Instant takenAt() {
    return takenAt;
  }

  /** What time it is about; zero for a picture of one moment. */
  public Duration duration() {
    return duration;
  }

  /** Which of the {@link #values} a reader shows first. */
  public int shown() {
    return shownFirst();
  }

  /** What {@link #forEach} calls. */
  @FunctionalInterface
  public interface SampleVisitor {
    /**
     * Takes the numbers of one stack.
     *
     * @param stack leaf first
     * @param numbers one for each of the {@link #values}; not to be changed
     */
    void sample(List<StackTraceElement> stack, Map<String, String> labels, long[] numbers);
  }

  /** Calls back for each sample. */
  public void forEach(SampleVisitor visitor) {
    samples.forEach((key, numbers) -> visitor.sample(key.stack(), key.labels(), numbers));
  }

  /** The sum of one of the numbers over all samples. */
  public long total(int value) {
    return samples.values().stream().mapToLong(numbers -> numbers[value]).sum();
  }

  /**
   * What has come ({@code > 0}) and gone ({@code < 0}) since an earlier profile of the same kind.
   */
  public StackProfile since(StackProfile earlier) {
    if (!earlier.name.equals(name) || !earlier.values.equals(values)) {
      throw new IllegalArgumentException(earlier.name + " is not of the kind of " + name);
    }
    Map<Key, long[]> delta = new LinkedHashMap<>();
    samples.forEach((key, numbers) -> delta.put(key, numbers.clone()));
    earlier.samples.forEach(
        (key, numbers) -> {
          long[] left = delta.computeIfAbsent(key, _ -> new long[numbers.length]);
          for (int i = 0; i < numbers.length; i++) {
            left[i] -= numbers[i];
          }
        });
    delta.values().removeIf(numbers -> Arrays.stream(numbers).allMatch(n -> n == 0));
    Builder builder = new Builder(name, program, values);
    builder.takenAt = takenAt;
    builder.periodType = periodType;
    builder.period = period;
    builder.defaultType = defaultType;
    builder.comments.addAll(comments);
    return new StackProfile(builder, Duration.between(earlier.takenAt, takenAt), delta);
  }

  /** Adds all its samples to a profile that is being made, of the same kind. */
  void addTo(Builder builder) {
    samples.forEach((key, numbers) -> builder.add(key.stack(), key.labels(), numbers));
  }

  // --------------- As a file ---------------

  /** Writes {@code profile.proto}, compressed with gzip, as {@code debug=0} does. */
  public byte[] toProto() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      writeProto(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot happen: memory cannot fail to be written", e);
    }
    return bytes.toByteArray();
  }

  /**
   * Writes {@code profile.proto}, compressed with gzip.
   *
   * <p>There is exactly one mapping and it claims to have all symbols: without it {@code go tool
   * pprof} remarks on the missing binary, and without the claims it goes looking for one.
   *
   * @param out left open
   */
  public void writeProto(OutputStream out) throws IOException {
    FastGzip gzip = new FastGzip(out);
    gzip.write(encoded());
    gzip.finish();
    gzip.flush();
  }

  private byte[] encoded() {
    Strings strings = new Strings();
    ProtoWriter profile = new ProtoWriter();
    for (Value value : values) {
      profile.message(1, valueType(strings, value));
    }

    Map<StackTraceElement, Long> locationIds = new HashMap<>();
    List<ProtoWriter> locations = new ArrayList<>();
    Map<String, Long> functionIds = new HashMap<>();
    List<ProtoWriter> functions = new ArrayList<>();
    for (Map.Entry<Key, long[]> entry : samples.entrySet()) {
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
    ProtoWriter period = valueType(strings, periodType);
    long[] said = comments.stream().mapToLong(strings::of).toArray();
    long shown = defaultType == null ? 0 : strings.of(defaultType);
    strings.all().forEach(string -> profile.string(6, string));
    profile
        .number(9, takenAt.getEpochSecond() * 1_000_000_000L + takenAt.getNano())
        .number(10, duration.toNanos())
        .message(11, period)
        .number(12, this.period)
        .packed(13, said)
        .number(14, shown);
    return profile.toByteArray();
  }

  private static ProtoWriter valueType(Strings strings, Value value) {
    return new ProtoWriter()
        .number(1, strings.of(value.type()))
        .number(2, strings.of(value.unit()));
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
      def.setLevel(Deflater.BEST_SPEED);
    }
  }

  // --------------- As text ---------------

  /**
   * Writes the text of {@code debug=1}: stacks with their numbers, the largest first. A profile of
   * one number has Go's form for counts, others have their numbers joined by blanks.
   */
  public String toText() {
    record Row(long first, String numbers, String key, Key of) {}
    List<Row> rows = new ArrayList<>(samples.size());
    for (Map.Entry<Key, long[]> entry : samples.entrySet()) {
      StringBuilder key = new StringBuilder("@");
      for (StackTraceElement element : entry.getKey().stack()) {
        key.append(' ').append(hex(Frame.of(element).address()));
      }
      Map<String, String> labels = entry.getKey().labels();
      if (!labels.isEmpty()) {
        key.append("\n# labels: ");
        appendLabels(key, labels, ":");
      }
      long[] numbers = entry.getValue();
      StringBuilder columns = new StringBuilder();
      for (long number : numbers) {
        columns.append(columns.isEmpty() ? "" : " ").append(number);
      }
      rows.add(new Row(numbers[shownFirst()], columns.toString(), key.toString(), entry.getKey()));
    }
    rows.sort(Comparator.comparingLong(Row::first).reversed().thenComparing(Row::key));

    StringBuilder out = new StringBuilder();
    out.append(name).append(" profile: total ").append(total(shownFirst())).append('\n');
    if (values.size() > 1) {
      out.append('#');
      values.forEach(
          value -> out.append(' ').append(value.type()).append('/').append(value.unit()));
      out.append('\n');
    }
    for (String comment : comments) {
      out.append("# ").append(comment.replace('\n', ' ')).append('\n');
    }
    for (Row row : rows) {
      out.append(row.numbers()).append(' ').append(row.key()).append('\n');
      frames(out, row.of().stack());
      out.append('\n');
    }
    return out.toString();
  }

  private int shownFirst() {
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i).type().equals(defaultType)) {
        return i;
      }
    }
    return values.size() - 1;
  }

  /** Labels as in Go's texts, without the newline that could end the line they stand in. */
  static void appendLabels(StringBuilder out, Map<String, String> labels, String colon) {
    out.append('{');
    String separator = "";
    for (Map.Entry<String, String> label : labels.entrySet()) {
      out.append(separator).append(Quoted.go(label.getKey())).append(colon);
      out.append(Quoted.go(label.getValue()));
      separator = ", ";
    }
    out.append('}');
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

  private static String hex(long address) {
    return "0x" + Long.toHexString(address);
  }
}
