package dev.selvage.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Locks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.Tally;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The endpoints as a function, without a server. */
final class DebugEndpointsTests {
  private final FakeLeaks leaks = new FakeLeaks();
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // overflows in the tests
  private final DebugEndpoints endpoints = new DebugEndpoints(leaks, nanos::get);

  private Response get(String target) {
    return endpoints.handle(Request.get(target));
  }

  private void pass(long millis) {
    nanos.addAndGet(millis * 1_000_000);
  }

  @Test
  @DisplayName("the index counts, links and escapes, and looks for nothing")
  void index() {
    String before = System.getProperty("sun.java.command", "");
    Response index;
    try {
      System.setProperty("sun.java.command", "/opt/<b>shop.jar arguments");
      index = new DebugEndpoints(leaks).handle(Request.get("/debug/pprof/"));
    } finally {
      System.setProperty("sun.java.command", before);
    }
    assertEquals(200, index.status());
    assertEquals("text/html; charset=utf-8", index.headers().get("Content-Type"));
    String page = index.text();
    assertTrue(page.contains("<td>3</td><td><a href=\"goroutine?debug=1\">goroutine</a>"), page);
    assertTrue(
        page.contains("<td>2</td><td><a href=\"goroutineleak?debug=1\">goroutineleak</a>"), page);
    assertTrue(page.contains("href=\"goroutine?debug=2\">full goroutine stack dump"), page);
    assertTrue(page.contains("<p>&lt;b&gt;shop.jar, pid "), page);
    assertFalse(page.contains("<b>"), page);
    assertEquals(0, leaks.looks.get());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/debug", "/debug/pprof"})
  void leadToTheIndex(String path) {
    Response response = get(path);
    assertEquals(302, response.status());
    assertEquals("/debug/pprof/", response.headers().get("Location"));
  }

  @Test
  @DisplayName("goroutine: a gzip file, and two texts")
  void goroutine() {
    Response proto = get("/debug/pprof/goroutine");
    assertEquals("application/octet-stream", proto.headers().get("Content-Type"));
    assertEquals("attachment; filename=\"goroutine\"", proto.headers().get("Content-Disposition"));
    assertArrayEquals(new byte[] {0x1f, (byte) 0x8b}, Arrays.copyOf(proto.body(), 2));
    assertArrayEquals(
        new byte[] {0x1f, (byte) 0x8b},
        Arrays.copyOf(get("/debug/pprof/goroutine?debug=0&gc=1").body(), 2));

    Response text = get("/debug/pprof/goroutine?debug=1");
    assertEquals("text/plain; charset=utf-8", text.headers().get("Content-Type"));
    assertTrue(text.text().startsWith("goroutine profile: total 3\n2 @ 0x"), text.text());
    String dump = get("/debug/pprof/goroutine?debug=2").text();
    assertTrue(dump.startsWith("goroutine 31 [chan send (leaked)]:\n"), dump);
    assertTrue(
        dump.contains("\n\ngoroutine 33 [sleep, 4 minutes labels:{\"name\": \"<script>\"}]:\n"),
        dump);
    assertEquals(0, leaks.looks.get());
  }

  /** Counts who asks for locks, and has one. */
  private static final class Locked extends FakeLeaks {
    int asked;

    @Override
    public void visit(boolean locks, Visitor visitor) {
      asked += locks ? 1 : 0;
      Locks held = new Locks("<0x1> (a java.lang.Object)", OptionalLong.of(32), List.of());
      threads.forEach(thread -> visitor.goroutine(thread, locks ? held : Locks.NONE));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "goroutine?debug=2&locks=1",
        "goroutine?debug=2&locks",
        "goroutine?locks=true&debug=2&format=json",
        "goroutine?format=json&locks=1",
        "goroutineleak?debug=2&locks=1"
      })
  @DisplayName("locks are told only where whoever starts the endpoints allows it")
  void locks(String target) {
    Locked locked = new Locked();
    Response refused =
        new DebugEndpoints(locked, nanos::get).handle(Request.get("/debug/pprof/" + target));
    assertEquals(403, refused.status());
    assertTrue(refused.text().startsWith("locks=1 is not allowed here: "), refused.text());
    assertTrue(refused.text().contains("JDK 25.0.3 can crash"), refused.text());
    assertTrue(refused.text().contains("DebugOption.LOCKS"), refused.text());
    assertTrue(refused.text().contains("allow-locks=true"), refused.text());
    assertEquals(0, locked.asked + locked.looks.get(), "refused before any look");

    Response told =
        new DebugEndpoints(locked, nanos::get, DebugOption.LOCKS)
            .handle(Request.get("/debug/pprof/" + target));
    assertEquals(200, told.status());
    assertTrue(told.text().contains("0x1> (a java.lang.Object)"), told.text());
    assertEquals(1, locked.asked);
  }

  @Test
  @DisplayName("what asks for no locks needs no permission, and a permission asks for none")
  void noLocks() {
    Locked locked = new Locked();
    for (String target : List.of("debug=2", "debug=2&locks=0", "locks=1", "debug=1&locks=1")) {
      Request request = Request.get("/debug/pprof/goroutine?" + target);
      assertEquals(200, new DebugEndpoints(locked, nanos::get).handle(request).status(), target);
      assertEquals(
          200, new DebugEndpoints(locked, nanos::get, DebugOption.LOCKS).handle(request).status());
    }
    assertEquals(0, locked.asked);
  }

  @Test
  @DisplayName("goroutineleak: only the leaked, but its dump shows all")
  void goroutineleak() {
    assertTrue(
        get("/debug/pprof/goroutineleak?debug=1")
            .text()
            .startsWith("goroutineleak profile: total 2\n2 @ 0x"));
    assertTrue(get("/debug/pprof/goroutineleak?debug=2").text().contains("goroutine 33 [sleep, 4"));
    assertEquals(
        "attachment; filename=\"goroutineleak\"",
        get("/debug/pprof/goroutineleak").headers().get("Content-Disposition"));
  }

  @Test
  @DisplayName("one look in three seconds at most, whoever asks")
  void oneLook() {
    String report = get("/debug/selvage/leaks").text();
    assertEquals(1, leaks.looks.get());
    pass(2_999);
    assertEquals(report, get("/debug/selvage/leaks").text());
    assertEquals(200, get("/debug/pprof/goroutineleak").status());
    assertEquals(1, leaks.looks.get());
    pass(1);
    assertEquals(200, get("/debug/pprof/goroutineleak?debug=1").status());
    assertEquals(2, leaks.looks.get());
  }

  @Test
  @DisplayName("the report in both forms")
  void report() {
    Response json = get("/debug/selvage/leaks");
    assertEquals("application/json", json.headers().get("Content-Type"));
    assertTrue(json.text().startsWith("{\"schema\":\"selvage.leaks/1\","), json.text());
    Response text = get("/debug/selvage/leaks?format=text");
    assertEquals("text/plain; charset=utf-8", text.headers().get("Content-Type"));
    assertEquals(
        "0 leaks. 3 virtual threads: 1 can be woken (1 by a timer);" + " canary found; 2 ms.\n",
        text.text());
  }

  @Test
  @DisplayName("the schedulers, of which the JDK's is always there")
  void scheduler() {
    Response json = get("/debug/selvage/scheduler");
    assertEquals(200, json.status());
    assertEquals("application/json", json.headers().get("Content-Type"));
    String text = json.text();
    assertTrue(text.startsWith("{\"schema\":\"selvage.scheduler/1\","), text);
    assertTrue(text.matches("(?s).*\"jdk\":\\{\"parallelism\":[1-9].*"), text);
    assertFalse(text.contains("latency"), text);
    assertEquals(0, leaks.looks.get());

    text = get("/debug/selvage/scheduler?seconds=0.01").text();
    assertTrue(text.matches("(?s).*\"latency\":\\{\"seconds\":0.01,\"buckets\":\\[.*"), text);
    for (String bad : List.of("0", "-1", "601", "NaN", "x", "")) {
      Response refused = get("/debug/selvage/scheduler?seconds=" + bad);
      assertEquals(400, refused.status(), bad);
      assertTrue(refused.text().contains("seconds must be above 0 and at most 600"), bad);
    }
  }

  @Test
  @DisplayName("where no proof is possible goroutineleak says why, and goroutine works")
  void noProof() {
    FakeLeaks shut =
        new FakeLeaks() {
          @Override
          public Report find(Mode mode) {
            return report("none", "java.base/java.lang is not open");
          }
        };
    DebugEndpoints shutEndpoints = new DebugEndpoints(shut);
    Response refused = shutEndpoints.handle(Request.get("/debug/pprof/goroutineleak"));
    assertEquals(501, refused.status());
    assertEquals("1", refused.headers().get("X-Go-Pprof"));
    assertEquals(
        """
        no proof is possible in this JVM: java.base/java.lang is not open
        java.base/java.lang: --add-opens java.base/java.lang=ALL-UNNAMED
        """,
        refused.text());
    assertEquals(200, shutEndpoints.handle(Request.get("/debug/pprof/goroutine")).status());
    assertEquals(200, shutEndpoints.handle(Request.get("/debug/selvage/leaks")).status());
  }

  @Test
  @DisplayName("a look that fails is a 500 with its reason and is not tried again at once")
  void failure() {
    FakeLeaks broken =
        new FakeLeaks() {
          @Override
          public Report find(Mode mode) {
            looks.incrementAndGet();
            throw new IllegalStateException("the lists are gone");
          }
        };
    DebugEndpoints brokenEndpoints = new DebugEndpoints(broken, nanos::get);
    for (int i = 0; i < 3; i++) {
      Response failed = brokenEndpoints.handle(Request.get("/debug/pprof/goroutineleak"));
      assertEquals(500, failed.status());
      assertTrue(failed.text().contains("the lists are gone"), failed.text());
    }
    assertEquals(1, broken.looks.get());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "400,goroutine?debug=3,`debug must be a number from 0 to 2, is '3'`",
        "400,goroutine?debug=,`debug must be a number from 0 to 2, is ''`",
        "400,goroutine?debug,`debug must be a number from 0 to 2, is ''`",
        "400,goroutineleak?debug=-1,`debug must be a number from 0 to 2, is '-1'`",
        "400,goroutine?debug=1&debug=2,`'debug' is given twice`",
        "400,goroutine?debug=%zz,`not a valid percent-encoding: '%zz'`",
        "400,goroutine?debug=%1b%0a<b>,`debug must be a number from 0 to 2, is '??<b>'`",
        "400,goroutine?seconds=0,`invalid value for \"seconds\" - must be a positive integer, from"
            + " 1 to 600, is '0'`",
        "400,goroutine?seconds=x,`invalid value for \"seconds\" - must be a positive integer, from"
            + " 1 to 600, is 'x'`",
        "400,goroutine?seconds=601,`invalid value for \"seconds\" - must be a positive integer,"
            + " from 1 to 600, is '601'`",
        "400,goroutineleak?seconds=2,`invalid value for \"seconds\" - must be a positive integer,"
            + " from 3 to 600, is '2'`",
        "400,goroutine?seconds=5&debug=1,`seconds and debug params are incompatible`",
        "400,symbol?0x12+zz,`symbol takes hexadecimal addresses joined by +, not 'zz'`",
        "400,../selvage/leaks?format=xml,`format must be json or text, is 'xml'`",
        "404,nothing,`Unknown profile`",
        "404,goroutine/,`Unknown profile`",
        "400,profile?seconds=0,`invalid value for \"seconds\" - must be a positive integer, from 1"
            + " to 600, is '0'`",
        "400,heap?seconds=1&debug=1,`seconds and debug params are incompatible`",
        "400,block?debug=x,`debug must be a number from 0 to 2, is 'x'`",
        "400,goroutine?debug=2&format=xml,`format must be json or text, is 'xml'`",
        "404,profiles,`Unknown profile`",
        "400,trace?seconds=601,`seconds must be at most 600`",
        "404,../other,`nothing here; /debug/pprof/ lists what there is`",
      })
  @DisplayName("a bad request gets its reason")
  void bad(int status, String target, String reason) {
    Response response =
        get(target.startsWith("../") ? "/debug/" + target.substring(3) : "/debug/pprof/" + target);
    assertEquals(reason + "\n", response.text());
    assertEquals(status, response.status());
    assertEquals("1", response.headers().get("X-Go-Pprof"));
    assertEquals("text/plain; charset=utf-8", response.headers().get("Content-Type"));
    assertEquals("nosniff", response.headers().get("X-Content-Type-Options"));
    assertEquals(0, leaks.looks.get());
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "get"})
  void onlyGetAndHead(String method) {
    Response response =
        endpoints.handle(new Request(method, "/debug/pprof/goroutineleak", null, Map.of()));
    assertEquals(405, response.status());
    assertEquals("GET, HEAD", response.headers().get("Allow"));
    assertEquals("1", response.headers().get("X-Go-Pprof"));
    assertEquals(0, leaks.looks.get());
  }

  @Test
  @DisplayName("symbol leads addresses of the text back to functions")
  void symbol() {
    assertEquals("num_symbols: 1\n", get("/debug/pprof/symbol").text());
    String text = get("/debug/pprof/goroutine?debug=1").text();
    List<String> line =
        text.lines().filter(l -> l.contains("com.acme.Order.quote+0x0")).findFirst().stream()
            .flatMap(l -> Arrays.stream(l.split("\t")))
            .toList();
    String address = line.get(1);
    assertEquals(
        "num_symbols: 1\n" + address + " com.acme.Order.quote\n",
        get("/debug/pprof/symbol?" + address + "+0x1").text());
  }

  @Test
  @DisplayName("cmdline is the words of this JVM's command, separated by NUL")
  void cmdline() {
    String text = get("/debug/pprof/cmdline").text();
    String first = text.split("\0", 2)[0];
    assertTrue(first.endsWith("java") || first.endsWith("java.exe"), text);
  }

  @Test
  @DisplayName("an interrupt ends the wait for a delta")
  void interrupted() {
    Thread.currentThread().interrupt();
    Response response = get("/debug/pprof/goroutine?seconds=600");
    assertTrue(Thread.interrupted());
    assertEquals(503, response.status());
  }

  @Test
  void theAlwaysOnModeIsCounted() {
    Response off = get("/debug/selvage/always");
    assertEquals("{\"schema\":\"selvage.always/1\",\"on\":false}\n", off.text());
    AlwaysOn.Counters counters =
        new AlwaysOn.Counters(
            Instant.EPOCH, 7, 10_000, 1, 9, 2, 5, 3, 0, 0, 1, 4, 12, 1.5, 0.5, "they take turns");
    Leaks on =
        new FakeLeaks() {
          @Override
          public AlwaysOn.Counters alwaysOn() {
            return counters;
          }
        };
    String json = new DebugEndpoints(on).handle(Request.get("/debug/selvage/always")).text();
    assertTrue(json.startsWith("{\"schema\":\"selvage.always/1\",\"on\":true,"), json);
    for (String each : new String[] {"carried\":7", "cycles\":2", "proven\":3", "turns\"}"}) {
      assertTrue(json.contains(each), json);
    }
    String metrics = new DebugEndpoints(on).handle(Request.get("/debug/selvage/metrics")).text();
    for (String each :
        new String[] {
          "selvage_always_on 1",
          "selvage_leak_causes_total 5",
          "selvage_proven_threads_total 3",
          "selvage_leaked_threads 2"
        }) {
      assertTrue(metrics.lines().anyMatch(each::equals), metrics);
    }
  }

  @Test
  void metricsAreInTheFormatOfPrometheusAndCauseNoLook() {
    Response response = get("/debug/selvage/metrics");
    assertEquals(
        "text/plain; version=0.0.4; charset=utf-8", response.headers().get("Content-Type"));
    String text = response.text();
    String before = "";
    for (String line : text.lines().toList()) {
      String name = line.replaceFirst("# \\w+ ", "").replaceFirst(" .*", "");
      assertTrue(line.matches("# (HELP|TYPE) selvage_\\w+ .+|selvage_\\w+ \\d+"), line);
      assertTrue(line.startsWith("# HELP") || before.equals(name), text);
      before = name;
    }
    assertTrue(text.lines().anyMatch("selvage_always_on 0"::equals), text);
    assertTrue(text.contains("# TYPE selvage_virtual_threads gauge\n"), text);
    assertEquals(0, leaks.looks.get());
  }

  @Test
  void metricsLeaveOutWhatNobodyKnows() {
    assertFalse(get("/debug/selvage/metrics").text().contains("leaked"), "nobody has looked");
    Leaks closed =
        new FakeLeaks() {
          @Override
          public Report last() {
            return report("none", "closed");
          }

          @Override
          public Tally tally(int mostStacks) {
            return new Tally(1, 0, Map.of(), Map.of(), 1, false, 0);
          }
        };
    String text = new DebugEndpoints(closed).handle(Request.get("/debug/selvage/metrics")).text();
    assertFalse(text.contains("leaked"), text);
    assertFalse(text.contains("selvage_virtual_threads"), text);
    Leaks open =
        new FakeLeaks() {
          @Override
          public Report last() {
            return report("now", null);
          }
        };
    text = new DebugEndpoints(open).handle(Request.get("/debug/selvage/metrics")).text();
    assertTrue(text.lines().anyMatch("selvage_leaked_threads 2"::equals), text);
  }

  @Test
  void whatIsPossibleHereIsSaid() {
    Response response =
        new DebugEndpoints(new FakeLeaks()).handle(Request.get("/debug/selvage/doctor"));
    assertEquals(200, response.status());
    String json = response.text();
    assertTrue(json.startsWith("{\"schema\":\"selvage.doctor/1\",\"pid\":"), json);
    assertTrue(json.contains("\"java\":\"" + Runtime.version() + "\""), json);
    assertTrue(json.contains("\"jvm\":" + Runtime.getRuntime().availableProcessors() + ","), json);
    assertTrue(json.contains("\"collector\":\"G1\""), json);
  }
}
