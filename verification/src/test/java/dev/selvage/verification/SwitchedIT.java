package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.prover.HeapDumpProver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Dumps a program again and again while its threads are switched, and proves nothing false from any
 * dump, whatever it lacks. The long form: {@code -Dselvage.switched.seconds=600}, for all together.
 * A dump with a false proof is kept.
 */
final class SwitchedIT {
  private static final int SECONDS = Integer.getInteger("selvage.switched.seconds", 12);

  /** For each gap: how many dumps had it, and how many would have proven something false then. */
  private record Tally(Map<String, Integer> dumps, Map<String, Integer> saved) {
    Tally() {
      this(new TreeMap<>(), new TreeMap<>());
    }

    @Override
    public String toString() {
      return dumps + ", would have been false: " + saved;
    }
  }

  @ParameterizedTest
  @CsvSource({"Z,flat", "Z,deep", "Z,handed", "G1,flat", "G1,deep", "G1,handed"})
  void nothing_false_is_proven_while_threads_are_switched(
      String collector, String way, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    var tally = new Tally();
    try (var target =
        Target.java()
            .collector(collector)
            .classPath(Project.testClassesAndTheLanguage())
            .start(directory, SwitchedProgram.class, way)) {
      target.await("ready");
      long end = System.nanoTime() + SECONDS * 1_000_000_000L / 6;
      do {
        Path dump = target.heapDump();
        look(target.prove(dump, _ -> false), dump, tally);
        Files.delete(dump);
      } while (System.nanoTime() < end);
      System.out.println(collector + ", " + way + ": " + tally);
      assertEquals("all ended", target.ask("stop", ""));
      Look quiet = target.exactLook();
      assertEquals(
          List.of(SwitchedProgram.LEAKED),
          quiet.certain().stream().flatMap(found -> found.names().stream()).toList());
    }
  }

  private static void look(Report report, Path dump, Tally tally) {
    String gap = "nothing";
    boolean wrong = false;
    for (Finding finding : report.findings()) {
      boolean others = !finding.details().names().equals(List.of(SwitchedProgram.LEAKED));
      if (finding instanceof Finding.Proven && others) {
        throw new AssertionError(
            finding.details().names() + " can be woken, and is proven to leak from " + dump);
      }
      String lacking = HeapDumpProver.gap(finding);
      if (lacking != null) {
        gap = lacking;
        wrong |= others;
      }
    }
    tally.dumps.merge(gap, 1, Integer::sum);
    if (wrong) {
      tally.saved.merge(gap, 1, Integer::sum);
    }
  }
}
