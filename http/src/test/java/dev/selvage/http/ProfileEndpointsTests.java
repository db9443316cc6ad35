package dev.selvage.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.observe.Profile;
import dev.selvage.testing.GoTool;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Profiles through a real server, to real clients. */
@Timeout(300)
final class ProfileEndpointsTests {
  @SuppressWarnings("unused") // so that the loop is not optimised away
  private static volatile long result;

  private final Path dir;
  private final DebugServer server = DebugServer.start(0, new FakeLeaks());
  private volatile boolean stop;

  ProfileEndpointsTests(@TempDir Path dir) {
    this.dir = dir;
  }

  @AfterEach
  void close() {
    stop = true;
    server.close();
  }

  private String url(String path) {
    return server.uri() + "/debug/pprof/" + path;
  }

  /** What a server answered. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares answers.
  private record Answer(int status, Map<String, List<String>> headers, byte[] body) {
    String header(String name) {
      // The JDK's server changes the case of names; there is one without a name, too.
      return headers.entrySet().stream()
          .filter(header -> name.equalsIgnoreCase(header.getKey()))
          .map(header -> String.join(",", header.getValue()))
          .collect(Collectors.joining());
    }

    String text() {
      return new String(body, US_ASCII);
    }
  }

  private static Answer ask(String method, URI uri, String posted) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setRequestMethod(method);
    if (!posted.isEmpty()) {
      connection.setDoOutput(true);
      connection.getOutputStream().write(posted.getBytes(US_ASCII));
    }
    int status = connection.getResponseCode();
    try (InputStream in =
        status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      return new Answer(
          status, connection.getHeaderFields(), in == null ? new byte[0] : in.readAllBytes());
    }
  }

  private Answer get(String path) throws IOException {
    return ask("GET", URI.create(url(path)), "");
  }

  /** Asks in a thread of its own. */
  private CompletableFuture<Answer> start(String path) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                answer.complete(get(path));
              } catch (IOException e) {
                answer.completeExceptionally(e);
              }
            });
    return answer;
  }

  private String text(String path) throws IOException {
    Answer response = get(path);
    assertEquals(200, response.status());
    return response.text();
  }

  private void compute() {
    while (!stop) {
      long sum = 0;
      for (int i = 0; i < 1_000_000; i++) {
        sum += i * 31L;
      }
      result = sum;
    }
  }

  private void computeBeside() {
    Thread.ofPlatform().daemon().name("computes").start(this::compute);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "profile?seconds=3",
        "wall?seconds=1",
        "allocs?seconds=1",
        "heap",
        "heap?gc=1",
        "heap?seconds=1",
        "heap?gc=1&seconds=3",
        "oldobjects?seconds=3",
        "oldobjects?seconds=1&gc=0",
        "oldobjects?seconds=3&paths=1",
        "block",
        "block?seconds=1",
        "mutex",
        "mutex?seconds=1",
        "threadcreate",
        "threadcreate?seconds=1",
        "goroutine",
        "goroutine?seconds=1",
        "goroutineleak",
      })
  @DisplayName("go tool pprof reads every profile over HTTP, and says nothing but what it fetches")
  void everyProfile(String path) throws Exception {
    computeBeside();
    String raw = GoTool.pprof(dir, "-raw", url(path));
    assertTrue(raw.contains("PeriodType: "), raw);
    assertTrue(raw.contains("[FN][FL][LN]"), raw);
  }

  @Test
  @DisplayName("top, peek, list with sources and a difference of two processor profiles")
  void reports() throws Exception {
    computeBeside();
    Path first = Files.write(dir.resolve("first.pb.gz"), get("profile?seconds=2").body());
    Path second = Files.write(dir.resolve("second.pb.gz"), get("profile?seconds=2").body());
    String compute = "ProfileEndpointsTests.compute";
    assertTrue(GoTool.pprof(dir, "-top", first.toString()).contains(compute));
    assertTrue(GoTool.pprof(dir, "-peek=compute$", first.toString()).contains(compute));
    String list =
        GoTool.pprof(
            dir,
            "-source_path=" + Path.of("src/test/java").toAbsolutePath(),
            "-list=" + compute + "$",
            first.toString());
    assertTrue(list.contains("sum += i * 31L"), list);
    String difference = GoTool.pprof(dir, "-top", "-base=" + first, second.toString());
    assertTrue(difference.contains("Type: cpu"), difference);
  }

  @Test
  @DisplayName("the flame graph and the other views of pprof -http")
  void browser() throws Exception {
    computeBeside();
    Path file = Files.write(dir.resolve("cpu.pb.gz"), get("profile?seconds=2").body());
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Optional<Path> go =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
            .map(d -> Path.of(d, "go"))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(go.isPresent(), "go is not on the PATH: pprof -http was not tried");
    Path out = dir.resolve("out");
    Process pprof =
        new ProcessBuilder(
                go.orElseThrow().toString(),
                "tool",
                "pprof",
                "-http=127.0.0.1:" + port,
                "-no_browser",
                "-source_path=" + Path.of("src/test/java").toAbsolutePath(),
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    try {
      String flames = page(pprof, port, "flamegraph");
      assertTrue(flames.contains("ProfileEndpointsTests.compute"), "in the flame graph's data");
      assertTrue(page(pprof, port, "top").contains("ProfileEndpointsTests.compute"));
      String peek = page(pprof, port, "peek?f=compute");
      assertTrue(peek.contains("ProfileEndpointsTests.compute"), peek);
      String source = page(pprof, port, "source?f=compute");
      assertTrue(source.contains("31L"), source);
      assertTrue(
          Files.readString(out).lines().allMatch(l -> l.startsWith("Serving web UI on")),
          Files.readString(out));
    } finally {
      pprof.descendants().forEach(ProcessHandle::destroy); // go tool starts pprof
      pprof.destroy();
    }
  }

  private String page(Process pprof, int port, String view) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + "/ui/" + view);
    while (true) {
      try {
        Answer page = ask("GET", uri, "");
        assertEquals(200, page.status(), view);
        return page.text();
      } catch (IOException e) {
        assertTrue(pprof.isAlive(), "pprof runs");
        Thread.sleep(50);
      }
    }
  }

  @Test
  @DisplayName("a profile that takes longer than a second is one gzip file all the same")
  void heartbeats() throws Exception {
    Answer response = get("wall?seconds=5");
    assertEquals(200, response.status());
    assertEquals("application/octet-stream", response.header("Content-Type"));
    assertEquals("attachment; filename=\"wall\"", response.header("Content-Disposition"));
    assertEquals('.', response.body()[10], "it has been written to meanwhile");
    byte[] proto = new GZIPInputStream(new ByteArrayInputStream(response.body())).readAllBytes();
    assertTrue(proto.length > 0);
    Path file = Files.write(dir.resolve("wall.pb.gz"), response.body());
    assertTrue(GoTool.pprof(dir, "-raw", file.toString()).contains("time/nanoseconds"));
  }

  @Test
  @DisplayName(
      "one processor profile at a time, in Go's words; a client that goes away ends its own")
  void oneAtATime() throws Exception {
    Socket gone = new Socket(InetAddress.getLoopbackAddress(), server.port());
    gone.getOutputStream()
        .write(
            ("GET /debug/pprof/profile?seconds=600 HTTP/1.1\r\nHost: localhost:"
                    + server.port()
                    + "\r\n\r\n")
                .getBytes(US_ASCII));
    InputStream in = gone.getInputStream();
    assertEquals('H', in.read()); // it has begun to answer, so the profile is being taken
    Answer refused = get("profile?seconds=1");
    assertEquals(500, refused.status());
    assertEquals("1", refused.header("X-Go-Pprof"));
    assertEquals("Could not enable CPU profiling: cpu profiling already in use\n", refused.text());
    String complaint = GoTool.pprofFails(dir, "-raw", url("profile?seconds=1"));
    assertTrue(complaint.contains("cpu profiling already in use"), complaint);
    gone.setSoLinger(true, 0);
    gone.close();
    while (get("profile?seconds=1").status() != 200) {
      Thread.sleep(100); // until the next character cannot be written
    }
  }

  @Test
  @DisplayName("three slow profiles at a time, and the others are told so at once")
  void bounded() throws Exception {
    List<CompletableFuture<Answer>> four =
        Stream.of("wall", "block", "mutex", "threadcreate")
            .map(name -> start(name + "?seconds=5"))
            .toList();
    List<Integer> answers = new ArrayList<>();
    for (CompletableFuture<Answer> one : four) {
      answers.add(one.get().status());
    }
    answers.sort(null);
    assertEquals(List.of(200, 200, 200, 503), answers);
    assertEquals(200, get("threadcreate?seconds=1").status());
  }

  @Test
  @DisplayName("HEAD takes no profile")
  void head() throws Exception {
    Answer response = ask("HEAD", URI.create(url("profile?seconds=600")), "");
    assertEquals(200, response.status());
    assertEquals(200, get("profile?seconds=1").status());
  }

  @Test
  @DisplayName("the program's own profiles are listed and served, without a difference")
  void own() throws Exception {
    Profile profile = Profile.create("com.acme.open2");
    profile.add("a", 0);
    assertTrue(
        text("").contains("<td>1</td><td><a href=\"/debug/pprof/com.acme.open2?debug=1\">"),
        "listed");
    assertTrue(text("com.acme.open2?debug=1").startsWith("com.acme.open2 profile: total 1\n"));
    assertTrue(GoTool.pprof(dir, "-top", url("com.acme.open2")).contains("own"));
    Answer delta = get("com.acme.open2?seconds=1");
    assertEquals(400, delta.status());
    assertEquals("\"seconds\" parameter is not supported for this profile type\n", delta.text());
  }

  @ParameterizedTest
  @ValueSource(strings = {"heap?gc=1&seconds=2", "oldobjects?seconds=2"})
  @DisplayName("who collects leaves three seconds to the next collection, or is told so")
  void collections(String path) throws Exception {
    Answer refused = get(path);
    assertEquals(400, refused.status());
    assertTrue(refused.text().contains("from 3 to 600, is '2'"), refused.text());
  }

  @Test
  @DisplayName("symbols can be asked for by POST, and nothing else can be posted")
  void post() throws Exception {
    String address =
        text("goroutine?debug=1")
            .lines()
            .filter(l -> l.contains("Order.quote+0x0"))
            .findFirst()
            .orElseThrow()
            .split("\t", -1)[1];
    Answer found = post("symbol", address + "+0x1\n");
    assertEquals("num_symbols: 1\n" + address + " com.acme.Order.quote\n", found.text());
    assertEquals(400, post("symbol", "<script>").status());
    assertEquals(413, post("symbol", "1+".repeat(40_000)).status());
    assertEquals(405, post("heap", "gc=1").status());
  }

  private Answer post(String path, String body) throws IOException {
    return ask("POST", URI.create(url(path)), body);
  }

  @Test
  @DisplayName("the dump as JSON, streamed")
  void dump() throws Exception {
    String json = text("goroutine?debug=2&format=json");
    assertTrue(json.startsWith("{\"schema\":\"selvage.goroutines/1\""), json);
    assertTrue(json.endsWith("\"count\":3,\"leftOut\":0}\n"), json);
    assertFalse(json.contains("<script>"));
  }

  @Test
  @DisplayName("a server tells locks when it was started so, and no request can make it")
  void locks() throws Exception {
    Answer refused = get("goroutine?debug=2&locks=1");
    assertEquals(403, refused.status());
    assertTrue(refused.text().contains("DebugOption.LOCKS"), refused.text());
    try (DebugServer allowed = DebugServer.start(0, new FakeLeaks(), DebugOption.LOCKS)) {
      URI uri = allowed.uri().resolve("/debug/pprof/goroutine?debug=2&locks=1");
      assertEquals(200, ask("GET", uri, "").status());
    }
  }

  @Test
  @DisplayName("whatever is asked, the answer is one of HTTP and the server lives")
  void fuzz() throws Exception {
    Random random = new Random(7);
    String[] names = {"heap", "goroutine", "symbol", "mutex", "block", "x", "..%2f", "%00", ""};
    String[] keys = {"debug", "seconds", "gc", "format", "locks", "%ff", "a b", "debug"};
    String[] values = {"0", "1", "2", "-1", "999999999999", "%zz", "", "<b>", "\u00e9", "1&"};
    for (int i = 0; i < 300; i++) {
      StringBuilder target =
          new StringBuilder("/debug/pprof/" + names[random.nextInt(names.length)]);
      for (int p = 0; p < random.nextInt(4); p++) {
        String key = keys[random.nextInt(keys.length)];
        String value = values[random.nextInt(values.length)];
        if (!(key.equals("seconds") && value.equals("1"))) {
          target.append(p == 0 ? '?' : '&').append(key).append('=').append(value);
        }
      }
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
        socket
            .getOutputStream()
            .write(
                ("GET "
                        + target
                        + " HTTP/1.1\r\nHost: localhost:"
                        + server.port()
                        + "\r\nConnection: close\r\n\r\n")
                    .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
        assertTrue(
            answer.isEmpty() || answer.matches("(?s)HTTP/1\\.1 (200|302|400|403|404|501|503) .*"),
            target + ": " + answer.lines().findFirst());
      }
    }
    assertEquals(200, get("").status());
  }

  @Test
  @DisplayName("the client's patience is not ours: connections wait for no profile")
  void others() throws Exception {
    CompletableFuture<Answer> slow = start("wall?seconds=5");
    assertTrue(text("").contains("/debug/pprof/"));
    assertFalse(slow.isDone());
    assertEquals(200, slow.get().status());
  }
}
