package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the JDK's own tools see of a program is the same on either scheduler. */
final class ToolsIT {
  private final Path directory;

  ToolsIT(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
    this.directory = directory;
  }

  @ParameterizedTest
  @ValueSource(strings = {"jdk", "gmp"})
  void jfr_records_starts_ends_pins_and_samples(String scheduler) throws Exception {
    try (Target target =
        Target.java()
            .agent(directory, "leaks-after=1h,scheduler=" + scheduler)
            .classPath(Project.testClassesAndTheLanguage())
            .start(directory, RecordedProgram.class)) {
      int threads = RecordedProgram.GOROUTINES + 2 + RecordedProgram.OTHERS;
      assertEquals(
          "recorded all of "
              + threads
              + ", pinned [pinned], sampled [computing], carriers "
              + (scheduler.equals("gmp") ? "ours" : "the JDK's"),
          target.await("recorded "));
      assertEquals(0, target.end(), target.stderr());
    }
  }

  /** Of threads that are quiet: of others JDK 25 may crash in a dump. */
  @ParameterizedTest
  @ValueSource(strings = {"jdk", "gmp"})
  void jcmd_lists_every_thread_with_its_stack(String scheduler) throws Exception {
    try (Target target =
        Target.java()
            .agent(directory, "leaks-after=1h,scheduler=" + scheduler)
            .start(directory, EveryThread.class)) {
      for (String name : List.of("direct-1", "direct-2")) {
        assertEquals("waits", target.ask("quiet " + name, "waits"));
      }
      assertEquals("waits", target.ask("pooled pooled-1", "waits"));
      List<Target.Listed> listed = target.jcmd();
      for (String name : List.of("direct-1", "direct-2", "pooled-1")) {
        List<Target.Listed> found =
            listed.stream().filter(thread -> thread.name().equals(name)).toList();
        assertEquals(1, found.size(), name);
        assertTrue(found.getFirst().virtual(), name);
        assertTrue(
            found.getFirst().stack().stream()
                .anyMatch(frame -> frame.method().equals("waitForEver")),
            () -> found.getFirst().toString());
      }
    }
  }
}
