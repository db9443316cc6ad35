package dev.selvage.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in. */
final class LoopbackGuardTests {

  private static int status(Map<String, List<String>> headers) {
    return LoopbackGuard.refuse(new Request("GET", "/", null, headers), 6060)
        .map(Response::status)
        .orElse(200);
  }

  private static int with(String name, String value) {
    Map<String, List<String>> headers = new HashMap<>();
    headers.put("host", List.of("localhost:6060"));
    headers.put(name, List.of(value));
    return status(headers);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost:6060",
        "LocalHost:6060",
        "127.0.0.1:6060",
        "127.9.8.7:6060",
        "[::1]:6060"
      })
  void ourselves(String host) {
    assertEquals(200, status(Map.of("HOST", List.of(host))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "evil.example:6060",
        "localhost",
        "localhost:",
        "localhost:80",
        "localhost:6061",
        "localhost:06060x",
        "localhost.evil.example:6060",
        "127.0.0.1.evil.example:6060",
        "127.0.0.1@evil.example:6060",
        "evil.localhost:6060",
        "0.0.0.0:6060",
        "10.0.0.1:6060",
        "[::]:6060",
        "localhost:6060,evil.example:6060",
        "localhost:99999999999"
      })
  void others(String host) {
    assertEquals(403, status(Map.of("Host", List.of(host))));
  }

  @Test
  @DisplayName("there must be exactly one Host")
  void oneHost() {
    assertEquals(403, status(Map.of()));
    assertEquals(403, status(Map.of("Host", List.of("localhost:6060", "evil.example"))));
    assertEquals(
        403, status(Map.of("Host", List.of("localhost:6060"), "host", List.of("localhost:6060"))));
  }

  @ParameterizedTest
  @CsvSource({
    "200,http://localhost:6060",
    "200,http://127.0.0.1:6060",
    "403,https://localhost:6060",
    "403,http://localhost:3000",
    "403,http://localhost",
    "403,http://evil.example",
    "403,http://evil.example:6060",
    "403,null",
    "403,file://",
    "403,chrome-extension://abc"
  })
  void origins(int status, String origin) {
    assertEquals(status, with("Origin", origin));
  }

  @Test
  @DisplayName("a page of another site may link here, but not load from here")
  void fetchSites() {
    assertEquals(200, with("Sec-Fetch-Site", "none"));
    assertEquals(200, with("Sec-Fetch-Site", "same-origin"));
    assertEquals(403, with("Sec-Fetch-Site", "same-site"));
    assertEquals(403, with("Sec-Fetch-Site", "cross-site"));
    Map<String, List<String>> link =
        Map.of(
            "Host", List.of("localhost:6060"),
            "Sec-Fetch-Site", List.of("cross-site"),
            "Sec-Fetch-Mode", List.of("navigate"),
            "Sec-Fetch-Dest", List.of("document"));
    assertEquals(200, status(link));
    Map<String, List<String>> frame = new HashMap<>(link);
    frame.put("Sec-Fetch-Dest", List.of("iframe"));
    assertEquals(403, status(frame));
  }
}
