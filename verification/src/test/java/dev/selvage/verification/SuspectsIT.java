package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
 * What piles up is suspected, with its line, in a program that knows nothing of us; its twin not.
 */
class SuspectsIT {
  @Test
  void what_piles_up_is_suspected_with_its_line_and_what_is_on_purpose_is_excused(
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
    try (Target target = Target.java().start(directory, Growing.class)) {
      target.await("ready");
      Look look = target.look(",watch=8s");
      look.assertSound();
      Map<String, String> open = new TreeMap<>();
      for (Look.Found found : look.findings()) {
        if (found.state().equals("open")) {
          assertEquals("suspected", found.verdict(), found::toString);
          open.put(
              found.kind() + " " + found.json().path("evidence").path("field").asText(""),
              found.site());
        }
      }
      Map<String, Marker> wanted =
          Map.of(
              "executor growth ", Marker.in(Growing.class, "executor"),
              "queue growth ", Marker.in(Growing.class, "queue"),
              "queue growth dev.selvage.verification.Growing$Mailer.outbox",
                  Marker.in(Growing.class, "outbox"),
              "thread-local growth dev.selvage.verification.Growing.LINES[]",
                  Marker.in(Growing.class, "thread-local"));
      // Before a monitor the JVM gives the line of that, or the one after it.
      String monitor = open.remove("monitor enter ");
      assertTrue(
          monitor != null && monitor.startsWith("dev.selvage.verification.Growing.enterMonitor("),
          () -> look.root().toString());
      assertEquals(wanted.keySet(), open.keySet(), () -> look.root().toString());
      wanted.forEach(
          (kind, marker) ->
              assertTrue(
                  open.getOrDefault(kind, "").endsWith("(" + marker.place() + ")"),
                  () -> kind + " at " + open.get(kind) + " in " + look.root()));

      List<Look.Found> excused =
          look.findings().stream().filter(found -> found.state().equals("excused")).toList();
      assertEquals(1, excused.size(), () -> look.root().toString());
      assertEquals("proven", excused.getFirst().verdict());
      assertEquals(
          "waits for what need not come",
          excused.getFirst().json().path("evidence").path("excuse").asText());
      assertEquals(1, look.root().path("goroutines").path("excused").asInt());

      Look again =
          target.look(
              ",watch=1s,excuse=*Growing.enterMonitor%3Da+test%0A*Growing%24Mailer.outbox%3Dtoo");
      assertTrue(
          again.findings().stream()
              .filter(found -> found.kind().equals("monitor enter"))
              .allMatch(found -> found.state().equals("excused")),
          () -> again.root().toString());
      assertEquals(0, again.certain().size(), () -> again.root().toString());
    }
  }

  /**
   * Nothing can be proven there without doing harm, and what piles up is suspected all the same.
   */
  @ParameterizedTest
  @ValueSource(strings = {"Z", "Shenandoah"})
  void collectors_that_prove_nothing_have_the_suspects(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    assumeTrue(Target.java().collector(collector).isKnown(), "this JDK has no " + collector);
    try (Target target = Target.java().collector(collector).start(directory, Growing.class)) {
      target.await("ready");
      Look look = target.look(",watch=4s");
      assertEquals("none", look.root().path("proof").path("mode").asText());
      String why = look.root().path("proof").path("why").asText();
      assertTrue(why.contains("ask for reclaim by name"), why);
      Map<String, String> sites = new TreeMap<>();
      for (Look.Found found : look.findings()) {
        assertEquals("suspected", found.verdict(), found::toString);
        sites.put(
            found.kind() + found.json().path("evidence").path("field").asText(), found.site());
      }
      String type = "dev.selvage.verification.Growing.";
      assertEquals(
          type + "report(" + Marker.in(Growing.class, "executor").place() + ")",
          sites.get("executor growth"),
          () -> look.root().toString());
      assertEquals(
          type + "mail(" + Marker.in(Growing.class, "queue").place() + ")",
          sites.get("queue growth"),
          () -> look.root().toString());
      assertTrue(
          sites.getOrDefault("monitor enter", "").startsWith(type + "enterMonitor("),
          () -> look.root().toString());
    }
  }

  @Test
  void what_comes_and_goes_or_has_a_bound_is_not(
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
    try (Target target = Target.java().start(directory, Steady.class)) {
      target.await("ready");
      Look look = target.look(",watch=8s");
      look.assertSound();
      assertEquals(List.of(), look.findings(), () -> look.root().toString());
    }
  }
}
