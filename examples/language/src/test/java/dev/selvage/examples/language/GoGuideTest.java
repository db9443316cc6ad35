package dev.selvage.examples.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Go that the guide shows is compiled, vetted and run, where Go 1.25 or newer is there. */
class GoGuideTest {
  private static final Path SOURCES = Path.of("src/test/go");

  @Test
  void theGoOfTheGuideCompilesAndRuns(@TempDir Path directory) throws Exception {
    needsGo(directory);
    Ended test = run(directory, SOURCES, "go", "test", "-vet=all", "./...");
    assertEquals(0, test.code(), test.output());
  }

  @Test
  void whatIsNotInGosStandardLibraryCompilesAndRuns(@TempDir Path directory) throws Exception {
    needsGo(directory);
    Path sources = SOURCES.resolve("xsync");
    Ended download = run(directory, sources, "go", "mod", "download");
    if (download.code() != 0) {
      abort("golang.org/x/sync cannot be had here: " + download.output());
    }
    Ended test = run(directory, sources, "go", "test", "-vet=all", "./...");
    assertEquals(0, test.code(), test.output());
  }

  private static void needsGo(Path directory) throws Exception {
    try {
      Ended version = run(directory, SOURCES, "go", "version");
      assumeTrue(version.code() == 0, version.output());
    } catch (IOException e) {
      abort("the Go of the guide is not checked, as there is no go here: " + e.getMessage());
    }
  }

  private record Ended(int code, String output) {}

  private static Ended run(Path directory, Path where, String... command) throws Exception {
    Path output = Files.createTempFile(directory, "go", ".txt");
    var builder =
        new ProcessBuilder(new ArrayList<>(List.of(command)))
            .directory(where.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("GOTOOLCHAIN", "local");
    builder.environment().put("GOWORK", "off");
    Process process = builder.start();
    try {
      assertTrue(
          process.waitFor(5, TimeUnit.MINUTES), () -> String.join(" ", command) + " does not end");
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), Files.readString(output));
  }
}
