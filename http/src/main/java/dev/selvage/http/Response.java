package dev.selvage.http;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an endpoint answers. Every one says {@code nosniff} and {@code no-store}: what a browser
 * gets is never guessed to be a page and never kept.
 *
 * @param status of HTTP
 * @param headers each once, in the order in which they are to be sent; without the length
 * @param body owned by the response: not copied, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // Up to 64 MB, and nobody compares responses.
public record Response(int status, Map<String, String> headers, byte[] body) {

  public Response {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("X-Content-Type-Options", "nosniff");
    all.put("Cache-Control", "no-store");
    all.put("Cross-Origin-Resource-Policy", "same-origin");
    headers = Collections.unmodifiableMap(all);
  }

  /** The body as text, for those who know that it is. */
  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  static Response text(String text) {
    return of(200, "text/plain; charset=utf-8", text);
  }

  static Response of(int status, String contentType, String text) {
    return new Response(
        status, Map.of("Content-Type", contentType), text.getBytes(StandardCharsets.UTF_8));
  }

  static Response file(String name, byte[] body) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "application/octet-stream");
    headers.put("Content-Disposition", "attachment; filename=\"" + name + "\"");
    return new Response(200, headers, body);
  }

  /**
   * An error with its reason. The header is the sign for {@code go tool pprof} to show the reason
   * to its user.
   */
  static Response error(int status, String reason) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "text/plain; charset=utf-8");
    headers.put("X-Go-Pprof", "1");
    return new Response(status, headers, (reason + "\n").getBytes(StandardCharsets.UTF_8));
  }

  Response with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Response(status, more, body);
  }
}
