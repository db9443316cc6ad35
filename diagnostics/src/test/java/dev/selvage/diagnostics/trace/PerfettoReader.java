package dev.selvage.diagnostics.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the JSON of Chrome's trace viewer as Perfetto does, by the format's description alone, and
 * refuses what that could not show: slices of a track that overlap, arrows that begin or end in
 * nothing, asynchronous slices that end in the wrong order, times that run backwards.
 */
final class PerfettoReader {
  /** A slice, in nanoseconds. */
  record Slice(String track, String name, long begin, long end) {}

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private final Map<String, List<Slice>> tracks = new HashMap<>();
  private final Map<String, Deque<String>> open = new HashMap<>();
  private final Map<String, Long> lastOf = new HashMap<>();
  private final Map<Long, long[]> arrows = new HashMap<>();
  private final Map<Long, String> arrowTracks = new HashMap<>();
  private final Map<Long, String> headTracks = new HashMap<>();
  private final Set<String> named = new HashSet<>();

  /** All names that were read. */
  final Set<String> names = new HashSet<>();

  /** All kinds of event that were read. */
  final Set<String> phases = new HashSet<>();

  private PerfettoReader() {}

  /** Reads all of it; fails on what is not as it should be. */
  static PerfettoReader read(byte[] json) throws IOException {
    var reader = new PerfettoReader();
    JsonNode root = JSON.readTree(json);
    assertTrue(root.path("traceEvents").isArray(), "there are events");
    for (JsonNode event : root.path("traceEvents")) {
      reader.event(event);
    }
    reader.checkTracks();
    reader.checkArrows();
    return reader;
  }

  /** The slices of all tracks of a process: 1 has the Ps, 2 the goroutines. */
  List<Slice> slices(int process) {
    return tracks.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(process + "/"))
        .flatMap(entry -> entry.getValue().stream())
        .toList();
  }

  /** How many arrows have both ends. */
  long arrows() {
    return arrows.values().stream().filter(ends -> ends[1] >= 0).count();
  }

  private static long nanos(JsonNode event, String field) {
    assertTrue(event.path(field).isNumber(), () -> field + " is missing: " + event);
    BigDecimal micros = event.path(field).decimalValue();
    long nanos = micros.movePointRight(3).longValueExact();
    assertTrue(nanos >= 0, () -> field + " is negative: " + event);
    return nanos;
  }

  private void event(JsonNode event) {
    String phase = event.path("ph").asText();
    phases.add(phase);
    assertTrue(event.path("pid").isIntegralNumber(), () -> "no pid: " + event);
    assertTrue(event.path("tid").isIntegralNumber(), () -> "no tid: " + event);
    assertTrue(event.path("name").isTextual(), () -> "no name: " + event);
    String track = event.path("pid").asLong() + "/" + event.path("tid").asLong();
    String name = event.path("name").asText();
    names.add(name);
    switch (phase) {
      case "M" -> {
        assertTrue(event.path("args").isObject(), event::toString);
        if (name.equals("thread_name")) {
          assertTrue(named.add(track), () -> "named twice: " + event);
        }
      }
      case "X" -> {
        long begin = nanos(event, "ts");
        long end = begin + nanos(event, "dur");
        inOrder("slices of " + track, end, event);
        tracks
            .computeIfAbsent(track, _ -> new ArrayList<>())
            .add(new Slice(track, name, begin, end));
      }
      case "s" -> {
        long id = event.path("id").asLong();
        assertNull(arrows.put(id, new long[] {nanos(event, "ts"), -1}), "one beginning");
        arrowTracks.put(id, track);
      }
      case "f" -> {
        long id = event.path("id").asLong();
        long[] ends = arrows.get(id);
        assertNotNull(ends, () -> "an arrow from nowhere: " + event);
        assertEquals(-1, ends[1], () -> "a second end: " + event);
        ends[1] = nanos(event, "ts");
        assertTrue(ends[1] >= ends[0], () -> "an arrow into the past: " + event);
        assertEquals("e", event.path("bp").asText());
        headTracks.put(id, track);
      }
      case "b" -> {
        String key = async(event);
        inOrder(key, nanos(event, "ts"), event);
        open.computeIfAbsent(key, _ -> new ArrayDeque<>()).push(name);
      }
      case "e" -> {
        String key = async(event);
        inOrder(key, nanos(event, "ts"), event);
        Deque<String> begun = open.getOrDefault(key, new ArrayDeque<>());
        assertFalse(begun.isEmpty(), () -> "ends what has not begun: " + event);
        assertEquals(begun.pop(), name, "the innermost ends");
      }
      case "i" -> inOrder("instants of " + track, nanos(event, "ts"), event);
      case "C" -> {
        inOrder("counter " + name, nanos(event, "ts"), event);
        assertFalse(event.path("args").isEmpty(), event::toString);
        event.path("args").forEach(value -> assertTrue(value.isNumber(), event::toString));
      }
      default -> throw new AssertionError("no phase of the format: " + event);
    }
  }

  private static String async(JsonNode event) {
    assertTrue(event.has("id") && event.path("cat").isTextual(), () -> "no id: " + event);
    return event.path("pid").asLong()
        + " "
        + event.path("cat").asText()
        + " "
        + event.path("id").asLong();
  }

  private void inOrder(String what, long time, JsonNode event) {
    Long last = lastOf.put(what, time);
    assertTrue(last == null || last <= time, () -> what + " run backwards: " + event);
  }

  /** In a track, of two slices one is inside the other, or over before it. */
  private void checkTracks() {
    for (List<Slice> slices : tracks.values()) {
      List<Slice> sorted = new ArrayList<>(slices);
      sorted.sort(
          Comparator.comparingLong(Slice::begin)
              .thenComparing(Comparator.comparingLong(Slice::end).reversed()));
      Deque<Slice> around = new ArrayDeque<>();
      for (Slice slice : sorted) {
        while (!around.isEmpty() && around.peek().end() <= slice.begin()) {
          around.pop();
        }
        assertTrue(
            around.isEmpty() || slice.end() <= around.peek().end(),
            () -> slice + " overlaps " + around.peek());
        around.push(slice);
      }
    }
  }

  private void checkArrows() {
    arrows.forEach(
        (id, ends) -> {
          assertInSlice(arrowTracks.getOrDefault(id, ""), ends[0]);
          if (ends[1] >= 0) {
            assertInSlice(headTracks.getOrDefault(id, ""), ends[1]);
          }
        });
  }

  private void assertInSlice(String track, long time) {
    assertTrue(
        tracks.getOrDefault(track, List.of()).stream()
            .anyMatch(slice -> slice.begin() <= time && time <= slice.end()),
        () -> "nothing is at " + time + " in track " + track);
  }
}
