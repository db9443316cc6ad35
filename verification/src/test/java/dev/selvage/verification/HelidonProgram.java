package dev.selvage.verification;

import io.helidon.webserver.WebServer;
import java.net.InetAddress;

/** {@link Shop} in Helidon 4, all of whose threads are virtual. */
final class HelidonProgram {
  private HelidonProgram() {}

  public static void main(String[] args) throws Exception {
    WebServer server =
        WebServer.builder()
            .address(InetAddress.getLoopbackAddress())
            .port(0)
            .routing(
                routing ->
                    routing.any(
                        "/*",
                        (request, response) -> response.send(Shop.serve(request.path().path()))))
            .build()
            .start();
    Child.say("port " + server.port());
    Child.serve(_ -> {});
    System.exit(0);
  }
}
