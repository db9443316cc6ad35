package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DiffCommandTest {
  private final Path directory;
  private final Commands commands = new Commands();

  DiffCommandTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private static Finding finding(String fingerprint, int count, Finding.State state) {
    return new Finding.Proven(Reports.details(fingerprint, count, state));
  }

  private static Finding open(String fingerprint, int count) {
    return finding(fingerprint, count, Finding.State.OPEN);
  }

  private String file(String name, Report report) throws IOException {
    return Files.writeString(directory.resolve(name), ReportJson.render(report)).toString();
  }

  private String before() throws IOException {
    return file(
        "a.json",
        Reports.of(
            true,
            open("Same", 3),
            open("More", 3),
            open("Less", 3),
            open("Gone", 3),
            finding("Refuted", 9, Finding.State.REFUTED)));
  }

  private String after() throws IOException {
    return file(
        "b.json",
        Reports.of(
            true,
            open("Same", 3),
            open("More", 2),
            open("More", 5),
            open("Less", 1),
            open("Fresh", 4)));
  }

  @Test
  void saysWhatIsNewGrownFewerAndGone() throws Exception {
    assertEquals(ExitCode.DONE, commands.run("diff", before(), after()), commands.err());
    assertEquals(
        """
        new    x4        proven  chan send  com.acme.Fresh.run(Fresh.java:1)
        grown  x3 to x7  proven  chan send  com.acme.More.run(More.java:1)
        fewer  x3 to x1  proven  chan send  com.acme.Less.run(Less.java:1)
        gone   x3        proven  chan send  com.acme.Gone.run(Gone.java:1)
        1 new, 1 grown, 1 fewer, 1 gone, 1 same
        """,
        commands.out());
    assertEquals("", commands.err());
  }

  @Test
  void failsOnWhatIsNewAndOnNothingElse() throws Exception {
    assertEquals(ExitCode.FINDINGS, commands.run("diff", before(), after(), "--fail-on", "new"));
    var back = new Commands();
    String grown = file("grown.json", Reports.of(true, open("Same", 30)));
    assertEquals(ExitCode.DONE, back.run("diff", before(), grown, "--fail-on=new"), back.err());
    var refuted = new Commands();
    String none = file("none.json", Reports.healthy());
    String wrong =
        file("wrong.json", Reports.of(true, finding("Refuted", 9, Finding.State.REFUTED)));
    assertEquals(ExitCode.DONE, refuted.run("diff", none, wrong, "--fail-on", "new"));
    assertEquals("0 new, 0 grown, 0 fewer, 0 gone, 0 same\n", refuted.out());
  }

  @Test
  void jsonHasAListForEach() throws Exception {
    assertEquals(ExitCode.DONE, commands.run("diff", "--json", before(), after()));
    JsonNode root = new ObjectMapper().readTree(commands.out());
    assertEquals("selvage.diff/1", root.path("schema").asText());
    JsonNode grown = root.path("grown").path(0);
    assertEquals("More", grown.path("fingerprint").asText());
    assertEquals("proven", grown.path("verdict").asText());
    assertEquals(3, grown.path("before").asInt());
    assertEquals(7, grown.path("after").asInt());
    assertEquals(1, root.path("same").size());
    assertEquals("Gone", root.path("gone").path(0).path("fingerprint").asText());
  }

  @Test
  void anIncompleteProofIsSaidAndNoSuccess() throws Exception {
    String incomplete = file("incomplete.json", Reports.incomplete());
    assertEquals(ExitCode.INCOMPLETE, commands.run("diff", before(), incomplete));
    assertTrue(commands.err().contains("what is gone may not be gone"), commands.err());
    var first = new Commands();
    assertEquals(ExitCode.DONE, first.run("diff", incomplete, before()));
    assertTrue(first.err().contains("what is new may not be new"), first.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no JSON",
        "[]",
        "{\"schema\":\"selvage.ps/1\"}",
        "{\"schema\":\"selvage.leaks/1\",\"capturedAt\":\"never\"}"
      })
  void whatIsNoReportIsToldInOneLine(String text) throws Exception {
    String file = Files.writeString(directory.resolve("x.json"), text).toString();
    assertEquals(ExitCode.USAGE, commands.run("diff", before(), file));
    assertEquals(1, commands.err().lines().count(), commands.err());
    assertTrue(commands.err().contains("x.json is no report of selvage.leaks/1"), commands.err());
    assertEquals("", commands.out());
  }

  @Test
  void aDirectoryAndAFileOfBytesAreTold() throws Exception {
    assertEquals(ExitCode.USAGE, commands.run("diff", directory.toString(), before()));
    assertEquals(1, commands.err().lines().count(), commands.err());
    var bytes = new Commands();
    Path file = Files.write(directory.resolve("x"), Profiles.shop());
    assertEquals(ExitCode.USAGE, bytes.run("diff", file.toString(), before()));
    assertTrue(bytes.err().contains("it is no text"), bytes.err());
  }
}
