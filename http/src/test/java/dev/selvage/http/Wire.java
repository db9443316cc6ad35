package dev.selvage.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Sends bytes to a server and reads all it answers: what no proper client would let us send. */
final class Wire {
  private Wire() {}

  static Socket connect(DebugServer server) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(30_000);
    return socket;
  }

  /** The whole answer, head and body, read until the server closes the connection. */
  static String send(DebugServer server, String request) throws IOException {
    try (Socket socket = connect(server)) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** A proper request that asks to close the connection, with more header lines if wanted. */
  static String get(DebugServer server, String target, String... headers) throws IOException {
    return request(server, "GET", target, "localhost:" + server.port(), headers);
  }

  static String request(
      DebugServer server, String method, String target, String host, String... headers)
      throws IOException {
    StringBuilder request = new StringBuilder();
    request.append(method).append(' ').append(target).append(" HTTP/1.1\r\nHost: ").append(host);
    request.append("\r\nConnection: close\r\n");
    Arrays.stream(headers).forEach(header -> request.append(header).append("\r\n"));
    return send(server, request.append("\r\n").toString());
  }

  static String body(String answer) {
    return answer.substring(answer.indexOf("\r\n\r\n") + 4);
  }
}
