package dev.selvage.diagnostics.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs the real {@code go tool trace}; a test that needs it is skipped where Go is not there. */
final class GoTrace {
  private GoTrace() {}

  /** Every event of a trace, as Go reads it. It must be valid, and nothing may be complained of. */
  static String parsed(Path scratch, Path trace) throws IOException, InterruptedException {
    Optional<Path> go =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .map(dir -> Path.of(dir, "go"))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(go.isPresent(), "go is not on the PATH: go tool trace was not tried");
    Path out = Files.createTempFile(scratch, "trace", ".out");
    Path err = Files.createTempFile(scratch, "trace", ".err");
    Process process =
        new ProcessBuilder(
                List.of(
                    go.orElseThrow().toString(), "tool", "trace", "-d=parsed", trace.toString()))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), "go tool trace ended");
      assertEquals("", Files.readString(err), "go tool trace complains");
      assertEquals(0, process.exitValue());
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(out);
  }
}
