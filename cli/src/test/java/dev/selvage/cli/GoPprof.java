package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs the real {@code go tool pprof}; a test that needs it is skipped where Go is not there. */
final class GoPprof {
  private GoPprof() {}

  /**
   * What it prints to its standard output. It must succeed and must not say a word on standard
   * error.
   */
  static String run(Path scratch, String... arguments) throws IOException, InterruptedException {
    Optional<Path> go =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .map(dir -> Path.of(dir, "go"))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(go.isPresent(), "go is not on the PATH: go tool pprof was not tried");
    List<String> command = new ArrayList<>(List.of(go.orElseThrow().toString(), "tool", "pprof"));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(scratch, "pprof", ".out");
    Path err = Files.createTempFile(scratch, "pprof", ".err");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PPROF_TMPDIR", scratch.toString());
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), "pprof ended");
      assertEquals("", Files.readString(err), "pprof complains");
      assertEquals(0, process.exitValue());
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(out);
  }
}
