package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.done;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.http.DebugServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What the front page shows, run. */
class ReadmeTest {
  private static final Path README = Path.of("../../README.md");

  @RegisterExtension final NothingLeft left = new NothingLeft();

  private final Context ctx = Context.background();
  private final List<Integer> used = new ArrayList<>();
  private final Channel<Boolean> worked = Channel.buffered(1);

  private void use(int value) {
    used.add(value);
  }

  private void work(Context context) throws InterruptedException {
    context.done().receiveOrNull();
    worked.send(context.isDone());
  }

  @Test
  void theLanguageInTenLines() throws Exception {
    Channel<Integer> data = Channel.buffered(1);
    data.send(1);
    // snippet: language
    Channel<Integer> ch = Channel.unbuffered();
    go(
        () -> {
          for (int i = 0; i < 10; i++) ch.send(i);
          ch.close();
        });
    for (int v : ch) use(v); // ends when closed and drained

    String s =
        select(
            receive(data, v -> "got " + v).orClosed(() -> "closed"),
            done(ctx, cause -> "cancelled: " + cause),
            after(Duration.ofSeconds(2), () -> "timeout"));

    try (var ctx = Context.background().withTimeout(Duration.ofSeconds(2))) {
      go(() -> work(ctx.view()));
    }
    // end
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), used);
    assertEquals("got 1", s);
    assertTrue(worked.receive());
  }

  @Test
  void theDebugServerStarts() {
    DebugServer server = null;
    try {
      server =
          // snippet: server
          DebugServer.start(6060); // dev.selvage.http; loopback only
      // end
      assertEquals(6060, server.port());
    } catch (UncheckedIOException e) {
      abort("another program has that port: " + e.getMessage());
    } finally {
      if (server != null) {
        server.close();
      }
    }
  }

  /** The program that knows nothing of Selvage, as a reader would save and start it. */
  @Test
  void theShopLeaksAtTheLineThatTheFrontPageSays(@TempDir Path directory) throws Exception {
    Guide readme = Guide.of("README.md");
    String source =
        readme.blocks().stream()
            .filter(block -> block.origin().equals("Shop.java"))
            .findFirst()
            .orElseThrow()
            .code();
    Path shop = Files.writeString(directory.resolve("Shop.java"), source);
    Path address = directory.resolve("address.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseG1GC",
                "-javaagent:"
                    + System.getProperty("selvage.agent")
                    + "=quiet=true,suspects=false,port=0,address="
                    + URLEncoder.encode(address.toString(), UTF_8),
                shop.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output.txt").toFile())
            .start();
    try {
      String site = "Shop.lambda$quote$0(Shop.java:10)";
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
      String report = "";
      while (!report.contains(site) && System.nanoTime() < deadline) {
        Thread.sleep(200);
        assertTrue(process.isAlive(), () -> "the shop has ended");
        report = Files.exists(address) ? reportAt(Files.readString(address).strip()) : "";
      }
      assertTrue(report.contains("blocked at   " + site), report);
      assertTrue(Files.readString(README).contains("blocked at   " + site));
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static String reportAt(String server) throws IOException, InterruptedException {
    var uri = URI.create(server).resolve("/debug/selvage/leaks?format=text");
    try (var client = HttpClient.newHttpClient()) {
      return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    }
  }
}
