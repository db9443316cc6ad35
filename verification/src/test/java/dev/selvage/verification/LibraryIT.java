package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.verification.LibraryCorpus.Expectation;
import dev.selvage.verification.library.LibraryProgram;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Leaks and waits that are none, in plain JDK parts and in well-known libraries, all in one JVM for
 * each collector: what {@code corpus.tsv} says is found of each, and nothing else.
 */
final class LibraryIT {
  private final LibraryCorpus corpus;

  LibraryIT() throws Exception {
    corpus = new LibraryCorpus();
  }

  @ParameterizedTest
  @ValueSource(strings = {"G1", "Parallel", "Serial"})
  void what_the_list_says_is_found_and_nothing_else(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    try (var target =
        Target.java()
            .collector(collector)
            .classPath(Project.testClassPath())
            .start(directory, LibraryProgram.class)) {
      target.await("ready");
      assertEquals("", String.join("\n", judge(target)), target::stderr);
      assertEquals("", String.join("\n", judge(target)), "the second time");
      Map<String, Integer> alive = alive(target.ask("alive", "alive"));
      for (var row : corpus.rows()) {
        int threads = alive.getOrDefault(row.name(), Integer.MAX_VALUE); // of another case's method
        assertTrue(threads >= row.threads(), row + " has " + threads);
      }
      assertEquals(
          "",
          target.stderr().lines().filter(l -> l.startsWith("Exception in")).findAny().orElse(""));
      assertEquals(0, target.end());
    }
  }

  /** Every case is on a list, and every leak and every other wait has its kin. */
  @Test
  void the_list_knows_every_case() {
    var names = new TreeMap<String, Class<?>>(LibraryProgram.suites());
    int leaks = 0;
    int others = 0;
    for (var row : corpus.rows()) {
      names.remove(row.name());
      leaks += row.list().isLeak() ? 1 : 0;
      others += row.list().isLeak() ? 0 : 1;
    }
    names.remove("JoxCases.done"); // ends
    assertEquals(Map.of(), names);
    assertTrue(leaks >= 60 && others >= 20, leaks + " leaks, " + others + " others");
  }

  private List<String> judge(Target target) throws Exception {
    Look look = target.look();
    look.assertSound();
    LibraryCorpus.Found found = corpus.found(look);
    var wrong = new ArrayList<>(found.strange());
    for (var row : corpus.rows()) {
      int threads = found.threads().getOrDefault(row, 0);
      boolean right =
          switch (row.list()) {
            case PROVEN, EXCEPTED -> threads == row.threads();
            case FLAKY -> threads <= row.threads();
            case MISSED, FORBIDDEN -> threads == 0;
          };
      if (!right) {
        wrong.add(
            (row.list() == Expectation.MISSED ? "no longer missed: " : "")
                + row
                + ", but proven "
                + threads);
      }
    }
    return wrong;
  }

  private static Map<String, Integer> alive(String line) {
    var alive = new TreeMap<String, Integer>();
    for (String each : line.replaceAll("alive \\{|\\}", "").split(", ", -1)) {
      String[] parts = each.split("=", -1);
      alive.put(parts[0], Integer.parseInt(parts[1]));
    }
    return alive;
  }
}
