package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.testing.GoTool;
import dev.selvage.verification.SelvageCommand.Result;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands that look at a program, as the command line runs them: on a process that knows
 * nothing of them, to which they attach, and on the address of a debug server.
 */
@Timeout(300)
final class InstrumentsIT {
  private static final int DONE = 0;
  private static final int UNREACHABLE = 3;
  private static final String CUSTOMERS = "dev.selvage.verification.Stall.eat(Stall.java:";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path directory;
  private Target plain;
  private Target served;
  private String address;
  private int runs;

  InstrumentsIT(@TempDir Path directory) {
    this.directory = directory;
  }

  private static void assertOneLine(Result result, int expected, String told) {
    assertEquals(expected, result.code(), result.err());
    List<String> lines =
        result
            .err()
            .lines()
            .filter(l -> !l.contains("attaching to") && !l.contains("what stays"))
            .toList();
    assertEquals(1, lines.size(), result.err());
    assertTrue(lines.getFirst().contains(told), result.err());
  }

  /**
   * One without the agent, on the JDK's scheduler, and one with it, on ours and with its server.
   */
  @BeforeEach
  void start() throws Exception {
    String classes = Project.testClasses() + File.pathSeparator + Project.programsInTheLanguage();
    plain =
        Target.java()
            .classPath(classes)
            .option("-Dselvage.scheduler=jdk")
            .start(Files.createDirectory(directory.resolve("plain")), Stall.class);
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    address = "http://localhost:" + port;
    served =
        Target.java()
            .classPath(classes)
            .agent(directory, "port=" + port + ",count-usage=true")
            .start(Files.createDirectory(directory.resolve("served")), Stall.class);
    plain.await("ready");
    served.await("ready");
  }

  @AfterEach
  void end() {
    plain.close();
    served.close();
  }

  private Result run(String... arguments) throws IOException, InterruptedException {
    return SelvageCommand.run(
        SelvageCommand.of(arguments).directory(directory.toFile()),
        directory.resolve("err-" + ++runs));
  }

  @Test
  void what_goroutines_use_is_counted_from_the_beginning_where_the_agent_is_told_to()
      throws Exception {
    Result counted = run("stacks", address, "--json");
    assertEquals(DONE, counted.code(), counted.err());
    assertEquals(
        Stall.WAITING,
        counted
            .out()
            .lines()
            .filter(l -> l.contains("customer-") && l.contains("\"cpuNanos\":"))
            .count(),
        counted.out());
    assertFalse(run("stacks", Long.toString(plain.pid()), "--json").out().contains("cpuNanos"));
  }

  private List<String> both() {
    return List.of(Long.toString(plain.pid()), address);
  }

  @Test
  void stacks_of_every_goroutine_as_text_and_as_json() throws Exception {
    for (String target : both()) {
      Result text = run("stacks", target);
      assertEquals(DONE, text.code(), text.err());
      assertEquals(
          Stall.WAITING,
          text.out()
              .lines()
              .filter(l -> l.matches("goroutine \\d+ \\[chan receive.*customer-.*"))
              .count(),
          text.out());
      Result json = run("stacks", target, "--json");
      JsonNode all = JSON.readTree(json.out()).path("goroutines");
      long waiting = 0;
      for (JsonNode one : all) {
        waiting += one.path("wait").asText().equals("chan receive") ? 1 : 0;
      }
      assertEquals(Stall.WAITING, waiting, json.out());
    }
  }

  @Test
  void top_counts_those_who_wait_at_one_place() throws Exception {
    for (String target : both()) {
      Result top = run("top", target, "--count", "2", "--interval", "200ms");
      assertEquals(DONE, top.code(), top.err());
      List<String> rows = top.out().lines().filter(l -> l.contains(CUSTOMERS)).toList();
      assertEquals(2, rows.size(), top.out());
      for (String row : rows) {
        assertTrue(row.matches(" *" + Stall.WAITING + " +chan receive +.*"), top.out());
      }
      assertTrue(top.out().contains("dev.selvage.verification.Stall.cook(Stall.java:"), top.out());
    }
  }

  @Test
  void a_profile_opens_in_pprof_and_as_a_table_and_as_a_flame_graph() throws Exception {
    for (String target : both()) {
      Path file = directory.resolve("cpu-" + runs + ".pb.gz");
      Result profile = run("profile", target, "--seconds", "2", "--top", "-o", file.toString());
      assertEquals(DONE, profile.code(), profile.err());
      assertTrue(profile.out().startsWith("Type: cpu, in 2"), profile.out());
      assertTrue(profile.out().contains("dev.selvage.verification.Stall.cook"), profile.out());
      assertTrue(profile.err().contains("go tool pprof " + file), profile.err());
      Result flame = run("flame", file.toString());
      assertEquals(DONE, flame.code(), flame.err());
      assertTrue(Files.readString(Path.of(file + ".html")).contains(">Stall.cook</text>"));
      for (String type : List.of("goroutine", "heap", "wall", "block")) {
        Path other = directory.resolve(type + runs);
        var more = type.equals("wall") || type.equals("block") ? "--seconds=1" : "--rows=5";
        Result taken = run("profile", target, "--type", type, more, "-o", other.toString());
        assertEquals(DONE, taken.code(), taken.err());
        GoTool.pprof(directory, "-top", other.toString());
      }
      assertTrue(GoTool.pprof(directory, "-top", file.toString()).contains("Stall.cook"));
    }
  }

  @Test
  void sched_shows_the_ps_of_our_scheduler_also_from_another_class_loader() throws Exception {
    for (String target : List.of(address, Long.toString(served.pid()))) {
      Result table = run("sched", target, "--count", "2");
      assertEquals(DONE, table.code(), table.err());
      assertTrue(table.out().startsWith("GOMAXPROCS "), table.out());
      Result lines = run("sched", target, "--interval", "100ms", "--count", "3");
      assertEquals(3, lines.out().lines().count(), lines.out());
      assertTrue(
          lines
              .out()
              .lines()
              .allMatch(l -> l.matches("SCHED \\d+ms: gomaxprocs=\\d+ idleprocs=.* \\[( \\d+)+ ]")),
          lines.out());
      JsonNode before = JSON.readTree(run("sched", target, "--json").out());
      assertEquals(1, before.path("schedulers").size(), before.toString());
      long end = System.nanoTime() + Target.PATIENCE.toNanos();
      while (ticks(JSON.readTree(run("sched", target, "--json").out())) <= ticks(before)) {
        assertTrue(System.nanoTime() < end, "the cook yields, so there are ticks: " + before);
      }
      Result latency = run("sched", target, "--latency", "--once");
      assertEquals(DONE, latency.code(), latency.err());
      assertTrue(
          latency.out().matches("(?s)GOMAXPROCS .*Runnable before they ran: .*, 99% less than .*"),
          latency.out());
    }
  }

  private static long ticks(JsonNode root) {
    long sum = 0;
    for (JsonNode p : root.path("schedulers").path(0).path("processors")) {
      sum += p.path("ticks").asLong();
    }
    return sum;
  }

  @Test
  void sched_says_that_goroutines_run_on_the_scheduler_of_the_jdk() throws Exception {
    Result sched = run("sched", Long.toString(plain.pid()), "--once");
    assertEquals(DONE, sched.code(), sched.err());
    assertTrue(
        sched.out().startsWith("No scheduler of Selvage's runs here: selvage.scheduler=jdk"),
        sched.out());
    assertTrue(sched.out().contains("Virtual threads run on the JDK's: parallelism "), sched.out());
  }

  @Test
  void a_trace_of_a_process_and_of_an_address_opens_in_go() throws Exception {
    for (String target : List.of(address, Long.toString(served.pid()))) {
      Path file = directory.resolve("trace-" + runs);
      Result trace = run("trace", target, "--seconds", "1", "-o", file.toString());
      assertEquals(DONE, trace.code(), trace.err());
      String told = GoTool.parsed(directory, file);
      assertTrue(told.contains("Reason=\"runtime.Gosched\""), "the cook yields");
    }
    Path json = directory.resolve("trace.json");
    Result perfetto = run("trace", address, "--seconds=1", "--format=perfetto", "-o" + json);
    assertEquals(DONE, perfetto.code(), perfetto.err());
    assertTrue(JSON.readTree(json.toFile()).path("traceEvents").size() > 10);
    Result none = run("trace", Long.toString(plain.pid()), "-o", directory + "/none");
    assertEquals(UNREACHABLE, none.code());
    assertTrue(
        none.err()
            .contains(
                "501 (Could not enable tracing: an execution trace needs Selvage's own scheduler"),
        none.err());
  }

  @Test
  void a_flight_recorder_is_started_read_and_stopped_in_a_running_process() throws Exception {
    String pid = Long.toString(served.pid());
    assertEquals(UNREACHABLE, run("record", pid).code(), "none runs yet");
    Path files = directory.resolve("flights");
    Result start = run("record", pid, "--start", "--keep", "20s", "--dir", files.toString());
    assertEquals(DONE, start.code(), start.err());
    assertTrue(start.err().contains("what --start leaves there: the flight recorder"), start.err());
    assertTrue(Files.isDirectory(files));
    for (String target : List.of(pid, address)) {
      Path file = directory.resolve("flight-" + runs);
      Result fetched = run("record", target, "-o", file.toString());
      assertEquals(DONE, fetched.code(), fetched.err());
      String told = GoTool.parsed(directory, file);
      assertTrue(told.contains("Reason=\"runtime.Gosched\""), "the cook yields");
      Result status = run("record", target, "--status");
      assertTrue(status.out().contains("it holds the last 20s"), status.out());
      assertTrue(status.out().contains("It writes into " + files), status.out());
    }
    assertEquals(DONE, run("record", pid, "--stop").code());
    assertTrue(run("record", address, "--status").out().endsWith("does not run.\n"));
    // Where the JDK's scheduler runs them it is said why it cannot be.
    Result no = run("record", Long.toString(plain.pid()), "--start");
    assertEquals(UNREACHABLE, no.code(), no.err());
    assertTrue(no.err().contains("cannot record: an execution trace needs Selvage's"), no.err());
  }

  @Test
  void the_agent_keeps_a_flight_recorder_on_and_writes_when_a_leak_is_proven() throws Exception {
    Path files = directory.resolve("kept");
    try (Target kept =
        Target.java()
            .classPath(Project.testClasses() + File.pathSeparator + Project.programsInTheLanguage())
            .agent(directory, "leaks-after=3s,flight-recorder=10s,flight-dir=" + files)
            .start(Files.createDirectory(directory.resolve("k")), LeakyStall.class)) {
      kept.await("ready");
      long end = System.nanoTime() + Target.PATIENCE.toNanos();
      while (!kept.stderr().contains("flight recorder: ")) {
        assertTrue(System.nanoTime() < end, kept.stderr());
        Thread.sleep(50);
      }
      List<String> said = kept.stderr().lines().filter(l -> l.contains("flight recorder")).toList();
      assertTrue(
          said.getFirst().matches("selvage: flight recorder: .*\\.trace .*: proven to leak: .*"),
          said.toString());
      try (Stream<Path> written = Files.list(files)) {
        GoTool.parsed(directory, written.findFirst().orElseThrow());
      }
    }
  }

  @Test
  void doctor_explains_both_programs() throws Exception {
    Result plainly = run("doctor", Long.toString(plain.pid()));
    assertEquals(DONE, plainly.code(), plainly.err());
    assertTrue(
        plainly.out().matches("(?s).*note +scheduler +that of the JDK, so there are no traces: .*"),
        plainly.out());
    assertTrue(plainly.out().matches("(?s).*ok +proof +G1 proves leaks: now.*"), plainly.out());
    Result well = run("doctor", address, "--json");
    assertEquals(DONE, well.code(), well.err());
    String told = JSON.readTree(well.out()).path("checks").toString();
    assertTrue(told.contains("Selvage's, GOMAXPROCS "), told);
    Result here = run("doctor");
    assertEquals(DONE, here.code(), here.err());
    assertTrue(here.out().contains(plain.pid() + " (dev.selvage.verification.Stall)"), here.out());
  }

  @Test
  void a_process_that_is_stopped_while_it_is_watched_is_told() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/stat")), "only Linux tells the state");
    Process command =
        SelvageCommand.of("top", Long.toString(plain.pid()), "--interval", "100ms")
            .redirectError(directory.resolve("stopped").toFile())
            .start();
    String pid = Long.toString(plain.pid());
    try (var out = command.inputReader()) {
      String line = out.readLine();
      assertTrue(line != null && line.contains(" goroutines: "), String.valueOf(line));
      assertEquals(0, new ProcessBuilder("kill", "-STOP", pid).start().waitFor());
      while (out.readLine() != null) {
        // what it still shows
      }
      assertEquals(UNREACHABLE, command.waitFor());
      String told = Files.readString(directory.resolve("stopped"));
      assertTrue(told.contains("selvage: process " + pid + " is stopped"), told);
    } finally {
      command.destroyForcibly();
      new ProcessBuilder("kill", "-CONT", pid).start().waitFor();
    }
    assertEquals(DONE, run("top", pid, "--once").code(), "it goes on as if nothing had been");
  }

  @Test
  void nothing_of_a_tool_stays_in_the_program_when_it_has_ended() throws Exception {
    assertEquals(DONE, run("top", Long.toString(plain.pid()), "--once").code());
    long end = System.nanoTime() + Target.PATIENCE.toNanos();
    while (platformThreads(plain).contains("\"selvage-tool\"")) {
      assertTrue(System.nanoTime() < end, platformThreads(plain));
    }
    assertTrue(plain.isAlive());
    try (Stream<Path> left = Files.list(directory)) {
      assertFalse(left.anyMatch(p -> p.getFileName().toString().startsWith("selvage-")));
    }
  }

  /** Those that {@code jstack} lists, which reads no virtual thread. */
  private static String platformThreads(Target target) throws IOException {
    Process jstack =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jstack").toString(),
                Long.toString(target.pid()))
            .redirectErrorStream(true)
            .start();
    return new String(jstack.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void what_cannot_be_is_told_in_one_line() throws Exception {
    assertOneLine(
        run("profile", address, "--type", "orders", "-o", directory.resolve("p").toString()),
        2,
        "has no profile 'orders'");
    assertOneLine(
        run("profile", Long.toString(plain.pid()), "--type", "orders", "--top"),
        2,
        "has no profile 'orders'");
    assertOneLine(
        run("stacks", address, "--locks"), UNREACHABLE, "403 (locks=1 is not allowed here");
    assertOneLine(run("profile", address, "-o", "/nonexistent/p"), 2, "cannot write -o");
    long pid = plain.pid();
    plain.close();
    for (String command :
        List.of("stacks", "top", "sched", "profile", "flame", "trace", "record", "doctor")) {
      Result gone = run(command, Long.toString(pid));
      assertEquals(UNREACHABLE, gone.code(), gone.err());
    }
  }

  @Test
  void a_program_that_ends_while_it_is_watched_is_told() throws Exception {
    var command =
        SelvageCommand.of("top", Long.toString(plain.pid()), "--interval", "100ms")
            .redirectError(directory.resolve("watched").toFile())
            .start();
    try (var out = command.inputReader()) {
      String line = out.readLine();
      assertTrue(line != null && line.contains(" goroutines: "), String.valueOf(line));
      plain.close();
      while (out.readLine() != null) {
        // what it still shows
      }
      assertEquals(UNREACHABLE, command.waitFor());
      String told = Files.readString(directory.resolve("watched"));
      assertTrue(told.contains("selvage: process " + plain.pid() + " "), told);
      assertFalse(told.contains("internal error"), told);
    } finally {
      command.destroyForcibly();
    }
  }
}
