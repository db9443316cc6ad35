package dev.selvage.diagnostics.trace;

import static dev.selvage.Go.go;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.observe.Probe;
import dev.selvage.scheduler.Scheduler;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import dev.selvage.testing.GoTool;
import dev.selvage.trace.Trace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Traces of goroutines that really run, read by Go. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ExecutionTraceTests {
  @SuppressWarnings("unused") // so that the loop is not optimised away
  private static volatile long result;

  private final Path dir;

  ExecutionTraceTests(@TempDir Path dir) {
    this.dir = dir;
  }

  private static void assumeOurs() {
    assumeTrue(Probe.traceImpossible() == null, "goroutines run on the scheduler of the JDK");
  }

  private String parsed(ExecutionTrace trace) throws IOException, InterruptedException {
    Path file = Files.createTempFile(dir, "trace", "");
    try (OutputStream out = Files.newOutputStream(file)) {
      trace.writeTo(out, TraceFormat.GO);
    }
    return GoTool.parsed(dir, file);
  }

  private static void compute(int rounds) {
    long sum = 0;
    for (int i = 0; i < rounds; i++) {
      sum += i ^ sum;
    }
    result = sum;
  }

  /** However fast the machine is: for as long as that, in milliseconds. */
  private static void computeFor(long millis) {
    long end = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    while (System.nanoTime() < end) {
      compute(10_000);
    }
  }

  @Test
  void on_the_scheduler_of_the_jdk_it_says_what_is_missing() {
    assumeFalse(Probe.traceImpossible() == null, "goroutines run on Selvage's scheduler");
    var e = assertThrows(UnsupportedOperationException.class, ExecutionTrace::start);
    assertTrue(
        String.valueOf(e.getMessage()).contains("needs Selvage's own scheduler"), e::toString);
    assertThrows(UnsupportedOperationException.class, new FlightRecorder()::start);
    assertFalse(Trace.isEnabled());
  }

  @Test
  void go_reads_a_trace_of_everything_without_complaint() throws Exception {
    assumeOurs();
    Channel<Integer> before = Channel.unbuffered();
    go(
        () -> {
          for (int v : before) {
            result = v;
          }
        });
    try (var trace = ExecutionTrace.start();
        var other = Scheduler.create(1);
        var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var group = new WaitGroup();
      Channel<Integer> pipe = Channel.unbuffered();
      group.go(
          () -> {
            for (int i = 0; i < 500; i++) {
              pipe.send(i);
              before.send(i);
            }
            pipe.close();
            before.close();
            Go.yield();
          });
      group.go(
          () -> {
            Channel<Integer> never = Channel.unbuffered();
            for (int i = 0; i < 500; i++) {
              select(receive(pipe, v -> v), receive(never, v -> v));
            }
          });
      // Whichever way the others happen to wait, these wait so.
      Channel<Integer> late = Channel.unbuffered();
      Channel<Integer> early = Channel.unbuffered();
      Channel<Integer> chosen = Channel.unbuffered();
      group.go(() -> result = late.receive());
      group.go(
          () -> select(receive(chosen, v -> v), receive(Channel.<Integer>unbuffered(), v -> v)));
      group.go(() -> early.send(1));
      group.go(
          () -> {
            Go.sleep(Duration.ofMillis(100));
            late.send(1);
            chosen.send(1);
            early.receive();
          });
      var mutex = new Mutex();
      for (int i = 0; i < 20; i++) {
        group.go(() -> mutex.withLock(() -> Go.sleep(Duration.ofMillis(1))));
      }
      for (int i = 0; i < 4; i++) {
        group.go(() -> computeFor(200)); // longer than a time slice, so Ps are taken away
      }
      group.go(
          () -> {
            try (var socket = server.accept()) {
              socket.getInputStream().read();
            }
          });
      group.go(
          () -> {
            try (var socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
              Thread.sleep(20);
              socket.getOutputStream().write(1);
            }
          });
      var elsewhere = new CountDownLatch(1);
      other.go(
          () -> {
            Go.yield();
            elsewhere.countDown();
          });
      group.await();
      elsewhere.await();
      System.gc();
      trace.stop();
      String told = parsed(trace);
      for (String reason :
          new String[] {
            "chan send",
            "chan receive",
            "select",
            "sync.Mutex.Lock",
            "sleep",
            "network",
            "runtime.Gosched",
            "preempted",
          }) {
        assertTrue(told.contains("Reason=\"" + reason + "\""), "no " + reason);
      }
      assertTrue(told.contains("stop-the-world"), "no collection");
      assertTrue(told.contains("/memory/classes/heap/objects:bytes"), "no heap");
      assertTrue(told.contains("Value=Value{Uint64(" + Scheduler.ofThisJvm().gomaxprocs() + ")}"));
      assertTrue(told.contains("dev.selvage.Channel."), "no stack ends in an operation");
      assertTrue(told.contains("ExecutionTraceTests.lambda$"), "no stack leads to the program");
    }
  }

  @Test
  void go_shows_who_waited_for_what_and_where_time_went() throws Exception {
    assumeOurs();
    Path file = dir.resolve("views");
    try (var trace = ExecutionTrace.start();
        var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        var task = Trace.newTask(Context.background(), "an order")) {
      var group = new WaitGroup();
      Channel<Integer> answers = Channel.unbuffered();
      group.go(
          () -> {
            int one = Trace.withRegion(task.context(), "a quote", () -> answers.receive());
            result = one;
          });
      group.go(
          () -> {
            try (var socket = server.accept()) {
              socket.getInputStream().read();
            }
          });
      group.go(
          () -> {
            try (var socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
              Go.sleep(Duration.ofMillis(50)); // so the other one waits for the network
              socket.getOutputStream().write(1);
            }
            answers.send(1);
          });
      for (int i = 0; i < 3 * Scheduler.ofThisJvm().gomaxprocs(); i++) {
        group.go(() -> computeFor(20)); // more than can run at once
      }
      group.await();
      System.gc();
      trace.stop();
      try (OutputStream out = Files.newOutputStream(file)) {
        trace.writeTo(out, TraceFormat.GO);
      }
    }
    // What its subcommands make of it has samples, and opens in pprof.
    for (String kind : List.of("net", "sync", "sched")) {
      String raw = GoTool.traceProfile(dir, file, kind);
      assertTrue(raw.contains("delay/nanoseconds"), raw);
      assertTrue(SAMPLE.matcher(raw).find(), kind + " " + raw);
    }
    assertTrue(GoTool.traceProfile(dir, file, "syscall").contains("delay/nanoseconds"));
    try (var viewer = GoTool.TraceViewer.open(dir, file)) {
      assertTrue(viewer.page("/").contains("Goroutine analysis"));
      Matcher names = GOROUTINES.matcher(viewer.page("/goroutines"));
      StringBuilder analysis = new StringBuilder();
      while (names.find()) {
        analysis.append(viewer.page(names.group(1).replace("&amp;", "&")));
      }
      for (String column :
          List.of(
              "Execution time",
              "Sched wait time",
              "Block time (chan receive)",
              "Block time (network)",
              "Block time (sleep)")) {
        assertTrue(analysis.indexOf("> " + column + "</th>") >= 0, column + " in " + analysis);
      }
      assertTrue(viewer.page("/usertasks").contains("an order"));
      assertTrue(viewer.page("/userregions").contains("a quote"));
      assertTrue(viewer.page("/trace").contains("/jsontrace"));
      String timeline = viewer.page("/jsontrace");
      for (int p = 0; p < Scheduler.ofThisJvm().gomaxprocs(); p++) {
        assertTrue(timeline.contains("\"Proc " + p + "\""), "a lane for P " + p);
      }
      assertTrue(timeline.contains("\"Heap\""), "the heap");
      assertTrue(timeline.contains("stop-the-world"), "the collection");
      assertTrue(viewer.page("/jsontrace?view=thread").contains("\"traceEvents\""));
      assertTrue(viewer.page("/mmu").contains("Mutator"), "the share of the program");
      assertTrue(viewer.page("/sched?raw=1").length() > 0);
    }
  }

  private static final Pattern SAMPLE = Pattern.compile("(?m)^ +[1-9]\\d* +[1-9]\\d*:");
  private static final Pattern GOROUTINES = Pattern.compile("href=\"(/goroutine\\?[^\"]*)\"");

  @Test
  void who_created_and_woke_whom_is_told() throws Exception {
    assumeOurs();
    try (var trace = ExecutionTrace.start()) {
      Channel<Long> ids = Channel.buffered(3);
      Channel<Integer> handOver = Channel.unbuffered();
      var done = new CountDownLatch(2);
      go(
          "parent-1",
          () -> {
            ids.send(Thread.currentThread().threadId());
            go(
                "child-1",
                () -> {
                  ids.send(Thread.currentThread().threadId());
                  handOver.receive();
                  done.countDown();
                });
            Go.sleep(Duration.ofMillis(50)); // so the child waits
            handOver.send(1);
            done.countDown();
          });
      done.await();
      long parent = ids.receive();
      long child = ids.receive();
      String ended = "GoID=" + child + " Running->NotExist";
      String told = parsed(trace);
      long limit = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (!told.contains(ended)) { // it has nothing left to do but that
        assertTrue(System.nanoTime() < limit, "the child ended");
        told = parsed(trace);
      }
      trace.stop();
      String all = told;
      assertTrue(
          all.lines()
              .anyMatch(
                  l ->
                      l.contains(" G=" + parent + " ")
                          && l.contains("GoID=" + child + " NotExist->Runnable")),
          "created by the parent");
      assertTrue(
          all.lines()
              .anyMatch(
                  l ->
                      l.contains(" G=" + parent + " ")
                          && l.contains("GoID=" + child + " Waiting->Runnable")),
          "woken by the parent");
      assertTrue(
          told.contains(" GoID=%d Running->Waiting Reason=\"chan receive\"".formatted(child)),
          "the child waited");
    }
  }

  @Test
  void why_a_goroutine_lost_its_p_is_told() throws Exception {
    assumeOurs();
    int procs = Scheduler.ofThisJvm().gomaxprocs();
    try (var trace = ExecutionTrace.start()) {
      var group = new WaitGroup();
      // As many as there are Ps, so that all lose theirs; and others that want to run.
      for (int i = 0; i < procs; i++) {
        group.go(() -> pinned(() -> LockSupport.parkNanos(Duration.ofMillis(150).toNanos())));
      }
      for (int i = 0; i < procs; i++) {
        group.go(() -> computeFor(150));
      }
      for (int i = 0; i < 100; i++) {
        group.go(() -> Go.sleep(Duration.ofMillis(1)));
        Thread.sleep(1);
      }
      group.await();
      trace.stop();
      String told = parsed(trace);
      assertTrue(told.contains("Running->Runnable Reason=\"pinned\""), "pinned");
      assertTrue(told.contains("Running->Runnable Reason=\"preempted\""), "preempted");
    }
  }

  /** Runs it where the virtual thread cannot leave its carrier. */
  private static void pinned(Runnable action) {
    try {
      Class<?> continuation = Class.forName("jdk.internal.vm.Continuation");
      var pin = continuation.getMethod("pin");
      var unpin = continuation.getMethod("unpin");
      pin.setAccessible(true);
      unpin.setAccessible(true);
      pin.invoke(null);
      try {
        action.run();
      } finally {
        unpin.invoke(null);
      }
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("no way to pin", e);
    }
  }

  @Test
  void safepoints_are_told_where_that_was_asked_for() throws Exception {
    assumeOurs();
    for (boolean asked : new boolean[] {true, false}) {
      try (var trace = ExecutionTrace.start(1 << 20, asked)) {
        go(() -> {});
        Object _ = ManagementFactory.getThreadMXBean().findDeadlockedThreads();
        System.gc();
        trace.stop();
        String told = parsed(trace);
        assertEquals(asked, told.contains("stop-the-world (FindDeadlocks"), told);
        assertTrue(told.contains("stop-the-world (G1"), "the collection is there once");
        assertFalse(told.contains("stop-the-world (G1CollectFull"), "and not twice");
        var out = new ByteArrayOutputStream();
        trace.writeTo(out, TraceFormat.PERFETTO);
        assertEquals(asked, PerfettoReader.read(out.toByteArray()).names.contains("FindDeadlocks"));
      }
    }
  }

  @Test
  void tasks_regions_and_logs_are_told() throws Exception {
    assumeOurs();
    try (var trace = ExecutionTrace.start()) {
      assertTrue(Trace.isEnabled());
      var group = new WaitGroup();
      try (var task = Trace.newTask(Context.background(), "order")) {
        group.go(
            () -> {
              int seven =
                  Trace.withRegion(
                      task.context(),
                      "quote",
                      () -> {
                        Trace.log(task.context(), "item", "button ü");
                        Go.sleep(Duration.ofMillis(1));
                        return 7;
                      });
              assertEquals(7, seven);
              try (var inner = Trace.newTask(task.context(), "part")) {
                Trace.logf(inner.context(), "count", "%d of %d", 1, 2);
              }
            });
        group.await();
        // On a thread that is no goroutine, and from outside of any.
        Trace.withRegion(task.context(), "outside", () -> Trace.log(task.context(), "", "x"));
      }
      trace.stop();
      String told = parsed(trace);
      for (String part :
          new String[] {
            "Type=\"order\"",
            "Type=\"part\"",
            "Category=\"item\" Message=\"button ü\"",
            "Category=\"count\" Message=\"1 of 2\"",
            "Type=\"outside\"",
          }) {
        assertTrue(told.contains(part), "no " + part);
      }
      assertEquals(2, told.split("TaskEnd ", -1).length - 1);
      assertEquals(2, told.split("RegionEnd ", -1).length - 1);
    }
  }

  @Test
  void a_region_is_ended_only_by_who_began_it_and_only_once() throws Exception {
    assumeOurs();
    try (var trace = ExecutionTrace.start()) {
      var region = Trace.startRegion(Context.background(), "mine");
      var end = new CountDownLatch(1);
      go(
          () -> {
            region.end();
            end.countDown();
          });
      end.await();
      region.end();
      region.end();
      trace.stop();
      assertEquals(1, parsed(trace).split("RegionEnd ", -1).length - 1);
    }
  }

  @Test
  void only_one_trace_is_taken_at_a_time_and_nothing_is_left_on() {
    assumeOurs();
    var trace = ExecutionTrace.start();
    var e = assertThrows(IllegalStateException.class, ExecutionTrace::start);
    assertEquals("tracing is already enabled", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> ExecutionTrace.start(0));
    trace.close();
    trace.close();
    assertFalse(Trace.isEnabled());
    assertThrows(
        IllegalStateException.class,
        () -> trace.writeTo(OutputStream.nullOutputStream(), TraceFormat.GO));
    ExecutionTrace.start().close();
    assertFalse(Trace.isEnabled());
  }

  @Test
  void a_trace_that_is_stopped_costs_nothing_more_and_can_still_be_written() throws Exception {
    assumeOurs();
    try (var trace = ExecutionTrace.start()) {
      pingPong(10);
      trace.stop();
      assertFalse(Trace.isEnabled());
      try (var recorder = new FlightRecorder()) {
        recorder.start();
        pingPong(10);
        assertTrue(Trace.isEnabled());
      }
      assertTrue(parsed(trace).contains("Reason=\"chan "));
    }
  }

  @Test
  void what_has_no_room_is_counted_and_said() throws Exception {
    assumeOurs();
    try (var trace = ExecutionTrace.start(20_000)) {
      pingPong(50_000);
      trace.stop();
      Path file = Files.createTempFile(dir, "trace", "");
      long lost;
      try (OutputStream out = Files.newOutputStream(file)) {
        lost = trace.writeTo(out, TraceFormat.GO);
      }
      assertTrue(lost > 10_000, "lost " + lost);
      assertTrue(Files.size(file) < 200_000, "it is as small as it was to be");
      assertTrue(GoTool.parsed(dir, file).contains("events lost after that: " + lost));
    }
  }

  private static void pingPong(int times) throws InterruptedException {
    Channel<Integer> there = Channel.unbuffered();
    Channel<Integer> back = Channel.unbuffered();
    var group = new WaitGroup();
    group.go(
        () -> {
          for (int v : there) {
            back.send(v);
          }
        });
    group.go(
        () -> {
          for (int i = 0; i < times; i++) {
            there.send(i);
            back.receive();
          }
          there.close();
        });
    group.await();
  }

  @Test
  void a_switch_is_one_moment_and_nobody_runs_before_it_may() throws Exception {
    assumeOurs();
    Sessions sessions = Sessions.open(false, 16 << 20, 0);
    try {
      pingPong(2_000);
      for (int round = 0; round < 20; round++) {
        // From a thread that is no M: they come through the queue of all, and are stolen.
        var done = new CountDownLatch(50);
        for (int i = 0; i < 50; i++) {
          go(
              () -> {
                compute(2_000);
                Go.yield();
                done.countDown();
              });
        }
        done.await();
      }
      sessions.stop();
      Set<Long> created = new HashSet<>();
      Map<Long, List<Long>> ready = new HashMap<>();
      Map<Long, List<Long>> runs = new HashMap<>();
      int atOnce = 0;
      for (Recording recording : sessions.snapshot()) {
        for (Events e : recording.threads()) {
          boolean left = false;
          for (long before = 0; e.next(); before = e.time) {
            long goroutine = e.arguments[0];
            switch (e.kind) {
              case Events.CREATED, Events.RUNNABLE -> {
                if (e.kind == Events.CREATED) {
                  created.add(goroutine);
                }
                ready.computeIfAbsent(goroutine, _ -> new ArrayList<>()).add(e.time);
              }
              case Events.RUNNING -> {
                runs.computeIfAbsent(goroutine, _ -> new ArrayList<>()).add(e.time);
                if (left && e.time == before) {
                  atOnce++;
                }
              }
              default -> {}
            }
            left = e.kind == Events.STOPPED || e.kind == Events.ENDED;
          }
        }
      }
      // The two of the ping-pong take turns on one M, mostly.
      assertTrue(atOnce > 1_000, "switches that are one moment: " + atOnce);
      assertTrue(created.size() >= 1_002, "created: " + created.size());
      for (long goroutine : created) {
        List<Long> mayRun = ready.getOrDefault(goroutine, List.of()).stream().sorted().toList();
        List<Long> ran = runs.getOrDefault(goroutine, List.of()).stream().sorted().toList();
        assertTrue(ran.size() <= mayRun.size(), () -> "runs " + ran + " of " + mayRun);
        for (int i = 0; i < ran.size(); i++) {
          long late = ran.get(i) - mayRun.get(i);
          assertTrue(late >= 0, "goroutine " + goroutine + " runs before it may, by " + -late);
        }
      }
    } finally {
      sessions.close();
    }
  }

  @Test
  void it_may_be_written_while_it_is_recorded() throws Exception {
    assumeOurs();
    var stop = new AtomicBoolean();
    try (var trace = ExecutionTrace.start(200_000)) {
      var group = new WaitGroup();
      group.go(
          () -> {
            while (!stop.get()) {
              pingPong(20);
            }
          });
      for (int i = 0; i < 5; i++) {
        Thread.sleep(10);
        assertTrue(parsed(trace).contains("Reason=\"chan "));
      }
      stop.set(true);
      group.await();
    }
  }

  @Test
  void perfetto_gets_tracks_that_do_not_overlap() throws Exception {
    assumeOurs();
    var out = new ByteArrayOutputStream();
    try (var trace = ExecutionTrace.start()) {
      pingPong(200);
      try (var task = Trace.newTask(Context.background(), "a \"task\"\n")) {
        Trace.withRegion(task.context(), "region", () -> Trace.log(task.context(), "c", "m"));
      }
      trace.stop();
      trace.writeTo(out, TraceFormat.PERFETTO);
    }
    PerfettoReader read = PerfettoReader.read(out.toByteArray());
    assertTrue(read.slices(1).size() > 100, "runs");
    assertTrue(read.slices(2).size() > 100, "states");
    assertTrue(read.arrows() > 50, "who woke whom");
    Set<String> names = read.names;
    assertEquals(Set.of("M", "X", "s", "f", "b", "e", "i", "C"), read.phases);
    assertTrue(names.contains("chan receive") || names.contains("chan send"), names::toString);
    assertTrue(names.contains("a \"task\"\n"), names::toString);
    assertTrue(names.contains("c: m"), names::toString);
  }

  // --------------- The flight recorder ---------------

  @Test
  void the_flight_recorder_has_what_was_last() throws Exception {
    assumeOurs();
    try (var recorder = new FlightRecorder(Duration.ofSeconds(10), 100_000)) {
      assertFalse(recorder.isEnabled());
      recorder.start();
      assertTrue(recorder.isEnabled());
      for (int i = 0; i < 40; i++) {
        Trace.log(Context.background(), "round", "number " + i + ".");
        pingPong(2_000);
      }
      for (int i = 0; i < 2; i++) {
        Path file = Files.createTempFile(dir, "flight", "");
        try (OutputStream out = Files.newOutputStream(file)) {
          recorder.writeTo(out);
        }
        assertTrue(Files.size(file) < 1_000_000, "size " + Files.size(file));
        String told = GoTool.parsed(dir, file);
        assertFalse(told.contains("number 0."), "the first round is forgotten");
        assertTrue(told.contains("Reason=\"chan "), "the last round is there");
      }
    }
    assertFalse(Trace.isEnabled());
  }

  @Test
  void the_flight_recorder_forgets_what_is_older_than_it_must_keep() throws Exception {
    assumeOurs();
    try (var recorder = new FlightRecorder(Duration.ofMillis(1), 1 << 30)) {
      recorder.start();
      for (int i = 0; i < 40; i++) {
        pingPong(2_000);
      }
      var out = new ByteArrayOutputStream();
      recorder.writeTo(out);
      assertTrue(out.size() < 1_000_000, "size " + out.size());
    }
  }

  @Test
  void a_trace_is_taken_beside_the_flight_recorder() throws Exception {
    assumeOurs();
    try (var recorder = new FlightRecorder()) {
      recorder.start();
      pingPong(10);
      try (var trace = ExecutionTrace.start()) {
        pingPong(500);
        trace.stop();
        assertTrue(parsed(trace).contains("Reason=\"chan "));
      }
      pingPong(10);
      Path file = dir.resolve("flight");
      try (OutputStream out = Files.newOutputStream(file)) {
        recorder.writeTo(out);
      }
      assertTrue(GoTool.parsed(dir, file).contains("Reason=\"chan "));
      assertTrue(Trace.isEnabled());
    }
    assertFalse(Trace.isEnabled());
  }

  @Test
  void the_flight_recorder_refuses_what_go_refuses() throws Exception {
    assumeOurs();
    assertThrows(IllegalArgumentException.class, () -> new FlightRecorder(Duration.ZERO, 1));
    assertThrows(IllegalArgumentException.class, () -> new FlightRecorder(Duration.ofDays(1), 0));
    try (var one = new FlightRecorder();
        var two = new FlightRecorder()) {
      var out = OutputStream.nullOutputStream();
      assertThrows(IllegalStateException.class, () -> one.writeTo(out));
      one.start();
      assertThrows(IllegalStateException.class, one::start);
      assertThrows(IllegalStateException.class, two::start);
      two.stop();
      assertTrue(one.isEnabled());
      // Another writes while this one is being written.
      var refused = new AtomicBoolean();
      one.writeTo(
          new OutputStream() {
            @Override
            public void write(int b) {}

            @Override
            public void write(byte[] b, int off, int len) {
              if (!refused.get()) {
                assertThrows(IllegalStateException.class, () -> one.writeTo(out));
                refused.set(true);
              }
            }
          });
      assertTrue(refused.get());
      one.stop();
      two.start();
    }
    assertNotEquals(true, Trace.isEnabled());
    assertNull(Probe.traceImpossible());
  }
}
