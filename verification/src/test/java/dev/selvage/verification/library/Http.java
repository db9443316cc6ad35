package dev.selvage.verification.library;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;

/** The JDK's HTTP client, and servers that do not answer. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class Http {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final List<Socket> ACCEPTED = new CopyOnWriteArrayList<>();
  private static final ServerSocket SILENT = silent();

  private Http() {}

  /** A server that accepts, and says nothing. */
  private static ServerSocket silent() {
    try {
      var server = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
      Thread.ofPlatform().daemon().name("silent server").start(() -> accept(server));
      return server;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void accept(ServerSocket server) {
    try {
      while (true) {
        ACCEPTED.add(server.accept());
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static URI silentUri() {
    return URI.create("http://127.0.0.1:" + SILENT.getLocalPort() + "/");
  }

  private static HttpRequest.Builder request(URI uri) {
    return HttpRequest.newBuilder(uri);
  }

  /** An answer may come. */
  static void noAnswerYet(Threads threads) {
    threads.go(
        () -> {
          CLIENT.send(request(silentUri()).build(), BodyHandlers.ofString()); // LINE noAnswerYet
        });
  }

  /** The same, asynchronously. */
  static void noAnswerYetAsync(Threads threads) {
    threads.go(
        () -> {
          CLIENT
              .sendAsync(request(silentUri()).build(), BodyHandlers.discarding())
              .join(); // LINE noAnswerYetAsync
        });
  }

  /** Nobody listens there; what the program does when it fails was forgotten. */
  static void refused(Threads threads) throws IOException {
    int port;
    try (var closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    var answer = new CompletableFuture<String>();
    CLIENT
        .sendAsync(
            request(URI.create("http://127.0.0.1:" + port + "/")).build(), BodyHandlers.ofString())
        .thenAccept(response -> answer.complete(response.body()));
    threads.go(
        () -> {
          answer.join(); // LEAK refused
        });
  }

  /** The body of the request is never published, and the server never answers. */
  static void bodyNeverPublished(Threads threads) {
    Flow.Publisher<java.nio.ByteBuffer> nothing = subscriber -> {};
    var request = request(silentUri()).POST(BodyPublishers.fromPublisher(nothing)).build();
    threads.go(
        () -> {
          CLIENT.send(request, BodyHandlers.discarding()); // LEAK bodyNeverPublished
        });
  }
}
