package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.selvage.diagnostics.prover.HeapDumpProver;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Of all controls, a heap dump proves those that only an interrupt or nobody can wake, under every
 * collector and however often; all others still wake afterwards.
 */
final class HeapDumpIT {
  /** Thread names, and the exception that the finding has to name. */
  private static final Map<String, String> STUCK =
      Map.of(
          "thread held", "interrupt",
          "by the owner of a lock", "interrupt",
          "Object.wait in private", "",
          "monitor held in private", "");

  @ParameterizedTest
  @ValueSource(strings = {"G1", "Parallel", "Serial", "Z", "Shenandoah"})
  void only_what_nobody_can_wake_is_proven_from_a_dump(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    try (var target = Target.java().collector(collector).start(directory, Controls.class)) {
      target.await("ready");
      assertStuck(target.exactLook());
      assertStuck(target.exactLook("-gz=1"));
      // Also garbage is in this one, and may only hide something.
      target.exactLook("-all").certain().forEach(HeapDumpIT::assertMayBe);
      target.ask("arm", "armed");
      target.exactLook().certain().forEach(HeapDumpIT::assertMayBe);
      assertEquals("all ended", target.ask("wake", ""));
      assertEquals(0, target.end(), target.stderr());
    }
  }

  /**
   * What the optimising compiler has taken apart is not in a dump. So a thread that only this could
   * wake is not proven, as long as it is not known that nothing near it is compiled; the dump alone
   * would say that it leaks.
   */
  @Test
  void what_was_taken_apart_is_not_in_a_dump_and_leaves_a_doubt(
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
    try (var target =
        Target.java()
            .option("-XX:TieredStopAtLevel=4", "-Xbatch", "-XX:CompileCommand=quiet")
            .option(
                "-XX:CompileCommand=dontinline," + TakenApartProgram.class.getName() + "::pause")
            .classPath(Project.testClassPath())
            .start(directory, TakenApartProgram.class)) {
      target.await("ready");
      Look doubting = target.dumpLook(HeapDumpProver.Compiled.NOT_KNOWN);
      assertEquals(List.of(), doubting.certain());
      Look.Found doubted = doubting.findings().getFirst();
      assertEquals(List.of("taker"), doubted.names());
      assertFalse(doubted.json().path("evidence").path("doubt").isMissingNode());
      assertEquals(List.of("taker"), target.exactLook().certain().getFirst().names(), "the trap");
      assertEquals("woken", target.ask("wake", ""));
      assertEquals(0, target.end(), target.stderr());
    }
  }

  private static void assertStuck(Look look) {
    look.assertSound();
    var found = new TreeMap<String, String>();
    for (Look.Found each : look.certain()) {
      assertMayBe(each);
      each.names().forEach(name -> found.put(name, each.except()));
      assertEquals(each.names().size(), each.count(), each.toString());
    }
    assertEquals(new TreeMap<>(STUCK), found, () -> look.root().toPrettyString());
  }

  private static void assertMayBe(Look.Found found) {
    assertFalse(found.names().isEmpty(), found.json().toString());
    for (String name : found.names()) {
      assertEquals(STUCK.get(name), found.except(), name + ": " + found.json());
    }
  }
}
