package dev.selvage.verification;

import dev.selvage.verification.kernels.Table;
import dev.selvage.verification.kernels.Table.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** What was found of each kernel, on each collector, beside what Go found. */
final class KernelTally {
  /** Over all runs of a kernel on one collector. */
  private static final class Count {
    private int runs;
    private int found;
    private int stuck;
    private int proven;

    @Override
    public String toString() {
      return found + "/" + runs + " | " + proven + "/" + stuck;
    }
  }

  private final Map<String, Map<String, Count>> counts = new TreeMap<>();

  /** Counts one run. */
  void add(String collector, Row row, int stuck, int proven) {
    Count count = count(collector, row);
    count.runs++;
    count.found += proven > 0 ? 1 : 0;
    count.stuck += stuck;
    count.proven += proven;
  }

  /** In how many runs something of it was found. */
  int found(String collector, Row row) {
    return count(collector, row).found;
  }

  private Count count(String collector, Row row) {
    return counts
        .computeIfAbsent(collector, _ -> new TreeMap<>())
        .computeIfAbsent(row.name(), _ -> new Count());
  }

  /** Writes it as a table for people. */
  void write(Path file, String head) throws IOException {
    var text = new StringBuilder(head);
    text.append("| kernel | copies | Go found | Go flagged/blocked |");
    counts.keySet().forEach(c -> text.append(" %s found | %s proven/stuck |".formatted(c, c)));
    text.append("\n|---|---|---|---|").append("---|---|".repeat(counts.size())).append('\n');
    for (Row row : Table.rows()) {
      text.append(
          "| %s | %d | %s | %s |"
              .formatted(row.name(), row.copies(), row.go().text(), row.flagged()));
      counts.keySet().forEach(c -> text.append(" %s |".formatted(count(c, row))));
      text.append('\n');
    }
    Files.writeString(file, text);
  }
}
