package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code mode=concurrent} on G1: the same leaks, with no collection that stops the program for all
 * of its heap.
 */
final class ConcurrentIT {
  @ParameterizedTest
  @ValueSource(strings = {"-XX:-ExplicitGCInvokesConcurrent", "-XX:+ExplicitGCInvokesConcurrent"})
  void finds_all_leaks_with_short_pauses_only_and_nothing_else(
      String explicit, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
    Marker leak = Marker.in(Reclaimed.class, "reclaim");
    Path log = directory.resolve("gc.log");
    try (Target target =
        Target.java()
            .collector("G1")
            .option(explicit, "-Xlog:gc:file=" + log)
            .start(directory, Reclaimed.class)) {
      target.await("ready");
      int expected = 2 * Reclaimed.LEAKS; // directly, and in an executor
      long end = System.nanoTime() + Target.PATIENCE.toNanos();
      Look look = concurrent(target);
      // What is young when a cycle begins counts as alive in it.
      while (look.certainAt(leak) < expected && System.nanoTime() < end) {
        look = concurrent(target);
      }
      Look found = look;
      assertEquals(expected, found.certainAt(leak), () -> found.root().toString());
      Look again = concurrent(target);
      again.assertSound();
      assertEquals(expected, again.certainAt(leak), () -> again.root().toString());

      List<String> pauses = Files.readAllLines(log);
      assertTrue(pauses.stream().anyMatch(line -> line.contains("Pause Remark")), pauses::toString);
      assertEquals(List.of(), pauses.stream().filter(line -> line.contains("Pause Full")).toList());

      Look now = target.look();
      now.assertSound();
      assertEquals(expected, now.certainAt(leak), () -> now.root().toString());
      target.ask("go on", "works");
      assertEquals(0, target.end(), target.stderr());
    }
  }

  private static Look concurrent(Target target) throws Exception {
    Look look = target.look(",mode=concurrent");
    assertEquals("concurrent", look.root().path("proof").path("mode").asText());
    look.assertNotRefuted();
    assertEquals(
        look.certainAt(Marker.in(Reclaimed.class, "reclaim")),
        look.certain().stream().mapToInt(Look.Found::count).sum(),
        () -> "nothing else: " + look.certain());
    return look;
  }
}
