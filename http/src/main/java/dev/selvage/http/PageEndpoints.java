package dev.selvage.http;

import dev.selvage.diagnostics.Growth;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.text.Json;
import dev.selvage.diagnostics.trace.ExecutionTrace;
import dev.selvage.http.DebugEndpoints.Refused;
import dev.selvage.http.page.Assets;
import dev.selvage.http.page.Flames;
import dev.selvage.http.page.GoroutineTable;
import dev.selvage.http.page.Live;
import dev.selvage.http.page.Sampling;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The live page below {@code /debug/selvage/}, and the data that it asks for. Thread-safe. */
final class PageEndpoints {
  /** Where the page is. */
  static final String PAGE = "/debug/selvage/";

  private static final String ASSETS = PAGE + "page/";
  private static final int MOST_CURVES = 200;
  private static final int MOST_PAGE_SIZE = 500;
  private static final int LONGEST_SEARCH = 200;
  private static final int MOST_TRACE_SECONDS = 10;

  private final Leaks leaks;
  private final GoroutineTable table;
  private final Live live;
  private final Semaphore slow;

  /**
   * The page of a program.
   *
   * @param slow what each request that takes a while needs a permit of
   * @param threads makes the thread that samples while somebody looks
   */
  PageEndpoints(
      Leaks leaks, String program, LongSupplier nanoTime, Semaphore slow, ThreadFactory threads) {
    this.leaks = leaks;
    this.table = new GoroutineTable(leaks, nanoTime);
    this.live = new Live(() -> new Sampling(leaks, program), threads);
    this.slow = slow;
  }

  /** Answers what is below {@link #PAGE} and nobody else answers. */
  Response answer(Request request) throws Refused, InterruptedException {
    String path = request.path();
    return switch (path) {
      case PAGE -> asset("index.html", request);
      case PAGE + "events" -> events(request);
      case PAGE + "goroutines" -> goroutines(DebugEndpoints.parameters(request));
      case PAGE + "growth" -> growth();
      case PAGE + "timeline" -> timeline(request);
      default -> {
        if (path.startsWith(ASSETS)) {
          yield asset(path.substring(ASSETS.length()), request);
        }
        throw new Refused(404, "nothing here; " + PAGE + " is the live page");
      }
    };
  }

  // --------------- Files ---------------

  private static Response asset(String name, Request request) throws Refused {
    Assets.Asset asset = Assets.find(name);
    if (asset == null) {
      throw new Refused(404, "the live page has no such file");
    }
    // Asked for each time, and answered in a few bytes: so a page is never older than its server.
    boolean known = request.header("If-None-Match").contains(asset.tag());
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", asset.type());
    headers.put("Cache-Control", "no-cache");
    headers.put("ETag", asset.tag());
    headers.put("Content-Security-Policy", Assets.POLICY);
    headers.put("Referrer-Policy", "no-referrer");
    return new Response(known ? 304 : 200, headers, known ? new byte[0] : asset.bytes());
  }

  // --------------- Data ---------------

  private Response events(Request request) throws Refused {
    Map<String, String> headers = Map.of("Content-Type", "text/event-stream; charset=utf-8");
    if (request.method().equals("HEAD")) {
      return new Response(200, headers, new byte[0]); // nobody would see the events
    }
    Live.Viewer viewer = live.open();
    if (viewer == null) {
      throw new Refused(
          503, Live.MOST_VIEWERS + " pages are being looked at already: close one of them");
    }
    return new Response(200, headers, new EventContent(viewer));
  }

  private Response goroutines(Map<String, String> parameters) throws Refused, InterruptedException {
    boolean dump = !parameters.getOrDefault("dump", "0").equals("0");
    if (!leaks.canVisit() && !dump) {
      throw new Refused(
          409,
          "only a thread dump of the JVM has these goroutines, and JDK 25.0.3 can crash in one"
              + " while threads are being mounted: dump=1 asks for it all the same");
    }
    String text = parameters.getOrDefault("q", "");
    if (text.length() > LONGEST_SEARCH) {
      throw new Refused(400, "q must have at most " + LONGEST_SEARCH + " characters");
    }
    var filter =
        new GoroutineTable.Filter(
            text,
            parameters.getOrDefault("reason", ""),
            !parameters.getOrDefault("proven", "0").equals("0"),
            parameters.getOrDefault("group", ""));
    int size =
        DebugEndpoints.number("size", parameters.getOrDefault("size", "50"), 1, MOST_PAGE_SIZE);
    boolean ascending = parameters.getOrDefault("order", "desc").equals("asc");
    if (parameters.getOrDefault("by", "stack").equals("stack")) {
      int page =
          DebugEndpoints.number("page", parameters.getOrDefault("page", "0"), 0, Integer.MAX_VALUE);
      GoroutineTable.GroupOrder order =
          order(GoroutineTable.GroupOrder.class, parameters.getOrDefault("sort", "count"));
      return json(table.groups(filter, order, ascending, page, size));
    }
    int page =
        DebugEndpoints.number(
            "page", parameters.getOrDefault("page", "0"), 0, GoroutineTable.MOST_ROWS / size - 1);
    GoroutineTable.RowOrder order =
        order(GoroutineTable.RowOrder.class, parameters.getOrDefault("sort", "wait"));
    return json(table.rows(filter, order, ascending, page, size));
  }

  private static <T extends Enum<T>> T order(Class<T> type, String text) throws Refused {
    List<String> names = new ArrayList<>();
    for (T constant : type.getEnumConstants()) {
      String name = constant.name().toLowerCase(Locale.ROOT);
      if (name.equals(text)) {
        return constant;
      }
      names.add(name);
    }
    throw new Refused(
        400,
        "sort must be one of " + String.join(", ", names) + ", is " + DebugEndpoints.shown(text));
  }

  private Response growth() {
    long now = System.nanoTime();
    long nowMillis = System.currentTimeMillis();
    List<Growth> all = leaks.growth();
    List<Object> curves = new ArrayList<>();
    for (Growth growth : all.subList(0, Math.min(MOST_CURVES, all.size()))) {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("kind", growth.kind());
      json.put("name", growth.name());
      json.put("site", growth.site());
      json.put("onlyGrows", growth.onlyGrows());
      json.put("grewBy", growth.grewBy());
      json.put(
          "points",
          growth.points().stream()
              .map(p -> new long[] {nowMillis - (now - p.nanos()) / 1_000_000, p.size()})
              .toList());
      curves.add(json);
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("watched", all.size());
    json.put("curves", curves);
    return json(json);
  }

  /** A short execution trace of now, drawn; with {@code last} what the flight recorder holds. */
  private Response timeline(Request request) throws Refused, InterruptedException {
    Map<String, String> parameters = DebugEndpoints.parameters(request);
    boolean head = request.method().equals("HEAD");
    if (!parameters.getOrDefault("last", "0").equals("0")) {
      return FlightPage.timeline(head);
    }
    double seconds =
        DebugEndpoints.fractionOfSeconds(
            parameters.getOrDefault("seconds", "1"), MOST_TRACE_SECONDS);
    if (head) {
      return Response.of(200, "application/json", ""); // nobody would see the trace
    }
    if (!slow.tryAcquire()) {
      throw new Refused(503, "enough profiles are being taken already; try again later");
    }
    try (ExecutionTrace trace = ExecutionTrace.start()) {
      Thread.sleep((long) (seconds * 1_000));
      trace.stop();
      ByteArrayOutputStream out = new ByteArrayOutputStream(1 << 16);
      trace.writeTimeline(out);
      return new Response(200, Map.of("Content-Type", "application/json"), out.toByteArray());
    } catch (IllegalStateException e) {
      throw new Refused(503, "no trace now: " + e.getMessage());
    } catch (UnsupportedOperationException e) {
      throw new Refused(501, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot fail to be written", e);
    } finally {
      slow.release();
    }
  }

  /** All goroutines as a flame graph, or those that are proven to be leaked. */
  Response goroutineFlame(boolean leaked) throws Refused {
    if (!leaks.canVisit()) {
      throw new Refused(
          409,
          "goroutines cannot be listed here without a thread dump, which JDK 25.0.3 can crash in");
    }
    return Response.of(200, "application/json", Flames.goroutines(leaks, leaked));
  }

  private static Response json(Map<String, @Nullable Object> json) {
    return Response.of(200, "application/json", Json.text(json));
  }
}
