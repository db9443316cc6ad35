package dev.selvage.diagnostics.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.testing.GoTool;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever threads have recorded, what is told is possible. */
final class ReplayTests {
  private static final int[] NUMBERS = {0, 5, 4, 2, 3, 1, 5, 3, 4, 4, 4, 3};
  private static final List<String> STRINGS =
      List.of("chan send", "", "timed wait", "quote-1", "syscall");
  private static final List<List<StackTraceElement>> STACKS =
      List.of(List.of(new StackTraceElement("com.acme.Shop", "quote", "Shop.java", 12)));

  /** Events of one thread. */
  private static final class Recorded {
    final GoWriter.Numbers data = new GoWriter.Numbers();
    final long id;
    final boolean machine;
    private long last;

    Recorded(long id, boolean machine) {
      this.id = id;
      this.machine = machine;
    }

    Recorded at(long time, int kind, long... arguments) {
      data.write(kind);
      data.number(time - last);
      last = time;
      for (long a : arguments) {
        data.number(a);
      }
      if (kind == Events.LOG) {
        data.number(0);
      }
      return this;
    }

    Events events() {
      return new Events(id, "t" + id, machine, List.of(data.toByteArray()), List.of(0L));
    }
  }

  private static Recording recording(long from, long to, Recorded... threads) {
    List<Events> events = new ArrayList<>();
    for (Recorded t : threads) {
      events.add(t.events());
    }
    return new Recording(0, from, to, 2, 0, false, STRINGS, STACKS, events);
  }

  /** What is told, in a word each. */
  private static String go(Recording recording, Path dir) throws Exception {
    new Replay(List.of(recording), List.of()).tell(new Checking());
    Path file = dir.resolve("trace");
    try (var out = Files.newOutputStream(file)) {
      ExecutionTrace.write(out, TraceFormat.GO, true, List.of(recording), List.of());
    }
    return GoTool.parsed(dir, file);
  }

  @Test
  void random_events_make_a_trace_that_is_possible() throws IOException {
    for (int seed = 0; seed < 400; seed++) {
      Random random = new Random(seed);
      Recording recording = random(random);
      Checking checking = new Checking();
      try {
        new Replay(List.of(recording), pauses(random)).tell(checking);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
      assertTrue(checking.isFinished());
      assertTrue(checking.runs > 5, "seed " + seed + " tells of runs");
    }
  }

  @Test
  void random_events_make_what_perfetto_can_show() throws IOException {
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      Recording recording = random(random);
      var out = new ByteArrayOutputStream();
      ExecutionTrace.write(out, TraceFormat.PERFETTO, true, List.of(recording), pauses(random));
      try {
        assertTrue(PerfettoReader.read(out.toByteArray()).slices(1).size() > 5);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static List<Replay.Collection> pauses(Random random) {
    List<Replay.Collection> pauses = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      long begun = random.nextInt(6_000);
      long ended = begun + random.nextInt(900);
      pauses.add(
          random.nextBoolean()
              ? new Replay.Collection("G1", begun, ended, 2, 1, 9)
              : Replay.Collection.none("Deoptimize", begun, ended));
    }
    return pauses;
  }

  private static Recording random(Random random) {
    Recorded[] threads = new Recorded[1 + random.nextInt(4)];
    for (int i = 0; i < threads.length; i++) {
      threads[i] = new Recorded(100 + i, i == 0 || random.nextBoolean());
      long time = random.nextInt(50);
      for (int n = 0; n < 200; n++) {
        time += random.nextInt(3) == 0 ? 0L : random.nextLong(40);
        int kind = 1 + random.nextInt(11);
        long[] arguments = new long[NUMBERS[kind]];
        for (int a = 0; a < arguments.length; a++) {
          arguments[a] = random.nextInt(5);
        }
        arguments[0] = random.nextInt(10) == 0 ? 100L + i : 1 + random.nextLong(6);
        if (kind == Events.RUNNABLE && random.nextInt(4) == 0) {
          arguments[1] = 100L + i;
        }
        if (kind == Events.TAKEN_AWAY) {
          arguments[0] = 100L + random.nextInt(threads.length);
          arguments[1] = 1 + random.nextLong(6);
        }
        if (kind == Events.RUNNING && random.nextInt(8) == 0) {
          arguments[1] |= 1L << 16;
        }
        threads[i].at(time, kind, arguments);
      }
    }
    return recording(random.nextInt(1_000), 4_000, threads);
  }

  @Test
  void random_events_are_read_by_go_without_complaint(@TempDir Path dir) throws Exception {
    for (int seed = 1_000; seed < 1_006; seed++) {
      go(random(new Random(seed)), dir);
    }
  }

  @Test
  void who_is_woken_before_its_m_says_that_it_stopped_has_stopped_before(@TempDir Path dir)
      throws Exception {
    String told =
        go(
            recording(
                0,
                1_000,
                new Recorded(50, true)
                    .at(10, Events.RUNNING, 1, 0)
                    .at(90, Events.STOPPED, 1, 1, 1), // said late
                new Recorded(51, true)
                    .at(20, Events.RUNNING, 2, 1)
                    .at(60, Events.RUNNABLE, 1, 2, 0, 0)
                    .at(70, Events.STOPPED, 2, 1, 0)
                    .at(80, Events.RUNNING, 1, 1)),
            dir);
    int stopped = told.indexOf("GoID=1 Running->Waiting Reason=\"chan send\"");
    int woken = told.indexOf("GoID=1 Waiting->Runnable");
    assertTrue(stopped > 0 && stopped < woken, told);
    assertEquals(1, told.split("GoID=1 Running->Waiting", -1).length - 1, told);
    assertTrue(told.contains("com.acme.Shop.quote"), told);
  }

  @Test
  void an_m_whose_p_is_given_to_another_runs_on_beside_all_ps(@TempDir Path dir) throws Exception {
    String told =
        go(
            recording(
                0,
                1_000,
                new Recorded(50, true).at(10, Events.RUNNING, 1, 0).at(90, Events.STOPPED, 1, 1, 0),
                new Recorded(51, true).at(20, Events.RUNNING, 2, 0)),
            dir);
    assertTrue(told.contains("GoID=1 Running->Runnable Reason=\"preempted\""), told);
    assertTrue(told.contains("M=50 P=2 G=1"), told);
    assertTrue(told.contains("M=51 P=0 G=2") || told.contains("M=51 P=0 G=-1"), told);
  }

  @Test
  void who_gives_way_is_runnable_at_once(@TempDir Path dir) throws Exception {
    String told =
        go(
            recording(
                0,
                1_000,
                new Recorded(50, true)
                    .at(10, Events.RUNNING, 1, 0)
                    .at(20, Events.RUNNABLE, 1, 50, 0, 0)
                    .at(30, Events.STOPPED, 1, 0, 0)
                    .at(40, Events.RUNNING, 1, 0)),
            dir);
    assertTrue(told.contains("Running->Runnable Reason=\"runtime.Gosched\""), told);
    assertTrue(!told.contains("GoID=1 Running->Waiting"), told);
  }

  @Test
  void a_thread_that_is_no_m_starts_goroutines_in_a_moment_of_its_own(@TempDir Path dir)
      throws Exception {
    String told =
        go(recording(0, 1_000, new Recorded(9, false).at(10, Events.CREATED, 77, 0, 4, 9, 1)), dir);
    assertTrue(told.contains("G=9 StateTransition") || told.contains("M=9 P=2 G=9"), told);
    assertTrue(told.contains("GoID=77 NotExist->Runnable"), told);
  }

  @Test
  void a_wait_is_for_the_network_if_a_poller_ends_it(@TempDir Path dir) throws Exception {
    List<String> strings = List.of("park", "SubPoller-0", "VirtualThread-unparker", "timed wait");
    Recorded m =
        new Recorded(50, true)
            .at(10, Events.RUNNING, 1, 0)
            .at(20, Events.STOPPED, 1, 1, 0)
            .at(50, Events.RUNNING, 1, 0)
            .at(60, Events.STOPPED, 1, 4, 0)
            .at(80, Events.RUNNING, 1, 0)
            .at(90, Events.STOPPED, 1, 4, 0);
    Recorded other =
        new Recorded(7, false)
            .at(40, Events.RUNNABLE, 1, 8, 2, 0)
            .at(70, Events.RUNNABLE, 1, 9, 3, 0)
            .at(95, Events.RUNNABLE, 1, 7, 0, 0);
    Recording recording =
        new Recording(
            0, 0, 1_000, 1, 0, false, strings, List.of(), List.of(m.events(), other.events()));
    String told = go(recording, dir);
    int network = told.indexOf("Running->Waiting Reason=\"network\"");
    int sleep = told.indexOf("Running->Waiting Reason=\"sleep\"");
    int timed = told.indexOf("Running->Waiting Reason=\"timed wait\"");
    assertTrue(network > 0 && network < sleep && sleep < timed, told);
  }

  @Test
  void what_ran_before_the_window_runs_at_its_beginning(@TempDir Path dir) throws Exception {
    String told =
        go(
            recording(
                100,
                1_000,
                new Recorded(50, true)
                    .at(10, Events.RUNNING, 1, 1)
                    .at(200, Events.STOPPED, 1, 1, 0)),
            dir);
    assertTrue(told.contains("M=50 P=1 G=1 StateTransition"), told);
    assertTrue(told.contains("GoID=1 Running->Waiting Reason=\"chan send\""), told);
  }

  @Test
  void what_is_lost_is_said(@TempDir Path dir) throws Exception {
    Recording recording = new Recording(0, 0, 1_000, 1, 4_711, true, STRINGS, STACKS, List.of());
    var out = new ByteArrayOutputStream();
    assertEquals(
        4_711, ExecutionTrace.write(out, TraceFormat.GO, true, List.of(recording), List.of()));
    assertTrue(go(recording, dir).contains("events lost after that: 4711"));
  }

  @Test
  void why_a_p_was_taken_away_is_told_whoever_says_it_first(@TempDir Path dir) throws Exception {
    for (long monitor : new long[] {45, 55}) {
      String told =
          go(
              recording(
                  0,
                  1_000,
                  new Recorded(50, true)
                      .at(10, Events.RUNNING, 1, 0)
                      .at(90, Events.STOPPED, 1, 1, 0),
                  new Recorded(51, true).at(50, Events.RUNNING, 2, 0),
                  new Recorded(9, false).at(monitor, Events.TAKEN_AWAY, 50, 1, 5)),
              dir);
      assertTrue(told.contains("GoID=1 Running->Runnable Reason=\"syscall\""), told);
      assertTrue(told.contains("GoID=1 Running->Waiting Reason=\"chan send\""), told);
      // What ran there later has nothing to do with it.
      String late =
          go(
              recording(
                  0,
                  1_000,
                  new Recorded(50, true).at(10, Events.RUNNING, 3, 0),
                  new Recorded(9, false).at(monitor, Events.TAKEN_AWAY, 50, 1, 5)),
              dir);
      assertTrue(!late.contains("syscall"), late);
    }
  }

  @Test
  void a_timeline_has_each_thing_in_one_place_at_a_time() throws IOException {
    int slices = 0;
    for (int seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      Recording recording = random(random);
      var out = new ByteArrayOutputStream();
      new Replay(List.of(recording), pauses(random)).tell(new TimelineWriter(out));
      JsonNode json = new ObjectMapper().readTree(out.toByteArray());
      assertEquals("selvage.timeline/1", json.path("schema").asText());
      String at = "seed " + seed;
      // Lane, begin, end, goroutine, word, waker; and goroutine, begin, end, word.
      slices += assertApart(json, "runs", 0, at) + assertApart(json, "states", 0, at);
      Set<Integer> lanes = new HashSet<>();
      json.path("lanes").forEach(lane -> lanes.add(lane.asInt()));
      for (JsonNode run : json.path("runs")) {
        assertTrue(lanes.contains(run.get(0).asInt()), at);
        assertTrue(run.get(3).asInt() < json.path("goroutines").size(), at);
        assertTrue(run.get(4).asInt() < json.path("words").size(), at);
        assertTrue(run.get(5).asInt() < json.path("goroutines").size(), at);
      }
      long counted = 0;
      for (JsonNode bucket : json.path("latency").path("buckets")) {
        counted += bucket.asLong();
      }
      assertEquals(json.path("latency").path("count").asLong(), counted, at);
      for (JsonNode g : json.path("goroutines")) {
        long known = json.path("nanos").asLong() - g.path("first").asLong();
        long told =
            g.path("running").asLong() + g.path("runnable").asLong() + g.path("blocked").asLong();
        assertTrue(told <= known, at + ": no more time than there was");
      }
    }
    assertTrue(slices > 1_000, slices + " slices");
  }

  /** Slices of the same lane, or goroutine, do not overlap; how many slices there are. */
  private static int assertApart(JsonNode json, String slices, int by, String at) {
    Map<Long, Long> ends = new HashMap<>();
    List<long[]> sorted = new ArrayList<>();
    for (JsonNode slice : json.path(slices)) {
      sorted.add(new long[] {slice.get(by).asLong(), slice.get(1).asLong(), slice.get(2).asLong()});
    }
    sorted.sort(Comparator.comparingLong((long[] s) -> s[1]).thenComparingLong(s -> s[2]));
    for (long[] slice : sorted) {
      assertTrue(slice[1] <= slice[2], at + " " + slices + " end after they begin");
      assertTrue(slice[1] >= ends.getOrDefault(slice[0], 0L), at + " " + slices + " overlap");
      ends.put(slice[0], slice[2]);
    }
    return sorted.size();
  }

  @Test
  void a_timeline_is_bounded_and_keeps_the_newest() throws IOException {
    Recorded m = new Recorded(100, true);
    long time = 0;
    for (int i = 0; i < 50_000; i++) {
      time += 20;
      m.at(time, Events.RUNNING, 1 + i, 0);
      time += 20;
      m.at(time, Events.ENDED, 1 + i);
    }
    var out = new ByteArrayOutputStream();
    new Replay(List.of(recording(0, time + 1, m)), List.of()).tell(new TimelineWriter(out));
    JsonNode json = new ObjectMapper().readTree(out.toByteArray());
    assertEquals(30_000, json.path("runs").size());
    assertTrue(json.path("goroutines").size() < 50_000, "only those that are spoken of");
    assertTrue(json.path("cutBefore").asLong() > 0);
    JsonNode last = json.path("runs").get(29_998); // The very last is what tells of the trace.
    assertEquals(50_000, json.path("goroutines").get(last.get(3).asInt()).path("id").asInt());
  }
}
