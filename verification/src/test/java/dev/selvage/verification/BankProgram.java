package dev.selvage.verification;

import io.helidon.webserver.WebServer;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * {@link Bank} in a server that answers on virtual threads: {@code jetty|helidon}, then the ports
 * of PostgreSQL and Redis. Says its port. {@code hogs N} starts so many virtual threads that
 * compute for ever; {@code carrier} says what a new virtual thread runs on.
 */
final class BankProgram {
  @SuppressWarnings("unused") // so that what computes is not thrown out
  private static volatile long sink;

  private BankProgram() {}

  public static void main(String[] args) throws Exception {
    var bank = new Bank(Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    Child.say("port " + (args[0].equals("jetty") ? jetty(bank) : helidon(bank)));
    Child.serve(
        command -> {
          if (command.startsWith("hogs ")) {
            startHogs(Integer.parseInt(command.substring("hogs ".length())));
            Child.say("hogs");
          } else {
            Thread.ofVirtual().start(() -> Child.say("carrier " + Thread.currentThread())).join();
          }
        });
    System.exit(0); // whatever computes, too
  }

  private static int jetty(Bank bank) throws Exception {
    var threads = new QueuedThreadPool();
    threads.setVirtualThreadsExecutor(Executors.newVirtualThreadPerTaskExecutor());
    var server = new Server(threads);
    var connector = new ServerConnector(server);
    connector.setHost(InetAddress.getLoopbackAddress().getHostAddress());
    server.addConnector(connector);
    server.setHandler(
        new Handler.Abstract() {
          @Override
          public boolean handle(Request request, Response response, Callback callback)
              throws Exception {
            byte[] answer =
                bank.serve(Request.getPathInContext(request)).getBytes(StandardCharsets.UTF_8);
            response.getHeaders().put("Content-Length", answer.length);
            Content.Sink.write(response, true, java.nio.ByteBuffer.wrap(answer));
            callback.succeeded();
            return true;
          }
        });
    server.start();
    return connector.getLocalPort();
  }

  private static int helidon(Bank bank) {
    return WebServer.builder()
        .address(InetAddress.getLoopbackAddress())
        .port(0)
        .routing(
            routing ->
                routing.any(
                    "/*", (request, response) -> response.send(bank.serve(request.path().path()))))
        .build()
        .start()
        .port();
  }

  /** Comes back when they compute, or as many of them as have a carrier for themselves. */
  private static void startHogs(int hogs) throws InterruptedException {
    String carriers = System.getProperty("jdk.virtualThreadScheduler.parallelism");
    int atOnce =
        carriers == null ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(carriers);
    var begun = new CountDownLatch(Math.min(hogs, atOnce));
    for (int i = 0; i < hogs; i++) {
      Thread.startVirtualThread(
          () -> {
            begun.countDown();
            for (long n = 0; ; n++) {
              sink = n;
            }
          });
    }
    begun.await();
  }
}
