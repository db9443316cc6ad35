package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.prover.HeapDumpProver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

  private static final int HELD_DUMPS = 3;

  private static final Pattern CARRIERS_HELD =
      Pattern.compile("(\\d+) of (\\d+) carriers were kept free of virtual threads");

  private static final Pattern GOROUTINES_HELD =
      Pattern.compile("(\\d+) of (\\d+) carriers of Selvage's scheduler were kept free");

  /** What a dump may lack though no virtual thread is on a carrier. */
  private static final Set<String> OF_PLATFORM_THREADS = Set.of("nothing", "a thread that runs");

  /** For each gap: how many dumps had it, and how many would have proven something false then. */
  private record Tally(Map<String, Integer> dumps, Map<String, Integer> saved) {
    Tally() {
      this(new TreeMap<>(), new TreeMap<>());
    }

    int count() {
      return dumps.values().stream().mapToInt(Integer::intValue).sum();
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

  /**
   * In such a program something runs nearly all the time. The agent keeps it off its carriers, and
   * then it goes on. In one way a platform thread always runs, and nothing is proven.
   */
  @ParameterizedTest
  @CsvSource({"jdk,timed", "jdk,flat", "gmp,timed", "gmp,flat", "gmp,deep", "gmp,handed"})
  void what_leaks_is_proven_while_threads_are_kept_off_their_carriers(
      String scheduler, String way, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    boolean gmp = scheduler.equals("gmp");
    var launch =
        Target.java()
            .collector("G1")
            .option("-Djdk.virtualThreadScheduler.parallelism=2", "-Dselvage.gomaxprocs=2")
            .classPath(Project.testClassesAndTheLanguage());
    if (gmp) {
      launch.agent(directory, "leaks-after=1h,scheduler=gmp");
    }
    try (var target = launch.start(directory, SwitchedProgram.class, way)) {
      target.await("ready");
      var tally = new Tally();
      var held = new Tally();
      boolean proven = way.equals("handed");
      long end = System.nanoTime() + Target.PATIENCE.toNanos();
      // On a machine that is busy they may not be free in time, or the thread of a timer runs.
      while ((!proven || held.count() < HELD_DUMPS) && System.nanoTime() < end) {
        var word = new StringBuilder();
        Path dump = target.heldDump(word);
        Report report = target.prove(dump, _ -> false);
        Matcher all = (gmp ? GOROUTINES_HELD : CARRIERS_HELD).matcher(word);
        assertTrue(all.find(), word::toString);
        boolean none = all.group(1).equals(all.group(2));
        look(report, dump, none ? held : tally); // nothing false
        proven |= none && report.findings().stream().anyMatch(Finding.Proven.class::isInstance);
        Files.delete(dump);
      }
      System.out.println(scheduler + ", " + way + ", held: " + held + "; not held: " + tally);
      assertTrue(proven, () -> "none proves the leak: " + held + "; not held: " + tally);
      assertTrue(held.count() >= HELD_DUMPS, () -> held + "; not held: " + tally);
      assertTrue(OF_PLATFORM_THREADS.containsAll(held.dumps.keySet()), held::toString);
      if (way.equals("timed")) {
        askTheCommand(target, directory, gmp);
      }
      assertEquals("all ended", target.ask("stop", ""));
    }
  }

  private static void askTheCommand(Target target, Path directory, boolean gmp) throws Exception {
    SelvageCommand.Result command =
        SelvageCommand.run(
            SelvageCommand.of("leaks", Long.toString(target.pid()), "--exact", "--hold"),
            directory.resolve("command.txt"));
    assertEquals(0, command.code(), command.err());
    assertTrue(CARRIERS_HELD.matcher(command.err()).find(), command.err());
    assertEquals(gmp, GOROUTINES_HELD.matcher(command.err()).find(), command.err());
    assertTrue(command.out().contains("from a heap dump"), command.out());
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
