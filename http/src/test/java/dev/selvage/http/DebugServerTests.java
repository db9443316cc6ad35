package dev.selvage.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.testing.GoTool;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real server over real sockets, and the real {@code go tool pprof}. */
@Timeout(300)
final class DebugServerTests {
  private final FakeLeaks leaks = new FakeLeaks();
  private final DebugServer server = DebugServer.start(0, leaks);
  private final Path dir;

  DebugServerTests(@TempDir Path dir) {
    this.dir = dir;
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  @DisplayName("an ordinary client gets the index, the profiles and the report")
  void ordinary() throws Exception {
    assertTrue(read("/debug/pprof/").contains("goroutineleak"));
    assertTrue(read("/").contains("<h1>/debug/pprof/</h1>"), "led to the index");
    assertTrue(read("/debug/pprof/goroutine?debug=1").startsWith("goroutine profile: total 3\n"));
    assertTrue(read("/debug/pprof/%67oroutine?debug=2").startsWith("goroutine 31 [chan send"));
    assertTrue(read("/debug/selvage/leaks").startsWith("{\"schema\":\"selvage.leaks/1\""));
  }

  private String read(String path) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) server.uri().resolve(path).toURL().openConnection();
    assertEquals(200, connection.getResponseCode());
    assertEquals("nosniff", connection.getHeaderField("X-Content-Type-Options"));
    try (InputStream in = connection.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  @DisplayName("curl gets what it asks for, again on the same connection, and into files for pprof")
  void curl() throws Exception {
    String base = server.uri() + "/debug/pprof/";
    String twice = curl("-i", base + "goroutine?debug=1", base + "cmdline");
    assertTrue(twice.startsWith("HTTP/1.1 200 OK\r\n"), twice);
    assertTrue(twice.contains("\r\n\r\ngoroutine profile: total 3\n"), twice);
    assertEquals("10", curl("-o/dev/null", "-o/dev/null", "-w%{num_connects}", base, base));
    String head = curl("--head", base + "goroutineleak");
    assertTrue(head.startsWith("HTTP/1.1 200 OK\r\n") && head.endsWith("\r\n\r\n"), head);
    assertEquals("num_symbols: 1\n", curl("--data-binary", "0x1", base + "symbol"));
    assertTrue(curl("--http1.0", base + "goroutine?debug=2").startsWith("goroutine 31 [chan send"));
    assertTrue(curl("--http2", base + "cmdline").length() > 0, "it offers another protocol");
    assertTrue(curl("--location", server.uri() + "/").contains("<h1>/debug/pprof/</h1>"));
    assertEquals("403", curl("-o/dev/null", "-w%{http_code}", "-HHost: evil.example", base));
    assertEquals("405", curl("-o/dev/null", "-w%{http_code}", "-XDELETE", base));
    Path file = dir.resolve("saved");
    assertEquals("", curl("-o" + file, base + "goroutineleak"));
    assertTrue(GoTool.pprof(dir, "-top", file.toString()).contains("com.acme.Order.quote"));
  }

  private String curl(String... arguments) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "there is no curl: it was not tried");
    List<String> command = new ArrayList<>(List.of("/usr/bin/curl", "-sS", "--noproxy", "*"));
    command.addAll(List.of(arguments));
    Path err = Files.createTempFile(dir, "curl", ".err");
    Process curl = new ProcessBuilder(command).redirectError(err.toFile()).start();
    String out = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, curl.waitFor(), Files.readString(err));
    assertEquals("", Files.readString(err));
    return out;
  }

  @Test
  @DisplayName("HEAD says how long the answer would be and sends none of it")
  void head() throws Exception {
    String host = "127.0.0.1:" + server.port();
    String answer = Wire.request(server, "HEAD", "/debug/pprof/goroutine?debug=1", host);
    assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    int length = Wire.body(Wire.get(server, "/debug/pprof/goroutine?debug=1")).length();
    assertTrue(
        answer.toLowerCase(Locale.ROOT).contains("\r\ncontent-length: " + length + "\r\n"), answer);
    assertEquals("", Wire.body(answer));
  }

  @Test
  @DisplayName("foreign hosts, foreign origins and foreign methods are refused before any look")
  void attacks() throws Exception {
    String target = "/debug/pprof/goroutineleak";
    String here = "localhost:" + server.port();
    List<String> refused =
        List.of(
            Wire.request(server, "GET", target, "evil.example:" + server.port()),
            Wire.request(server, "GET", target, here + "\r\nHost: evil.example"),
            Wire.request(server, "GET", "http://evil.example" + target, "evil.example"),
            Wire.get(server, target, "Origin: http://evil.example"),
            Wire.get(server, target, "Origin: null"),
            Wire.get(server, target, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"),
            Wire.send(server, "GET " + target + " HTTP/1.0\r\n\r\n"));
    for (String answer : refused) {
      assertTrue(answer.startsWith("HTTP/1.1 403 "), answer);
      assertFalse(answer.contains("Access-Control"), answer);
    }
    String post = Wire.request(server, "POST", target, here, "Content-Length: 3\r\n\r\nabc");
    assertTrue(post.startsWith("HTTP/1.1 405 "), post);
    assertEquals(0, leaks.looks.get());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n"
      })
  @DisplayName("garbage is refused, and the server still answers")
  void garbage(String request) throws Exception {
    try (Socket socket = Wire.connect(server)) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 4"), answer);
    }
    assertTrue(Wire.get(server, "/debug/pprof/goroutine?debug=1").startsWith("HTTP/1.1 200 "));
  }

  @Test
  @DisplayName("peers that never finish their requests are cut off and do not keep others out")
  void slow() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try (DebugServer impatient = DebugServer.start(0, leaks, Duration.ofMillis(300))) {
      for (int i = 0; i < 12; i++) {
        Socket socket = Wire.connect(impatient);
        socket.getOutputStream().write("GET / HTTP/1.1\r\nHos".getBytes(StandardCharsets.UTF_8));
        slow.add(socket);
      }
      assertTrue(Wire.get(impatient, "/debug/pprof/").startsWith("HTTP/1.1 200 "));
      for (Socket socket : slow) {
        assertEquals(-1, socket.getInputStream().read(), "cut off");
      }
      // A request that itself takes longer than that is not cut off.
      String delta = Wire.get(impatient, "/debug/pprof/goroutine?seconds=1");
      assertTrue(delta.startsWith("HTTP/1.1 200 "), delta);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  @DisplayName("a port that is in use, or no port at all, is told in one line")
  void ports() throws Exception {
    UncheckedIOException inUse =
        assertThrows(
            UncheckedIOException.class, () -> DebugServer.start(server.port(), leaks).close());
    assertEquals(
        "port " + server.port() + " is in use: choose another one, or 0 for any that is free",
        inUse.getMessage());
    IllegalArgumentException noPort =
        assertThrows(
            IllegalArgumentException.class, () -> DebugServer.start(65_536, leaks).close());
    assertEquals("port must be from 0 to 65535, is 65536", noPort.getMessage());
  }

  @Test
  @DisplayName("it listens on loopback only, and not at all when closed; the port is free again")
  void loopbackOnly() throws Exception {
    assertTrue(InetAddress.getByName(server.uri().getHost()).isLoopbackAddress());
    int port = server.port();
    assertEquals("http://127.0.0.1:" + port, server.uri().toString());
    server.close();
    server.close();
    assertThrows(IOException.class, () -> Wire.get(server, "/"));
    try (ServerSocket again = new ServerSocket()) {
      again.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }
  }

  @Test
  @DisplayName("closing ends a request that waits")
  void closeEndsWaiting() throws Exception {
    try (Socket socket = Wire.connect(server)) {
      String request =
          "GET /debug/pprof/goroutine?seconds=600 HTTP/1.1\r\nHost: localhost:"
              + server.port()
              + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      assertTrue(Wire.get(server, "/debug/pprof/").startsWith("HTTP/1.1 200 "));
      server.close();
      // Either nothing or a 503; what matters is that the connection ends.
      try {
        socket.getInputStream().readAllBytes();
      } catch (java.net.SocketException e) {
        assertTrue(String.valueOf(e.getMessage()).contains("reset"), e.toString());
      }
    }
  }

  @Test
  @DisplayName("no more than two deltas at once")
  void deltas() throws Exception {
    List<Socket> waiting = new ArrayList<>();
    try {
      String request =
          "GET /debug/pprof/goroutine?seconds=600 HTTP/1.1\r\nHost: localhost:"
              + server.port()
              + "\r\n\r\n";
      String answer;
      do {
        Socket socket = Wire.connect(server);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        waiting.add(socket);
        answer = Wire.get(server, "/debug/pprof/goroutine?seconds=1");
      } while (answer.startsWith("HTTP/1.1 200 "));
      assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
      assertTrue(Wire.get(server, "/debug/pprof/goroutine").startsWith("HTTP/1.1 200 "));
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  @Test
  @DisplayName("a program that starts a server and is done ends, and opens missing are told")
  void daemons() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath(),
                OneLine.class.getName())
            .redirectErrorStream(true)
            .start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), output);
      assertEquals(0, process.exitValue(), output);
      assertTrue(output.startsWith("http://127.0.0.1:"), output);
      assertTrue(output.contains("goroutine 200 goroutine profile: total "), output);
      assertTrue(output.contains("goroutineleak 501 no proof is possible in this JVM"), output);
      assertTrue(output.contains("--add-opens"), output);
      assertTrue(output.endsWith("main ends\n"), output);
    } finally {
      process.destroyForcibly();
    }
  }

  /** The user's own program: one line starts the server. */
  static final class OneLine {
    private OneLine() {}

    public static void main(String[] args) throws IOException {
      DebugServer server = DebugServer.start(0);
      System.out.println(server.uri());
      for (String name : List.of("goroutine", "goroutineleak")) {
        HttpURLConnection connection =
            (HttpURLConnection)
                server.uri().resolve("/debug/pprof/" + name + "?debug=1").toURL().openConnection();
        int status = connection.getResponseCode();
        try (InputStream in =
            status == 200 ? connection.getInputStream() : connection.getErrorStream()) {
          String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
          System.out.println(name + " " + status + " " + text.strip());
        }
      }
      System.out.println("main ends");
    }
  }

  private static String classPath() throws Exception {
    List<String> places = new ArrayList<>();
    for (Class<?> type :
        List.of(
            DebugServer.class,
            OneLine.class,
            dev.selvage.diagnostics.Leaks.class,
            dev.selvage.observe.WaitReason.class)) {
      places.add(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    return String.join(File.pathSeparator, places);
  }

  @Test
  @DisplayName("go tool pprof reads the address without a word of complaint")
  void pprofUrl() throws Exception {
    String top = GoTool.pprof(dir, "-top", server.uri() + "/debug/pprof/goroutineleak");
    assertTrue(top.contains("Type: goroutineleak\n"), top);
    assertTrue(top.contains("100%  com.acme.Order.quote\n"), top);
    assertEquals(1, leaks.looks.get());
    String tags = GoTool.pprof(dir, "-tags", server.uri() + "/debug/pprof/goroutine");
    assertTrue(tags.contains("chan send"), tags);
    String raw = GoTool.pprof(dir, "-raw", server.uri() + "/debug/pprof/goroutine");
    assertTrue(raw.contains("com/acme/Order.java:57:0"), raw);
  }

  @Test
  @DisplayName("go tool pprof reads a downloaded profile without a word of complaint")
  void pprofFile() throws Exception {
    String answer = Wire.get(server, "/debug/pprof/goroutineleak");
    Path file = dir.resolve("goroutineleak.pb.gz");
    Files.write(file, Wire.body(answer).getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(GoTool.pprof(dir, "-top", file.toString()).contains("com.acme.Order.quote"));
    assertTrue(GoTool.pprof(dir, "-tags", file.toString()).contains("leaked"));
  }

  @Test
  @DisplayName("go tool pprof shows its user why a proof is not possible")
  void pprofError() throws Exception {
    FakeLeaks shut =
        new FakeLeaks() {
          @Override
          public dev.selvage.diagnostics.Report find(Mode mode) {
            return report("none", "java.base/java.lang is not open");
          }
        };
    try (DebugServer other = DebugServer.start(0, shut)) {
      String error = GoTool.pprofFails(dir, "-top", other.uri() + "/debug/pprof/goroutineleak");
      assertTrue(error.contains("501"), error);
      assertTrue(error.contains("java.base/java.lang is not open"), error);
    }
  }
}
