package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.verification.controls.Unusual;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * With the collections of the program alone, which are those of its garbage: leaks are reported,
 * and nothing is that can still be woken; all of that still wakes.
 */
final class AlwaysOnIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ON =
      "always=high,after=300ms,always-format=json,port=0,suspects=false";

  private static Target start(String collector, Path directory, Class<?> main) throws Exception {
    return start(collector, directory, main, "");
  }

  private static Target start(String collector, Path directory, Class<?> main, String more)
      throws Exception {
    Path address = directory.resolve("address");
    return Target.java()
        .collector(collector)
        .classPath(Project.programsInTheLanguage())
        // What is held softly is not to be let go of because the garbage fills the heap: whoever
        // waits for it would be leaked then, and reported.
        .option("-XX:SoftRefLRUPolicyMSPerMB=10000000")
        .option(Unusual.ACCESS)
        .agent(directory, ON + ",address=" + address + more)
        .start(directory, main);
  }

  private static JsonNode counters(HttpClient client, Path directory) throws Exception {
    String address = Files.readString(directory.resolve("address")).strip();
    var request = HttpRequest.newBuilder(URI.create(address + "/debug/selvage/always")).build();
    return JSON.readTree(client.send(request, BodyHandlers.ofString()).body());
  }

  /** Lets the program make garbage until something is so. */
  private static JsonNode collect(
      Target target, HttpClient client, Path directory, Predicate<JsonNode> enough)
      throws Exception {
    long end = System.nanoTime() + Target.PATIENCE.toNanos();
    while (true) {
      target.ask("garbage", "collected");
      JsonNode counters = counters(client, directory);
      if (enough.test(counters)) {
        return counters;
      }
      assertTrue(System.nanoTime() < end, () -> "not enough: " + counters);
      Thread.sleep(300);
    }
  }

  private static List<JsonNode> news(Target target) throws Exception {
    var news = new ArrayList<JsonNode>();
    for (String line : target.stderr().lines().toList()) {
      assertTrue(line.startsWith("{\"schema\":\"selvage.leak/1\","), line);
      news.add(JSON.readTree(line));
    }
    return news;
  }

  @ParameterizedTest
  @ValueSource(strings = {"G1", "Parallel", "Serial"})
  void leaks_are_reported_and_nothing_else_and_all_else_still_wakes(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    Marker put = Marker.in(Controls.class, "put");
    try (var client = HttpClient.newHttpClient();
        var target = start(collector, directory, Controls.class)) {
      target.await("ready");
      target.ask("leak", "leaked");
      JsonNode first =
          collect(
              target,
              client,
              directory,
              c -> c.path("proven").asInt() >= 2 && c.path("cycles").asInt() >= 2);
      assertTrue(first.path("on").asBoolean());
      assertTrue(first.path("carried").asInt() > 10, first::toString);

      target.ask("arm", "armed");
      long cycles = first.path("cycles").asLong();
      JsonNode armed =
          collect(target, client, directory, c -> c.path("cycles").asLong() >= cycles + 3);
      assertEquals(2, armed.path("proven").asInt(), armed::toString);
      assertEquals("all ended", target.ask("wake", ""));
      JsonNode woken =
          collect(target, client, directory, c -> c.path("cycles").asLong() >= cycles + 4);
      assertEquals(2, woken.path("proven").asInt(), woken::toString);
      assertEquals(0, woken.path("surprises").asInt(), woken::toString);

      List<JsonNode> news = news(target);
      assertEquals(1, news.size(), target.stderr());
      JsonNode finding = news.getFirst().path("finding");
      assertEquals("BlockingQueue.put", finding.path("kind").asText());
      assertTrue(finding.path("site").asText().contains(put.place()), finding::toString);

      Look look = target.look();
      look.assertSound();
      assertEquals(2, look.certainAt(put), () -> "leaks in " + look.findings());
      assertEquals(
          2,
          look.certain().stream().mapToInt(Look.Found::count).sum(),
          () -> "nothing else: " + look.certain());
      assertEquals(0, target.end(), target.stderr());
      news(target); // nothing else on its standard error
    }
  }

  /** Where nobody can be carried, whom a collection takes away with an executor is reported. */
  @Test
  void on_zgc_dropped_executors_are_reported(
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
    Marker put = Marker.in(Controls.class, "put");
    try (var client = HttpClient.newHttpClient();
        var target = start("Z", directory, Controls.class)) {
      target.await("ready");
      long end = System.nanoTime() + Target.PATIENCE.toNanos();
      while (news(target).isEmpty()) {
        target.ask("drop", "dropped");
        Thread.sleep(1_500); // it has to be seen in its park before it goes
        target.ask("garbage", "collected");
        assertTrue(System.nanoTime() < end, () -> "no news: " + target.stderr());
        Thread.sleep(500);
      }
      JsonNode finding = news(target).getFirst().path("finding");
      assertTrue(finding.path("site").asText().contains(put.place()), finding::toString);
      int taken = finding.path("evidence").path("takenAwayByCollections").asInt();
      assertEquals(finding.path("count").asInt(), taken, finding::toString);
      JsonNode counters = counters(client, directory);
      assertEquals(0, counters.path("carried").asInt(), counters::toString);
      assertTrue(counters.path("why").asText().startsWith("ZGC "), counters::toString);
      assertEquals("all ended", target.ask("wake", ""));
      assertEquals(1, news(target).size(), target.stderr());
    }
  }

  /** While threads start, end, block, wake, are interrupted and counted in every way. */
  @Test
  void nothing_goes_wrong_amid_churn(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    try (var client = HttpClient.newHttpClient();
        var target = start("G1", directory, Churn.class)) {
      target.await("ready");
      long end = System.nanoTime() + Target.PATIENCE.toNanos();
      JsonNode counters = counters(client, directory);
      while (counters.path("proven").asInt() < 2 * Churn.LEAKED) {
        String so = counters.toString();
        assertTrue(System.nanoTime() < end, so);
        Thread.sleep(200);
        counters = counters(client, directory);
      }
      String stopped = target.ask("stop", "");
      assertTrue(stopped.startsWith("sound "), stopped);
      JsonNode last = counters(client, directory);
      assertEquals(0, last.path("surprises").asInt(), last::toString);
      news(target); // nothing else on its standard error
      Look look = target.look();
      look.assertSound();
    }
  }

  /** By a rule about threads, by one about frames, and by the goroutine itself. */
  @Test
  void what_is_excused_is_proven_and_is_no_news(
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
    Marker put = Marker.in(Excused.class, "put");
    String rules = "keeper-*=one for each connection\n*.Excused.keep=waits until the end";
    String more = ",excuse=" + URLEncoder.encode(rules, StandardCharsets.UTF_8);
    try (var client = HttpClient.newHttpClient();
        var target = start("G1", directory, Excused.class, more)) {
      target.await("ready");
      collect(target, client, directory, c -> c.path("proven").asInt() >= Excused.LEAKED);
      Thread.sleep(1_500); // two steps more: whatever is told is told now

      List<JsonNode> news = news(target);
      assertEquals(1, news.size(), target.stderr());
      JsonNode finding = news.getFirst().path("finding");
      assertEquals("open", finding.path("state").asText(), finding::toString);
      assertEquals(1, finding.path("count").asInt(), finding::toString);
      assertTrue(finding.path("site").asText().contains(put.place()), finding::toString);

      Look look = target.look();
      look.assertSound();
      assertEquals(1, look.certainAt(put), () -> "leaks in " + look.findings());
      assertEquals(1, look.certain().size(), () -> "nothing else: " + look.certain());
      Map<String, String> excused = new TreeMap<>();
      for (Look.Found found : look.findings()) {
        if (found.state().equals("excused")) {
          JsonNode evidence = found.json().path("evidence");
          excused.put(evidence.path("excusedBy").asText(), evidence.path("excuse").asText());
        }
      }
      assertEquals(
          Map.of(
              "Go.parkedForever", "nobody is to answer",
              "keeper-*", "one for each connection",
              "*.Excused.keep", "waits until the end"),
          excused,
          () -> look.root().toString());
      assertEquals(Excused.ON_PURPOSE, look.root().path("goroutines").path("excused").asInt());
      assertEquals(1, news(target).size(), target.stderr());
    }
  }
}
