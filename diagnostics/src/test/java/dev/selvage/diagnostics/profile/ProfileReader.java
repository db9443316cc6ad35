package dev.selvage.diagnostics.profile;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/**
 * Reads {@code profile.proto} by its published schema, knowing nothing of our writer: every field
 * of the schema, checked as {@code go tool pprof} checks it.
 */
final class ProfileReader {
  record Frame(String function, String file, long line, long address) {}

  record Sample(List<Frame> stack, List<Long> values, Map<String, String> labels) {}

  final List<String> types = new ArrayList<>();
  final List<Sample> samples = new ArrayList<>();
  final List<String> comments = new ArrayList<>();
  String mapping = "";
  String period = "";
  String shown = "";
  long timeNanos;
  long durationNanos;

  private ProfileReader() {}

  private interface Field {
    void take(int number, long value, byte[] bytes) throws IOException;
  }

  private static long varint(DataInputStream in) throws IOException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int b = in.readUnsignedByte();
      value |= (long) (b & 127) << shift;
      if (b < 128) {
        return value;
      }
    }
    throw new IOException("a varint has ten bytes at most");
  }

  private static void message(byte[] bytes, Field field) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    while (in.available() > 0) {
      long tag = varint(in);
      switch ((int) (tag & 7)) {
        case 0 -> field.take((int) (tag >>> 3), varint(in), new byte[0]);
        case 2 -> {
          byte[] body = new byte[Math.toIntExact(varint(in))];
          in.readFully(body);
          field.take((int) (tag >>> 3), 0, body);
        }
        default -> throw new IOException("wire type " + (tag & 7));
      }
    }
  }

  private static List<Long> packed(byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    List<Long> values = new ArrayList<>();
    while (in.available() > 0) {
      values.add(varint(in));
    }
    return values;
  }

  static ProfileReader read(byte[] gzip) throws IOException {
    byte[] all = new GZIPInputStream(new ByteArrayInputStream(gzip)).readAllBytes();
    ProfileReader profile = new ProfileReader();
    List<String> strings = new ArrayList<>();
    message(
        all,
        (number, _, body) -> {
          if (number == 6) {
            strings.add(new String(body, StandardCharsets.UTF_8));
          }
        });
    if (!strings.getFirst().isEmpty()) {
      throw new IOException("the first string must be empty");
    }
    record Function(String name, String file) {}
    Map<Long, Function> functions = new HashMap<>();
    Map<Long, Frame> locations = new HashMap<>();
    message(
        all,
        (number, _, body) -> {
          if (number == 5) {
            long[] f = new long[6];
            message(body, (n, v, _) -> f[n] = v);
            if (f[1] == 0
                || functions.put(
                        f[1], new Function(strings.get((int) f[2]), strings.get((int) f[4])))
                    != null) {
              throw new IOException("function " + f[1] + " is zero or twice");
            }
          }
        });
    message(
        all,
        (number, _, body) -> {
          if (number == 4) {
            long[] f = new long[6];
            long[] line = new long[4];
            message(
                body,
                (n, v, b) -> {
                  f[n] = v;
                  if (n == 4) {
                    message(b, (ln, lv, _) -> line[ln] = lv);
                  }
                });
            Function function = functions.get(line[1]);
            if (f[1] == 0 || f[2] != 1 || function == null) {
              throw new IOException("location " + f[1] + " hangs in the air");
            }
            if (locations.put(f[1], new Frame(function.name, function.file, line[2], f[3]))
                != null) {
              throw new IOException("location " + f[1] + " is there twice");
            }
          }
        });
    message(
        all,
        (number, value, body) -> {
          switch (number) {
            case 1 -> profile.types.add(type(body, strings));
            case 2 -> profile.samples.add(sample(body, strings, locations));
            case 3 ->
                message(
                    body,
                    (n, v, _) -> {
                      if (n == 5) {
                        profile.mapping = strings.get((int) v);
                      }
                    });
            case 9 -> profile.timeNanos = value;
            case 10 -> profile.durationNanos = value;
            case 11 -> profile.period = type(body, strings) + profile.period;
            case 12 -> profile.period = profile.period + " " + value;
            case 13 -> packed(body).forEach(s -> profile.comments.add(strings.get(s.intValue())));
            case 14 -> profile.shown = strings.get((int) value);
            default -> {}
          }
        });
    for (Sample sample : profile.samples) {
      if (sample.values.size() != profile.types.size()) {
        throw new IOException("a sample has not as many values as there are types");
      }
    }
    return profile;
  }

  private static String type(byte[] body, List<String> strings) throws IOException {
    long[] f = new long[3];
    message(body, (n, v, _) -> f[n] = v);
    return strings.get((int) f[1]) + "/" + strings.get((int) f[2]);
  }

  private static Sample sample(byte[] body, List<String> strings, Map<Long, Frame> locations)
      throws IOException {
    Sample sample = new Sample(new ArrayList<>(), new ArrayList<>(), new TreeMap<>());
    message(
        body,
        (number, _, b) -> {
          switch (number) {
            case 1 -> {
              for (long id : packed(b)) {
                Frame frame = locations.get(id);
                if (frame == null) {
                  throw new IOException("no location " + id);
                }
                sample.stack.add(frame);
              }
            }
            case 2 -> sample.values.addAll(packed(b));
            case 3 -> {
              long[] f = new long[5];
              message(b, (n, v, _) -> f[n] = v);
              sample.labels.put(strings.get((int) f[1]), strings.get((int) f[2]));
            }
            default -> throw new IOException("field " + number);
          }
        });
    return sample;
  }

  /** The sum of one number over the samples whose stack has a function that ends so. */
  long sum(int value, String function) {
    return samples.stream()
        .filter(s -> s.stack.stream().anyMatch(f -> f.function.endsWith(function)))
        .mapToLong(s -> s.values.get(value))
        .sum();
  }
}
