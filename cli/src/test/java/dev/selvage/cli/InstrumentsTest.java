package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.testing.GoTool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that look at a program, against a server of made-up pages. */
@Timeout(60)
final class InstrumentsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path directory;
  private final Pages pages = new Pages();
  private final Commands commands = new Commands();

  InstrumentsTest(@TempDir Path directory) throws IOException {
    this.directory = directory;
  }

  @AfterEach
  void close() throws IOException {
    pages.close();
  }

  private String in(String name) {
    return directory.resolve(name).toString();
  }

  private void assertOneLine(int code, int got, String told) {
    assertEquals(code, got, commands.err());
    List<String> lines =
        commands
            .err()
            .lines()
            .filter(l -> !l.matches("selvage: (taking the|recording for) .*"))
            .toList();
    assertEquals(1, lines.size(), commands.err());
    assertTrue(lines.getFirst().contains(told), commands.err());
    assertEquals("", commands.out());
  }

  // --------------- stacks ---------------

  @Test
  void stacksAreGivenAsTheyCome() {
    pages.with("/debug/pprof/goroutine?debug=2", bytes("goroutine 31 [chan send]:\n"));
    assertEquals(ExitCode.DONE, commands.run("stacks", pages.address()), commands.err());
    assertEquals("goroutine 31 [chan send]:\n", commands.out());
    assertEquals("", commands.err());
    pages.with("/debug/pprof/goroutine?debug=2&format=json&locks=1", bytes("{}\n"));
    var json = new Commands();
    assertEquals(ExitCode.DONE, json.run("stacks", pages.address() + "/", "--json", "--locks"));
    assertEquals("{}\n", json.out());
  }

  // --------------- what every one of them says of a bad answer ---------------

  @ParameterizedTest
  @ValueSource(strings = {"stacks", "profile", "flame", "top", "sched", "trace", "record"})
  void anAddressWithoutTheDebugPagesIsTold(String command) {
    assertOneLine(
        ExitCode.UNREACHABLE,
        commands.run(command, pages.address()),
        "answered 404 (no such page): is a Selvage debug server there?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"stacks", "profile", "flame", "top", "sched", "trace", "record"})
  void anAddressWhereNothingListensIsTold(String command) throws Exception {
    pages.close();
    assertOneLine(
        ExitCode.UNREACHABLE, commands.run(command, pages.address()), "cannot be reached");
  }

  @ParameterizedTest
  @ValueSource(strings = {"stacks", "profile", "flame", "top", "sched", "trace", "record"})
  void aProcessThatIsNotThereOrNoJvmIsTold(String command) throws Exception {
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    assertOneLine(
        ExitCode.UNREACHABLE,
        commands.run(command, Long.toString(ended.pid())),
        "there is no process");
    Process sleep = new ProcessBuilder("sleep", "60").start();
    try {
      var other = new Commands();
      assertEquals(ExitCode.UNREACHABLE, other.run(command, Long.toString(sleep.pid())));
      assertTrue(other.err().contains("is not a JVM"), other.err());
      assertEquals(1, other.err().lines().count(), other.err());
      assertTrue(sleep.isAlive());
    } finally {
      sleep.destroyForcibly();
    }
  }

  @Test
  void whatTheProgramCannotDoIsToldInItsWords() {
    pages.with("/debug/pprof/goroutineleak", 501, "no proof is possible in this JVM\nmore\n");
    assertOneLine(
        ExitCode.UNREACHABLE,
        commands.run("profile", pages.address(), "--type", "goroutineleak", "-o", in("p")),
        "answered 501 (no proof is possible in this JVM)");
    assertTrue(Files.notExists(directory.resolve("p")));
  }

  @Test
  void aProfileThatThereIsNotIsWrongUsage() {
    pages.with("/debug/pprof/orders", 404, "Unknown profile\n");
    assertOneLine(
        ExitCode.USAGE,
        commands.run("profile", pages.address(), "--type", "orders", "-o", in("p")),
        "has no profile 'orders'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"profile", "flame", "top"})
  void anAnswerThatIsNoProfileIsTold(String command) {
    pages.with("/debug/pprof/profile?seconds=10", bytes("<html>hello</html>"));
    pages.with("/debug/pprof/goroutine", bytes("<html>hello</html>"));
    assertOneLine(
        ExitCode.UNREACHABLE,
        commands.run(command, pages.address()),
        "answered with something that is no profile");
  }

  @Test
  void anAnswerThatIsNoStatisticsIsTold() {
    pages.with("/debug/selvage/scheduler", bytes("{\"schema\":\"selvage.scheduler/9\"}"));
    assertOneLine(
        ExitCode.UNREACHABLE, commands.run("sched", pages.address()), "with no statistics");
  }

  // --------------- trace, record ---------------

  @Test
  void aTraceIsWrittenAsItCameAndHowToOpenItIsSaid() throws Exception {
    pages.with("/debug/pprof/trace?seconds=3", bytes("go 1.23 trace\0\0\0the rest"));
    String file = in("t.out");
    assertEquals(
        ExitCode.DONE,
        commands.run("trace", pages.address(), "--seconds", "3", "-o", file),
        commands.err());
    assertEquals("go 1.23 trace\0\0\0the rest", Files.readString(Path.of(file)));
    assertTrue(commands.err().contains("recording for 3s"), commands.err());
    assertTrue(commands.err().contains("go tool trace " + file), commands.err());
    assertEquals("", commands.out());

    pages.with("/debug/pprof/trace?seconds=5&format=perfetto", bytes("\n\n{\"traceEvents\":[]}"));
    var perfetto = new Commands();
    assertEquals(
        ExitCode.DONE,
        perfetto.run("trace", pages.address(), "--format", "perfetto", "-o", in("t.json")),
        perfetto.err());
    assertTrue(perfetto.err().contains("https://ui.perfetto.dev"), perfetto.err());
    assertTrue(Files.size(directory.resolve("t.json")) > 0);
  }

  @Test
  void whatIsNoTraceIsToldAndNotWritten() {
    pages.with("/debug/pprof/trace?seconds=5", bytes("<html>hello</html>"));
    assertOneLine(
        ExitCode.UNREACHABLE,
        commands.run("trace", pages.address(), "-o", in("t")),
        "answered with something that is no trace");
    assertTrue(Files.notExists(directory.resolve("t")));
    pages.with("/debug/pprof/trace?seconds=4", 501, "Could not enable tracing: no scheduler\n");
    var refused = new Commands();
    assertEquals(
        ExitCode.UNREACHABLE,
        refused.run("trace", pages.address(), "--seconds", "4", "-o", in("t")));
    assertTrue(refused.err().contains("501 (Could not enable tracing: no scheduler"));
  }

  private static final String FLIGHT = "/debug/selvage/flight";

  @Test
  void whatAFlightRecorderHoldsIsFetched() throws Exception {
    pages.with(FLIGHT, bytes("{\"schema\":\"selvage.flight/1\",\"running\":true}"));
    pages.with(FLIGHT + "?format=go", bytes("go 1.23 trace\0\0\0seconds"));
    String file = in("f.out");
    assertEquals(
        ExitCode.DONE, commands.run("record", pages.address(), "-o", file), commands.err());
    assertEquals("go 1.23 trace\0\0\0seconds", Files.readString(Path.of(file)));
  }

  @Test
  void aFlightRecorderThatIsOffIsToldWithWhatStartsIt() {
    pages.with(FLIGHT, bytes("{\"schema\":\"selvage.flight/1\",\"running\":false}"));
    assertOneLine(
        ExitCode.UNREACHABLE,
        commands.run("record", pages.address(), "-o", in("f")),
        "selvage record PID --start starts it");
    var status = new Commands();
    assertEquals(ExitCode.DONE, status.run("record", pages.address(), "--status"));
    assertTrue(status.out().endsWith(" does not run.\n"), status.out());
  }

  @Test
  void howAFlightRecorderIsIsTold() throws Exception {
    String json =
        "{\"schema\":\"selvage.flight/1\",\"running\":true,\"since\":\"2026-01-02T03:04:05Z\","
            + "\"keepSeconds\":2.5,\"mostBytes\":10485760,\"triggers\":[{\"directory\":"
            + "\"/var/a\\u001b\",\"written\":3,\"ignored\":4,\"leastSeconds\":60.0}]}";
    pages.with(FLIGHT, bytes(json));
    assertEquals(ExitCode.DONE, commands.run("record", pages.address(), "--status"));
    assertEquals(
        "The flight recorder of "
            + pages.address()
            + " runs since 2026-01-02T03:04:05Z; it holds the last 2.5s, in some 10 MiB.\n"
            + "It writes into /var/a? by itself: 3 files so far, 4 reasons came too close to"
            + " another.\n",
        commands.out());
    var raw = new Commands();
    assertEquals(ExitCode.DONE, raw.run("record", pages.address(), "--status", "--json"));
    assertEquals(MAPPER.readTree(json), MAPPER.readTree(raw.out()));
  }

  // --------------- profile ---------------

  @Test
  void aProfileIsWrittenAsItCameAndHowToOpenItIsSaid() throws Exception {
    byte[] profile = Profiles.shop();
    pages.with("/debug/pprof/profile?seconds=3", profile);
    String file = in("cpu.pb.gz");
    assertEquals(
        ExitCode.DONE,
        commands.run("profile", pages.address(), "--seconds", "3", "-o", file),
        commands.err());
    assertArrayEquals(profile, Files.readAllBytes(Path.of(file)));
    assertTrue(commands.err().contains("taking the cpu profile for 3s"), commands.err());
    assertTrue(commands.err().contains("go tool pprof " + file), commands.err());
    assertEquals("", commands.out());
    assertTrue(GoTool.pprof(directory, "-top", file).contains("com.acme.Order.quote"));
  }

  @Test
  void whatHoldsOldObjectsIsAskedFor() {
    pages.with("/debug/pprof/oldobjects?seconds=5&paths=1", Profiles.shop());
    var paths = new Commands();
    assertEquals(
        ExitCode.DONE,
        paths.run(
            ("profile " + pages.address() + " --type oldobjects --seconds 5 --paths --top")
                .split(" ", -1)),
        paths.err());
    int refused = commands.run("profile", pages.address(), "--paths", "--top");
    assertOneLine(ExitCode.USAGE, refused, "--paths is for --type oldobjects");
  }

  @Test
  void eachTypeAsksForItsPage() {
    for (String[] pair :
        new String[][] {
          {"heap", "heap"},
          {"allocs", "allocs?seconds=10"},
          {"wall", "wall?seconds=10"},
          {"oldobjects", "oldobjects?seconds=10"},
          {"block", "block?seconds=10"},
          {"mutex", "mutex?seconds=10"},
          {"goroutine", "goroutine"},
          {"goroutineleak", "goroutineleak"},
          {"threadcreate", "threadcreate"},
          {"profile", "profile?seconds=10"},
          {"orders.open", "orders.open"}
        }) {
      pages.with("/debug/pprof/" + pair[1], Profiles.shop());
      var one = new Commands();
      assertEquals(
          ExitCode.DONE,
          one.run("profile", pages.address(), "--type", pair[0], "--top"),
          one.err());
      assertTrue(one.out().contains("com.acme.Order.quote"), one.out());
    }
    pages.with("/debug/pprof/block", Profiles.shop());
    assertEquals(
        ExitCode.DONE,
        commands.run("profile", pages.address(), "--type", "block", "--seconds", "0", "--top"));
  }

  @Test
  void theTableSaysWhatPprofSays() {
    pages.with("/debug/pprof/profile?seconds=1", Profiles.shop());
    assertEquals(
        ExitCode.DONE,
        commands.run("profile", pages.address(), "--seconds", "1", "--top", "--rows", "2"),
        commands.err());
    assertEquals(
        """
        Type: cpu, total 4s, 2 of 3 functions
        FLAT   FLAT%     SUM%  CUM     CUM%  FUNCTION
          3s  75.00%   75.00%   4s  100.00%  com.acme.Order.quote
          1s  25.00%  100.00%   1s   25.00%  java.lang.Long.parse
        """,
        commands.out());
    var samples = new Commands();
    samples.run("profile", pages.address(), "--seconds", "1", "--top", "--sample-index", "samples");
    assertTrue(samples.out().startsWith("Type: samples, total 400, "), samples.out());
    var wrong = new Commands();
    assertEquals(
        ExitCode.USAGE,
        wrong.run("profile", pages.address(), "--seconds", "1", "--top", "--sample-index", "x"));
    assertTrue(wrong.err().contains("the profile has samples, cpu"), wrong.err());
  }

  @Test
  void theTableIsHadAsJsonAlsoOfAFile() throws Exception {
    pages.with("/debug/pprof/profile?seconds=1", Profiles.shop());
    assertEquals(
        ExitCode.DONE,
        commands.run(
            "profile", pages.address(), "--seconds", "1", "--top", "--rows", "2", "--json"),
        commands.err());
    assertEquals(
        MAPPER.readTree(
            """
            {"schema":"selvage.profile/1","source":"%s","type":"cpu","unit":"nanoseconds",
            "nanos":0,"total":4000000000,"functions":[
            {"function":"com.acme.Order.quote","flat":3000000000,"cum":4000000000},
            {"function":"java.lang.Long.parse","flat":1000000000,"cum":1000000000}],"more":1}
            """
                .formatted(pages.address())),
        MAPPER.readTree(commands.out()));

    Path file = Files.write(directory.resolve("cpu.pb.gz"), Profiles.shop());
    var table = new Commands();
    assertEquals(ExitCode.DONE, table.run("profile", file.toString(), "--top"), table.err());
    assertTrue(table.out().contains("com.acme.Order.quote"), table.out());
    assertEquals("", table.err());
    for (String wrong : List.of("", "--top --type heap", "--top -o x")) {
      var refused = new Commands();
      assertEquals(
          ExitCode.USAGE,
          refused.run(("profile " + file + " " + wrong).strip().split(" ", -1)),
          wrong);
    }
  }

  @Test
  void anEmptyProfileIsSaidToBeEmpty() {
    pages.with("/debug/pprof/profile?seconds=1", Profiles.cpu().build().toProto());
    assertEquals(
        ExitCode.DONE, commands.run("profile", pages.address(), "--seconds", "1", "--top"));
    assertTrue(commands.err().contains("the profile is empty"), commands.err());
  }

  // --------------- flame ---------------

  @Test
  void aFlameGraphIsDrawnOfAProgramAndOfAFile() throws Exception {
    pages.with("/debug/pprof/wall?seconds=2", Profiles.shop());
    Path page = directory.resolve("wall.html");
    assertEquals(
        ExitCode.DONE,
        commands.run(
            "flame", pages.address(), "--type", "wall", "--seconds", "2", "-o", page.toString()),
        commands.err());
    String html = Files.readString(page);
    assertTrue(html.contains("<h1>wall of " + pages.address() + "</h1>"), html);
    assertTrue(html.contains(">Order.quote</text>"), html);

    Path file = Files.write(directory.resolve("shop.pb.gz"), Profiles.shop());
    var other = new Commands();
    assertEquals(ExitCode.DONE, other.run("flame", file.toString(), "--sample-index", "samples"));
    String drawn = Files.readString(directory.resolve("shop.pb.gz.html"));
    assertTrue(drawn.contains("<p>samples: 400 in all"), drawn);
  }

  @Test
  void aFlameGraphIsHadAsJson() throws Exception {
    Path file = Files.write(directory.resolve("shop.pb.gz"), Profiles.shop());
    assertEquals(ExitCode.DONE, commands.run("flame", file.toString(), "--json"), commands.err());
    JsonNode json = MAPPER.readTree(commands.out());
    assertEquals("selvage.flame/1", json.path("schema").asText());
    assertEquals(4_000_000_000L, json.path("total").asLong());
    assertEquals("all", json.path("names").path(0).asText());
    assertTrue(json.path("names").toString().contains("com.acme.Order.quote"), json.toString());
    assertEquals("[-1,0,4000000000,0]", json.path("boxes").path(0).toString());
    assertTrue(Files.notExists(directory.resolve("shop.pb.gz.html")));
  }

  @Test
  void aFileThatIsNoProfileIsTold() throws Exception {
    Path file = Files.writeString(directory.resolve("x.json"), "{}");
    assertOneLine(
        ExitCode.USAGE, commands.run("flame", file.toString()), "x.json is no profile of pprof's");
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(List.of(file), left.toList());
    }
    var typed = new Commands();
    assertEquals(ExitCode.USAGE, typed.run("flame", file.toString(), "--type", "heap"));
    assertTrue(typed.err().contains("a file is as it is"), typed.err());
  }

  // --------------- top ---------------

  @Test
  void topCountsByStateAndPlaceAndSaysWhatHasChanged() {
    pages.with("/debug/pprof/goroutine", Profiles.goroutines(10, 2), Profiles.goroutines(25, 2));
    assertEquals(
        ExitCode.DONE,
        commands.run("top", pages.address(), "--count", "2", "--interval", "1ms"),
        commands.err());
    List<String> lines = commands.out().lines().toList();
    assertEquals(11, lines.size(), commands.out());
    assertTrue(
        lines.get(0).endsWith("  13 goroutines: 1 run or can run, 10 wait, 2 proven to leak"),
        commands.out());
    assertEquals("COUNT  CHANGE  STATE               PLACE", lines.get(1));
    assertEquals(
        "   10          chan send           com.acme.Order.quote(Order.java:57)", lines.get(2));
    assertEquals(
        "    2          chan send (leaked)  com.acme.Order.quote(Order.java:57)", lines.get(3));
    assertEquals("", lines.get(5));
    assertTrue(lines.get(6).contains("  28 goroutines: "), commands.out());
    assertEquals(
        "   25     +15  chan send           com.acme.Order.quote(Order.java:57)", lines.get(8));
    assertFalse(commands.out().contains("\u001b"), "nothing that steers a terminal");
  }

  @Test
  void onATerminalTopWritesOverWhatWasThere() {
    pages.with("/debug/pprof/goroutine", Profiles.goroutines(10, 2));
    commands.showing().run("top", pages.address(), "--count", "2", "--interval", "1ms");
    assertEquals(3, commands.out().split("\u001b\\[H\u001b\\[2J", -1).length, commands.out());
    // Long lines are cut at the edge, and only there.
    assertTrue(
        commands
            .out()
            .matches("(?s)(\u001b\\[H\u001b\\[2J\u001b\\[\\?7l[^\u001b]*\u001b\\[\\?7h){2}"),
        commands.out());
    var once = new Commands().showing();
    once.run("top", pages.address(), "--once", "--rows", "1");
    assertFalse(once.out().contains("\u001b"), once.out());
    assertTrue(once.out().contains("and 2 places more"), once.out());
  }

  @Test
  void topSaysWhenTheProgramHasGone() {
    pages.with("/debug/pprof/goroutine", Profiles.goroutines(10, 2));
    var gone = new Commands();
    assertEquals(ExitCode.DONE, gone.run("top", pages.address(), "--once"));
    pages.with("/debug/pprof/goroutine", 503, "the server is closing");
    assertOneLine(
        ExitCode.UNREACHABLE,
        commands.run("top", pages.address(), "--count", "2"),
        "503 (the server is closing)");
  }

  @Test
  void topInJsonIsOneLookOrALineEachTime() throws Exception {
    pages.with("/debug/pprof/goroutine", Profiles.goroutines(10, 2), Profiles.goroutines(25, 2));
    assertEquals(ExitCode.DONE, commands.run("top", pages.address(), "--json", "--rows", "1"));
    assertEquals(1, commands.out().lines().count(), commands.out());
    JsonNode look = MAPPER.readTree(commands.out());
    assertEquals("selvage.top/1", look.path("schema").asText());
    assertEquals(pages.address(), look.path("source").asText());
    assertTrue(Instant.now().isAfter(Instant.parse(look.path("at").asText())));
    assertEquals(13, look.path("goroutines").asLong());
    assertEquals(1, look.path("runnable").asLong());
    assertEquals(10, look.path("waiting").asLong());
    assertEquals(2, look.path("leaked").asLong());
    assertEquals(2, look.path("more").asLong());
    assertEquals(
        "[{\"count\":10,\"change\":null,\"state\":\"chan send\",\"leaked\":false,"
            + "\"place\":\"com.acme.Order.quote(Order.java:57)\"}]",
        look.path("places").toString());

    pages.with("/debug/pprof/goroutine", Profiles.goroutines(10, 2), Profiles.goroutines(25, 2));
    var stream = new Commands().showing();
    assertEquals(
        ExitCode.DONE,
        stream.run("top", pages.address(), "--json", "--interval", "1ms", "--count", "2"));
    List<String> lines = stream.out().lines().toList();
    assertEquals(2, lines.size(), stream.out());
    assertEquals(15, MAPPER.readTree(lines.get(1)).path("places").path(0).path("change").asLong());
  }

  @Test
  void topOfAFileIsOneLook() throws Exception {
    Path file = Files.write(directory.resolve("g.pb.gz"), Profiles.goroutines(10, 2));
    assertEquals(ExitCode.DONE, commands.run("top", file.toString()), commands.err());
    assertTrue(commands.out().startsWith(file + "  13 goroutines: "), commands.out());
    var json = new Commands();
    assertEquals(ExitCode.DONE, json.run("top", file.toString(), "--json"));
    assertTrue(MAPPER.readTree(json.out()).path("at").isNull(), json.out());
    var again = new Commands();
    assertEquals(ExitCode.USAGE, again.run("top", file.toString(), "--interval", "1s"));
    assertTrue(again.err().contains("a file is as it is"), again.err());
  }

  // --------------- sched ---------------

  @Test
  void schedInJsonIsOneAnswerOrALineEachTime() throws Exception {
    pages.with("/debug/selvage/scheduler", sched(1_000, 50), sched(3_000, 2_050));
    assertEquals(
        ExitCode.DONE,
        commands.run("sched", pages.address(), "--json", "--interval", "1ms", "--count", "2"));
    List<String> lines = commands.out().lines().toList();
    assertEquals(2, lines.size(), commands.out());
    assertEquals(1_000, MAPPER.readTree(lines.get(0)).path("uptimeMillis").asLong());
    assertEquals(3_000, MAPPER.readTree(lines.get(1)).path("uptimeMillis").asLong());
    var once = new Commands();
    once.run("sched", pages.address(), "--json");
    assertEquals(1, once.out().lines().count(), once.out());
  }

  private static byte[] sched(long uptime, long ticks) {
    return bytes(
        """
        {"schema":"selvage.scheduler/1","uptimeMillis":%d,"schedulers":[{"gomaxprocs":2,"idle":1,
        "spinning":0,"threads":5,"spare":2,"queued":3,"handOffs":{"computing":4,"blocked":5,
        "inNative":6,"refused":0},"processors":[
        {"id":0,"idle":false,"queued":7,"ticks":%d,"steals":1,"stolen":2,"fromGlobal":3,
        "overflows":4,"wakes":5,"wokenInVain":6,"takenAway":8},{"id":1,"idle":true,"queued":0,"ticks":10,
        "steals":0,"stolen":0,"fromGlobal":0,"overflows":0,"wakes":0,"wokenInVain":0,"takenAway":0}],
        "retired":{},"id":0}],"jdk":{"parallelism":2}}
        """
            .formatted(uptime, ticks));
  }

  @Test
  void schedShowsEachPAndHowMuchItRuns() {
    pages.with("/debug/selvage/scheduler", sched(1_000, 50), sched(3_000, 2_050));
    assertEquals(
        ExitCode.DONE, commands.run("sched", pages.address(), "--count", "2"), commands.err());
    List<String> lines = commands.out().lines().toList();
    assertEquals("GOMAXPROCS 2, 1 idle; Ms: 5, 0 spinning, 2 spare; global queue 3", lines.get(0));
    assertEquals(
        "Ps taken away: 4 while computing, 5 pinned, 6 in native code; 0 times there was no M",
        lines.get(1));
    assertEquals(
        List.of("0", "7", "50", "-", "1", "2", "3", "4", "5", "6", "8", "runs"),
        cells(lines.get(3)));
    assertEquals(
        List.of("0", "7", "2,050", "1,000", "1", "2", "3", "4", "5", "6", "8", "runs"),
        cells(lines.get(9)));
    assertEquals(
        List.of("1", "0", "10", "0", "0", "0", "0", "0", "0", "0", "0", "idle"),
        cells(lines.get(10)));
  }

  @Test
  void schedShowsHowLongGoroutinesWereRunnable() throws Exception {
    String measured =
        new String(sched(1_000, 50), StandardCharsets.UTF_8).strip().replaceFirst("}$", "")
            + ",\"latency\":{\"seconds\":1.0,\"buckets\":[0,0,0,0,0,0,0,0,0,0,1,80,0,9,10]}}";
    pages.with("/debug/selvage/scheduler?seconds=1.0", bytes(measured));
    assertEquals(
        ExitCode.DONE,
        commands.run("sched", pages.address(), "--latency", "--once"),
        commands.err());
    List<String> lines = commands.out().lines().toList();
    int at = lines.size() - 6;
    assertEquals(
        "Runnable before they ran: 100 in 1s, 50% less than 2.05us, 99% less than 16.38us",
        lines.get(at));
    assertEquals("<   1.02us   1  #", lines.get(at + 1));
    assertEquals("<   2.05us  80  " + "#".repeat(40), lines.get(at + 2));
    assertEquals(List.of("<", "4.1us", "0"), cells(lines.get(at + 3)));
    assertEquals(List.of("<", "8.19us", "9", "#####"), cells(lines.get(at + 4)));
    assertEquals(List.of("<", "16.38us", "10", "#####"), cells(lines.get(at + 5)));
    var both = new Commands();
    assertEquals(
        ExitCode.USAGE,
        both.run("sched", pages.address(), "--latency", "--interval", "1s"),
        both.err());
    assertTrue(both.err().contains("--latency is for the table"), both.err());
  }

  private static List<String> cells(String line) {
    return List.of(line.strip().split(" +", -1));
  }

  @Test
  void withAnIntervalSchedPrintsLinesLikeGos() {
    pages.with("/debug/selvage/scheduler", sched(1_009, 50));
    assertEquals(
        ExitCode.DONE,
        commands.run("sched", pages.address(), "--interval", "1ms", "--count", "2"),
        commands.err());
    String line =
        "SCHED 1009ms: gomaxprocs=2 idleprocs=1 threads=5 spinningthreads=0 needspinning=0"
            + " idlethreads=3 runqueue=3 [ 7 0 ]\n";
    assertEquals(line + line, commands.out());
  }

  @Test
  void onTheJdksSchedulerSchedSaysSo() {
    pages.with(
        "/debug/selvage/scheduler",
        bytes(
            "{\"schema\":\"selvage.scheduler/1\",\"uptimeMillis\":5,\"schedulers\":[],\"jdk\":"
                + "{\"parallelism\":2,\"threads\":3,\"mounted\":1,\"queued\":null,"
                + "\"goroutinesBecause\":\"add --add-opens\"}}"));
    assertEquals(ExitCode.DONE, commands.run("sched", pages.address(), "--once"));
    assertEquals(
        """
        No scheduler of Selvage's runs here: add --add-opens.
        Virtual threads run on the JDK's: parallelism 2, 3 threads, 1 virtual threads mounted, ? queued.
        """,
        commands.out());
    var json = new Commands();
    assertEquals(ExitCode.DONE, json.run("sched", pages.address(), "--json"));
    assertTrue(json.out().startsWith("{\"schema\":\"selvage.scheduler/1\""), json.out());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
