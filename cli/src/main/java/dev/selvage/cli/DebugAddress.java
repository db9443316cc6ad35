package dev.selvage.cli;

import java.io.IOException;
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
final class DebugAddress {
  /** Where a server's pages begin. */
  static final String PAGE = "/debug/pprof/";

  private static final String PATH = "/debug/selvage/leaks";

  private final URI uri;

  private DebugAddress(URI uri) {
    this.uri = uri;
  }

  /**
   * The server at an address such as {@code http://localhost:6060}, or that of its pages; null when
   * it is none.
   */
  static @Nullable DebugAddress of(String text) {
    if (!text.startsWith("http://") && !text.startsWith("https://")) {
      return null;
    }
    String base = text.endsWith(PAGE) ? text.substring(0, text.length() - PAGE.length()) : text;
    base = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
    try {
      if (URI.create(base).getHost() == null) {
        return null;
      }
      return new DebugAddress(URI.create(base.endsWith(PATH) ? base : base + PATH));
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  /** Has it look, and gives the report as JSON. Blocks for as long as the look takes. */
  String report() throws InterruptedException {
    try (HttpClient client =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build()) {
      HttpRequest request =
          HttpRequest.newBuilder(uri)
              .timeout(Duration.ofMinutes(5))
              .header("Accept", "application/json")
              .build();
      HttpResponse<String> response =
          client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
      if (response.statusCode() == 200) {
        return response.body();
      }
      String said = response.body().lines().findFirst().orElse("").strip();
      throw unreachable(
          "answered "
              + response.statusCode()
              + (said.isEmpty() ? "" : " (" + said + ")")
              + ": is a Selvage debug server there?");
    } catch (ConnectException | HttpConnectTimeoutException _) {
      throw unreachable("cannot be reached: does the program run, with --port or DebugServer?");
    } catch (HttpTimeoutException _) {
      throw unreachable("did not answer within 5 minutes");
    } catch (IOException e) {
      throw unreachable("did not answer: " + CommandFailure.reason(e));
    }
  }

  private CommandFailure unreachable(String why) {
    return new CommandFailure(ExitCode.UNREACHABLE, uri + " " + why);
  }
}
