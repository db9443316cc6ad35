package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.selvage.testing.GoTool;
import dev.selvage.verification.SelvageCommand.Result;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A program that has async-profiler on its class path is profiled by it where that sees more. */
@Timeout(300)
final class AsyncProfilerIT {
  private static final String JAR =
      Arrays.stream(Project.testClassPath().split(File.pathSeparator))
          .filter(entry -> Path.of(entry).getFileName().toString().startsWith("async-profiler-"))
          .findFirst()
          .orElseThrow();

  private final Path directory;

  AsyncProfilerIT(@TempDir Path directory) {
    this.directory = directory;
  }

  @Test
  void what_was_allocated_and_lives_on_has_the_line_that_made_it() throws Exception {
    try (Target target =
        Target.java()
            .classPath(Project.testClasses() + File.pathSeparator + JAR)
            .start(directory, KeepingProgram.class)) {
      target.await("ready");
      Path file = directory.resolve("heap");
      Result taken =
          SelvageCommand.run(
              SelvageCommand.of(
                  "profile",
                  Long.toString(target.pid()),
                  "--type=heap",
                  "--seconds=2",
                  "-o",
                  file.toString()),
              directory.resolve("err"));
      assertEquals(0, taken.code(), taken.err());
      // Where it cannot be loaded it says so, and the flight recorder does it.
      assumeFalse(
          target.stderr().contains("async-profiler is on the class path but does not work here"),
          target.stderr());
      String comments = GoTool.pprof(directory, "-comments", file.toString());
      assertTrue(comments.contains("by async-profiler"), comments);
      for (String numbers : new String[] {"alloc_space", "inuse_space"}) {
        String top = GoTool.pprof(directory, "-top", "-sample_index=" + numbers, file.toString());
        assertTrue(top.contains("dev.selvage.verification.KeepingProgram.keep"), top);
      }
    }
  }
}
