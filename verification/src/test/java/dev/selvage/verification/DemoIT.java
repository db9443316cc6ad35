package dev.selvage.verification;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code selvage demo --serve}: the report, then an address that answers until it is ended. */
@Timeout(180)
final class DemoIT {
  private static final int TERMINATED = 128 + 15;

  private final Path directory;

  DemoIT(@TempDir Path directory) {
    this.directory = directory;
  }

  @Test
  void the_service_stays_up_at_the_address_that_is_told_until_it_is_ended() throws Exception {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path err = directory.resolve("err");
    Process demo =
        SelvageCommand.of("demo", "--serve", "--port", Integer.toString(port))
            .redirectError(err.toFile())
            .start();
    List<ProcessHandle> service = List.of();
    try (var out = demo.inputReader(UTF_8)) {
      var said = new StringBuilder();
      String line = out.readLine();
      while (line != null && !line.startsWith("http://")) {
        said.append(line).append('\n');
        line = out.readLine();
      }
      service = demo.descendants().toList();
      assertTrue(said.toString().startsWith("LEAK  proven  "), () -> said + read(err));
      URI page = URI.create(String.valueOf(line));
      assertEquals(port, page.getPort(), line);
      assertEquals("/debug/selvage/", page.getPath(), line);
      assertEquals(1, service.size(), service::toString);

      try (var client = HttpClient.newHttpClient()) {
        assertEquals(200, get(client, page).statusCode());
        HttpResponse<String> profile =
            get(client, page.resolve("/debug/pprof/goroutineleak?debug=1"));
        assertEquals(200, profile.statusCode());
        assertTrue(profile.body().contains("dev.selvage.examples.leaks."), profile.body());
        HttpResponse<String> leaks = get(client, page.resolve("leaks"));
        assertEquals(200, leaks.statusCode());
        Look look = Look.of(new ObjectMapper().readTree(leaks.body()));
        assertFalse(look.certain().isEmpty(), leaks.body());

        demo.toHandle().destroy(); // not by the process, which would close its streams as well
        assertTrue(demo.waitFor(Target.PATIENCE.toSeconds(), TimeUnit.SECONDS), () -> read(err));
        assertEquals(TERMINATED, demo.exitValue(), () -> read(err));
        assertFalse(service.getFirst().isAlive(), "the service has ended before the command");
        assertTrue(refuses(client, page), "nothing listens there any more");
      }
      assertEquals("", String.join("\n", out.lines().toList()));
      assertTrue(
          read(err).endsWith("selvage: the service goes on until Ctrl-C\n"), () -> read(err));
    } finally {
      demo.destroyForcibly();
      service.forEach(ProcessHandle::destroyForcibly);
    }
  }

  private static HttpResponse<String> get(HttpClient client, URI uri)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(uri).timeout(Target.PATIENCE).build(), BodyHandlers.ofString());
  }

  private static boolean refuses(HttpClient client, URI uri)
      throws IOException, InterruptedException {
    try {
      get(client, uri);
      return false;
    } catch (ConnectException _) {
      return true;
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
