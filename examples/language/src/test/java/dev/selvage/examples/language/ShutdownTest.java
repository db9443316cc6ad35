package dev.selvage.examples.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A signal ends the program in the way that the guide shows. */
class ShutdownTest {
  @Test
  void aProgramThatIsToldToEndPutsEverythingAway() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Shutdown.class.getName())
            .redirectErrorStream(true)
            .start();
    try (var output = process.inputReader(StandardCharsets.UTF_8)) {
      assertEquals("serving", output.readLine());
      process.toHandle().destroy(); // Process.destroy would close what is read here
      assertEquals("put away", output.readLine());
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    } finally {
      process.destroyForcibly();
    }
  }
}
