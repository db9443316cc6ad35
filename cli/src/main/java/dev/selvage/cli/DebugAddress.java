package dev.selvage.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A program's debug server, asked over HTTP. */
final class DebugAddress implements DebugSource {
  /** Where a server's pages begin. */
  static final String PAGE = "/debug/pprof/";

  /** Where a person begins. */
  static final String LIVE_PAGE = "/debug/selvage/";

  private static final String LEAKS = "/debug/selvage/leaks";

  private final URI base;
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  private DebugAddress(URI base) {
    this.base = base;
  }

  /**
   * The server at an address such as {@code http://localhost:6060}, or that of its pages; null when
   * it is none.
   */
  static @Nullable DebugAddress of(String text) {
    if (!text.startsWith("http://") && !text.startsWith("https://")) {
      return null;
    }
    String base = text;
    for (String end : new String[] {PAGE, LEAKS, LIVE_PAGE, "/"}) {
      base = base.endsWith(end) ? base.substring(0, base.length() - end.length()) : base;
    }
    try {
      URI uri = URI.create(base);
      return uri.getHost() == null || uri.getQuery() != null || uri.getFragment() != null
          ? null
          : new DebugAddress(uri);
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  /** Has it look, and gives the report as JSON. Blocks for as long as the look takes. */
  String report() throws InterruptedException {
    return text(LEAKS, PATIENCE);
  }

  @Override
  public InputStream open(String page, Duration patience) throws InterruptedException {
    URI uri = URI.create(base + page);
    try {
      HttpRequest request =
          HttpRequest.newBuilder(uri).timeout(patience).header("Accept", "*/*").build();
      HttpResponse<InputStream> response =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      if (response.statusCode() == 200) {
        return new Limited(response.body(), patience);
      }
      try (InputStream body = response.body()) {
        String said = new String(body.readNBytes(4096), StandardCharsets.UTF_8);
        throw DebugSource.refused(uri.toString(), page, response.statusCode(), said);
      }
    } catch (ConnectException | HttpConnectTimeoutException _) {
      throw unreachable(
          uri, "cannot be reached: does the program run, with --port or DebugServer?");
    } catch (HttpTimeoutException _) {
      throw unreachable(uri, "did not answer within " + Durations.text(patience));
    } catch (IOException e) {
      throw unreachable(uri, "did not answer: " + CommandFailure.reason(e));
    }
  }

  /** A body that goes on: the limit of the request ends with its head. */
  private final class Limited extends BulkInput {
    private final InputStream body;
    private final TimeLimit limit;

    Limited(InputStream body, Duration patience) {
      this.body = body;
      limit = new TimeLimit(name(), () -> false, "", () -> close(body));
      limit.expect(patience);
    }

    private static void close(InputStream body) {
      try {
        body.close();
      } catch (IOException _) {
        // Closed all the same.
      }
    }

    @Override
    public int read(byte[] bytes, int from, int count) throws IOException {
      try {
        int n = body.read(bytes, from, count);
        throwIfCut(); // it looks like the end
        limit.progress();
        return n;
      } catch (IOException e) {
        throwIfCut();
        throw e;
      }
    }

    private void throwIfCut() {
      CommandFailure why = limit.failure();
      if (why != null) {
        throw why;
      }
    }

    @Override
    public void close() throws IOException {
      limit.close();
      body.close();
    }
  }

  private static CommandFailure unreachable(URI uri, String why) {
    return new CommandFailure(ExitCode.UNREACHABLE, uri + " " + why);
  }

  @Override
  public String name() {
    return base.toString();
  }

  @Override
  public String shortName() {
    return base.getHost().replaceAll("[^A-Za-z0-9.]", "")
        + (base.getPort() < 0 ? "" : "-" + base.getPort());
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
