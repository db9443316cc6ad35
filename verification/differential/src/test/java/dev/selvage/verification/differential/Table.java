package dev.selvage.verification.differential;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;

/**
 * The table of outcomes, and the list of what is different in Selvage. A line of the table is what
 * the Go program prints: group, operation, state, outcome, with tabs between.
 */
final class Table {
  static final Path FILE = Path.of("conformance.tsv");
  static final Path DIFFERENCES = Path.of("deviations.tsv");

  /** What is not in Go's standard library but in golang.org/x/sync. */
  private static final Set<String> XSYNC = Set.of("Semaphore", "ErrorGroup", "SingleFlight");

  private Table() {}

  /** Whether Go needs golang.org/x/sync for a line of the table, or for a key. */
  static boolean isXSync(String line) {
    return XSYNC.contains(line.substring(0, line.indexOf('\t')));
  }

  /** Those of the entries that need golang.org/x/sync, or those that do not. */
  static <V> SequencedMap<String, V> part(Map<String, V> entries, boolean xsync) {
    SequencedMap<String, V> part = new LinkedHashMap<>();
    entries.forEach(
        (key, value) -> {
          if (isXSync(key) == xsync) {
            part.put(key, value);
          }
        });
    return part;
  }

  /**
   * A difference that is meant.
   *
   * @param outcome what comes of it in Selvage
   * @param row the subject in docs/deviations.md where it is explained
   */
  record Deviation(String outcome, String row) {}

  /** Outcomes by key; a key that comes twice is a mistake. */
  static SequencedMap<String, String> outcomes(Collection<String> lines) {
    SequencedMap<String, String> outcomes = new LinkedHashMap<>();
    for (String line : lines) {
      int tab = line.lastIndexOf('\t');
      if (line.chars().filter(c -> c == '\t').count() != 3) {
        throw new AssertionError("not group, operation, state, outcome: " + line);
      }
      if (outcomes.put(line.substring(0, tab), line.substring(tab + 1)) != null) {
        throw new AssertionError("twice: " + line.substring(0, tab));
      }
    }
    return outcomes;
  }

  static SequencedMap<String, String> read() throws IOException {
    return outcomes(Files.readAllLines(FILE));
  }

  static Map<String, Deviation> deviations() throws IOException {
    Map<String, Deviation> deviations = new LinkedHashMap<>();
    for (String line : Files.readAllLines(DIFFERENCES)) {
      if (line.startsWith("#")) {
        continue;
      }
      String[] cells = line.split("\t", -1);
      if (cells.length != 5) {
        throw new AssertionError("not group, operation, state, outcome, subject: " + line);
      }
      String key = String.join("\t", cells[0], cells[1], cells[2]);
      if (deviations.put(key, new Deviation(cells[3], cells[4])) != null) {
        throw new AssertionError("twice in " + DIFFERENCES + ": " + key);
      }
    }
    return deviations;
  }

  /**
   * What is wrong: a scenario that one side lacks, a difference that is not listed or is listed
   * otherwise, and a listed one that is none.
   */
  static List<String> problems(
      Map<String, String> go, Map<String, String> selvage, Map<String, Deviation> deviations) {
    List<String> problems = new ArrayList<>();
    TreeSet<String> keys = new TreeSet<>(go.keySet());
    keys.addAll(selvage.keySet());
    keys.addAll(deviations.keySet());
    for (String key : keys) {
      String theirs = go.get(key);
      String ours = selvage.get(key);
      Deviation deviation = deviations.get(key);
      String name = key.replace("\t", " | ");
      if (theirs == null || ours == null) {
        problems.add(
            name
                + ": is there "
                + (theirs != null ? "in Go only" : ours != null ? "in Selvage only" : "nowhere"));
      } else if (theirs.equals(ours)) {
        if (deviation != null) {
          problems.add(name + ": listed as different, but both say " + ours);
        }
      } else if (deviation == null) {
        problems.add(name + "\n    Go:      " + theirs + "\n    Selvage: " + ours);
      } else if (!deviation.outcome.equals(ours)) {
        problems.add(name + "\n    listed:  " + deviation.outcome + "\n    Selvage: " + ours);
      }
    }
    return problems;
  }

  /** The table for readers. */
  static String forReaders(SequencedMap<String, String> go, Map<String, Deviation> deviations) {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    go.forEach(
        (key, outcome) -> {
          String[] cells = key.split("\t", -1);
          Deviation d = deviations.get(key);
          String said =
              d == null
                  ? cell(outcome)
                  : "Go: "
                      + cell(outcome)
                      + "<br>Selvage: "
                      + cell(d.outcome)
                      + "<br>Why: [deviations](../deviations.md), "
                      + d.row.replace("|", "\\|");
          groups
              .computeIfAbsent(cells[0], _ -> new ArrayList<>())
              .add("| " + cell(cells[1]) + " | " + cell(cells[2]) + " | " + said + " |\n");
        });
    StringBuilder text =
        new StringBuilder(
            """
            # What comes of it: the conformance table

            <!-- Generated from verification/differential; do not edit. -->

            %d scenarios, each written once in Go and once in Selvage, and run on both sides by
            `verification/differential` (`conformance.tsv` is the same as data). Both came to the outcome that stands
            here, save in %d, where both outcomes stand. An operation that blocks says on what, in the words of a stack
            dump. "panics" is an exception in Selvage, with Go's text as its message.
            """
                .formatted(go.size(), deviations.size()));
    groups.forEach(
        (group, rows) -> {
          text.append("\n## ").append(group).append("\n\n");
          text.append("| operation | state | outcome |\n|---|---|---|\n");
          rows.forEach(text::append);
        });
    return text.toString();
  }

  private static String cell(String text) {
    return Objects.requireNonNull(text).replace("|", "\\|");
  }
}
