package dev.selvage.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.diagnostics.trace.ExecutionTrace;
import dev.selvage.observe.Probe;
import dev.selvage.testing.GoTool;
import dev.selvage.trace.Trace;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Execution traces through a real server. */
@Timeout(120)
final class TraceEndpointTests {
  private final DebugServer server = DebugServer.start(0, new FakeLeaks());
  private volatile boolean stop;

  @AfterEach
  void close() {
    stop = true;
    server.close();
  }

  /** What a server answered. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares answers.
  private record Answer(int status, String disposition, String sign, byte[] body) {
    String text() {
      return new String(body, US_ASCII);
    }
  }

  private Answer get(String query) throws IOException {
    URI uri = URI.create(server.uri() + "/debug/pprof/trace" + query);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    int status = connection.getResponseCode();
    try (var in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      return new Answer(
          status,
          String.valueOf(connection.getHeaderField("Content-Disposition")),
          String.valueOf(connection.getHeaderField("X-Go-Pprof")),
          in.readAllBytes());
    }
  }

  private static void assumeOurs() {
    assumeTrue(Probe.traceImpossible() == null, "goroutines run on the scheduler of the JDK");
  }

  @Test
  void on_the_scheduler_of_the_jdk_it_says_what_is_missing() throws IOException {
    assumeFalse(Probe.traceImpossible() == null, "goroutines run on Selvage's scheduler");
    Answer answer = get("?seconds=1");
    assertEquals(501, answer.status);
    assertEquals("1", answer.sign);
    assertTrue(
        answer.text().startsWith("Could not enable tracing: an execution trace needs Selvage's"),
        answer.text());
    assertTrue(answer.text().contains("java.base/java.lang"), answer.text());
  }

  @Test
  void go_reads_what_the_server_sends(@TempDir Path dir) throws Exception {
    assumeOurs();
    Channel<Integer> channel = Channel.unbuffered();
    Go.go(
        () -> {
          while (!stop) {
            channel.send(1);
            Go.sleep(Duration.ofMillis(1));
          }
          channel.close();
        });
    Go.go(
        () -> {
          for (int _ : channel) {
            Go.yield();
          }
        });
    Answer answer = get("?seconds=2.5"); // longer than a beat
    assertEquals(200, answer.status);
    assertEquals("attachment; filename=\"trace\"", answer.disposition);
    Path file = Files.write(dir.resolve("trace"), answer.body);
    assertTrue(GoTool.parsed(dir, file).contains("Reason=\"chan receive\""));
    assertFalse(Trace.isEnabled());
  }

  @Test
  void perfetto_has_it_as_json() throws Exception {
    assumeOurs();
    Answer answer = get("?seconds=0.1&format=perfetto");
    assertEquals(200, answer.status);
    assertTrue(answer.text().strip().startsWith("{\"displayTimeUnit\""), answer.text());
    assertTrue(answer.text().strip().endsWith("]}"), "it is complete");
    assertEquals(400, get("?format=gif").status);
    assertEquals(200, get("?seconds=0.1&safepoints=1").status);
    assertFalse(Trace.isEnabled());
  }

  @Test
  void seconds_are_one_if_they_are_no_positive_number() throws Exception {
    assumeOurs();
    for (String query : List.of("", "?seconds=-3", "?seconds=x")) {
      long begun = System.nanoTime();
      assertEquals(200, get(query).status);
      assertTrue(System.nanoTime() - begun >= TimeUnit.SECONDS.toNanos(1));
    }
  }

  @Test
  void a_second_trace_is_refused_as_by_go() throws Exception {
    assumeOurs();
    try (var _ = ExecutionTrace.start()) {
      Answer answer = get("?seconds=1");
      assertEquals(500, answer.status);
      assertEquals("Could not enable tracing: tracing is already enabled\n", answer.text());
      assertEquals("1", answer.sign);
    }
    assertEquals(200, get("?seconds=0.01").status);
  }

  @Test
  void it_ends_when_its_asker_has_gone() throws Exception {
    assumeOurs();
    try (Socket socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
      socket.setSoLinger(true, 0); // a reset, which the next write finds
      String ask =
          "GET /debug/pprof/trace?seconds=600 HTTP/1.1\r\nHost: "
              + server.uri().getAuthority()
              + "\r\n\r\n";
      socket.getOutputStream().write(ask.getBytes(US_ASCII));
      assertTrue(socket.getInputStream().read() >= 0);
      assertTrue(Trace.isEnabled());
    }
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (Trace.isEnabled()) {
      assertTrue(System.nanoTime() < limit, "it goes on for nobody");
      Thread.sleep(100);
    }
  }
}
