package dev.selvage.verification.kernels;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Go's own corpus for its leak profile: what the programs are, and how often Go finds them. */
public final class Table {
  private static final List<Class<?>> SUITES =
      List.of(
          Micro.class,
          Patterns.class,
          Stress.class,
          GoKerChannels.class,
          GoKerContexts.class,
          GoKerDoubleLocking.class,
          GoKerLockOrder.class,
          GoKerReadLocks.class,
          GoKerMixed.class);

  private Table() {}

  /** Whether chance has a say in how many goroutines are left behind. */
  public enum Mode {
    /** The same number in every run. */
    DETERMINISTIC,
    /** As many as chance has it. */
    FLAKY,
    /** None, though they look like it; there is nothing to fix. */
    CONTROL
  }

  /**
   * In how many runs Go 1.26.8 reported a leak, on two processors.
   *
   * @param text as {@code 7/10}; {@code all} or {@code none} without figures, {@code -} if unknown
   */
  public record Rate(String text, int found, int runs) {
    static Rate parse(String text) {
      return switch (text) {
        case "all" -> new Rate(text, 1, 1);
        case "none", "-" -> new Rate(text, 0, 1);
        default -> {
          String[] parts = text.split("/", -1);
          yield new Rate(text, Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
        }
      };
    }

    /** In how many of so many runs a leak must be found, so as to find it as often as Go does. */
    public int of(int others) {
      return others * found / runs;
    }
  }

  /**
   * A row.
   *
   * @param name the simple name of the program's class
   * @param upstream where the bug was, as {@code owner/repository#number}; empty if nowhere
   * @param copies how many run at once
   * @param go how often Go found it
   * @param flagged how many goroutines Go flagged, of how many that were blocked, over all runs;
   *     empty if not measured
   */
  public record Row(
      String suite,
      String name,
      String upstream,
      String kind,
      Mode mode,
      int copies,
      Rate go,
      String flagged) {

    static Row parse(String line) {
      String[] c = line.split("\t", -1);
      return new Row(
          c[0],
          c[1],
          c[2],
          c[3],
          Mode.valueOf(c[4]),
          Integer.parseInt(c[5]),
          Rate.parse(c[6]),
          c[7]);
    }

    /** The program. */
    public Class<? extends Program> program() {
      return Table.programs().stream()
          .filter(type -> type.getSimpleName().equals(name))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no program " + name));
    }
  }

  /** All rows. */
  public static List<Row> rows() {
    var in = Objects.requireNonNull(Table.class.getResourceAsStream("kernels.tsv"), "kernels.tsv");
    try (var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines.lines().skip(1).map(Row::parse).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All programs: the public classes nested in the suites. */
  public static List<Class<? extends Program>> programs() {
    return SUITES.stream()
        .flatMap(suite -> Stream.of(suite.getClasses()))
        .<Class<? extends Program>>map(type -> type.asSubclass(Program.class))
        .toList();
  }
}
