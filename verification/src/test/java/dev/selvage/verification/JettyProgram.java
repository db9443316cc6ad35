package dev.selvage.verification;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** {@link Shop} in Jetty 12, whose requests run on virtual threads. */
final class JettyProgram {
  private JettyProgram() {}

  public static void main(String[] args) throws Exception {
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
            String answer = Shop.serve(Request.getPathInContext(request));
            Content.Sink.write(
                response, true, StandardCharsets.UTF_8.encode(answer).asReadOnlyBuffer());
            callback.succeeded();
            return true;
          }
        });
    server.start();
    Child.say("port " + connector.getLocalPort());
    Child.serve(_ -> {});
    System.exit(0);
  }
}
