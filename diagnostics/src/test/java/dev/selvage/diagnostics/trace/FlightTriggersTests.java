package dev.selvage.diagnostics.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.acme.Leaky;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.observe.Probe;
import dev.selvage.testing.GoTool;
import dev.selvage.testing.StuckReader;
import dev.selvage.trace.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a flight recorder writes by itself. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FlightTriggersTests {
  private final Path dir;
  private final Path scratch;
  private final FlightRecorder recorder = new FlightRecorder();
  private final BlockingQueue<String> log = new LinkedBlockingQueue<>();
  private final AtomicLong now = new AtomicLong();

  FlightTriggersTests(@TempDir Path scratch) {
    this.scratch = scratch;
    this.dir = scratch.resolve("flights");
  }

  @BeforeEach
  void start() {
    assumeTrue(Probe.traceImpossible() == null, "goroutines run on the scheduler of the JDK");
    recorder.start();
  }

  @AfterEach
  void stop() {
    recorder.close();
  }

  private FlightTriggers triggers(TraceFormat format, int files, long bytes, Duration least) {
    return new FlightTriggers(
        recorder,
        new FlightTriggers.Settings(dir, format, files, bytes, least, log::add),
        now::get);
  }

  private FlightTriggers triggers() {
    return triggers(TraceFormat.GO, 10, 1 << 30, Duration.ZERO);
  }

  private String line() throws InterruptedException {
    String line = log.poll(60, TimeUnit.SECONDS);
    assertNotNull(line, "nothing is logged");
    return line;
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files.sorted().toList();
    }
  }

  /** Waits until the writer is ready for the next. */
  private void written(FlightTriggers triggers, long n) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (triggers.written() < n || !triggers.isIdle()) {
      assertTrue(System.nanoTime() < end, "written: " + triggers.written());
      Thread.sleep(5);
    }
  }

  @Test
  void a_slow_task_is_written_for_its_owner_alone_and_go_reads_it() throws Exception {
    try (FlightTriggers triggers = triggers()) {
      triggers.onSlow(Duration.ofMillis(20));
      var done = new CountDownLatch(1);
      Go.go(
          () -> {
            try (var _ = Trace.newTask(Context.background(), "order\u001b[31m")) {
              Go.sleep(Duration.ofMillis(40));
            }
            done.countDown();
          });
      done.await();
      String line = line();
      assertTrue(
          line.matches(
              "flight recorder: .*\\.trace \\(\\d+ bytes\\): task order\\?\\[31m took .* s"),
          line);
      written(triggers, 1);
      Path file = files().getFirst();
      assertEquals(1, files().size(), "nothing but the file is there");
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(dir)));
      String told = GoTool.parsed(scratch, file);
      assertTrue(told.contains("order"), "the task is in it");
    }
    assertFalse(told().contains("selvage-flight"), "the writer has ended");
  }

  private static String told() throws InterruptedException {
    String names = "";
    for (int i = 0; i < 100; i++) {
      names = Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList().toString();
      if (!names.contains("selvage-flight")) {
        break;
      }
      Thread.sleep(50);
    }
    return names;
  }

  @Test
  void an_exception_that_nobody_catches_is_written() throws Exception {
    try (FlightTriggers triggers = triggers(TraceFormat.PERFETTO, 5, 1 << 30, Duration.ZERO)) {
      triggers.onUncaught();
      Go.go(
          "unlucky",
          () -> {
            throw new IllegalStateException("of no interest");
          });
      String line = line();
      assertTrue(
          line.endsWith(
              ".json ("
                  + Files.size(files().getFirst())
                  + " bytes): goroutine unlucky ended with java.lang.IllegalStateException"),
          line);
      assertTrue(Files.readString(files().getFirst()).startsWith("{"));
    }
  }

  /** Nobody who leaks is left to the tests that come later in this JVM. */
  private static void recover(Prover prover) {
    prover.recover(Mode.NOW, Duration.ofSeconds(60));
    assertEquals(
        0,
        prover.find(Mode.NOW).findings().stream()
            .filter(f -> f instanceof Finding.Proven && f.details().state() == Finding.State.OPEN)
            .filter(f -> String.valueOf(f.details().site()).contains("com.acme.Leaky.send"))
            .count());
  }

  private static void leakOne() throws InterruptedException {
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  Channel<Integer> nobody = Channel.unbuffered();
                  Go.go(() -> Leaky.send(nobody));
                });
    thread.join();
    Thread.sleep(100);
  }

  @Test
  void a_finding_is_written_when_it_is_new() throws Exception {
    Prover prover = Prover.ofThisJvm();
    try (FlightTriggers triggers = triggers()) {
      triggers.onLeak(prover);
      leakOne();
      prover.find(Mode.NOW);
      String line = line();
      assertTrue(line.contains("proven to leak: chan send x1 at com.acme.Leaky.send("), line);
      written(triggers, 1);
      leakOne(); // at the same line
      prover.find(Mode.NOW);
      assertEquals(1, triggers.written());
      assertEquals(0, triggers.ignored());
    } finally {
      recover(prover);
    }
  }

  @Test
  void what_comes_too_soon_is_counted_and_what_is_too_much_goes() throws Exception {
    try (FlightTriggers triggers = triggers(TraceFormat.GO, 2, 1 << 30, Duration.ofMinutes(1))) {
      Files.createFile(dir.resolve("selvage-flight-20200101-000000.000.trace"));
      Path other = Files.createFile(dir.resolve("of-somebody-else.trace"));
      triggers.trigger("first");
      assertTrue(line().endsWith(": first"));
      written(triggers, 1);
      Path first = files().getLast();
      now.addAndGet(Duration.ofSeconds(59).toNanos());
      triggers.trigger("too soon");
      written(triggers, 1);
      assertEquals(1, triggers.ignored());
      for (int i = 2; i <= 3; i++) {
        now.addAndGet(Duration.ofMinutes(1).toNanos());
        triggers.trigger("number " + i);
        assertTrue(line().endsWith(": number " + i));
        written(triggers, i);
      }
      assertEquals(3, files().size(), files().toString());
      assertTrue(Files.exists(other));
      assertTrue(Files.notExists(first));
      assertTrue(
          FlightRecorder.status().contains("\"written\":3,\"ignored\":1,\"leastSeconds\":60.0"),
          FlightRecorder.status());
    }
    assertTrue(FlightRecorder.status().contains("\"triggers\":[]"), FlightRecorder.status());
  }

  @Test
  void the_bytes_of_all_and_of_one_are_bounded() throws Exception {
    long size;
    try (FlightTriggers triggers = triggers()) {
      triggers.trigger("to know the size");
      line();
      written(triggers, 1);
      size = Files.size(files().getFirst());
    }
    try (FlightTriggers triggers = triggers(TraceFormat.GO, 10, size + size / 2, Duration.ZERO)) {
      triggers.trigger("second");
      line();
      written(triggers, 1);
      assertEquals(1, files().size(), "there is no room for two");
    }
    try (FlightTriggers triggers = triggers(TraceFormat.GO, 10, 20, Duration.ZERO)) {
      triggers.trigger("too big");
      String line = line();
      assertTrue(line.contains("no file could be written in " + dir), line);
      assertTrue(line.contains("it has more than 20 bytes"), line);
      assertEquals(1, files().size(), "and no piece of it is left");
    }
  }

  @Test
  void somebody_else_who_writes_is_waited_for() throws Exception {
    var reader = new StuckReader(recorder);
    try (FlightTriggers triggers = triggers()) {
      triggers.trigger("meanwhile");
      assertNull(log.poll(200, TimeUnit.MILLISECONDS));
      reader.finish();
      assertTrue(line().endsWith(": meanwhile"));
    }
  }

  @Test
  void a_recorder_that_does_not_run_writes_nothing() throws Exception {
    try (FlightTriggers triggers = triggers()) {
      recorder.stop();
      triggers.trigger("nobody records");
      assertTrue(triggers.isIdle());
      assertEquals(0, triggers.written() + triggers.ignored());
      recorder.start();
      triggers.trigger("now");
      assertTrue(line().endsWith(": now"));
    }
  }

  @Test
  void a_directory_that_others_can_use_is_refused() throws Exception {
    Files.createDirectory(dir);
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-x---"));
    var e = assertThrows(IllegalArgumentException.class, this::triggers);
    assertTrue(String.valueOf(e.getMessage()).contains("chmod 700"), e::toString);
    Path file = Files.createFile(scratch.resolve("file"));
    var settings = FlightTriggers.Settings.in(file);
    var no = assertThrows(IllegalArgumentException.class, settings::prepare);
    assertEquals(file + " is no directory", no.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> new FlightTriggers.Settings(dir, TraceFormat.GO, 0, 1, Duration.ZERO, log::add));
  }
}
