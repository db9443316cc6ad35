package dev.selvage.cli;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a HotSpot JVM says about itself in its {@code hsperfdata} file, read without the JVM
 * noticing. Of the counters in it only the strings are kept.
 *
 * @param strings by counter name, as {@code java.property.java.version}
 */
record PerfData(Map<String, String> strings) {
  /*
   * The file, version 2: a header of 32 bytes (magic cafec0c0; at 4 the byte order; at 7 whether it
   * is complete; at 24 and 28 where the entries start and how many there are), then entries of
   *
   *   int length | int offset of the name | int elements, 0 for a scalar | byte type | byte flags |
   *   byte unit | byte variability | int offset of the value
   *
   * with offsets from the entry's start. A string is a vector of type 'B' that ends with a zero.
   */
  private static final int MAGIC = 0xcafec0c0;

  /** The strings of the file; null where it is not (or not yet) such a file. */
  static @Nullable PerfData read(Path file) throws IOException {
    return parse(ByteBuffer.wrap(Files.readAllBytes(file)));
  }

  static @Nullable PerfData parse(ByteBuffer data) {
    try {
      if (data.getInt(0) != MAGIC || data.get(7) == 0) {
        return null;
      }
      data.order(data.get(4) == 1 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
      Map<String, String> strings = new HashMap<>();
      int entry = data.getInt(24);
      int entries = data.getInt(28);
      for (int i = 0; i < entries; i++) {
        int length = data.getInt(entry);
        if (length <= 0) {
          return null;
        }
        int elements = data.getInt(entry + 8);
        if (elements > 0 && data.get(entry + 12) == 'B') {
          String name = string(data, entry + data.getInt(entry + 4), length);
          strings.put(name, string(data, entry + data.getInt(entry + 16), elements));
        }
        entry += length;
      }
      return new PerfData(Map.copyOf(strings));
    } catch (IndexOutOfBoundsException | BufferUnderflowException _) {
      return null;
    }
  }

  private static String string(ByteBuffer data, int start, int atMost) {
    int end = start;
    while (end < start + atMost && data.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - start];
    data.get(start, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** As {@code 25.0.3}; null where not said. */
  @Nullable String javaVersion() {
    return strings.get("java.property.java.version");
  }

  /** The main class, module or jar, without its arguments: those may hold secrets. */
  @Nullable String main() {
    String command = strings.get("sun.rt.javaCommand");
    return command == null || command.isBlank() ? null : command.strip().split("\\s+", 2)[0];
  }

  /** Whether the JVM was started with its attach mechanism disabled. */
  boolean attachDisabled() {
    return strings.getOrDefault("sun.rt.jvmCapabilities", "1").startsWith("0");
  }
}
