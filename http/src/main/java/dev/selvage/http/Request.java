package dev.selvage.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP request as far as the debug endpoints look at it, whichever server it came through.
 * Immutable.
 *
 * @param method in upper case, as it came
 * @param path decoded, with its leading slash and without the query
 * @param query as it came, still encoded; null where there was none
 * @param headers all values of each header; names in any case
 * @param body what was posted; empty otherwise
 */
public record Request(
    String method,
    String path,
    @Nullable String query,
    Map<String, List<String>> headers,
    String body) {

  public Request {
    Map<String, List<String>> byLowerCase = new TreeMap<>();
    headers.forEach(
        (name, values) ->
            byLowerCase
                .computeIfAbsent(name.toLowerCase(Locale.ROOT), _ -> new ArrayList<>())
                .addAll(values));
    headers = Map.copyOf(byLowerCase);
  }

  /** One that posts nothing. */
  public Request(
      String method, String path, @Nullable String query, Map<String, List<String>> headers) {
    this(method, path, query, headers, "");
  }

  /** A GET without headers, as {@code get("/debug/pprof/goroutine?debug=2")}. */
  public static Request get(String target) {
    int mark = target.indexOf('?');
    return mark < 0
        ? new Request("GET", target, null, Map.of())
        : new Request("GET", target.substring(0, mark), target.substring(mark + 1), Map.of());
  }

  /** All values of a header, in their order; empty where it was not sent. */
  List<String> header(String name) {
    return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
  }
}
