package dev.selvage.verification;

import dev.selvage.verification.library.LibraryProgram;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What {@code corpus.tsv} says must be found of the programs in {@code library}, what may be, and
 * what must not.
 */
final class LibraryCorpus {
  private static final String PACKAGE = LibraryProgram.class.getPackageName() + ".";

  /** The lists, in the words of the file. */
  enum Expectation {
    PROVEN,
    EXCEPTED,
    FLAKY,
    MISSED,
    FORBIDDEN;

    /** Whether what blocks there is a leak. */
    boolean isLeak() {
      return this != FORBIDDEN;
    }
  }

  /**
   * One line of the file.
   *
   * @param name as {@code Suite.case}
   * @param place the line where it blocks, as {@code Suite.java:12}; empty if it is told by the
   *     threads' name
   */
  record Row(Expectation list, String name, String place, String reason, int threads, String why) {}

  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final Map<String, Row> byPlace = new TreeMap<>();

  LibraryCorpus() throws IOException {
    Map<String, Class<?>> suites = new TreeMap<>();
    LibraryProgram.suites().values().forEach(suite -> suites.put(suite.getSimpleName(), suite));
    for (String line : lines()) {
      String[] cells = line.split("\t", -1);
      if (cells.length != 5) {
        throw new AssertionError("not five cells: " + line);
      }
      var list = Expectation.valueOf(cells[0].toUpperCase(java.util.Locale.ROOT));
      boolean byName = cells[1].startsWith("~");
      String name = byName ? cells[1].substring(1) : cells[1];
      String[] parts = name.split("\\.", -1);
      Class<?> suite = Objects.requireNonNull(suites.get(parts[0]), name);
      String place =
          byName
              ? ""
              : (list.isLeak() ? Marker.in(suite, parts[1]) : Marker.line(suite, parts[1])).place();
      var row = new Row(list, name, place, cells[2], Integer.parseInt(cells[3]), cells[4]);
      if (rows.put(name, row) != null
          || (!byName && byPlace.put(place, row) != null)
          || row.why.isBlank()) {
        throw new AssertionError("stated twice, or without a reason: " + line);
      }
    }
  }

  private static List<String> lines() throws IOException {
    try (InputStream in = LibraryProgram.class.getResourceAsStream("corpus.tsv")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    }
  }

  Iterable<Row> rows() {
    return rows.values();
  }

  /** The line of the topmost frame that is in a suite. */
  Optional<String> place(List<Frame> stack) {
    return stack.stream()
        .filter(frame -> frame.className().startsWith(PACKAGE))
        .filter(frame -> !frame.file().equals("Threads.java"))
        .findFirst()
        .map(Frame::place);
  }

  /** Whose that is; empty if it is none of the file's. */
  Optional<Row> rowOf(List<Frame> stack, List<String> names) {
    Optional<String> place = place(stack);
    return place.isPresent()
        ? place.map(byPlace::get)
        : names.stream().flatMap(name -> Optional.ofNullable(rows.get(name)).stream()).findFirst();
  }

  /** What a look found, by row; and what is none of the file's. */
  record Found(Map<Row, Integer> threads, List<String> strange) {}

  /** Sums up what is certain. */
  Found found(Look look) {
    var threads = new LinkedHashMap<Row, Integer>();
    var strange = new ArrayList<String>();
    for (Look.Found found : look.certain()) {
      Optional<Row> row = rowOf(found.stack(), found.names());
      if (row.isEmpty()) {
        strange.add(found + " in " + found.stack());
      } else {
        threads.merge(row.get(), found.count(), Integer::sum);
        boolean excepted = !found.except().isEmpty();
        if (!found.kind().equals(row.get().reason)
            || excepted != (row.get().list == Expectation.EXCEPTED)) {
          strange.add(found + ", except '" + found.except() + "', is not as stated: " + row.get());
        }
      }
    }
    return new Found(threads, strange);
  }
}
