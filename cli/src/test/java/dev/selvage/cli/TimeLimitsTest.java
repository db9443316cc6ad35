package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that do not answer: stopped ones, and ones that hang. */
@Timeout(60)
final class TimeLimitsTest {
  private static final Duration SHORT = Duration.ofMillis(300);

  private final Path directory;
  private final Commands commands = new Commands();

  TimeLimitsTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private static void signal(Process process, String name) throws Exception {
    assertEquals(
        0, new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor());
  }

  @ParameterizedTest
  @ValueSource(strings = {"stacks", "leaks"})
  void aStoppedProcessIsToldAndNotDisturbed(String command) throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/stat")), "only Linux tells the state");
    FakeInstallation installation = FakeInstallation.in(directory);
    commands.from(installation.lib());
    Process jvm = installation.sleeper();
    try {
      signal(jvm, "STOP");
      assertEquals(ExitCode.UNREACHABLE, commands.run(command, Long.toString(jvm.pid())));
      assertEquals(
          "selvage: process "
              + jvm.pid()
              + " is stopped, by a signal or a debugger, and answers nothing: kill -CONT "
              + jvm.pid()
              + " lets it go on\n",
          commands.err());
      assertEquals("", commands.out());
      // A signal that waits for it would make it print a thread dump.
      String status = Files.readString(Path.of("/proc/" + jvm.pid() + "/status"));
      assertTrue(
          status.lines().anyMatch(line -> line.matches("ShdPnd:\\s*0*")),
          "something waits for it: " + status);
      signal(jvm, "CONT");
      assertTrue(jvm.isAlive());
    } finally {
      jvm.destroyForcibly();
    }
  }

  @Test
  void whetherAProcessIsStoppedIsKnownWhateverItIsCalled() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/stat")), "only Linux tells the state");
    Path odd = Files.copy(Path.of("/bin/sleep"), directory.resolve("a ) T (b) R"));
    Process process = new ProcessBuilder(odd.toString(), "60").start();
    try {
      assertFalse(Stopped.now(process.pid()));
      signal(process, "STOP");
      long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
      while (!Stopped.now(process.pid())) {
        assertTrue(System.nanoTime() < end, "it is stopped");
        Thread.sleep(10);
      }
      signal(process, "CONT");
      while (Stopped.now(process.pid())) {
        assertTrue(System.nanoTime() < end, "it goes on");
        Thread.sleep(10);
      }
    } finally {
      process.destroyForcibly();
    }
  }

  /** Two ends of a socket. */
  private record Pair(SocketChannel ours, SocketChannel theirs) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      ours.close();
      theirs.close();
    }
  }

  private Pair pair() throws IOException {
    var address = UnixDomainSocketAddress.of(directory.resolve("s"));
    try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(address);
      SocketChannel ours = SocketChannel.open(address);
      return new Pair(ours, listener.accept());
    }
  }

  private static final long ME = ProcessHandle.current().pid();

  @Test
  void anAgentThatDoesNotAnswerIsTold() throws Exception {
    try (Pair pair = pair();
        var source = new AttachedSource(ME, pair.ours())) {
      var failure = assertThrows(CommandFailure.class, () -> source.open("/debug/x", SHORT));
      assertEquals("process " + ME + " did not answer within 300ms", failure.getMessage());
      assertEquals(ExitCode.UNREACHABLE, failure.exitCode());
    }
  }

  private static ByteBuffer answer(String... pieces) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeInt(200);
    out.writeUTF("text/plain");
    for (String piece : pieces) {
      out.writeInt(piece.length());
      out.writeBytes(piece);
    }
    return ByteBuffer.wrap(bytes.toByteArray());
  }

  @Test
  void anAgentThatStopsInTheMiddleIsTold() throws Exception {
    try (Pair pair = pair();
        var source = new AttachedSource(ME, pair.ours())) {
      pair.theirs().write(answer("abc"));
      try (InputStream in = source.open("/debug/x", SHORT)) {
        assertEquals("abc", new String(in.readNBytes(3), StandardCharsets.UTF_8));
        assertThrows(CommandFailure.class, in::read);
      }
    }
  }

  @Test
  void whoAnswersPieceByPieceIsWaitedForAndSoIsWhoIsNotAsked() throws Exception {
    try (Pair pair = pair();
        var source = new AttachedSource(ME, pair.ours())) {
      pair.theirs().write(answer());
      Duration limit = Duration.ofSeconds(2);
      try (InputStream in = source.open("/debug/x", limit)) {
        // Longer than the limit as a whole.
        for (int i = 0; i < 5; i++) {
          pair.theirs().write(ByteBuffer.wrap(new byte[] {0, 0, 0, 1, 'x'}));
          assertEquals('x', in.read());
          Thread.sleep(500);
        }
        pair.theirs().write(ByteBuffer.wrap(new byte[4]));
        assertEquals(-1, in.read());
      }
      pair.theirs().write(answer("", "n"));
      Thread.sleep(limit.plusMillis(500)); // nothing is asked
      try (InputStream in = source.open("/debug/y", limit)) {
        assertEquals(-1, in.read());
      }
    }
  }

  @Test
  void aServerThatStopsInTheMiddleIsTold() throws Exception {
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread.ofPlatform()
          .daemon()
          .start(
              () -> {
                try (Socket client = server.accept()) {
                  client
                      .getOutputStream()
                      .write(
                          "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"
                              .getBytes(StandardCharsets.ISO_8859_1));
                  client.getOutputStream().flush();
                  Thread.sleep(Duration.ofMinutes(1));
                } catch (IOException | InterruptedException _) {
                  // The test has ended.
                }
              });
      String address = "http://localhost:" + server.getLocalPort();
      DebugSource source = Objects.requireNonNull(DebugAddress.of(address));
      try (source;
          InputStream in = source.open("/debug/x", Duration.ofSeconds(1))) {
        assertEquals("abc", new String(in.readNBytes(3), StandardCharsets.UTF_8));
        var failure = assertThrows(CommandFailure.class, in::read);
        assertEquals(address + " did not answer within 1s", failure.getMessage());
      }
    }
  }
}
