package dev.selvage.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.diagnostics.trace.FlightRecorder;
import dev.selvage.observe.Probe;
import dev.selvage.testing.StuckReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the flight recorder holds, as the debug server gives it. */
@Timeout(60)
final class FlightPageTests {
  private static final String PAGE = "/debug/selvage/flight";

  private final DebugEndpoints endpoints = new DebugEndpoints(new FakeLeaks());

  private Response get(String query) {
    return endpoints.handle(Request.get(PAGE + query));
  }

  private static void assumeOurs() {
    assumeTrue(Probe.traceImpossible() == null, "goroutines run on the scheduler of the JDK");
  }

  @Test
  void withoutOneThatRunsItSaysHowToHaveOne() {
    assertTrue(get("").text().startsWith("{\"schema\":\"selvage.flight/1\",\"running\":false"));
    for (String format : new String[] {"?format=go", "?format=perfetto"}) {
      Response response = get(format);
      assertEquals(409, response.status());
      assertTrue(response.text().contains("flight-recorder=10s"), response.text());
    }
    Response drawn = endpoints.handle(Request.get("/debug/selvage/timeline?last=1"));
    assertEquals(409, drawn.status());
    assertTrue(drawn.text().contains("flight-recorder=10s"), drawn.text());
    assertEquals(400, get("?format=gif").status());
    Request post = new Request("POST", PAGE, "format=go", Map.of());
    assertEquals(405, endpoints.handle(post).status());
  }

  @Test
  void whatItHoldsCanBeHadAgainAndAgainAndItGoesOn() throws Exception {
    assumeOurs();
    try (var recorder = new FlightRecorder(Duration.ofSeconds(30), 1 << 20)) {
      recorder.start();
      Channel<Integer> channel = Channel.unbuffered();
      Go.go("the-sender", () -> channel.send(1));
      channel.receive();
      for (int i = 0; i < 2; i++) {
        Response go = get("?format=go");
        assertEquals(200, go.status());
        byte[] body = go.body();
        assertTrue(new String(body, StandardCharsets.ISO_8859_1).startsWith("go 1.23 trace"));
        Response perfetto = get("?format=perfetto");
        assertEquals(
            "attachment; filename=\"flight.json\"", perfetto.headers().get("Content-Disposition"));
        assertTrue(perfetto.text().contains("the-sender"), "the goroutine is in it");
      }
      String drawn = endpoints.handle(Request.get("/debug/selvage/timeline?last=1")).text();
      assertTrue(drawn.startsWith("{\"schema\":\"selvage.timeline/1\""), drawn);
      assertTrue(drawn.contains("the-sender"), drawn);
      assertEquals(
          0, endpoints.handle(new Request("HEAD", PAGE, "format=go", Map.of())).body().length);
      String status = get("").text();
      assertTrue(status.contains("\"running\":true"), status);
      assertTrue(status.contains("\"keepSeconds\":30.0,\"mostBytes\":1048576"), status);
      assertTrue(recorder.isEnabled());
    }
  }

  @Test
  void aSlowReaderKeepsNobodyFromIt() throws Exception {
    assumeOurs();
    try (var recorder = new FlightRecorder()) {
      recorder.start();
      Go.go(() -> {});
      try (Response.Content unread = get("?format=go").content()) {
        assertEquals(200, get("?format=go").status());
        assertTrue(unread.length() > 0);
      }
    }
  }

  @Test
  void whoeverComesWhileItIsWrittenIsToldToTryAgain() throws Exception {
    assumeOurs();
    try (var recorder = new FlightRecorder()) {
      recorder.start();
      Go.go(() -> {});
      var reader = new StuckReader(recorder);
      assertEquals(503, get("?format=go").status());
      reader.finish();
      assertEquals(200, get("?format=go").status());
    }
  }
}
