package dev.selvage.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.Growth;
import dev.selvage.diagnostics.Report;
import dev.selvage.http.page.Live;
import dev.selvage.observe.Profile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The live page's files and data, over real sockets. What it looks like is another test. */
@Timeout(120)
final class LivePageTests {
  private static final String PAGE = "/debug/selvage/";

  /** One that knows the report of a look, and counts how often goroutines are counted. */
  private static final class Watched extends FakeLeaks {
    final AtomicInteger tallies = new AtomicInteger();
    volatile boolean canVisit = true;
    volatile @Nullable Report last;

    @Override
    public dev.selvage.diagnostics.Tally tally(int mostStacks) {
      tallies.incrementAndGet();
      return super.tally(mostStacks);
    }

    @Override
    public boolean canVisit() {
      return canVisit;
    }

    @Override
    public @Nullable Report last() {
      return last;
    }

    @Override
    public List<Growth> growth() {
      return List.of(
          new Growth(
              "container",
              "com.acme.Prices.<b>CACHE",
              null,
              true,
              List.of(
                  new Growth.Point(System.nanoTime() - 2_000_000_000L, 10),
                  new Growth.Point(System.nanoTime(), 25))));
    }
  }

  private final Watched leaks = new Watched();
  private final DebugServer server = DebugServer.start(0, leaks);

  @AfterEach
  void close() {
    server.close();
  }

  private String get(String target) throws IOException {
    return Wire.get(server, target);
  }

  private static int status(String answer) {
    return Integer.parseInt(answer.substring(9, 12));
  }

  private static String header(String answer, String name) {
    String head = answer.substring(0, answer.indexOf("\r\n\r\n"));
    for (String line : head.lines().toList()) {
      if (line.regionMatches(true, 0, name + ": ", 0, name.length() + 2)) {
        return line.substring(name.length() + 2);
      }
    }
    return "";
  }

  /** Reads a stream of events line by line. */
  private final class Stream implements AutoCloseable {
    final Socket socket;
    final BufferedReader lines;

    Stream() throws IOException {
      socket = Wire.connect(server);
      String request =
          "GET " + PAGE + "events HTTP/1.1\r\nHost: localhost:" + server.port() + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    String await(String part) throws IOException {
      for (String line; (line = lines.readLine()) != null; ) {
        if (line.contains(part)) {
          return line;
        }
      }
      return "";
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  @DisplayName("the page and its files come with a strict policy, and are sent once")
  void files() throws Exception {
    String page = get(PAGE);
    assertEquals(200, status(page));
    assertTrue(header(page, "Content-Type").startsWith("text/html"), page);
    String policy = header(page, "Content-Security-Policy");
    assertTrue(policy.startsWith("default-src 'none'; script-src 'self';"), policy);
    assertFalse(policy.contains("unsafe"), policy);
    assertTrue(policy.contains("require-trusted-types-for 'script'"), policy);
    String script = get(PAGE + "page/app.js");
    assertTrue(header(script, "Content-Type").startsWith("text/javascript"), script);
    assertEquals("nosniff", header(script, "X-Content-Type-Options"));
    assertEquals("no-cache", header(script, "Cache-Control"));
    String again =
        Wire.get(server, PAGE + "page/app.js", "If-None-Match: " + header(script, "ETag"));
    assertEquals(304, status(again));
    assertEquals("", Wire.body(again));
    String other = Wire.get(server, PAGE + "page/app.js", "If-None-Match: \"other\"");
    assertEquals(200, status(other));
    assertEquals(302, status(get("/debug/selvage")));
    assertTrue(get("/debug/pprof/").contains("href=\"/debug/selvage/\""), "the index leads there");
    assertEquals("no-store", header(get(PAGE + "growth"), "Cache-Control"), "data is never kept");
  }

  @ParameterizedTest
  @CsvSource({
    "404, page/../index.html",
    "404, page/nothing.js",
    "404, page/",
    "404, elsewhere",
    "400, goroutines?size=0",
    "400, goroutines?size=501",
    "400, goroutines?page=-1",
    "400, goroutines?by=one&size=100&page=100",
    "400, goroutines?sort=beauty",
    "400, goroutines?q=a&q=b",
    "400, timeline?seconds=11",
    "400, timeline?seconds=NaN",
    "400, timeline?seconds=-1",
    "404, flame?profile=nothing",
    "404, flame",
    "400, flame?profile=goroutine&seconds=3",
    "400, flame?profile=cpu&seconds=0",
  })
  @DisplayName("what is wrong is refused with a reason")
  void refused(int status, String target) throws Exception {
    String answer = get(PAGE + target);
    assertEquals(status, status(answer), answer);
    assertFalse(Wire.body(answer).isBlank());
    assertTrue(header(answer, "Content-Type").startsWith("text/plain"), answer);
  }

  @Test
  @DisplayName("foreign pages, hosts and methods get nothing, and none of it is counted")
  void attacked() throws Exception {
    String here = "localhost:" + server.port();
    for (String target : List.of("", "events", "goroutines", "growth", "page/app.js")) {
      for (String answer :
          List.of(
              Wire.request(server, "GET", PAGE + target, "evil.example"),
              Wire.get(server, PAGE + target, "Origin: http://evil.example"),
              Wire.get(server, PAGE + target, "Sec-Fetch-Site: cross-site"))) {
        assertEquals(403, status(answer), answer);
      }
      String post = Wire.request(server, "POST", PAGE + target, here, "Content-Length: 0");
      assertEquals(405, status(post), post);
    }
    assertEquals(0, leaks.tallies.get());
    assertEquals(0, leaks.looks.get());
  }

  @Test
  @DisplayName("hostile names arrive as text, and cannot end a line of the stream")
  void hostile() throws Exception {
    leaks.threads.clear();
    leaks.threads.add(
        FakeLeaks.thread(
            7,
            "</script><img src=x onerror=alert(1)>\n\nevent: hello\ndata: {}\n\n\u2028\u202e",
            dev.selvage.observe.WaitReason.CHAN_SEND,
            true));
    String json = Wire.body(get(PAGE + "goroutines?by=one"));
    assertFalse(json.contains("<"), json);
    assertFalse(json.strip().contains("\n"), json);
    assertFalse(json.contains("\u2028") || json.contains("\u202e"), json);
    assertTrue(json.contains("\\u003c/script>\\u003cimg src=x onerror=alert(1)>\\n\\nevent"), json);
    assertTrue(Wire.body(get(PAGE + "growth")).contains("com.acme.Prices.\\u003cb>CACHE"));
  }

  @Test
  @DisplayName("a stream tells who we are, what is so, and what a look finds, without looking")
  void stream() throws Exception {
    try (Stream stream = new Stream()) {
      assertTrue(stream.await("HTTP/1.1").contains(" 200 "));
      assertTrue(stream.await("Content-type: ").contains("text/event-stream"));
      assertTrue(stream.await("data: ").contains("\"pid\":" + ProcessHandle.current().pid()));
      assertEquals("event: history", stream.await("event: "));
      assertEquals("event: sample", stream.await("event: "));
      String sample = stream.await("data: ");
      assertTrue(sample.contains("\"states\":{\"proven leaked\":2,\"timed\":1}"), sample);
      assertTrue(sample.contains("\"reasons\":{\"chan send\":2,\"sleep\":1}"), sample);
      assertTrue(sample.contains("\"schema\":\"selvage.scheduler/1\""), sample);
      assertTrue(stream.await("\"capturedAt\"").contains("null"), "nobody has looked");
      leaks.last = FakeLeaks.report("now", null);
      assertTrue(stream.await("\"proof\"").contains("\"canary\":true"));
      assertEquals(0, leaks.looks.get(), "the page itself never looks");
    }
  }

  @Test
  @DisplayName("nothing is counted before somebody looks, and soon after the last has gone")
  void quiet() throws Exception {
    get(PAGE);
    assertEquals(0, leaks.tallies.get());
    try (Stream stream = new Stream()) {
      stream.await("event: sample");
      assertTrue(leaks.tallies.get() > 0);
    }
    // It is noticed with one of the next samples; then there are no more.
    int before = -1;
    for (int i = 0; i < 30 && before != leaks.tallies.get(); i++) {
      before = leaks.tallies.get();
      Thread.sleep(Duration.ofMillis(2_500));
    }
    assertEquals(before, leaks.tallies.get());
  }

  @Test
  @DisplayName("streams keep no thread from other requests, and there are only so many")
  void bounded() throws Exception {
    List<Stream> streams = new ArrayList<>();
    try {
      for (int i = 0; i < Live.MOST_VIEWERS; i++) {
        Stream stream = new Stream();
        streams.add(stream);
        stream.await("event: hello");
      }
      String answer = get(PAGE + "events");
      assertEquals(503, status(answer), answer);
      for (int i = 0; i < 8; i++) {
        assertEquals(200, status(get(PAGE + "growth")));
      }
    } finally {
      for (Stream stream : streams) {
        stream.close();
      }
    }
    // They are gone when that is noticed, and then there is room.
    int status = 503;
    for (int i = 0; i < 60 && status == 503; i++) {
      try (Stream stream = new Stream()) {
        status = stream.await("HTTP/1.1").contains(" 200 ") ? 200 : 503;
      }
      Thread.sleep(500);
    }
    assertEquals(200, status);
  }

  @Test
  @DisplayName("closing the server ends the streams")
  void closes() throws Exception {
    try (Stream stream = new Stream()) {
      stream.await("event: hello");
      CountDownLatch closed = new CountDownLatch(1);
      Thread closer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    server.close();
                    closed.countDown();
                  });
      try {
        assertEquals("", stream.await("never said"));
      } catch (IOException _) {
        // Cut off, which is an end as well.
      }
      closer.join();
      assertEquals(0, closed.getCount());
    }
  }

  @Test
  @DisplayName("where only a thread dump has goroutines, that is asked for by name")
  void dump() throws Exception {
    leaks.canVisit = false;
    String answer = get(PAGE + "goroutines");
    assertEquals(409, status(answer));
    assertTrue(answer.contains("dump=1"), answer);
    assertEquals(200, status(get(PAGE + "goroutines?dump=1")));
    assertEquals(409, status(get(PAGE + "flame?profile=goroutine")));
  }

  @Test
  @DisplayName("goroutines are a flame graph, callers before what they call")
  void flame() throws Exception {
    String json = Wire.body(get(PAGE + "flame?profile=goroutine"));
    assertTrue(json.contains("\"total\":3"), json);
    assertTrue(
        json.contains(
            "\"names\":[\"all\",\"com.acme.Order.lambda$handle$0\",\"com.acme.Order.quote\","
                + "\"java.lang.VirtualThread.park\",\"[chan send]\",\"[sleep]\"]"),
        json);
    assertTrue(
        json.contains("\"boxes\":[[-1,0,3,0],[0,1,3,0],[1,2,3,0],[2,3,3,0],[3,4,2,2],[3,5,1,1]]"),
        json);
    String leaked = Wire.body(get(PAGE + "flame?profile=goroutineleak"));
    assertTrue(leaked.contains("\"total\":2"), leaked);
    String heap = Wire.body(get(PAGE + "flame?profile=heap&type=inuse_objects"));
    assertTrue(heap.contains("\"type\":\"inuse_objects\",\"unit\":\"count\""), heap);
  }

  @Test
  @DisplayName("the program's own profiles are named, and drawn as the others are")
  void ownProfiles() throws Exception {
    Profile.create("com.acme.drawn").add(this, 0);
    String names = Wire.body(get(PAGE + "profiles"));
    assertTrue(names.matches("(?s)\\{\"own\":\\[.*\"com.acme.drawn\".*]}\\s*"), names);
    String json = Wire.body(get(PAGE + "flame?profile=com.acme.drawn"));
    assertTrue(json.contains("\"total\":1"), json);
    assertEquals(400, status(get(PAGE + "flame?profile=com.acme.drawn&seconds=3")));
  }

  @Test
  @DisplayName("a profile that takes a while is JSON all the same, and begins at once")
  void slowFlame() throws Exception {
    String json = Wire.body(get(PAGE + "flame?profile=block&seconds=3"));
    assertTrue(json.contains("{\"schema\":\"selvage.flame/1\",\"profile\":\"block\""), json);
    assertTrue(json.contains("\r\n ") || json.startsWith("1\r\n "), "a blank before it is there");
  }

  @Test
  @DisplayName("a HEAD of the page or its data takes no profile and opens no stream")
  void head() throws Exception {
    String here = "localhost:" + server.port();
    for (Map.Entry<String, String> each :
        Map.of("events", "text/event-stream", "flame?profile=cpu&seconds=600", "application/json")
            .entrySet()) {
      String answer = Wire.request(server, "HEAD", PAGE + each.getKey(), here);
      assertEquals(200, status(answer), answer);
      assertTrue(header(answer, "Content-Type").startsWith(each.getValue()), answer);
    }
    assertEquals(0, leaks.tallies.get());
  }
}
