package dev.selvage.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Runs the real {@code go tool pprof}; a test that needs it is skipped where Go is not there. */
final class Pprof {
  // What it tells of its own work when it fetches: where from, and where it keeps a copy.
  private static final Pattern PROGRESS =
      Pattern.compile("Fetching profile over HTTP from .*\n|Saved profile in .*\n");

  private Pprof() {}

  /** What it prints. It must succeed and must not complain on standard error. */
  static String run(Path scratch, String... arguments) throws IOException, InterruptedException {
    Result result = start(scratch, arguments);
    assertEquals("", PROGRESS.matcher(result.err).replaceAll(""), "pprof complains");
    assertEquals(0, result.status);
    return result.out;
  }

  /** What it complains of. It must fail. */
  static String fail(Path scratch, String... arguments) throws IOException, InterruptedException {
    Result result = start(scratch, arguments);
    assertNotEquals(0, result.status, result.out);
    return result.err;
  }

  private record Result(int status, String out, String err) {}

  private static Result start(Path scratch, String... arguments)
      throws IOException, InterruptedException {
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
      return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }
}
