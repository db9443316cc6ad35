package dev.selvage.verification.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * Selvage does what Go does in every scenario, save where {@code deviations.tsv} says otherwise.
 * Where there is no Go the committed table stands for it.
 */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DifferentialTests {
  private static final Path GUIDE = Path.of("../../docs/guide/conformance.md");
  private static final Path DEVIATIONS = Path.of("../../docs/deviations.md");

  /** Writes the table from what Go says now, and the guide from the table. */
  private static final boolean WRITE =
      System.getProperty("selvage.conformance", "").equals("write");

  private static final String COMMAND =
      "mvn -pl verification/differential -am test -Dtest=DifferentialTests"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dselvage.conformance=write";

  // Both sides are run once; each of the tests looks at what it is about.
  private SequencedMap<String, String> selvage = new LinkedHashMap<>();
  private List<String> go = List.of();
  private Optional<String> obstacle = Optional.empty();
  private Optional<String> obstacleToXSync = Optional.empty();

  @BeforeAll
  void runBothSides() throws Exception {
    List<String> lines = new ArrayList<>();
    for (Scenario scenario : Scenario.all()) {
      lines.add(scenario.key() + "\t" + scenario.outcome());
    }
    selvage = Table.outcomes(lines);
    obstacle = GoProgram.obstacle();
    if (obstacle.isEmpty()) {
      obstacleToXSync = GoProgram.obstacleToXSync();
      go = GoProgram.output(obstacleToXSync.isEmpty());
    } else {
      obstacleToXSync = obstacle;
    }
    if (WRITE) {
      assertEquals(Optional.empty(), obstacleToXSync, "the table needs all of Go's side");
      Files.write(Table.FILE, go);
      Files.writeString(GUIDE, Table.forReaders(Table.outcomes(go), Table.deviations()));
    }
  }

  @Test
  void selvageDoesWhatTheTableSays() throws Exception {
    Assumptions.assumeFalse(WRITE, "the table is being written");
    assertNone(Table.problems(Table.read(), selvage, Table.deviations()));
  }

  @Test
  void goAndSelvageSayTheSame() throws Exception {
    Assumptions.assumeTrue(
        obstacle.isEmpty(), () -> "not compared with Go itself: " + obstacle.orElseThrow());
    assertTheSame(false);
  }

  @Test
  void whatIsNotInGosStandardLibraryAndSelvageSayTheSame() throws Exception {
    Assumptions.assumeTrue(
        obstacleToXSync.isEmpty(),
        () -> "not compared with Go itself: " + obstacleToXSync.orElseThrow());
    assertTheSame(true);
  }

  private void assertTheSame(boolean xsync) throws IOException {
    SequencedMap<String, String> theirs = Table.part(Table.outcomes(go), xsync);
    assertFalse(theirs.isEmpty(), "Go said nothing");
    assertNone(
        Table.problems(theirs, Table.part(selvage, xsync), Table.part(Table.deviations(), xsync)));
    assertEquals(
        lines(Files.readAllLines(Table.FILE), xsync),
        lines(go, xsync),
        "Go does not do what "
            + Table.FILE
            + " says; if it is right, this rewrites it: "
            + COMMAND);
  }

  private static String lines(List<String> all, boolean xsync) {
    return all.stream()
        .filter(line -> Table.isXSync(line) == xsync)
        .collect(Collectors.joining("\n"));
  }

  @Test
  void everyDeviationIsExplained() throws IOException {
    List<String> subjects =
        Files.readAllLines(DEVIATIONS).stream()
            .filter(line -> line.startsWith("| "))
            .map(line -> line.substring(2, line.indexOf(" |", 2)))
            .toList();
    assertTrue(subjects.size() > 20, "no rows found in " + DEVIATIONS);
    Table.deviations()
        .forEach(
            (key, deviation) ->
                assertTrue(
                    subjects.contains(deviation.row()),
                    () -> key + ": no row '" + deviation.row() + "' in " + DEVIATIONS));
  }

  @Test
  void theGuideIsTheTable() throws IOException {
    Assumptions.assumeFalse(WRITE, "the guide is being written");
    assertEquals(
        Table.forReaders(Table.read(), Table.deviations()),
        Files.readString(GUIDE),
        "this rewrites " + GUIDE + ": " + COMMAND);
  }

  @Test
  void theComparisonSeesWhatIsWrong() {
    Map<String, String> go = Map.of("a", "1", "b", "2");
    Map<String, Table.Deviation> none = Map.of();
    assertNone(Table.problems(go, go, none));
    assertOne("in Go only", Table.problems(go, Map.of("a", "1"), none));
    assertOne("in Selvage only", Table.problems(Map.of("a", "1"), go, none));
    Map<String, String> other = Map.of("a", "1", "b", "3");
    assertOne("Selvage: 3", Table.problems(go, other, none));
    Map<String, Table.Deviation> listed = Map.of("b", new Table.Deviation("3", "row"));
    assertNone(Table.problems(go, other, listed));
    assertOne("but both say 2", Table.problems(go, go, listed));
    assertOne("listed:  3", Table.problems(go, Map.of("a", "1", "b", "4"), listed));
    assertOne(
        "is there nowhere", Table.problems(go, go, Map.of("c", new Table.Deviation("3", "row"))));
  }

  private static void assertNone(List<String> problems) {
    assertEquals("", String.join("\n", problems));
  }

  private static void assertOne(String expected, List<String> problems) {
    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.getFirst().contains(expected), problems::toString);
    assertFalse(problems.getFirst().isBlank());
  }
}
