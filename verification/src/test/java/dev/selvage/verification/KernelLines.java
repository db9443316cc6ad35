package dev.selvage.verification;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import dev.selvage.verification.kernels.Leak;
import dev.selvage.verification.kernels.Table;
import dev.selvage.verification.kernels.Table.Mode;
import dev.selvage.verification.kernels.Table.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The lines of the kernels that goroutines never leave, and who is at them. */
final class KernelLines {
  /** Where, and by which word. */
  record Spot(String place, String reason) {
    @Override
    public String toString() {
      return place + " [" + reason + "]";
    }
  }

  /** What is said of a line: which kernel's it is, and how many goroutines it may keep. */
  record Stated(Row row, String at, int atMost) {
    boolean isExact() {
      return row.mode() == Mode.DETERMINISTIC;
    }
  }

  private final Map<Spot, Stated> stated = new HashMap<>();
  private final Map<String, Row> rowsByPlace = new TreeMap<>();
  private final Map<String, Row> rowsByClass = new HashMap<>();

  KernelLines() {
    for (Row row : Table.rows()) {
      Class<?> type = row.program();
      rowsByClass.put(type.getName(), row);
      for (Leak leak : type.getAnnotationsByType(Leak.class)) {
        String place = Marker.in(type, leak.at()).place();
        rowsByPlace.put(place, row);
        var key = new Spot(place, leak.reason());
        if (stated.put(key, new Stated(row, leak.at(), leak.perCopy() * row.copies())) != null) {
          throw new AssertionError("stated twice: " + key);
        }
      }
    }
  }

  Map<Spot, Stated> stated() {
    return stated;
  }

  /** The kernel whose line that is, if any. */
  Optional<Row> rowAt(String place) {
    return Optional.ofNullable(rowsByPlace.get(place));
  }

  /** The places that the kernel states. */
  List<String> placesOf(Row row) {
    return rowsByPlace.entrySet().stream()
        .filter(e -> e.getValue().equals(row))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** The kernel whose code that is, if any. */
  Optional<Row> rowOf(Frame frame) {
    String name = frame.className();
    Row row = rowsByClass.get(name);
    for (int end = name.length(); row == null && (end = name.lastIndexOf('$', end - 1)) > 0; ) {
      row = rowsByClass.get(name.substring(0, end));
    }
    return Optional.ofNullable(row);
  }

  /** Who a finding is about: the line of its topmost frame in a kernel, and its word. */
  Spot spotOf(Look.Found found) {
    return new Spot(
        found.first(frame -> rowOf(frame).isPresent()).map(Frame::place).orElse("?"), found.kind());
  }

  /**
   * How many goroutines there are in a thread dump of the JDK's, by the line of their topmost frame
   * in a kernel; those of controls, which stay, are left out.
   */
  Map<String, Integer> alive(Path dump) throws IOException {
    var alive = new TreeMap<String, Integer>();
    try (var json = new JsonFactory().createParser(dump.toFile())) {
      for (JsonToken token; (token = json.nextToken()) != null; ) {
        if (token == JsonToken.FIELD_NAME && json.currentName().equals("stack")) {
          Frame top = null;
          json.nextToken();
          while (json.nextToken() != JsonToken.END_ARRAY) {
            if (top == null) {
              top =
                  Frame.parse(json.getText())
                      .filter(frame -> rowOf(frame).isPresent())
                      .orElse(null);
            }
          }
          if (top != null && rowOf(top).orElseThrow().mode() != Mode.CONTROL) {
            alive.merge(top.place(), 1, Integer::sum);
          }
        }
      }
    }
    return alive;
  }
}
