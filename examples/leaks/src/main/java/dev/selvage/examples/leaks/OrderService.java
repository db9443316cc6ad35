package dev.selvage.examples.leaks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The sample service: a web server on the loopback interface, each request on a virtual thread of
 * its own. {@code GET /order} places one order, which goes through all steps, one after the other.
 * A step that fails makes the answer a 500 that says why.
 */
final class OrderService implements AutoCloseable {
  private static final List<String> ITEMS = List.of("apron", "button", "collar", "denim", "eyelet");

  private final HttpServer server;
  private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Step> steps;
  private final AtomicInteger orders = new AtomicInteger();

  private OrderService(HttpServer server, List<Step> steps) {
    this.server = server;
    this.steps = List.copyOf(steps);
  }

  /** Starts one on any free port. */
  static OrderService start(List<Step> steps) throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    var service = new OrderService(server, steps);
    server.createContext("/order", service::order);
    server.setExecutor(service.requests);
    server.start();
    return service;
  }

  /** Where to order. */
  URI address() {
    var address = server.getAddress();
    return URI.create(
        "http://" + address.getAddress().getHostAddress() + ":" + address.getPort() + "/order");
  }

  /** How many orders have been placed. */
  int orders() {
    return orders.get();
  }

  /** Stops at once; waits for the requests that are under way. */
  @Override
  public void close() {
    server.stop(0);
    requests.close();
  }

  private void order(HttpExchange exchange) throws IOException {
    try (exchange) {
      int id = orders.incrementAndGet();
      var order = new Order(id, ITEMS.get(id % ITEMS.size()));
      int status = 200;
      String answer = "order " + id + ": one " + order.item() + "\n";
      try {
        for (Step step : steps) {
          step.serve(order);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        status = 503;
        answer = "the service stops\n";
      } catch (Exception e) {
        status = 500;
        answer = "order " + id + " failed: " + e + "\n";
      }
      byte[] body = answer.getBytes(UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
