package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.verification.SelvageCommand.Result;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code --baseline}, as a build uses it: on a program that runs, and on one that is started. */
@Timeout(240)
final class BaselineIT {
  private static final int DONE = 0;
  private static final int FINDINGS = 1;
  private static final int USAGE = 2;
  private static final String CLASSES =
      Project.testClasses() + File.pathSeparator + Project.programs();

  private final Path directory;

  BaselineIT(@TempDir Path directory) {
    this.directory = directory;
  }

  private Result run(String... arguments) throws IOException, InterruptedException {
    return SelvageCommand.run(
        SelvageCommand.of(arguments).directory(directory.toFile()), directory.resolve("err"));
  }

  private Result leaks(Target target, String... more) throws Exception {
    var arguments =
        new ArrayList<>(
            List.of("leaks", Long.toString(target.pid()), "--watch=0s", "--fail-on=proven"));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  @Test
  void a_program_that_runs_fails_only_on_what_is_new_or_has_grown() throws Exception {
    Path own = Files.createDirectory(directory.resolve("program"));
    try (Target program = Target.java().classPath(CLASSES).start(own, Leaving.class, "first")) {
      program.await("ready");
      Result before = leaks(program, "--json=base.json");
      assertEquals(FINDINGS, before.code(), before.err());

      Result same = leaks(program, "--baseline=base.json");
      assertEquals(DONE, same.code(), same.err() + same.out());
      assertTrue(same.out().startsWith("LEAK  proven  BlockingQueue.put  x1"), same.out());
      assertTrue(
          same.out()
              .endsWith("Compared with base.json:\n0 new, 0 grown, 0 fewer, 0 gone, 1 same\n"),
          same.out());

      program.ask("first", "left");
      Result grown = leaks(program, "--baseline=base.json");
      assertEquals(FINDINGS, grown.code(), grown.err() + grown.out());
      assertTrue(
          grown.out().contains("\ngrown  x1 to x2  proven  BlockingQueue.put  "), grown.out());

      // What has grown is accepted from now on, and the report that says so is the next baseline.
      assertEquals(FINDINGS, leaks(program, "--baseline=base.json", "--json=base.json").code());
      program.ask("second", "left");
      Result fresh = leaks(program, "--baseline=base.json", "--json=fresh.json");
      assertEquals(FINDINGS, fresh.code(), fresh.err());
      assertTrue(fresh.err().contains("1 new, 0 grown, 0 fewer, 0 gone, 1 same"), fresh.err());
      JsonNode diff =
          new ObjectMapper()
              .readTree(Files.readString(directory.resolve("fresh.json")))
              .path("baseline");
      assertEquals("selvage.diff/1", diff.path("schema").asText());
      assertEquals(1, diff.path("new").size(), diff::toString);

      Result none = leaks(program, "--baseline=none.json");
      assertEquals(USAGE, none.code(), none.err());
      assertEquals(
          "selvage: cannot read none.json (no such file or directory): selvage leaks --json FILE"
              + " makes one (selvage leaks --help explains)\n",
          none.err());
    }
  }

  @Test
  void a_program_that_is_started_too() throws Exception {
    Result before = program("--json=base.json", "first");
    assertEquals(FINDINGS, before.code(), before.err());
    Result same = program("--baseline=base.json", "first");
    assertEquals(DONE, same.code(), same.err());
    assertTrue(same.err().contains("LEAK  proven"), same.err());
    assertTrue(same.err().endsWith("0 new, 0 grown, 0 fewer, 0 gone, 1 same\n"), same.err());
    Result fresh = program("--baseline=base.json", "second");
    assertEquals(FINDINGS, fresh.code(), fresh.err());
    assertTrue(fresh.err().endsWith("1 new, 0 grown, 0 fewer, 1 gone, 0 same\n"), fresh.err());
  }

  private Result program(String option, String place) throws Exception {
    return run(
        "run", option, "--fail-on=proven", "--", "-cp", CLASSES, Leaving.class.getName(), place);
  }
}
