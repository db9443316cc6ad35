package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Circles of waiting threads in a program that knows nothing of us, on collectors that prove and on
 * one that does not: locks need no collector.
 */
class DeadlocksIT {
  @ParameterizedTest
  @ValueSource(strings = {"G1", "Serial", "Z"})
  void circles_are_found_and_busy_locks_are_not(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    Marker transfer = Marker.in(Circles.class, "transfer");
    Marker refund = Marker.in(Circles.class, "refund");
    Marker upgrade = Marker.in(Circles.class, "upgrade");
    try (Target target = Target.java().collector(collector).start(directory, Circles.class)) {
      target.await("ready");
      for (int i = 0; i < 10; i++) {
        Look look = target.look();
        look.assertNotRefuted();
        List<Look.Found> certain = look.certain();
        assertEquals(2, certain.size(), certain::toString);
        assertEquals(1, look.certainAt(upgrade), certain::toString);
        assertEquals(
            2 * Circles.PAIRS,
            look.certainAt(transfer) + look.certainAt(refund),
            certain::toString);
        for (Look.Found found : certain) {
          assertEquals("deadlocked", found.verdict());
          assertEquals("", found.except(), "lock() does not give way to an interrupt");
        }
        // one of the pairs has a platform thread, and the upgrade is a thread more
        int inCircles = 2 * Circles.PAIRS;
        if (!collector.equals("Z")) { // where nothing is judged nothing is said of who can be woken
          int blocked = look.root().path("goroutines").path("blocked").asInt();
          int wakeable = look.root().path("goroutines").path("canBeWoken").asInt();
          assertEquals(blocked - inCircles, wakeable, () -> look.root().toString());
        }
        Look.Found pairs = certain.getFirst();
        assertEquals(Circles.PAIRS, pairs.json().path("evidence").path("cycles").asInt());
        assertEquals(Circles.BEHIND, pairs.json().path("evidence").path("waitBehind").asInt());
        String cycle = pairs.json().path("evidence").path("cycle").toString();
        assertTrue(cycle.contains(transfer.place()), cycle);
        assertTrue(cycle.contains(refund.place()), cycle);
      }
      target.ask("go on", "works");
      assertEquals(0, target.end());
    }
  }

  /**
   * Of what has no owner it is only suspected; of a group that only its own count down it is not.
   */
  @ParameterizedTest
  @ValueSource(strings = {"jdk", "gmp"})
  void circles_over_locks_of_the_language_are_found_under_both_schedulers(
      String scheduler, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    try (Target target =
        Target.java()
            .collector("G1")
            .classPath(Project.programsInTheLanguage())
            .agent(directory, "leaks-after=1h,scheduler=" + scheduler)
            .start(directory, OwnCircles.class)) {
      target.await("ready");
      for (int i = 0; i < 3; i++) {
        Look look = target.look();
        look.assertNotRefuted();
        List<Look.Found> certain = look.certain();
        assertEquals(1, certain.size(), certain::toString);
        assertCycle(certain.getFirst(), "ErrorGroup@", "await", "help");
        List<Look.Found> suspected =
            look.findings().stream().filter(found -> found.kind().endsWith(" cycle")).toList();
        assertEquals(4, suspected.size(), suspected::toString);
        for (Look.Found found : suspected) {
          if (found.certain()) {
            continue;
          }
          assertEquals("suspected", found.verdict());
          String cycle = found.json().path("evidence").path("cycle").toString();
          if (cycle.contains("WaitGroup@")) {
            assertCycle(found, "which counts ", "gather", "work");
          } else if (cycle.contains("RWMutex@")) {
            assertCycle(found, "read by ", "read again", "write");
          } else {
            assertCycle(found, "(platform #", "ship", "fetch");
          }
        }
      }
      target.ask("go on", "works");
      assertEquals(0, target.end());
    }
  }

  private static void assertCycle(Look.Found found, String word, String one, String other) {
    assertEquals(2, found.count(), found::toString);
    String cycle = found.json().path("evidence").path("cycle").toString();
    assertTrue(cycle.contains(word), cycle);
    assertTrue(cycle.contains(Marker.in(OwnCircles.class, one).place()), cycle);
    assertTrue(cycle.contains(Marker.in(OwnCircles.class, other).place()), cycle);
  }
}
