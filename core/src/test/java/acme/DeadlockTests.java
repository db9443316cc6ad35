package acme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is asleep for ever is reported, and nothing else: each program in a JVM of its own, which
 * mostly waits, so the build runs several of these tests at a time.
 */
@Timeout(300)
@Tag("processes")
final class DeadlockTests {
  private static final String REPORT = "all goroutines are asleep - deadlock!";
  private static final long SOME_LOOKS_MILLIS = 2_500;

  private final Path dir;

  DeadlockTests(@TempDir Path dir) {
    this.dir = dir;
  }

  private record Started(Process process, Path out, Path err) {
    String outYet() throws IOException {
      return Files.readString(out);
    }

    String errYet() throws IOException {
      return Files.readString(err);
    }

    boolean endsIn(long millis) throws InterruptedException {
      return process.waitFor(millis, TimeUnit.MILLISECONDS);
    }
  }

  private record Ended(int code, String out, String err) {
    void reported() {
      assertEquals(2, code, err);
      assertTrue(err.startsWith("fatal error: " + REPORT + "\n"), err);
      assertEquals(err.indexOf(REPORT), err.lastIndexOf(REPORT), err);
    }

    void silent(int expected) {
      assertFalse(err.contains(REPORT), err);
      assertEquals(expected, code, out + err);
    }
  }

  private Started start(String program, String mode, String... options) throws Exception {
    List<String> all = new ArrayList<>(Arrays.asList(options));
    all.add("--add-opens=java.base/jdk.internal.vm=ALL-UNNAMED");
    all.add("-Ddev.selvage.deadlock=" + mode);
    return launch(program, all);
  }

  private Started launch(String program, List<String> options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp"));
    command.add(place(Channel.class) + File.pathSeparator + place(Asleep.class));
    command.addAll(List.of(Asleep.class.getName(), program));
    Path out = Files.createTempFile(dir, "program", ".out");
    Path err = Files.createTempFile(dir, "program", ".err");
    Process process =
        new ProcessBuilder(command)
            .redirectError(err.toFile())
            .redirectOutput(out.toFile())
            .start();
    return new Started(process, out, err);
  }

  private static String place(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }

  private Ended end(Started started) throws Exception {
    Process process = started.process;
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> "it does not end");
    } finally {
      process.destroyForcibly().waitFor();
    }
    return new Ended(process.exitValue(), started.outYet(), started.errYet());
  }

  private Ended run(String program) throws Exception {
    return end(start(program, "exit"));
  }

  // --------------- Deadlocks ---------------

  @Test
  void aReportHasEveryStackWithReasonAndObject() throws Exception {
    Ended ended = run("main in WaitGroup");
    ended.reported();
    Pattern main =
        Pattern.compile(
            """

            thread \\d+ "main" \\[sync\\.WaitGroup\\.Wait, WaitGroup\\(1\\)@[0-9a-f]+\\]:
            (\tat .*
            )*\tat acme\\.Asleep\\.main\\(Asleep\\.java:\\d+\\)
            """);
    Pattern worker =
        Pattern.compile(
            """

            goroutine \\d+ "worker-1" \\[chan send, chan\\(0/0\\)@[0-9a-f]+\\]:
            (\tat .*
            )*\tat acme\\.Asleep\\.lambda.*
            """);
    assertTrue(main.matcher(ended.err).find(), ended.err);
    assertTrue(worker.matcher(ended.err).find(), ended.err);
  }

  @Test
  void whatIsMadeOfAWaitGroupIsReportedAsItself() throws Exception {
    Ended group = run("main in ErrorGroup");
    group.reported();
    assertTrue(
        group.err.contains("\"main\" [errgroup.Group.Wait, ErrorGroup(1 active)@"), group.err);
    Ended flight = run("main in SingleFlight");
    flight.reported();
    assertTrue(
        flight.err.contains("\"main\" [singleflight.Group.Do, SingleFlight(1 in flight)@"),
        flight.err);
  }

  @TestFactory
  Stream<DynamicTest> deadlocksAreReported() {
    return Stream.of(
            "main in receive",
            "main in send",
            "select without cases",
            "never",
            "lock twice",
            "two mutexes",
            "signal before wait",
            "done forgotten after computing",
            "foreign thread ends",
            "after a sleep",
            "many goroutines",
            "vouched thread",
            "after a limit that was not needed")
        .map(program -> DynamicTest.dynamicTest(program, () -> run(program).reported()));
  }

  @Test
  void unlessToldOtherwiseItIsLoggedAndTheJvmGoesOn() throws Exception {
    Started started = start("main in receive", "log");
    while (!started.errYet().contains(REPORT)) {
      assertFalse(started.endsIn(10), started::toString);
    }
    // Several looks later it has not been said again.
    assertFalse(started.endsIn(SOME_LOOKS_MILLIS));
    started.process.destroy();
    Ended ended = end(started);
    assertEquals(ended.err.indexOf(REPORT), ended.err.lastIndexOf(REPORT), ended.err);
  }

  @Test
  void aHandlerIsToldOnceADeadlockAndMayEndIt() throws Exception {
    Ended ended = run("handler");
    ended.silent(0);
    assertEquals("woken\nwoken\ntold 2\n", ended.out);
  }

  @Test
  void alsoOnOurOwnScheduler() throws Exception {
    Started started =
        start("many goroutines", "exit", "--add-opens=java.base/java.lang=ALL-UNNAMED");
    end(started).reported();
  }

  @Test
  void withoutFlagsOnlyWhenAskedFor() throws Exception {
    end(launch("main in receive", List.of("-Ddev.selvage.deadlock=exit"))).reported();
    // What would list the other threads can crash the JVM, so nobody has it by default.
    staysSilent(launch("main in receive", List.of()));
  }

  // --------------- None ---------------

  @TestFactory
  Stream<DynamicTest> whatCanStillBeWokenIsNot() {
    return Stream.of(
            "timed wait",
            "sleeping goroutine",
            "timer of Selvage",
            "timer of the JDK",
            "scheduled executor",
            "delayed future",
            "common pool",
            "virtual thread in Thread.sleep",
            "virtual thread in Object.wait",
            "virtual threads that park in turns",
            "computing goroutine",
            "computing daemon",
            "thread called selvage",
            "process",
            "churn of virtual threads",
            "churn of platform threads",
            "about to start",
            "ping-pong",
            "main has ended")
        .map(program -> DynamicTest.dynamicTest(program, () -> run(program).silent(0)));
  }

  @Test
  void norIsAJvmThatExits() throws Exception {
    run("exit").silent(3);
  }

  @TestFactory
  Stream<DynamicTest> norIsWhoWaitsForInput() {
    return Stream.of("standard input, platform", "standard input, virtual")
        .map(
            program ->
                DynamicTest.dynamicTest(
                    program,
                    () -> {
                      Started started = start(program, "exit");
                      assertFalse(started.endsIn(SOME_LOOKS_MILLIS));
                      started.process.outputWriter().append('A').close();
                      Ended ended = end(started);
                      ended.silent(0);
                      assertEquals("read 65\n", ended.out);
                    }));
  }

  @Test
  void norIsWhoWaitsForASocket() throws Exception {
    Started started = start("socket", "exit");
    assertFalse(started.endsIn(SOME_LOOKS_MILLIS));
    int port = Integer.parseInt(started.outYet().strip().substring("port ".length()));
    new Socket(InetAddress.getLoopbackAddress(), port).close();
    Ended ended = end(started);
    ended.silent(0);
    assertTrue(ended.out.endsWith("accepted\n"), ended.out);
  }

  @TestFactory
  Stream<DynamicTest> norIsWhomAHookOrAHandlerMayWake() {
    return Stream.of("shutdown hook", "signals", "cleaner")
        .map(
            program -> DynamicTest.dynamicTest(program, () -> staysSilent(start(program, "exit"))));
  }

  @TestFactory
  Stream<DynamicTest> norIsAnythingWhereItCannotBeSeen() {
    return Stream.of(
            new String[] {"-Djdk.trackAllThreads=false"},
            new String[] {"--limit-modules", "java.base"},
            new String[] {"-Ddev.selvage.deadlock=off"})
        .map(
            options ->
                DynamicTest.dynamicTest(
                    String.join(" ", options),
                    () ->
                        staysSilent(
                            start(
                                "main in receive",
                                options[0].endsWith("=off") ? "off" : "exit",
                                options))));
  }

  private void staysSilent(Started started) throws Exception {
    boolean ended = started.endsIn(SOME_LOOKS_MILLIS);
    started.process.destroy();
    assertFalse(ended);
    end(started).silent(143);
  }
}
