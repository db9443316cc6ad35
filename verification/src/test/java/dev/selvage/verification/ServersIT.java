package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Web servers that nobody here wrote, on virtual threads, under real requests: the helpers that
 * requests leave behind are found to the last one, nothing of the server is, and it serves on; and
 * so on the scheduler of ours.
 */
final class ServersIT {
  private static final String SHOP = "dev.selvage.verification.Shop.";
  private static final int REQUESTS = 3000;
  private static final int LATE = 300;
  private static final int STUCK = 5;
  private static final int MOST_STUCK = 400;

  @ParameterizedTest
  @CsvSource({
    "dev.selvage.verification.JettyProgram,G1,jdk",
    "dev.selvage.verification.HelidonProgram,Parallel,jdk",
    "dev.selvage.verification.JettyProgram,G1,gmp",
    "dev.selvage.verification.HelidonProgram,Parallel,gmp"
  })
  void the_helpers_that_requests_leave_behind_are_found(
      String program,
      String collector,
      String scheduler,
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    Target.Launch launch = Target.java().collector(collector).classPath(Project.testClassPath());
    if (scheduler.equals("gmp")) {
      launch.agent(directory, "leaks-after=1h,scheduler=gmp");
    }
    // The server ends first: its client waits for answers, and some requests have none.
    try (var client = HttpClient.newHttpClient();
        var target = launch.start(directory, program)) {
      int port = Integer.parseInt(target.await("port ").substring("port ".length()));
      request(client, port, REQUESTS, LATE);
      var stuck = new ArrayList<CompletableFuture<?>>();
      for (int i = 0; i < STUCK; i++) {
        stuck.add(client.sendAsync(to(port, "/stuck"), BodyHandlers.ofString()));
      }
      awaitStuck(target);

      String carrier = send(client, port, "/carrier");
      assertEquals(scheduler.equals("gmp"), carrier.contains("@selvage-m-"), carrier);
      assertTrue(carrier.startsWith("VirtualThread"), carrier);

      Marker helper = Marker.in(Shop.class, "helper");
      Marker request = Marker.in(Shop.class, "request");
      for (int i = 0; i < 2; i++) {
        Look look = target.look();
        look.assertSound();
        assertEquals(LATE, look.certainAt(helper), "helpers left behind");
        assertEquals(
            LATE,
            look.certain().stream().mapToInt(Look.Found::count).sum(),
            () -> "nothing else: " + look.certain());
        // The server holds its request threads, so they are not proven; who holds them is said.
        look.findings().stream()
            .filter(found -> found.first(request::inFile).filter(request::matches).isPresent())
            .forEach(
                found -> {
                  assertEquals("suspected", found.verdict());
                  assertEquals(SHOP + "stuck(" + request.place() + ")", found.site());
                  assertEquals(STUCK, found.count());
                  assertTrue(found.json().path("evidence").size() > 0, found.toString());
                });
        look.certain().stream()
            .filter(found -> found.first(helper::inFile).filter(helper::matches).isPresent())
            .forEach(
                found -> {
                  assertEquals("BlockingQueue.put", found.kind());
                  assertEquals(SHOP + "send(" + helper.place() + ")", found.site());
                  assertTrue(found.entry().startsWith(SHOP + "lambda$late$"), found::toString);
                });
        request(client, port, 200, 0);
      }
      assertHoldersAreNamed(target, client, port, request, stuck);
      assertRequestsAreProvenFromADump(target, helper, request, stuck.size());
      stuck.forEach(future -> assertFalse(future.isDone(), "a request that never ends has ended"));
      stuck.forEach(future -> future.cancel(true));
    }
  }

  /** From a heap dump the requests that never end are proven as well, with who holds them. */
  private static void assertRequestsAreProvenFromADump(
      Target target, Marker helper, Marker request, int stuck) throws Exception {
    long end = System.nanoTime() + Target.PATIENCE.toNanos();
    Look look = target.exactLook();
    while (look.certainAt(request) < stuck && System.nanoTime() < end) {
      look = target.exactLook(); // the last ones were on their way
    }
    Look last = look;
    look.assertSound();
    assertEquals(LATE, look.certainAt(helper), () -> "helpers in " + last.findings());
    assertEquals(stuck, look.certainAt(request), () -> "requests in " + last.findings());
    assertEquals(
        LATE + stuck,
        look.certain().stream().mapToInt(Look.Found::count).sum(),
        () -> "nothing else: " + last.certain());
    for (Look.Found found : look.certain()) {
      if (found.first(request::inFile).filter(request::matches).isPresent()) {
        assertEquals(SHOP + "stuck(" + request.place() + ")", found.site());
        // It began in the server, which is no part of the JDK.
        assertTrue(
            found.entry().matches("(org\\.eclipse\\.jetty|io\\.helidon)\\..*"), found::toString);
        assertEquals("interrupt", found.except(), found.json().toString());
        assertTrue(
            found.json().path("evidence").path("heldBy").size() > 0, found.json().toString());
      }
      assertTrue(found.json().path("retainedBytes").asLong() > 0, found.json().toString());
    }
  }

  /** Requests that come and never end, while somebody watches: suspected, with who holds them. */
  private static void assertHoldersAreNamed(
      Target target, HttpClient client, int port, Marker request, List<CompletableFuture<?>> stuck)
      throws Exception {
    var watching =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return target.look(",watch=4s");
              } catch (Exception e) {
                throw new CompletionException(e);
              }
            });
    // For as long as it takes to begin and to look: whoever stops coming is not suspected.
    for (int i = 0; i < MOST_STUCK && !watching.isDone(); i++) {
      stuck.add(client.sendAsync(to(port, "/stuck"), BodyHandlers.ofString()));
      Thread.sleep(150);
    }
    Look look = watching.get();
    look.assertSound();
    List<Look.Found> suspects =
        look.findings().stream()
            .filter(found -> found.verdict().equals("suspected"))
            .filter(found -> found.first(request::inFile).filter(request::matches).isPresent())
            .toList();
    assertEquals(1, suspects.size(), () -> "in " + look.findings());
    var holders = suspects.getFirst().json().path("evidence").path("heldBy");
    assertTrue(holders.size() > 0, () -> suspects.getFirst().json().toString());
  }

  private static void request(HttpClient client, int port, int count, int late) throws Exception {
    var atOnce = new Semaphore(16);
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        boolean isLate = i < late;
        done.add(
            executor.submit(
                () -> {
                  atOnce.acquire();
                  try {
                    assertEquals(
                        isLate ? "too late" : "quote 42",
                        send(client, port, isLate ? "/late" : "/quote"));
                  } finally {
                    atOnce.release();
                  }
                  return true;
                }));
      }
      for (var future : done) {
        future.get();
      }
    }
  }

  private static String send(HttpClient client, int port, String path)
      throws IOException, InterruptedException {
    var response = client.send(to(port, path), BodyHandlers.ofString());
    assertEquals(200, response.statusCode());
    return response.body();
  }

  private static HttpRequest to(int port, String path) {
    String host = java.net.InetAddress.getLoopbackAddress().getHostAddress();
    return HttpRequest.newBuilder(URI.create("http://" + host + ":" + port + path))
        .timeout(Duration.ofMinutes(5))
        .version(HttpClient.Version.HTTP_1_1)
        .build();
  }

  /** Waits until the requests that never end are where they never end, and the helpers too. */
  private static void awaitStuck(Target target) throws Exception {
    Marker request = Marker.in(Shop.class, "request");
    Marker helper = Marker.in(Shop.class, "helper");
    long end = System.nanoTime() + Target.PATIENCE.toNanos();
    long requests = 0;
    long helpers = 0;
    while (System.nanoTime() < end) {
      var threads = target.dump();
      requests =
          threads.stream().filter(t -> t.stack().stream().anyMatch(request::matches)).count();
      helpers = threads.stream().filter(t -> t.stack().stream().anyMatch(helper::matches)).count();
      if (requests == STUCK && helpers == LATE) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError(requests + " requests and " + helpers + " helpers are stuck");
  }
}
