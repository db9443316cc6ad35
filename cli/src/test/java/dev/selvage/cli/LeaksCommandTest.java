package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.ReportText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Model.CommandSpec;

/** {@code selvage leaks} and {@code ps} against real processes, with a fake agent. */
@Timeout(120)
final class LeaksCommandTest {
  private static final Report REPORT =
      Reports.of(true, Reports.proven("com.acme.Order.quote(Order.java:57)"));

  private final Path directory;
  private final FakeInstallation installation;
  private final Commands commands;
  private final List<Process> processes = new ArrayList<>();

  LeaksCommandTest(@TempDir Path directory) throws IOException {
    this.directory = directory;
    installation = FakeInstallation.in(directory);
    commands = new Commands().from(installation.lib());
  }

  @AfterEach
  void endProcesses() {
    processes.forEach(Process::destroyForcibly);
  }

  @Test
  void attachesSaysWhatStaysBehindAndPrintsTheReport() throws Exception {
    Process jvm = leaving(ReportJson.render(REPORT));
    assertEquals(ExitCode.DONE, leaks(jvm, "--watch", "0s"), commands.err());
    assertEquals(ReportText.render(REPORT, false), commands.out());
    assertTrue(commands.err().contains("what stays there"), commands.err());
    assertTrue(commands.err().contains("weak references"), commands.err());
    String options = Files.readString(directory.resolve("options"));
    assertTrue(options.contains("command=leaks"), options);
    assertTrue(options.contains("mode=now"), options);
    assertTrue(options.contains("watch=PT0S"), options);
    assertTrue(jvm.isAlive());
  }

  @Test
  void exactDumpsTheProcessAndLeavesNothingBehind() throws Exception {
    Process jvm = keep(installation.sleeper());
    assertEquals(ExitCode.DONE, leaks(jvm, "--exact"), commands.err());
    assertTrue(commands.out().contains("0 leaks"), commands.out());
    assertTrue(commands.out().contains("from a heap dump"), commands.out());
    assertFalse(commands.err().contains("attaching"), commands.err());
    String line =
        commands.err().lines().filter(l -> l.contains("is deleted afterwards")).findAny().get();
    Path dump =
        Path.of(line.substring(line.indexOf("; ") + 2, line.indexOf(" is deleted afterwards")));
    assertFalse(Files.exists(dump), dump.toString());
    assertFalse(Files.exists(dump.getParent()), dump.toString());
    assertTrue(jvm.isAlive());
  }

  @Test
  void exactTakesAnotherDumpAndAThirdWhileAThreadRuns() throws Exception {
    Process jvm = keep(installation.start("leak-and-run"));
    assertEquals(ExitCode.DONE, leaks(jvm, "--exact"), commands.err());
    assertTrue(commands.err().contains("dump 2 of at most 3"), commands.err());
    assertTrue(commands.err().contains("dump 3 of at most 3"), commands.err());
    assertFalse(commands.err().contains("dump 4"), commands.err());
    assertTrue(commands.out().contains("LEAK  suspected  CountDownLatch.await"), commands.out());
    assertTrue(commands.out().contains("take another dump"), commands.out());
  }

  @Test
  void exactKeepsTheDumpWhereItIsToldTo() throws Exception {
    Process jvm = keep(installation.sleeper());
    Path file = directory.resolve("kept.hprof");
    assertEquals(
        ExitCode.DONE, leaks(jvm, "--exact", "--keep-dump", file.toString()), commands.err());
    assertTrue(commands.err().contains("the dump is in " + file), commands.err());
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)), "secrets");
    assertEquals(ExitCode.DONE, commands.run("leaks", file.toString()), commands.err());
    assertEquals(ExitCode.USAGE, leaks(jvm, "--exact", "--keep-dump", file.toString()));
    assertTrue(commands.err().contains("is there already"), commands.err());
    assertEquals(ExitCode.USAGE, leaks(jvm, "--keep-dump", file.toString()));
    assertEquals(ExitCode.USAGE, leaks(jvm, "--hold"));
    assertTrue(commands.err().contains("--hold is for --exact"), commands.err());
  }

  @Test
  void exactHasTheAgentDumpWhereThreadsAreToBeHeldAndSaysWhatItCannot() throws Exception {
    Process jvm = leaving("nothing could be kept off");
    assertEquals(ExitCode.UNREACHABLE, leaks(jvm, "--exact", "--hold"), commands.err());
    assertTrue(commands.err().contains("what stays there"), commands.err());
    assertTrue(
        commands.err().contains("wrote no heap dump: nothing could be kept off"), commands.err());
    String options = Files.readString(directory.resolve("options"));
    assertTrue(options.contains("command=dump"), options);
    assertTrue(options.contains("heap.hprof"), options);
    jvm = leaving(ReportJson.error("no room"));
    assertEquals(ExitCode.INCOMPLETE, leaks(jvm, "--exact", "--hold"), commands.err());
    assertTrue(commands.err().contains("no room"), commands.err());
  }

  @Test
  void exactDoesNotWaitForAProcessThatIsStopped() throws Exception {
    Process jvm = keep(installation.sleeper());
    assertEquals(
        0, new ProcessBuilder("kill", "-STOP", Long.toString(jvm.pid())).start().waitFor());
    assertEquals(ExitCode.UNREACHABLE, leaks(jvm, "--exact"), commands.err());
    assertTrue(commands.err().contains("is stopped"), commands.err());
  }

  @Test
  void rulesAreToldToTheAgentAndWhatTheyExcuseFailsNothing() throws Exception {
    Excuses rules = Excuses.parse("com.acme.Order.quote=waits on purpose");
    Report excused =
        Reports.of(true, rules.applied(Reports.proven("com.acme.Order.quote(Order.java:57)")));
    Process jvm = leaving(ReportJson.render(excused));
    Path file = Files.writeString(directory.resolve("rules"), "# reviewed\nkeeper-*=a, b\n");
    int code =
        leaks(
            jvm,
            "--watch",
            "0s",
            "--excuse",
            "com.acme.Order.quote=waits on purpose",
            "--excuses",
            file.toString(),
            "--blocked-longer",
            "10m",
            "--fail-on",
            "any");
    assertEquals(ExitCode.DONE, code, commands.err());
    assertTrue(commands.out().contains("EXCUSED  proven"), commands.out());
    assertTrue(commands.out().contains("waits on purpose (by com.acme.Order.quote)"));
    String options = Files.readString(directory.resolve("options"));
    assertTrue(options.contains("com.acme.Order.quote=waits on purpose\nkeeper-*=a, b"), options);
    assertTrue(options.contains("blocked-longer=PT10M"), options);
  }

  @Test
  void aHeapDumpIsReadFromItsFile() throws Exception {
    Process jvm = keep(installation.sleeper());
    Path file = directory.resolve("a.hprof");
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(jvm.pid()),
                "GC.heap_dump",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, jcmd.waitFor(), said);
    assertEquals(ExitCode.DONE, commands.run("leaks", file.toString(), "--json"), commands.err());
    assertTrue(commands.out().contains("\"mode\":\"offline\""), commands.out());
    assertTrue(
        commands.out().contains("\"java\":\"" + System.getProperty("java.version") + "\""),
        commands.out());
    assertEquals(ExitCode.USAGE, commands.run("leaks", file.toString(), "--mode", "now"));
    assertEquals(ExitCode.USAGE, commands.run("leaks", "4711", "--exact", "--watch", "1s"));
  }

  @Test
  void aFileThatIsNoHeapDumpIsTold() throws IOException {
    assertEquals(
        ExitCode.UNREACHABLE, commands.run("leaks", directory.resolve("no.hprof").toString()));
    assertTrue(commands.err().contains("no such file"), commands.err());
    Path file = Files.writeString(directory.resolve("text"), "no dump, but a file");
    assertEquals(ExitCode.UNREACHABLE, commands.run("leaks", file.toString()));
    assertTrue(commands.err().contains("not a heap dump"), commands.err());
    assertEquals(2, commands.err().lines().count(), commands.err());
  }

  @Test
  void onlyWhatTheOptimisingCompilerMadeIsInDoubt() {
    assertEquals(
        List.of("com.acme.Order.quote", "com.acme.Old.<init>"),
        HeapDumps.optimised(
            """
            4711:
            91 4 0 com.acme.Order.quote(Ljava/lang/String;)V [0x00007f, 0x00007f - 0x00007f]
            92 3 0 com.acme.Order.other()V [0x00007f, 0x00007f - 0x00007f]
             7 4 1 com.acme.Old.<init>(J)V [0x00007f, 0x00007f - 0x00007f]
            """));
  }

  @Test
  void jsonIsGivenVerbatim() throws Exception {
    String json = ReportJson.render(REPORT);
    Process jvm = leaving(json);
    assertEquals(ExitCode.DONE, leaks(jvm, "--json"), commands.err());
    assertEquals(json, commands.out());
  }

  @Test
  void jsonGoesToAFileAndFindingsToTheExitCode() throws Exception {
    String json = ReportJson.render(REPORT);
    Process jvm = leaving(json);
    Path file = directory.resolve("report.json");
    assertEquals(
        ExitCode.FINDINGS,
        leaks(jvm, "--json", file.toString(), "--fail-on", "proven"),
        commands.err());
    assertEquals(json, Files.readString(file));
    assertEquals("", commands.out());
  }

  @Test
  void besideABaselineWhatHasChangedIsSaidAndOnlyWhatIsNewFails() throws Exception {
    Process jvm = leaving(ReportJson.render(REPORT));
    Path same = base(REPORT);
    assertEquals(
        ExitCode.DONE,
        leaks(jvm, "--baseline", same.toString(), "--fail-on", "any", "--watch", "0s"),
        commands.err());
    String sums = "0 new, 0 grown, 0 fewer, 0 gone, 1 same\n";
    assertEquals(
        ReportText.render(REPORT, false) + "Compared with " + same + ":\n" + sums, commands.out());

    Path none = base(Reports.healthy());
    var changed = new Commands().from(installation.lib());
    String pid = Long.toString(jvm.pid());
    assertEquals(
        ExitCode.FINDINGS,
        changed.run("leaks", pid, "--baseline", none.toString(), "--fail-on", "proven"));
    assertTrue(
        changed
            .out()
            .endsWith(
                """
                new  x128  proven  chan send  com.acme.Order.quote(Order.java:57)
                1 new, 0 grown, 0 fewer, 0 gone, 0 same
                """),
        changed.out());
  }

  @Test
  void theJsonHasTheChangesInAFieldOfItsOwnAndIsABaselineItself() throws Exception {
    Process jvm = leaving(ReportJson.render(REPORT));
    Path file = base(Reports.healthy());
    assertEquals(
        ExitCode.FINDINGS,
        leaks(jvm, "--json", file.toString(), "--baseline", file.toString(), "--fail-on=any"),
        commands.err());
    assertTrue(
        commands
            .err()
            .endsWith("compared with " + file + ": 1 new, 0 grown, 0 fewer, 0 gone, 0 same\n"),
        commands.err());
    String json = Files.readString(file);
    assertEquals(REPORT, ReportReader.read(json));
    var diff = new com.fasterxml.jackson.databind.ObjectMapper().readTree(json).path("baseline");
    assertEquals("selvage.diff/1", diff.path("schema").asText());
    assertEquals("f00d", diff.at("/new/0/fingerprint").asText());
    assertEquals("", commands.out());

    var again = new Commands().from(installation.lib());
    String pid = Long.toString(jvm.pid());
    assertEquals(
        ExitCode.DONE, again.run("leaks", pid, "--baseline=" + file, "--fail-on=any"), again.err());
  }

  @Test
  void aBaselineThatIsNoneIsToldBeforeAnythingIsAttachedTo() throws Exception {
    Process jvm = leaving(ReportJson.render(REPORT));
    Path file = Files.writeString(directory.resolve("base.json"), "{\"schema\":\"selvage.ps/1\"}");
    assertEquals(ExitCode.USAGE, leaks(jvm, "--baseline", file.toString()));
    assertEquals(1, commands.err().lines().count(), commands.err());
    assertTrue(
        commands.err().contains("base.json is no report of selvage.leaks/1, its schema is"),
        commands.err());
    assertTrue(commands.err().contains("selvage leaks --json FILE makes one"), commands.err());
    assertFalse(Files.exists(directory.resolve("options")), "the agent was loaded");
  }

  private Path base(Report report) throws IOException {
    return Files.writeString(directory.resolve("base.json"), ReportJson.render(report));
  }

  @Test
  void whatTheAgentCouldNotDoIsToldInItsWords() throws Exception {
    Process jvm = leaving("{\"schema\":\"selvage.error/1\",\"error\":\"no luck today\"}");
    assertEquals(ExitCode.INCOMPLETE, leaks(jvm));
    assertTrue(commands.err().contains("no luck today"), commands.err());
  }

  @Test
  void anAgentThatLeavesNoReportIsTold() throws Exception {
    assertEquals(ExitCode.INCOMPLETE, leaks(keep(installation.sleeper())));
    assertTrue(commands.err().contains("left no report"), commands.err());
  }

  @Test
  void aProcessThatIsNoJvmIsLeftAlone() throws Exception {
    Process sleep = keep(new ProcessBuilder("sleep", "60").start());
    assertEquals(ExitCode.UNREACHABLE, leaks(sleep));
    assertTrue(commands.err().contains("is not a JVM"), commands.err());
    assertEquals(1, commands.err().lines().count(), commands.err());
    // SIGQUIT, which attaching begins with, would have ended it.
    assertFalse(sleep.waitFor(300, java.util.concurrent.TimeUnit.MILLISECONDS));
  }

  @Test
  void aProcessThatIsNotThereIsTold() throws Exception {
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    assertEquals(ExitCode.UNREACHABLE, leaks(ended));
    assertTrue(commands.err().contains("there is no process"), commands.err());
  }

  @Test
  void aJvmWithItsAttachMechanismDisabledIsTold() throws Exception {
    Process jvm = keep(installation.sleeper("-XX:+DisableAttachMechanism"));
    assertEquals(ExitCode.UNREACHABLE, leaks(jvm));
    assertTrue(commands.err().contains("-XX:+DisableAttachMechanism"), commands.err());
    assertEquals(1, commands.err().lines().count(), commands.err());
  }

  @Test
  void aJvmThatRefusesAgentsIsTold() throws Exception {
    Process jvm = keep(installation.sleeper("-XX:-EnableDynamicAgentLoading"));
    assertEquals(ExitCode.UNREACHABLE, leaks(jvm));
    assertTrue(commands.err().contains("-XX:-EnableDynamicAgentLoading"), commands.err());
  }

  @Test
  void aJvmWithoutPerfDataIsFoundAllTheSame() throws Exception {
    Process jvm = keep(installation.sleeper("-XX:-UsePerfData"));
    JavaProcess found = new MachineProcesses().find(jvm.pid());
    assumeTrue(Files.isReadable(Path.of("/proc/self/maps")), "only Linux has memory maps to read");
    assertTrue(found != null && found.release() == 25, String.valueOf(found));
  }

  @Test
  void anOlderJvmIsToldWithItsVersion() throws Exception {
    Path java = olderJava();
    Path source = Files.writeString(directory.resolve("Old.java"), OLD);
    Process old =
        keep(
            new ProcessBuilder(java.toString(), source.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start());
    assertEquals("ready", old.inputReader().readLine());
    assertEquals(ExitCode.UNREACHABLE, leaks(old));
    assertTrue(commands.err().contains("runs Java 17"), commands.err());
    assertTrue(commands.err().contains("needs Java 25"), commands.err());
    var ps = new Commands().where(old);
    assertEquals(ExitCode.DONE, ps.run("ps"));
    String line =
        ps.out().lines().filter(l -> l.startsWith(old.pid() + " ")).findFirst().orElseThrow();
    assertTrue(line.contains("needs Java 25"), line);
  }

  private static final String OLD =
      """
      class Old {
        public static void main(String[] args) throws Exception {
          System.out.println("ready");
          Thread.sleep(60_000);
        }
      }
      """;

  @Test
  void psListsWhatCanAndWhatCannotBeExamined() throws Exception {
    Process able = keep(installation.sleeper("-Ddev.selvage.agent=9.9"));
    Process unable = keep(installation.sleeper("-XX:+DisableAttachMechanism"));
    commands.where(able, unable);
    assertEquals(ExitCode.DONE, commands.run("ps"), commands.err());
    assertTrue(line(able).matches(able.pid() + " +25\\S* +9.9 +\\S+ +" + Target.class.getName()));
    assertTrue(line(unable).contains("(was started with"), line(unable));

    var json = new Commands().where(able, unable);
    assertEquals(ExitCode.DONE, json.run("ps", "--json"));
    var root = new com.fasterxml.jackson.databind.ObjectMapper().readTree(json.out());
    assertEquals("selvage.ps/1", root.path("schema").asText());
    boolean seen = false;
    for (var process : root.path("processes")) {
      if (process.path("pid").asLong() == able.pid()) {
        seen = true;
        assertEquals("9.9", process.path("agent").asText());
        assertTrue(process.path("obstacle").isNull());
      }
    }
    assertTrue(seen, json.out());
  }

  @Test
  void withoutAPidTheOneJvmThereIsIsMeant() throws Exception {
    commands.where(leaving(ReportJson.render(REPORT)));
    assertEquals(ExitCode.DONE, commands.run("leaks", "--watch", "0s"), commands.err());
    assertEquals(ReportText.render(REPORT, false), commands.out());
  }

  @Test
  void withoutAPidTheProgramIsMeantAndNotTheCommandThatHasStartedIt() {
    var command = new JavaProcess(7, null, true, "25.0.3", Selvage.class.getName(), false, false);
    var program = new JavaProcess(8, null, true, "25.0.3", "com.acme.Shop", false, false);
    var both =
        new JavaProcesses() {
          @Override
          public List<JavaProcess> all() {
            return List.of(command, program);
          }

          @Override
          public JavaProcess find(long pid) {
            return pid == 7 ? command : program;
          }
        };
    var targets =
        new Targets(
            new Installation(installation.lib(), Path.of(System.getProperty("java.home"))),
            commands.terminal(),
            both);
    assertEquals(program, targets.process(CommandSpec.create(), null));
    assertEquals(command, targets.process(CommandSpec.create(), "7"), "by name it can be had");
  }

  @Test
  void withoutAPidAndWithoutAJvmThereIsNothingToExamine() throws Exception {
    commands.where(keep(installation.sleeper("-XX:+DisableAttachMechanism")));
    assertEquals(ExitCode.UNREACHABLE, commands.run("leaks"));
    assertTrue(commands.err().contains("no JVM runs here that can be examined"), commands.err());
  }

  @Test
  void withoutAPidSeveralJvmsAreListed() throws Exception {
    Process one = keep(installation.sleeper());
    Process two = keep(installation.sleeper());
    commands.where(one, two);
    assertEquals(ExitCode.USAGE, commands.run("leaks"));
    assertTrue(commands.err().contains(one.pid() + " (" + Target.class.getName()), commands.err());
    assertTrue(commands.err().contains(two.pid() + " ("), commands.err());
    assertEquals(1, commands.err().lines().count(), commands.err());
  }

  @Test
  void withoutAPidSeveralJvmsAreOfferedInAMenuToWhoSitsThere() throws Exception {
    Process wanted = leaving(ReportJson.render(REPORT));
    Process other = keep(installation.sleeper());
    String number = wanted.pid() < other.pid() ? "1" : "2";
    commands.where(wanted, other).typing("zero\n99\n" + number + "\n");
    assertEquals(ExitCode.DONE, commands.run("leaks", "--watch", "0s"), commands.err());
    assertEquals(ReportText.render(REPORT, false), commands.out());
    commands.typing("");
    assertEquals(ExitCode.USAGE, commands.run("leaks"));
    assertTrue(commands.err().contains("nothing chosen"), commands.err());
  }

  @Test
  void anAddressIsAskedForItsReport() throws Exception {
    String json = ReportJson.render(REPORT);
    try (var server = new OneAnswer(200, json)) {
      assertEquals(ExitCode.DONE, commands.run("leaks", server.address() + "/"), commands.err());
      assertEquals(ReportText.render(REPORT, false), commands.out());
      assertEquals("GET /debug/selvage/leaks HTTP/1.1", server.request());
    }
    try (var server = new OneAnswer(200, json)) {
      var page = new Commands();
      assertEquals(ExitCode.DONE, page.run("leaks", server.address() + "/debug/pprof/"));
      assertEquals("GET /debug/selvage/leaks HTTP/1.1", server.request());
    }
    try (var server = new OneAnswer(200, json)) {
      assertEquals(ExitCode.FINDINGS, commands.run("leaks", server.address(), "--fail-on", "any"));
      assertEquals("GET /debug/selvage/leaks HTTP/1.1", server.request());
    }
  }

  @Test
  void anAddressThatAnswersSomethingElseIsTold() throws Exception {
    try (var server = new OneAnswer(404, "no such page")) {
      assertEquals(ExitCode.UNREACHABLE, commands.run("leaks", server.address()));
      assertTrue(commands.err().contains("404 (no such page)"), commands.err());
    }
  }

  @Test
  void anAddressWhereNothingListensIsTold() throws Exception {
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    assertEquals(ExitCode.UNREACHABLE, commands.run("leaks", "http://localhost:" + port));
    assertTrue(commands.err().contains("cannot be reached"), commands.err());
    assertEquals(1, commands.err().lines().count(), commands.err());
  }

  private String line(Process process) {
    return commands
        .out()
        .lines()
        .filter(l -> l.startsWith(process.pid() + " "))
        .findFirst()
        .orElseThrow(() -> new AssertionError(commands.out()));
  }

  private int leaks(Process process, String... more) {
    List<String> line = new ArrayList<>(List.of("leaks", Long.toString(process.pid())));
    line.addAll(List.of(more));
    return commands.run(line.toArray(String[]::new));
  }

  /** A JVM in which the fake agent would leave that. */
  private Process leaving(String json) throws IOException {
    Path file = Files.writeString(directory.resolve("left.json"), json);
    return keep(
        installation.sleeper(
            "-Dfake.report=" + file, "-Dfake.options=" + directory.resolve("options")));
  }

  private Process keep(Process process) {
    processes.add(process);
    return process;
  }

  private static Path olderJava() throws IOException {
    Path all = Path.of("/usr/lib/jvm");
    if (Files.isDirectory(all)) {
      try (Stream<Path> jdks = Files.list(all)) {
        for (Path jdk : jdks.toList()) {
          Path release = jdk.resolve("release");
          Path java = jdk.resolve("bin/java");
          if (Files.isExecutable(java)
              && Files.isReadable(release)
              && Files.readString(release).contains("JAVA_VERSION=\"17")) {
            return java;
          }
        }
      }
    }
    assumeTrue(false, "there is no JDK 17 in /usr/lib/jvm to try with");
    throw new AssertionError();
  }

  /** A server that answers one request, whatever it is. */
  private static final class OneAnswer implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    private final Thread thread;
    private volatile String request = "";

    OneAnswer(int status, String body) throws IOException {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (Socket client = socket.accept()) {
                      var in =
                          new java.io.BufferedReader(
                              new java.io.InputStreamReader(
                                  client.getInputStream(), StandardCharsets.ISO_8859_1));
                      request = String.valueOf(in.readLine());
                      while (!String.valueOf(in.readLine()).isEmpty()) {
                        // the rest of the head
                      }
                      String head =
                          "HTTP/1.1 "
                              + status
                              + " X\r\nContent-Length: "
                              + bytes.length
                              + "\r\nConnection: close\r\n\r\n";
                      client.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
                      client.getOutputStream().write(bytes);
                      client.getOutputStream().flush();
                    } catch (IOException e) {
                      request = e.toString();
                    }
                  });
    }

    String address() {
      return "http://localhost:" + socket.getLocalPort();
    }

    String request() {
      return request;
    }

    @Override
    public void close() throws IOException {
      socket.close();
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
  }
}
