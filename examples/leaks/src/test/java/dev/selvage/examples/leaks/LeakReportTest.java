package dev.selvage.examples.leaks;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.common.cache.CacheBuilder;
import dev.selvage.Go;
import java.io.File;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole way: the demo in a JVM of its own, under the agent, which is given the program as it is
 * and reports as JSON.
 */
class LeakReportTest {
  private static final Path AGENT = Path.of(System.getProperty("selvage.agent", ""));

  @TempDir private Path directory;

  @Test
  void theLeakyVersionsAreReportedAtTheirLinesAndNoOtherClassIs() throws Exception {
    JsonNode report = reportOf();
    List<JsonNode> findings = findings(report);
    var checks =
        Expected.all().stream()
            .map(
                e ->
                    (Executable)
                        () ->
                            assertTrue(
                                findings.stream().anyMatch(reports(e)),
                                () -> e + " is not in the report:\n" + report.toPrettyString()));
    assertAll(checks);
    List<String> unexpected =
        findings.stream()
            .filter(f -> Expected.all().stream().noneMatch(e -> isIn(f, e)))
            .map(JsonNode::toPrettyString)
            .toList();
    assertEquals(List.of(), unexpected);
    // Where a finding names a scenario at all it is the right one.
    for (JsonNode finding : findings) {
      Expected of = Expected.all().stream().filter(e -> isIn(finding, e)).findFirst().orElseThrow();
      int told = finding.path("scenario").asInt(of.scenario());
      assertEquals(of.scenario(), told, finding::toPrettyString);
    }
  }

  @Test
  void ofTheFixedVersionsNothingIsReported() throws Exception {
    JsonNode report = reportOf("--fixed");
    assertEquals(List.of(), findings(report), report::toPrettyString);
    assertTrue(report.at("/proof/canary").asBoolean(), report::toPrettyString);
    assertTrue(report.at("/proof/complete").asBoolean(), report::toPrettyString);
  }

  /** Threads that block are proven; what grows is suspected. */
  private static Predicate<JsonNode> reports(Expected expected) {
    boolean grows = expected.scenario() == 3 || expected.scenario() == 4;
    String verdict = grows ? "suspected" : "proven";
    return finding ->
        names(finding, expected)
            && finding.path("verdict").asText().equals(verdict)
            && finding.path("scenario").asInt() == expected.scenario()
            && finding.path("count").asInt() >= 5;
  }

  private static boolean names(JsonNode finding, Expected expected) {
    return finding.path("site").asText().endsWith(expected.at());
  }

  private static boolean isIn(JsonNode finding, Expected expected) {
    return finding.path("site").asText().contains("(" + expected.className() + ".java:");
  }

  private static List<JsonNode> findings(JsonNode report) {
    var findings = new ArrayList<JsonNode>();
    report.path("findings").forEach(findings::add);
    return findings;
  }

  /** Runs the demo until its report is there, and ends it. */
  private JsonNode reportOf(String... arguments) throws Exception {
    assertTrue(
        Files.isRegularFile(AGENT),
        "no agent jar at '" + AGENT + "': build it first, as mvn verify does");
    Path report = directory.resolve("report.json");
    Path output = directory.resolve("output.txt");
    String options =
        "leaks-after=6s,quiet=true,report="
            + URLEncoder.encode(report.toString(), StandardCharsets.UTF_8);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseG1GC");
    command.add("-javaagent:" + AGENT + "=" + options);
    command.addAll(List.of("-cp", classPath(), Demo.class.getName(), "--for", "2m"));
    command.addAll(List.of(arguments));
    Process demo =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!Files.exists(report) && demo.isAlive() && System.nanoTime() < deadline) {
        Thread.sleep(50);
      }
      List<String> lines = Files.readAllLines(output);
      assertTrue(Files.exists(report), () -> "no report; output: " + lines);
      assertEquals(1, lines.size(), () -> "more than the demo's one line: " + lines);
      return new ObjectMapper().readTree(report.toFile());
    } finally {
      demo.destroyForcibly().waitFor();
    }
  }

  /** What a user would have: the examples, Selvage's core and two cache libraries. */
  private static String classPath() {
    return Stream.of(Demo.class, Go.class, Caffeine.class, CacheBuilder.class)
        .map(
            c -> {
              try {
                return Path.of(c.getProtectionDomain().getCodeSource().getLocation().toURI());
              } catch (URISyntaxException e) {
                throw new IllegalStateException("no place for " + c, e);
              }
            })
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }
}
