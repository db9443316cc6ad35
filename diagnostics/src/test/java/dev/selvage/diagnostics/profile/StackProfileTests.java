package dev.selvage.diagnostics.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.profile.StackProfile.Value;
import dev.selvage.testing.GoTool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The encoder against a reader of its own, and against the real one. */
final class StackProfileTests {
  private static final Value A = new Value("alloc_space", "bytes");
  private static final Value B = new Value("inuse_space", "bytes");

  private final Path dir;

  StackProfileTests(@TempDir Path dir) {
    this.dir = dir;
  }

  private static StackTraceElement frame(Random random) {
    String[] parts = {"com", "acme", "Größe", "Order$Inner", "\uD83D\uDE00", "<init>", "a\"b\n"};
    String type = parts[random.nextInt(parts.length)] + "." + parts[random.nextInt(parts.length)];
    return new StackTraceElement(
        type,
        random.nextInt(9) == 0 ? "" : parts[random.nextInt(parts.length)],
        random.nextBoolean() ? "File.java" : null,
        random.nextInt(5) == 0 ? -1 : random.nextInt(100_000));
  }

  private record Key(List<String> stack, Map<String, String> labels) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  @DisplayName("what is written is what a second reader reads, whatever it is")
  void roundTrip(long seed) throws Exception {
    Random random = new Random(seed);
    StackProfile.Builder builder =
        StackProfile.named("x", "shop.jar", A, B)
            .takenAt(Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000_000)))
            .duration(Duration.ofNanos(random.nextLong(1L << 50)))
            .period(new Value("space", "bytes"), 512 << 10)
            .shows("alloc_space")
            .comment("first")
            .comment("second, with ünïcode");
    Map<Key, List<Long>> expected = new HashMap<>();
    List<List<StackTraceElement>> stacks = new ArrayList<>();
    for (int i = 0; i < random.nextInt(200); i++) {
      List<StackTraceElement> stack = new ArrayList<>();
      if (!stacks.isEmpty() && random.nextInt(3) == 0) {
        stack = stacks.get(random.nextInt(stacks.size()));
      } else {
        for (int f = 0; f < random.nextInt(40); f++) {
          stack.add(frame(random));
        }
        stacks.add(stack);
      }
      Map<String, String> labels = new TreeMap<>();
      for (int l = 0; l < random.nextInt(3); l++) {
        labels.put(
            "k" + random.nextInt(4), random.nextInt(4) == 0 ? "" : "v\"" + random.nextInt(3));
      }
      long a = random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(3) - 1;
      long b = random.nextInt(100);
      builder.add(stack, labels, a, b);
      labels.values().removeIf(String::isEmpty);
      expected.merge(
          new Key(stack.stream().map(StackProfileTests::text).toList(), labels),
          List.of(a, b),
          (x, y) -> List.of(x.get(0) + y.get(0), x.get(1) + y.get(1)));
    }
    StackProfile profile = builder.build();
    ProfileReader read = ProfileReader.read(profile.toProto());
    Map<Key, List<Long>> got = new HashMap<>();
    for (ProfileReader.Sample sample : read.samples) {
      Key key =
          new Key(
              sample.stack().stream()
                  .map(f -> f.function() + "|" + f.file() + "|" + f.line())
                  .toList(),
              sample.labels());
      got.merge(key, sample.values(), (x, y) -> List.of(x.get(0) + y.get(0), x.get(1) + y.get(1)));
    }
    assertEquals(expected, got);
    assertEquals(List.of("alloc_space/bytes", "inuse_space/bytes"), read.types);
    assertEquals("shop.jar", read.mapping);
    assertEquals("space/bytes 524288", read.period);
    assertEquals("alloc_space", read.shown);
    assertEquals(List.of("first", "second, with ünïcode"), read.comments);
    // The real reader checks more than it shows; and must not say a word.
    Path file = Files.write(dir.resolve("p.pb.gz"), profile.toProto());
    String raw = GoTool.pprof(dir, "-raw", file.toString());
    assertTrue(
        raw.contains("alloc_space/bytes[dflt] inuse_space/bytes"),
        raw.lines().limit(9).toList().toString());
    GoTool.pprof(dir, "-comments", file.toString());
  }

  private static String text(StackTraceElement element) {
    Frame frame = Frame.of(element);
    return frame.function() + "|" + frame.file() + "|" + frame.line();
  }

  @Test
  @DisplayName("a delta has what came and went, and adds up to the later profile")
  void delta() {
    StackTraceElement leaf = new StackTraceElement("com.acme.Order", "quote", "Order.java", 7);
    Map<String, String> gone = Map.of("k", "gone");
    StackProfile before =
        StackProfile.named("x", "p", A, B)
            .takenAt(Instant.ofEpochSecond(10))
            .add(List.of(leaf), Map.of(), 5, 0)
            .add(List.of(leaf), gone, 1, 2)
            .build();
    StackProfile after =
        StackProfile.named("x", "p", A, B)
            .takenAt(Instant.ofEpochSecond(13))
            .add(List.of(leaf), Map.of(), 5, 0)
            .add(List.of(leaf), Map.of("k", "new"), 7, 8)
            .build();
    StackProfile delta = after.since(before);
    assertEquals(6, delta.total(0));
    assertEquals(6, delta.total(1));
    assertTrue(delta.toText().contains("\n-1 -2 @ 0x"), delta.toText());
    assertTrue(delta.toText().contains("\n7 8 @ 0x"), delta.toText());
    assertTrue(!delta.toText().contains("5 0"), delta.toText());
    StackProfile other = StackProfile.named("y", "p", A, B).build();
    assertThrows(IllegalArgumentException.class, () -> after.since(other));
  }

  @Test
  @DisplayName("wrong numbers of numbers are refused")
  void refuses() {
    StackProfile.Builder builder = StackProfile.named("x", "p", A);
    assertThrows(IllegalArgumentException.class, () -> builder.add(List.of(), Map.of(), 1, 2));
    assertThrows(IllegalArgumentException.class, () -> StackProfile.named("x", "p"));
  }

  @Test
  @DisplayName(
      "a class histogram is read with arrays as in source code, and classes of one name added")
  void histogram() {
    Map<String, Histogram.Entry> entries =
        Histogram.parse(
            """
             num     #instances         #bytes  class name (module)
            -------------------------------------------------------
               1:         32119        4111232  [B (java.base@25.0.3)
               2:             7            336  [[Lcom.acme.Order;
               3:             1             24  com.acme.Order
               4:             2             48  com.acme.Order (shop@1)
            Total         32129        4111640
            """);
    assertEquals(
        Map.of(
            "byte[]", new Histogram.Entry(32119, 4111232),
            "com.acme.Order[][]", new Histogram.Entry(7, 336),
            "com.acme.Order", new Histogram.Entry(3, 72)),
        entries);
    assertEquals(
        Map.of("byte[]", new Histogram.Entry(-32119, -4111232), "x", new Histogram.Entry(1, 8)),
        Histogram.since(
            Map.of("x", new Histogram.Entry(1, 8), "com.acme.Order", new Histogram.Entry(3, 72)),
            Map.of(
                "byte[]", new Histogram.Entry(32119, 4111232),
                "com.acme.Order", new Histogram.Entry(3, 72))));
  }
}
