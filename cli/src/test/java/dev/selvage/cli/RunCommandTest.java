package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code selvage run} in a process of its own, with a fake agent. */
@Timeout(120)
final class RunCommandTest {
  private static final String LEAK = "com.acme.Order.quote(Order.java:57)";

  private final Path directory;
  private final Path temporary;
  private final FakeInstallation installation;
  private final List<String> properties = new ArrayList<>();

  RunCommandTest(@TempDir Path directory) throws IOException {
    this.directory = directory;
    installation = FakeInstallation.in(directory);
    temporary = Files.createDirectory(directory.resolve("tmp"));
  }

  private record Result(int code, String out, String err) {}

  @Test
  void theProgramHasThisTerminalAndItsArgumentsAreItsOwn() throws Exception {
    leaves("fake.report", Reports.healthy());
    Result result =
        run(
            List.of("--leaks-after", "3s"),
            List.of(),
            "echo",
            "--",
            "-x",
            "@file",
            "\"a b\"",
            "--json");
    assertEquals(0, result.code, result.err);
    assertEquals("said [echo, --, -x, @file, \"a b\", --json]\n", result.out);
    assertEquals("", result.err);
    String options = options();
    assertTrue(options.contains("leaks-after=PT3S"), options);
    assertTrue(options.contains("at-exit=true"), options);
    assertTrue(options.contains("text=true"), options);
    assertTrue(options.contains("color=false"), options);
    assertTrue(options.contains("mode=now"), options);
  }

  @Test
  void modesReachTheAgentByTheirWord() throws Exception {
    leaves("fake.report", Reports.healthy());
    run(List.of("--mode", "concurrent"), List.of(), "echo");
    assertTrue(options().contains("mode=concurrent"), options());
    run(List.of("--reclaim", "--port", "0"), List.of(), "echo");
    assertTrue(options().contains("mode=reclaim"), options());
    assertTrue(options().contains("port=0"), options());
  }

  @Test
  void whatIsAlwaysOnReachesTheAgentOnlyIfItIsNamed() throws Exception {
    leaves("fake.report", Reports.healthy());
    run(List.of("--always"), List.of(), "echo");
    assertTrue(options().contains("always=low"), options());
    run(List.of("--always=high"), List.of(), "echo");
    assertTrue(options().contains("always=high"), options());
    run(List.of(), List.of(), "echo");
    assertFalse(options().contains("always="), options());
  }

  @Test
  void theSchedulerReachesTheAgentOnlyIfItIsNamed() throws Exception {
    leaves("fake.report", Reports.healthy());
    run(List.of("--scheduler=gmp"), List.of(), "echo");
    assertTrue(options().contains("scheduler=gmp"), options());
    run(List.of(), List.of(), "echo");
    assertFalse(options().contains("scheduler"), options());
  }

  @Test
  void whatIsSaidOfTheFlightRecorderReachesTheAgentAndNoMore() throws Exception {
    leaves("fake.report", Reports.healthy());
    run(
        List.of(
            "--flight-recorder=10s",
            "--flight-bytes=5000",
            "--flight-dir=" + directory,
            "--flight-on-slow=500ms",
            "--flight-on-uncaught=false",
            "--flight-every=2m",
            "--flight-files=3",
            "--flight-format=perfetto"),
        List.of(),
        "echo");
    for (String option :
        List.of(
            "flight-recorder=PT10S",
            "flight-bytes=5000",
            "flight-dir=" + directory,
            "flight-on-slow=PT0.5S",
            "flight-on-uncaught=false",
            "flight-every=PT2M",
            "flight-files=3",
            "flight-format=perfetto")) {
      assertTrue(options().contains(option), options());
    }
    assertFalse(options().contains("flight-on-leak"), options());
    run(List.of(), List.of(), "echo");
    assertFalse(options().contains("flight"), options());
  }

  @Test
  void theReportGoesToTheFileInsteadOfTheTerminal() throws Exception {
    Report report = Reports.of(true, Reports.proven(LEAK));
    leaves("fake.report", report);
    Path json = directory.resolve("report.json");
    Result result = run(List.of("--json", json.toString()), List.of(), "echo");
    assertEquals(0, result.code, result.err);
    assertEquals(report, ReportReader.read(Files.readString(json)));
    assertTrue(options().contains("text=false"), options());
  }

  @Test
  void theNewestReportCounts() throws Exception {
    leaves("fake.report", Reports.healthy());
    leaves("fake.report.exit", Reports.of(true, Reports.proven(LEAK)));
    Result result = run(List.of("--fail-on", "proven"), List.of(), "echo");
    assertEquals(ExitCode.FINDINGS, result.code, result.err);
    assertEquals(List.of(), leftOver());
  }

  @Test
  void suspicionsFailOnlyWhereAnyWasAskedFor() throws Exception {
    leaves("fake.report", Reports.of(true, Reports.suspected(LEAK)));
    assertEquals(0, run(List.of("--fail-on", "proven"), List.of(), "echo").code);
    assertEquals(ExitCode.FINDINGS, run(List.of("--fail-on", "any"), List.of(), "echo").code);
  }

  @Test
  void besideABaselineOnlyWhatIsNewFails() throws Exception {
    Report report = Reports.of(true, Reports.proven(LEAK));
    leaves("fake.report", report);
    Path base = directory.resolve("base.json");
    String baseline = "--baseline=" + base;
    Files.writeString(base, ReportJson.render(report));
    Result same = run(List.of(baseline, "--fail-on", "any"), List.of(), "echo");
    assertEquals(0, same.code, same.err);
    String sums = "0 new, 0 grown, 0 fewer, 0 gone, 1 same\n";
    assertEquals("Compared with " + base + ":\n" + sums, same.err);

    Files.writeString(base, ReportJson.render(Reports.healthy()));
    Path json = directory.resolve("report.json");
    Result more =
        run(List.of(baseline, "--fail-on", "any", "--json", json.toString()), List.of(), "echo");
    assertEquals(ExitCode.FINDINGS, more.code, more.err);
    assertTrue(more.err.endsWith("1 new, 0 grown, 0 fewer, 0 gone, 0 same\n"), more.err);
    assertTrue(Files.readString(json).contains("\"baseline\":{\"schema\":\"selvage.diff/1\""));
    assertEquals(42, run(List.of(baseline), List.of(), "exit", "42").code);
  }

  @Test
  void aBaselineThatIsNoneIsToldBeforeTheProgramIsStarted() throws Exception {
    leaves("fake.report", Reports.healthy());
    Path base = Files.writeString(directory.resolve("base.json"), "[]");
    Result result = run(List.of("--baseline", base.toString()), List.of(), "echo");
    assertEquals(ExitCode.USAGE, result.code, result.err);
    assertEquals(1, result.err.lines().count(), result.err);
    assertTrue(result.err.contains("base.json is no report of selvage.leaks/1"), result.err);
    assertEquals("", result.out);
  }

  @Test
  void anIncompleteProofIsToldAndGivesFour() throws Exception {
    leaves("fake.report", Reports.incomplete());
    Result result = run(List.of(), List.of(), "echo");
    assertEquals(ExitCode.INCOMPLETE, result.code);
    assertTrue(result.err.contains("the canary was not found"), result.err);
  }

  @Test
  void theProgramsOwnCodePassesThrough() throws Exception {
    leaves("fake.report", Reports.of(false, Reports.proven(LEAK)));
    assertEquals(42, run(List.of("--fail-on", "any"), List.of(), "exit", "42").code);
  }

  @Test
  void aProgramThatHaltsIsJudgedByItsLastReport() throws Exception {
    leaves("fake.report", Reports.of(true, Reports.proven(LEAK)));
    assertEquals(
        ExitCode.FINDINGS, run(List.of("--fail-on", "proven"), List.of(), "halt", "0").code);
  }

  @Test
  void aProgramThatHaltsUnexaminedGivesFourAndSaysSo() throws Exception {
    Result result = run(List.of(), List.of(), "halt", "0");
    assertEquals(ExitCode.INCOMPLETE, result.code);
    assertTrue(result.err.contains("without having been examined"), result.err);
    assertTrue(result.err.contains("--leaks-after"), result.err);
  }

  @Test
  void aJavaThatDoesNotStartGivesTwoAndOneLineBesideItsOwn() throws Exception {
    Result result = run(List.of("--fail-on", "any"), List.of("-XX:NoSuchFlag=1"), "echo");
    assertEquals(ExitCode.USAGE, result.code);
    List<String> ours = result.err.lines().filter(l -> l.startsWith("selvage: ")).toList();
    assertEquals(1, ours.size(), result.err);
    assertTrue(ours.getFirst().contains("check what stands before the class"), result.err);
  }

  @Test
  void whatTheAgentFoundOutAboutTheStartIsSaid() throws Exception {
    Result result = run(List.of(), List.of("-Dfake.start=nothing to run"), "exit", "1");
    assertEquals(ExitCode.USAGE, result.code);
    assertEquals("selvage: nothing to run\n", result.err);
  }

  @Test
  void aJarThatIsNotThereOrIsNoneIsSaidBeforeJavaIsStarted() throws Exception {
    Path none = Files.writeString(directory.resolve("none.jar"), "no jar");
    for (String jar : List.of("missing.jar", none.toString())) {
      Process process =
          installation.command("run", "--", "-cp", "x", "-Dx=y", "-jar", jar, "-jar").start();
      String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(ExitCode.USAGE, process.waitFor(), err);
      assertEquals(1, err.lines().count(), err);
      assertTrue(err.contains(jar), err);
    }
  }

  @Test
  void theJarIsFoundAmongJavasArguments() {
    assertEquals("a.jar", JavaArguments.jar(List.of("-cp", "b.jar", "-Xmx1g", "-jar", "a.jar")));
    assertEquals("a.jar", JavaArguments.jar(List.of("-jar", "-Xmx1g", "a.jar", "-jar", "b.jar")));
    assertNull(JavaArguments.jar(List.of("Main", "-jar", "a.jar")));
    assertNull(JavaArguments.jar(List.of("@options", "-jar", "a.jar")));
    assertNull(JavaArguments.jar(List.of("-m", "a/b", "-jar", "a.jar")));
    assertNull(JavaArguments.jar(List.of("-jar")));
  }

  @Test
  void aSignalEndsTheProgramFirstAndGivesItsNumber() throws Exception {
    leaves("fake.report", Reports.healthy());
    leaves("fake.report.exit", Reports.of(true, Reports.proven(LEAK)));
    Path json = directory.resolve("report.json");
    Process process = start(List.of("--json", json.toString()), List.of(), "sleep");
    assertEquals("ready", process.inputReader().readLine());
    ProcessHandle program = process.children().findFirst().orElseThrow();
    process.destroy();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(128 + 15, process.exitValue());
    assertFalse(program.isAlive());
    assertEquals(1, ReportReader.read(Files.readString(json)).findings().size());
    assertEquals(List.of(), leftOver());
  }

  @Test
  void aProgramThatASignalEndsGivesItsNumber() throws Exception {
    Process process = start(List.of(), List.of(), "sleep");
    assertEquals("ready", process.inputReader().readLine());
    process.children().findFirst().orElseThrow().destroyForcibly();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(128 + 9, process.exitValue());
  }

  private void leaves(String property, Report report) throws IOException {
    Path file = Files.writeString(directory.resolve(property), ReportJson.render(report));
    properties.add("-D" + property + "=" + file);
  }

  private String options() throws IOException {
    return Files.readString(directory.resolve("options"));
  }

  private List<Path> leftOver() throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files.filter(f -> f.getFileName().toString().startsWith("selvage-")).toList();
    }
  }

  private Process start(List<String> own, List<String> jvm, String... arguments)
      throws IOException {
    List<String> jvmOptions = new ArrayList<>(properties);
    jvmOptions.add("-Dfake.options=" + directory.resolve("options"));
    jvmOptions.addAll(jvm);
    List<String> line = new ArrayList<>(List.of("run"));
    line.addAll(own);
    line.add("--");
    line.addAll(installation.target(jvmOptions, arguments));
    ProcessBuilder builder = installation.command(line.toArray(String[]::new));
    builder.command().add(1, "-Djava.io.tmpdir=" + temporary);
    return builder.start();
  }

  private Result run(List<String> own, List<String> jvm, String... arguments)
      throws IOException, InterruptedException {
    Process process = start(own, jvm, arguments);
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), out, err);
  }
}
