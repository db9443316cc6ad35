package dev.selvage.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A server that answers each page with what was said, one after the other, the last for ever. */
final class Pages implements AutoCloseable {
  private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Map<String, List<byte[]>> pages = Collections.synchronizedMap(new HashMap<>());
  private final Map<String, Integer> statuses = Collections.synchronizedMap(new HashMap<>());
  private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
  private final Thread thread = Thread.ofPlatform().daemon().unstarted(this::serve);

  Pages() throws IOException {
    thread.start();
  }

  private void serve() {
    while (true) {
      try (Socket client = socket.accept()) {
        answer(client);
      } catch (IOException _) {
        if (socket.isClosed()) {
          return;
        }
      }
    }
  }

  private void answer(Socket client) throws IOException {
    var in =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
    String page = String.valueOf(in.readLine()).split(" ", -1)[1];
    while (!String.valueOf(in.readLine()).isEmpty()) {
      // the rest of the head
    }
    asked.add(page);
    List<byte[]> left = pages.getOrDefault(page, List.of());
    int status = left.isEmpty() ? 404 : statuses.getOrDefault(page, 200);
    byte[] body =
        left.isEmpty()
            ? "no such page".getBytes(StandardCharsets.UTF_8)
            : left.size() == 1 ? left.getFirst() : left.removeFirst();
    String head =
        "HTTP/1.1 "
            + status
            + " X\r\nContent-Length: "
            + body.length
            + "\r\nConnection: close\r\n\r\n";
    OutputStream out = client.getOutputStream();
    out.write(head.getBytes(StandardCharsets.ISO_8859_1));
    out.write(body);
    out.flush();
  }

  Pages with(String page, byte[]... bodies) {
    pages.put(page, new ArrayList<>(Arrays.asList(bodies)));
    return this;
  }

  Pages with(String page, int status, String body) {
    statuses.put(page, status);
    return with(page, body.getBytes(StandardCharsets.UTF_8));
  }

  List<String> asked() {
    return List.copyOf(asked);
  }

  String address() {
    return "http://localhost:" + port();
  }

  int port() {
    return socket.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
