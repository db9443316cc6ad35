package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.selvage.verification.KernelLines.Spot;
import dev.selvage.verification.kernels.Table;
import dev.selvage.verification.kernels.Table.Mode;
import dev.selvage.verification.kernels.Table.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * All kernels of Go's corpus, written in the language: each in as many copies as there, all in one
 * JVM for each run and collector. Every goroutine that is stuck is proven to be, at that line and
 * by Go's word; nothing else is reported, neither while they run nor afterwards; and each kernel
 * leaks in at least as many runs as Go's own figures say. Without their bugs they end, and nothing
 * is ever reported.
 */
final class KernelsIT {
  private static final int RUNS = Integer.getInteger("selvage.kernels.runs", 1);
  private static final KernelLines LINES = new KernelLines();
  private static final KernelTally TALLY = new KernelTally();

  @ParameterizedTest
  @ValueSource(strings = {"G1", "Parallel", "Serial"})
  void finds_every_goroutine_that_is_stuck_and_nothing_else(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    var wrong = new ArrayList<String>();
    for (int run = 1; run <= RUNS; run++) {
      for (String what : run(collector, directory.resolve("run-" + run))) {
        wrong.add("run " + run + ": " + what);
      }
    }
    for (Row row : Table.rows()) {
      int found = TALLY.found(collector, row);
      if (found < row.go().of(RUNS)) {
        wrong.add(row + " was found in " + found + " of " + RUNS + " runs");
      }
    }
    assertEquals("", String.join("\n", wrong));
  }

  @ParameterizedTest
  @ValueSource(strings = {"G1", "Parallel", "Serial"})
  void finds_nothing_where_the_bugs_are_left_out_and_all_end(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    try (var target = start(collector, directory, "fixed")) {
      Map<String, Integer> alive =
          settle(
              target,
              look -> assertEquals(List.of(), look.certain(), "while they run"),
              Map::isEmpty);
      assertEquals(Map.of(), alive, "left over");
      Look look = target.look();
      look.assertSound();
      assertEquals(List.of(), look.certain());
      end(target);
    }
  }

  /** For people; and where the property says so. */
  @AfterAll
  static void write() throws IOException {
    String head = "Runs for each collector: " + RUNS + ".\n\n";
    TALLY.write(Project.MODULE.resolve("target/kernels.md"), head);
    String report = System.getProperty("selvage.kernels.report", "");
    if (!report.isEmpty()) {
      TALLY.write(Project.ROOT.resolve(report), head);
    }
  }

  private static Target start(String collector, Path directory, String... args) throws Exception {
    Files.createDirectories(directory);
    var target =
        Target.java()
            .collector(collector)
            .classPath(Project.programsInTheLanguage())
            .option("-Xmx1g") // tens of thousands of goroutines, and what they wait for
            .start(directory, Kernels.class, args);
    try {
      target.await("ready");
      return target;
    } catch (AssertionError e) {
      target.close();
      throw e;
    }
  }

  private static void end(Target target) throws Exception {
    assertEquals("", target.stderr().lines().filter(KernelsIT::bad).findAny().orElse(""));
    assertEquals(0, target.end());
  }

  private static boolean bad(String line) {
    return line.startsWith("Exception in thread");
  }

  /** One run: what is wrong with it. */
  private static List<String> run(String collector, Path directory) throws Exception {
    try (var target = start(collector, directory)) {
      var wrong = new ArrayList<String>();
      Map<String, Integer> settled =
          settle(target, look -> check(look, "while they run", wrong), KernelsIT::isStated);
      if (!isStated(settled)) {
        wrong.add("still alive, where nobody should be: " + settled);
      }
      Look look = target.look();
      look.assertSound();
      Map<Spot, Integer> proven = check(look, "when all is still", wrong);
      Map<String, Integer> alive = LINES.alive(target.dumpFile());
      LINES
          .stated()
          .forEach(
              (key, stated) -> {
                int count = proven.getOrDefault(key, 0);
                if (stated.isExact() && count != stated.atMost()) {
                  wrong.add(key + " " + stated + " but proven " + count);
                }
              });
      var provenAt = new TreeMap<String, Integer>();
      proven.forEach((key, count) -> provenAt.merge(key.place(), count, Integer::sum));
      for (Row row : Table.rows()) {
        if (row.mode() != Mode.CONTROL) {
          List<String> places = LINES.placesOf(row);
          TALLY.add(collector, row, sum(alive, places), sum(provenAt, places));
        }
      }
      if (!alive.equals(provenAt)) {
        wrong.add("stuck:  " + alive + "\nproven: " + provenAt);
      }
      end(target);
      return wrong;
    }
  }

  private static int sum(Map<String, Integer> counts, List<String> places) {
    return places.stream().mapToInt(place -> counts.getOrDefault(place, 0)).sum();
  }

  /** What is proven, by line and word; more than is stated is wrong. */
  private static Map<Spot, Integer> check(Look look, String when, List<String> wrong) {
    var proven = new TreeMap<Spot, Integer>((a, b) -> a.toString().compareTo(b.toString()));
    for (Look.Found found : look.certain()) {
      Spot key = LINES.spotOf(found);
      proven.merge(key, found.count(), Integer::sum);
      if (!LINES.stated().containsKey(key)) {
        wrong.add(when + ", must not be reported: " + found + " in " + found.stack());
      }
    }
    proven.forEach(
        (key, count) -> {
          var stated = LINES.stated().get(key);
          if (stated != null && count > stated.atMost()) {
            wrong.add(when + ", " + key + " " + stated + " but proven " + count);
          }
        });
    return proven;
  }

  /**
   * Waits until all copies have ended or stand still, looking all the while. The JDK's thread dump
   * is asked only when nothing has changed between two looks: that of 25.0.3 can crash the JVM when
   * a virtual thread unmounts meanwhile.
   *
   * @return who is alive then
   */
  private static Map<String, Integer> settle(
      Target target, Consumer<Look> check, Predicate<Map<String, Integer>> isEnd) throws Exception {
    long end = System.nanoTime() + Target.PATIENCE.toNanos();
    Map<String, Integer> alive = Map.of("not asked", 1);
    String before = "";
    do {
      Thread.sleep(250);
      Look look = target.look();
      // While they keep the processors busy a proof may be incomplete, but never wrong.
      look.assertNotRefuted();
      check.accept(look);
      String now = look.root().path("goroutines").toString();
      if (now.equals(before)) {
        alive = LINES.alive(target.dumpFile());
      }
      before = now;
    } while (!isEnd.test(alive) && System.nanoTime() < end);
    return alive;
  }

  private static boolean isStated(Map<String, Integer> alive) {
    return alive.keySet().stream().allMatch(place -> LINES.rowAt(place).isPresent());
  }
}
