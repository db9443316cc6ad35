package dev.selvage.testing;

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

/** Runs the real {@code go tool …}; a test that needs it is skipped where Go is not there. */
public final class GoTool {
  // What pprof tells of its own work when it fetches: where from, and where it keeps a copy.
  private static final Pattern PROGRESS =
      Pattern.compile("Fetching profile over HTTP from .*\n|Saved profile in .*\n");

  private GoTool() {}

  /** What pprof prints. It must succeed, and must not complain on standard error. */
  public static String pprof(Path scratch, String... arguments)
      throws IOException, InterruptedException {
    Result result = run(scratch, "pprof", arguments);
    assertEquals("", PROGRESS.matcher(result.err).replaceAll(""), "pprof complains");
    assertEquals(0, result.status);
    return result.out;
  }

  /** What pprof complains of. It must fail. */
  public static String pprofFails(Path scratch, String... arguments)
      throws IOException, InterruptedException {
    Result result = run(scratch, "pprof", arguments);
    assertNotEquals(0, result.status, result.out);
    return result.err;
  }

  /** Every event of a trace, as Go reads it. It must be valid, and nothing may be complained of. */
  public static String parsed(Path scratch, Path trace) throws IOException, InterruptedException {
    Result result = run(scratch, "trace", "-d=parsed", trace.toString());
    assertEquals("", result.err, "go tool trace complains");
    assertEquals(0, result.status);
    return result.out;
  }

  /** How it ended, and what it said. */
  private record Result(int status, String out, String err) {}

  private static Result run(Path scratch, String tool, String... arguments)
      throws IOException, InterruptedException {
    Optional<Path> go =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .map(dir -> Path.of(dir, "go"))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(go.isPresent(), "go is not on the PATH: go tool " + tool + " was not tried");
    List<String> command = new ArrayList<>(List.of(go.orElseThrow().toString(), "tool", tool));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(scratch, tool, ".out");
    Path err = Files.createTempFile(scratch, tool, ".err");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PPROF_TMPDIR", scratch.toString());
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), "go tool " + tool + " ended");
      return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }
}
