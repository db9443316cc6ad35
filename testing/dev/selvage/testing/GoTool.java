package dev.selvage.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
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
    return Files.readString(result.out);
  }

  /** What pprof complains of. It must fail. */
  public static String pprofFails(Path scratch, String... arguments)
      throws IOException, InterruptedException {
    Result result = run(scratch, "pprof", arguments);
    assertNotEquals(0, result.status, result.err);
    return result.err;
  }

  /** Every event of a trace, as Go reads it. It must be valid, and nothing may be complained of. */
  public static String parsed(Path scratch, Path trace) throws IOException, InterruptedException {
    Result result = run(scratch, "trace", "-d=parsed", trace.toString());
    assertEquals("", result.err, "go tool trace complains");
    assertEquals(0, result.status);
    return Files.readString(result.out);
  }

  /**
   * The samples of the profile that {@code go tool trace} makes of a trace, as pprof has them:
   * {@code net}, {@code sync}, {@code syscall} or {@code sched}. Nothing may be complained of, but
   * that it names no program, which is Go's own doing.
   */
  public static String traceProfile(Path scratch, Path trace, String kind)
      throws IOException, InterruptedException {
    Result made = run(scratch, "trace", "-pprof=" + kind, trace.toString());
    assertEquals("", made.err, "go tool trace complains");
    assertEquals(0, made.status);
    Result read = run(scratch, "pprof", "-raw", made.out.toString());
    assertEquals("", read.err.replace("Main binary filename not available.\n", ""));
    assertEquals(0, read.status);
    return Files.readString(read.out);
  }

  /** The server of {@code go tool trace}, whose pages are for a browser. */
  public static final class TraceViewer implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile("is listening on (http://[\\w.:]+)");

    private final Process process;
    private final String address;

    private TraceViewer(Process process, String address) {
      this.process = process;
      this.address = address;
    }

    /** Starts it, and waits until it has read the trace. */
    public static TraceViewer open(Path scratch, Path trace)
        throws IOException, InterruptedException {
      Path said = Files.createTempFile(scratch, "viewer", ".err");
      ProcessBuilder builder = command("trace", "-http=127.0.0.1:0", trace.toString());
      builder.environment().put("BROWSER", "true"); // a program that does nothing
      Process process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      while (true) {
        String text = Files.readString(said);
        Matcher address = ADDRESS.matcher(text);
        if (address.find()) {
          assertFalse(text.contains("rror"), text);
          return new TraceViewer(process, address.group(1));
        }
        if (!process.isAlive() || System.nanoTime() > end) {
          destroy(process);
          throw new AssertionError("go tool trace does not listen: " + text);
        }
        Thread.sleep(20);
      }
    }

    /** A page. There must be one. */
    public String page(String path) throws IOException {
      URI uri = URI.create(address + path);
      try (InputStream in = uri.toURL().openStream()) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
    }

    @Override
    public void close() {
      destroy(process);
    }

    private static void destroy(Process process) {
      process.descendants().forEach(ProcessHandle::destroy); // go starts the tool
      process.destroy();
    }
  }

  /** How it ended, what it made, and what it said. */
  private record Result(int status, Path out, String err) {}

  private static ProcessBuilder command(String tool, String... arguments) {
    Optional<Path> go =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .map(dir -> Path.of(dir, "go"))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(go.isPresent(), "go is not on the PATH: go tool " + tool + " was not tried");
    List<String> command = new ArrayList<>(List.of(go.orElseThrow().toString(), "tool", tool));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  private static Result run(Path scratch, String tool, String... arguments)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile(scratch, tool, ".out");
    Path err = Files.createTempFile(scratch, tool, ".err");
    ProcessBuilder builder = command(tool, arguments);
    builder.environment().put("PPROF_TMPDIR", scratch.toString());
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), "go tool " + tool + " ended");
      return new Result(process.exitValue(), out, Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }
}
