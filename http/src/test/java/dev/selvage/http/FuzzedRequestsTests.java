package dev.selvage.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Requests that chance makes: whatever comes is answered or cut off, and the next is answered as
 * ever. {@code -Dselvage.fuzz=N} makes N times as many; a failure names its seed.
 */
@Timeout(value = 15, unit = java.util.concurrent.TimeUnit.MINUTES)
final class FuzzedRequestsTests {
  private static final int TIMES = Integer.getInteger("selvage.fuzz", 1);

  private static final List<String> METHODS =
      List.of("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "X");

  /** What is answered at once. */
  private static final List<String> QUICK =
      List.of(
          "/",
          "/debug",
          "/debug/pprof/",
          "/debug/pprof/cmdline",
          "/debug/pprof/symbol",
          "/debug/pprof/goroutine",
          "/debug/pprof/goroutineleak",
          "/debug/pprof/block",
          "/debug/pprof/mutex",
          "/debug/pprof/threadcreate",
          "/debug/selvage/leaks",
          "/debug/selvage/scheduler",
          "/debug/selvage/always",
          "/debug/selvage/metrics",
          "/debug/selvage/flight",
          "/debug/selvage/doctor",
          "/debug/selvage/",
          "/debug/selvage/profiles",
          "/debug/selvage/goroutines",
          "/debug/selvage/growth",
          "/debug/selvage/flame",
          "/debug/selvage/page/app.js",
          "/debug/selvage/page/../../../etc/passwd",
          "/debug/pprof/../../etc/passwd",
          "/debug/pprof//goroutine",
          "/debug/pprof/" + "a".repeat(3_000),
          "/\u202e\u0000");

  /** What takes its time, if the parameters are right: so they never are. */
  private static final List<String> SLOW =
      List.of(
          "/debug/pprof/profile",
          "/debug/pprof/wall",
          "/debug/pprof/allocs",
          "/debug/pprof/oldobjects",
          "/debug/selvage/timeline");

  private static final List<String> NAMES =
      List.of(
          "debug",
          "format",
          "locks",
          "gc",
          "paths",
          "last",
          "safepoints",
          "mode",
          "profile",
          "type",
          "by",
          "q",
          "reason",
          "proven",
          "group",
          "sort",
          "order",
          "page",
          "size",
          "x",
          "",
          "%00",
          "%e2%80%ae");
  private static final List<String> VALUES =
      List.of(
          "0",
          "1",
          "2",
          "3",
          "-1",
          "json",
          "text",
          "go",
          "perfetto",
          "",
          "%",
          "%zz",
          "%00%0d%0aX",
          "2147483647",
          "99999999999999999999",
          "1e9",
          "NaN",
          "one",
          "wait",
          "\u001b[31m",
          "<script>alert(1)</script>",
          "'\"&",
          "\u202eevil",
          "a".repeat(10_000));
  private static final List<String> WRONG_SECONDS =
      List.of("-1", "601", "x", "99999999999999999999", "", "%", "1.5.2", "NaN");

  private static final Set<Integer> STATUSES =
      Set.of(200, 302, 400, 403, 404, 405, 409, 413, 414, 431, 500, 501, 503);

  private static <T> T any(Random random, List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private static Request request(Random random) {
    boolean slow = random.nextInt(8) == 0;
    String path = any(random, slow ? SLOW : QUICK);
    List<String> pairs = new ArrayList<>();
    for (int n = random.nextInt(4); n > 0; n--) {
      pairs.add(any(random, NAMES) + (random.nextInt(6) == 0 ? "" : "=" + any(random, VALUES)));
    }
    if (slow || (random.nextInt(10) == 0 && !path.endsWith("leak"))) {
      pairs.add(random.nextInt(pairs.size() + 1), "seconds=" + any(random, WRONG_SECONDS));
    }
    String query = random.nextInt(5) == 0 && !slow ? null : String.join("&", pairs);
    String method = any(random, METHODS);
    String body = random.nextInt(3) == 0 ? any(random, VALUES) + "+" + any(random, VALUES) : "";
    return new Request(slow && method.equals("HEAD") ? "GET" : method, path, query, Map.of(), body);
  }

  @Test
  void every_request_has_an_answer_that_is_not_an_accident() {
    var endpoints = new DebugEndpoints(new FakeLeaks());
    for (int seed = 0; seed < 3_000 * TIMES; seed++) {
      Request request = request(new Random(seed));
      String which = "seed " + seed + ": " + request;
      Response response = endpoints.handle(request);
      assertTrue(STATUSES.contains(response.status()), which);
      response
          .headers()
          .values()
          .forEach(value -> assertFalse(value.chars().anyMatch(c -> c < ' '), which));
      if (response.status() >= 400) {
        String said = response.text();
        assertFalse(said.startsWith("failed: "), () -> which + "\n" + said);
        assertFalse(
            said.chars().anyMatch(c -> (c < ' ' && c != '\n') || c > '~'), () -> which + said);
        assertTrue(said.length() < 1_000, () -> which + said);
      } else {
        response.content().close();
      }
    }
  }

  // --------------- Through sockets ---------------

  private static byte[] raw(Random random, int port) {
    Request request = request(random);
    String query = request.query();
    String target = request.path() + (query == null ? "" : "?" + query);
    String host = random.nextInt(8) == 0 ? any(random, VALUES) : "127.0.0.1:" + port;
    var text = new StringBuilder();
    text.append(request.method()).append(' ').append(target).append(" HTTP/1.1\r\n");
    text.append("Host: ").append(host).append("\r\nConnection: close\r\n");
    for (int n = random.nextInt(4); n > 0; n--) {
      switch (random.nextInt(5)) {
        case 0 -> text.append("X: ").append("y".repeat(random.nextInt(100_000))).append("\r\n");
        case 1 -> text.append("Content-Length: ").append(any(random, VALUES)).append("\r\n");
        case 2 -> text.append("Transfer-Encoding: chunked\r\n");
        case 3 -> text.append(any(random, VALUES)).append("\r\n");
        default -> text.append("Origin: http://evil.example\r\n");
      }
    }
    text.append("\r\n").append(request.body());
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    switch (random.nextInt(6)) {
      case 0 -> { // something in it is something else
        for (int n = 1 + random.nextInt(20); n > 0; n--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
      }
      case 1 -> { // it ends too early
        return java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      case 2 -> random.nextBytes(bytes);
      default -> {} // as it is
    }
    return bytes;
  }

  /** What the server says to that; empty if it says nothing. */
  private static String tell(int port, byte[] request) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) Duration.ofSeconds(60).toMillis());
      var out = new ByteArrayOutputStream();
      try {
        socket.getOutputStream().write(request);
        socket.shutdownOutput();
        try (InputStream in = socket.getInputStream()) {
          in.transferTo(out);
        }
      } catch (java.net.SocketTimeoutException e) {
        throw e;
      } catch (IOException _) {
        // Cut off, which is an answer.
      }
      return out.toString(StandardCharsets.ISO_8859_1);
    }
  }

  private static int status(DebugServer server) throws IOException {
    URI uri = URI.create(server.uri() + "/debug/pprof/cmdline");
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setReadTimeout(60_000);
    return connection.getResponseCode();
  }

  @Test
  void whatever_many_send_at_once_the_server_goes_on() throws Exception {
    try (DebugServer server = DebugServer.start(0, new FakeLeaks(), Duration.ofSeconds(2));
        ExecutorService senders = Executors.newFixedThreadPool(16)) {
      List<Future<Boolean>> sent = new ArrayList<>();
      for (int seed = 0; seed < 400 * TIMES; seed++) {
        long chosen = seed;
        sent.add(
            senders.submit(
                () -> {
                  String said = tell(server.port(), raw(new Random(chosen), server.port()));
                  assertTrue(
                      said.isEmpty() || said.startsWith("HTTP/1.1 "),
                      () -> "seed " + chosen + ": " + said);
                  assertFalse(said.contains("\r\nX\r\n"), () -> "seed " + chosen + ": " + said);
                  return true;
                }));
      }
      for (Future<Boolean> one : sent) {
        assertTrue(one.get());
      }
      assertEquals(200, status(server));
    }
  }
}
