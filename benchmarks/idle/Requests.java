import com.sun.management.OperatingSystemMXBean;
import com.sun.net.httpserver.HttpServer;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Requests over loopback to a server with a virtual thread a request. For each line that it reads
 * it sends some thousand of them and prints the time and the processor time a request, in
 * microseconds; in between it does nothing.
 */
public final class Requests {
  private static final int CLIENTS = 8;
  private static final int EACH = 250;

  private Requests() {}

  public static void main(String[] args) throws Exception {
    ExecutorService handlers = Executors.newVirtualThreadPerTaskExecutor();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(handlers);
    server.createContext(
        "/",
        exchange -> {
          byte[] body = ("hello " + exchange.getRequestURI()).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/order");
    try (HttpClient client = HttpClient.newHttpClient()) {
      var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      while (IO.readln() != null) {
        long processor = system.getProcessCpuTime();
        long start = System.nanoTime();
        run(client, uri);
        long took = System.nanoTime() - start;
        double used = system.getProcessCpuTime() - processor;
        double requests = CLIENTS * EACH * 1_000.0;
        System.out.printf(Locale.ROOT, "%.3f %.3f%n", took / requests, used / requests);
      }
    }
    server.stop(0);
    handlers.close();
  }

  private static void run(HttpClient client, URI uri) throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> done = new ArrayList<>();
      for (int c = 0; c < CLIENTS; c++) {
        done.add(
            clients.submit(
                () -> {
                  for (int i = 0; i < EACH; i++) {
                    HttpResponse<String> response =
                        client.send(
                            HttpRequest.newBuilder(uri).build(),
                            HttpResponse.BodyHandlers.ofString());
                    if (response.statusCode() != 200) {
                      throw new IllegalStateException("status " + response.statusCode());
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> each : done) {
        each.get();
      }
    }
  }
}
