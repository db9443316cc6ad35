package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** ZGC and Shenandoah: nothing is touched unless asked by name, and then only what is leaked. */
class ReclaimIT {

  @ParameterizedTest
  @ValueSource(strings = {"Z", "Shenandoah"})
  void leaks_are_reclaimed_only_when_asked_by_name(String collector, @TempDir Path directory)
      throws Exception {
    Marker leak = Marker.in(Reclaimed.class, "reclaim");
    try (Target target = Target.java().collector(collector).start(directory, Reclaimed.class)) {
      target.await("ready");

      Look refused = target.look();
      assertEquals(0, refused.certain().size(), () -> refused.findings().toString());
      assertEquals("none", refused.root().path("proof").path("mode").asText());
      assertFalse(refused.root().path("proof").path("complete").asBoolean());
      String why = refused.root().path("proof").path("why").asText();
      assertTrue(why.contains("ask for reclaim by name"), why);

      Look reclaimed = target.look(",mode=reclaim");
      assertEquals(Reclaimed.LEAKS, reclaimed.certainAt(leak));
      assertEquals(
          Reclaimed.LEAKS,
          reclaimed.certain().stream().mapToInt(Look.Found::count).sum(),
          () -> "nothing else: " + reclaimed.certain());
      assertTrue(reclaimed.root().path("proof").path("canary").asBoolean());

      for (int i = 0; i < 20; i++) {
        Look again = target.look(",mode=reclaim");
        assertEquals(
            Reclaimed.LEAKS,
            again.certain().stream().mapToInt(Look.Found::count).sum(),
            () -> "reported for good, and nothing else: " + again.certain());
        assertEquals(0, again.root().path("proof").path("refuted").asInt());
      }
      target.ask("go on", "works");
      assertEquals(0, target.end());
    }
  }
}
