package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Threads blocked on another library's channels are found without knowing that library. */
final class JoxIT {
  private static final List<String> PLACES = List.of("send", "full", "receive", "select");

  @ParameterizedTest
  @ValueSource(strings = {"G1", "Serial"})
  void threads_blocked_on_jox_channels_are_found_at_the_line_that_blocks(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    try (var target =
        Target.java()
            .collector(collector)
            .classPath(Project.testClassPath())
            .start(directory, JoxProgram.class)) {
      target.await("ready");
      for (int i = 0; i < 2; i++) {
        Look look = target.look();
        look.assertSound();
        for (String place : PLACES) {
          assertEquals(JoxProgram.EACH, look.certainAt(Marker.in(JoxProgram.class, place)), place);
        }
        assertEquals(
            PLACES.size() * JoxProgram.EACH,
            look.certain().stream().mapToInt(Look.Found::count).sum(),
            () -> "nothing else: " + look.certain());
      }
      assertEquals("received 7", target.ask("send", "received"));
    }
  }
}
