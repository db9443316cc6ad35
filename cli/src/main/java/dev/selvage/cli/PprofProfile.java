package dev.selvage.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/**
 * A profile as {@code pprof} keeps it ({@code profile.proto}, compressed or not), of whatever
 * program: as much of it as is shown here. Immutable.
 *
 * @param types what the values of each sample are
 * @param samples stacks with their values
 * @param shown the place in the values that is meant where none is named
 * @param durationNanos for how long was sampled; 0 where not known
 */
record PprofProfile(List<Type> types, List<Sample> samples, int shown, long durationNanos) {
  /** A longer file is none that a profiler writes. */
  private static final int MOST_BYTES = 1 << 29;

  /** What a value is, as {@code cpu} in {@code nanoseconds}. */
  record Type(String name, String unit) {}

  /** A function and the place in it. */
  record Frame(String function, String file, long line) {}

  /** A stack, leaf first. */
  record Sample(List<Frame> stack, List<Long> values, Map<String, String> labels) {}

  PprofProfile {
    types = List.copyOf(types);
    samples = List.copyOf(samples);
  }

  /** The sum of the values that are shown. */
  long total() {
    return samples.stream().mapToLong(sample -> sample.values().get(shown)).sum();
  }

  /** What is shown. */
  Type type() {
    return types.get(shown);
  }

  /**
   * Reads one.
   *
   * @throws IOException if it is none; says what is wrong with it
   */
  static PprofProfile read(byte[] file) throws IOException {
    byte[] bytes = file;
    if (file.length > 2 && file[0] == 0x1f && (file[1] & 0xff) == 0x8b) {
      try (var gzip = new GZIPInputStream(new ByteArrayInputStream(file))) {
        bytes = gzip.readNBytes(MOST_BYTES);
      }
    }
    try {
      return new Reader().profile(bytes);
    } catch (IndexOutOfBoundsException | ArithmeticException | NegativeArraySizeException e) {
      throw new IOException("a number in it points nowhere", e);
    }
  }

  private interface Field {
    void take(int number, long value, Bytes body) throws IOException;
  }

  /** A part of a file that is being read. */
  private static final class Bytes {
    private final byte[] array;
    private int at;
    private final int end;

    Bytes(byte[] array, int at, int end) {
      this.array = array;
      this.at = at;
      this.end = end;
    }

    boolean hasMore() {
      return at < end;
    }

    long varint() throws IOException {
      long value = 0;
      for (int shift = 0; shift < 64; shift += 7) {
        if (at >= end) {
          throw new IOException("it ends in the middle of a number");
        }
        byte b = array[at++];
        value |= (long) (b & 127) << shift;
        if (b >= 0) {
          return value;
        }
      }
      throw new IOException("a number has more than ten bytes");
    }

    Bytes part(long length) throws IOException {
      if (length < 0 || length > end - at) {
        throw new IOException("it ends in the middle of a field");
      }
      at += (int) length;
      return new Bytes(array, at - (int) length, at);
    }

    String text() {
      return new String(array, at, end - at, StandardCharsets.UTF_8);
    }

    void fields(Field field) throws IOException {
      Bytes none = new Bytes(array, end, end);
      while (hasMore()) {
        long tag = varint();
        int number = Math.toIntExact(tag >>> 3);
        switch ((int) (tag & 7)) {
          case 0 -> field.take(number, varint(), none);
          case 1 -> part(8);
          case 2 -> field.take(number, 0, part(varint()));
          case 5 -> part(4);
          default -> throw new IOException("a field is of no kind that there is");
        }
      }
    }
  }

  /** One reading. */
  private static final class Reader {
    private record Function(String name, String file) {}

    private record Line(long function, long line) {}

    private final List<String> strings = new ArrayList<>();
    private final Map<Long, Function> functions = new HashMap<>();
    private final Map<Long, List<Frame>> locations = new HashMap<>();
    private final List<Type> types = new ArrayList<>();
    private final List<Sample> samples = new ArrayList<>();
    private long shown;
    private long durationNanos;

    PprofProfile profile(byte[] bytes) throws IOException {
      // What is referred to may come after what refers to it: so each kind in its turn.
      pass(bytes, 6, body -> strings.add(body.text()));
      if (strings.isEmpty() || !strings.getFirst().isEmpty()) {
        throw new IOException("it has no table of strings");
      }
      pass(bytes, 5, this::function);
      pass(bytes, 4, this::location);
      pass(bytes, 1, body -> types.add(type(body)));
      if (types.isEmpty()) {
        throw new IOException("it does not say what it counts");
      }
      pass(bytes, 2, this::sample);
      new Bytes(bytes, 0, bytes.length)
          .fields(
              (number, value, _) -> {
                switch (number) {
                  case 10 -> durationNanos = value;
                  case 14 -> shown = value;
                  default -> {}
                }
              });
      int index = types.size() - 1;
      for (int i = 0; shown != 0 && i < types.size(); i++) {
        if (types.get(i).name().equals(string(shown))) {
          index = i;
        }
      }
      return new PprofProfile(types, samples, index, durationNanos);
    }

    private interface Body {
      void take(Bytes body) throws IOException;
    }

    private static void pass(byte[] bytes, int wanted, Body body) throws IOException {
      new Bytes(bytes, 0, bytes.length)
          .fields(
              (number, _, part) -> {
                if (number == wanted) {
                  body.take(part);
                }
              });
    }

    private String string(long index) {
      return strings.get(Math.toIntExact(index));
    }

    private Type type(Bytes body) throws IOException {
      long[] f = new long[3];
      body.fields((number, value, _) -> set(f, number, value));
      return new Type(string(f[1]), string(f[2]));
    }

    private static void set(long[] fields, int number, long value) {
      if (number < fields.length) {
        fields[number] = value;
      }
    }

    private void function(Bytes body) throws IOException {
      long[] f = new long[5];
      body.fields((number, value, _) -> set(f, number, value));
      functions.put(f[1], new Function(string(f[2]), string(f[4])));
    }

    private void location(Bytes body) throws IOException {
      long[] f = new long[4];
      List<Line> lines = new ArrayList<>();
      body.fields(
          (number, value, part) -> {
            set(f, number, value);
            if (number == 4) {
              long[] line = new long[3];
              part.fields((n, v, _) -> set(line, n, v));
              lines.add(new Line(line[1], line[2]));
            }
          });
      List<Frame> frames = new ArrayList<>();
      for (Line line : lines) { // inlined ones first
        Function function = functions.get(line.function());
        if (function == null) {
          throw new IOException("a place in it is in no function");
        }
        frames.add(new Frame(function.name(), function.file(), line.line()));
      }
      if (frames.isEmpty()) {
        frames.add(new Frame("0x" + Long.toHexString(f[3]), "", 0));
      }
      locations.put(f[1], List.copyOf(frames));
    }

    private void sample(Bytes body) throws IOException {
      List<Frame> stack = new ArrayList<>();
      List<Long> values = new ArrayList<>();
      Map<String, String> labels = new TreeMap<>();
      body.fields(
          (number, value, part) -> {
            switch (number) {
              case 1 -> {
                for (long id : numbers(value, part)) {
                  List<Frame> frames = locations.get(id);
                  if (frames == null) {
                    throw new IOException("a stack in it goes through no place");
                  }
                  stack.addAll(frames);
                }
              }
              case 2 -> values.addAll(numbers(value, part));
              case 3 -> {
                long[] f = new long[3];
                part.fields((n, v, _) -> set(f, n, v));
                if (f[2] != 0) {
                  labels.put(string(f[1]), string(f[2]));
                }
              }
              default -> {}
            }
          });
      if (values.size() != types.size()) {
        throw new IOException("a sample has not as many values as there are kinds");
      }
      samples.add(new Sample(List.copyOf(stack), List.copyOf(values), Map.copyOf(labels)));
    }

    /** Repeated numbers come packed, or one by one. */
    private static List<Long> numbers(long value, Bytes part) throws IOException {
      if (!part.hasMore()) {
        return List.of(value);
      }
      List<Long> numbers = new ArrayList<>();
      while (part.hasMore()) {
        numbers.add(part.varint());
      }
      return numbers;
    }
  }
}
