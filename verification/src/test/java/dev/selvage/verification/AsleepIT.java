package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * All goroutines are asleep, in programs that have our own tools with them: those do not keep it
 * from being said, and whatever else could wake a goroutine does. What can wake then really wakes.
 */
final class AsleepIT {
  private static final String REPORT = "all goroutines are asleep - deadlock!";
  private static final String AGENT_SAYS = "selvage: " + REPORT;
  private static final long SOME_LOOKS_MILLIS = 2_500;

  private static final String[] OPENS = {
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.vm=ALL-UNNAMED",
    "--add-opens=java.logging/java.util.logging=ALL-UNNAMED"
  };

  private final Path directory;

  AsleepIT(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
    this.directory = directory;
  }

  private static final String PROGRAM = "dev.selvage.asleep.AsleepProgram";

  /** Where the program is compiled to, by this test, since only its JVM has Selvage. */
  private static Path classes = Path.of("");

  private static final String SELVAGE =
      Stream.of("core", "diagnostics", "http")
          .map(module -> Project.ROOT.resolve(module).resolve("target/classes").toString())
          .collect(Collectors.joining(File.pathSeparator));

  @BeforeAll
  static void compile(@TempDir Path to) {
    classes = to;
    var compiler = ToolProvider.getSystemJavaCompiler();
    assertNotNull(compiler, "these tests need a JDK");
    String source =
        Project.MODULE.resolve("src/test/asleep/dev/selvage/asleep/AsleepProgram.java").toString();
    assertEquals(
        0,
        compiler.run(null, null, null, "-cp", SELVAGE, "-d", classes.toString(), source),
        "javac");
  }

  private static Target.Launch java() {
    return Target.java().classPath(classes + File.pathSeparator + SELVAGE);
  }

  private Target.Launch withAgent(String more) {
    return java().agent(directory, "at-exit=true" + more);
  }

  private Target start(Target.Launch launch, String... has) throws Exception {
    return launch.start(directory, PROGRAM, has);
  }

  private static void awaitReport(Target target, String text) throws Exception {
    long end = System.nanoTime() + Target.PATIENCE.toNanos();
    while (!target.stderr().contains(text)) {
      assertTrue(target.isAlive() && System.nanoTime() < end, target::stderr);
      Thread.sleep(20);
    }
  }

  private static void staysSilent(Target target) throws Exception {
    target.await("asleep");
    Thread.sleep(SOME_LOOKS_MILLIS);
    assertFalse(target.stderr().contains(REPORT), target::stderr);
    assertTrue(target.isAlive(), target::stderr);
  }

  // --------------- Reported ---------------

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a log",
        "a log file",
        "a log,a prover",
        "a hook that was taken back",
        "a debug server",
        "many goroutines"
      })
  void under_the_agent_it_is_in_the_log_and_said_and_in_the_report(String has) throws Exception {
    String[] args = has.isEmpty() ? new String[0] : has.split(",");
    try (Target target = start(withAgent(",leaks-after=1h,port=0"), args)) {
      awaitReport(target, AGENT_SAYS);
      String said = target.stderr();
      assertEquals(said.lastIndexOf(REPORT, said.indexOf(AGENT_SAYS)), said.indexOf(REPORT), said);
      assertTrue(said.indexOf(REPORT) < said.indexOf(AGENT_SAYS), said);
      assertTrue(said.contains("AsleepProgram.main"), said);
      assertEquals(143, target.terminate());
      List<String> notes = target.report().notes();
      assertTrue(
          notes.stream().anyMatch(note -> note.startsWith("all goroutines were asleep: ")),
          notes::toString);
      assertEquals(said.indexOf(AGENT_SAYS), target.stderr().lastIndexOf(AGENT_SAYS));
    }
  }

  @Test
  void under_the_agent_one_deadlock_after_the_other_is_told() throws Exception {
    try (Target target = start(withAgent(""), "a log", "a handler that wakes")) {
      for (int i = 1; i <= 5; i++) {
        assertEquals("woken by handler " + i, target.await("woken"));
      }
    }
  }

  @Test
  void it_may_end_a_jvm_with_the_agent() throws Exception {
    try (Target target = start(withAgent("").option("-Ddev.selvage.deadlock=exit"))) {
      assertEquals(2, target.end(), target::stderr);
      assertTrue(target.stderr().startsWith("fatal error: " + REPORT), target::stderr);
    }
  }

  @Test
  void an_agent_that_comes_late_vouches_as_well() throws Exception {
    try (Target target = start(java().option("-Ddev.selvage.deadlock=log"), "a log")) {
      staysSilent(target);
      assertEquals(List.of(), target.look().certain());
      awaitReport(target, AGENT_SAYS);
    }
  }

  @Test
  void a_debug_server_needs_no_agent() throws Exception {
    try (Target target = start(java().option(OPENS), "a debug server")) {
      int port = port(target);
      awaitReport(target, REPORT);
      String index = get(port, "/debug/pprof/");
      assertTrue(index.contains("goroutineleak"), index);
    }
  }

  // --------------- Not ---------------

  @ParameterizedTest
  @ValueSource(strings = {"a hook", "a log handler", "a log formatter"})
  void who_acts_at_the_end_can_wake(String has) throws Exception {
    try (Target target = start(withAgent(""), has, "a log")) {
      staysSilent(target);
      target.terminate();
      target.await("woken");
    }
  }

  @Test
  void a_handler_behind_a_logger_of_the_jdk_can_wake() throws Exception {
    try (Target target = start(withAgent(""), "a log handler of a logger of the JDK")) {
      staysSilent(target);
      target.terminate();
      target.await("woken");
    }
  }

  @Test
  void a_log_manager_of_its_own_can_wake() throws Exception {
    try (Target target =
        start(
            withAgent("").option("-Djava.util.logging.manager=" + PROGRAM + "$Manager"), "a log")) {
      staysSilent(target);
      target.terminate();
      target.await("woken by log manager");
    }
  }

  @Test
  void an_error_stream_of_its_own_can_wake() throws Exception {
    try (Target target = start(withAgent(""), "an error stream", "a log")) {
      staysSilent(target);
    }
  }

  @Test
  void who_handles_a_signal_can_wake() throws Exception {
    try (Target target = start(withAgent(""), "a signal")) {
      staysSilent(target);
      assertEquals(
          0, new ProcessBuilder("kill", "-USR2", Long.toString(target.pid())).start().waitFor());
      target.await("woken by signal");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_web_server_of_its_own_can_wake(boolean debugged) throws Exception {
    String[] has =
        debugged ? new String[] {"a debug server", "a web server"} : new String[] {"a web server"};
    try (Target target = start(withAgent(",port=0"), has)) {
      int port = port(target);
      if (debugged) {
        port = port(target);
      }
      staysSilent(target);
      get(port, "/");
      target.await("woken by request");
    }
  }

  @Test
  void nor_with_a_debug_server_that_runs_code_of_the_program() throws Exception {
    try (Target target = start(withAgent(""), "a debug server of its own")) {
      staysSilent(target);
    }
  }

  @Test
  void a_name_vouches_for_nobody() throws Exception {
    try (Target target = start(withAgent(""), "a thread called selvage")) {
      staysSilent(target);
      target.await("woken by thread");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a log", "a debug server", "a log,a prover"})
  void without_agent_and_opens_a_hook_of_the_log_cannot_be_told_from_others(String has)
      throws Exception {
    try (Target target = start(java().option("-Ddev.selvage.deadlock=log"), has.split(","))) {
      staysSilent(target);
    }
  }

  private static int port(Target target) throws Exception {
    return Integer.parseInt(target.await("port ").substring("port ".length()));
  }

  private static String get(int port, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
              BodyHandlers.ofString())
          .body();
    }
  }
}
