package dev.selvage.agent.internal;

import dev.selvage.http.DebugEndpoints;
import dev.selvage.http.Request;
import dev.selvage.http.Response;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The debug endpoints for one tool that has attached, over a socket in a directory that only its
 * owner can enter: nothing listens in this program, and nothing is left when the tool ends.
 *
 * <p>The tool sends a line, as {@code /debug/pprof/goroutine?debug=2}. It gets the status (an int,
 * big-endian as all here), the content type (as {@link DataOutputStream#writeUTF}), and the body in
 * pieces: a length and so many bytes, the last with length 0. A body that cannot be completed ends
 * with length -1. Then the next line may come.
 */
final class ToolConnection implements Runnable {
  private static final int LONGEST_LINE = 8 << 10;

  private final SocketChannel channel;
  private final DebugEndpoints endpoints;

  private ToolConnection(SocketChannel channel, DebugEndpoints endpoints) {
    this.channel = channel;
    this.endpoints = endpoints;
  }

  /**
   * Connects to the tool.
   *
   * @param socket where it listens
   * @throws IOException if it does not
   */
  static ToolConnection to(Path socket, DebugEndpoints endpoints) throws IOException {
    return new ToolConnection(SocketChannel.open(UnixDomainSocketAddress.of(socket)), endpoints);
  }

  /** Answers until the tool closes the connection, or goes away. */
  @Override
  public void run() {
    try (channel) {
      InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
      DataOutputStream out =
          new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel)));
      for (String line = line(in); !line.isEmpty(); line = line(in)) {
        answer(endpoints.handle(Request.get(line)), out);
      }
    } catch (IOException _) {
      // The tool has gone, which is how it ends what it does not want any more.
    }
  }

  /** Empty at the end. */
  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c; (c = in.read()) >= 0; ) {
      if (c == '\n') {
        return line.toString(StandardCharsets.UTF_8);
      }
      if (line.size() == LONGEST_LINE) {
        throw new IOException("a line of more than " + LONGEST_LINE + " bytes");
      }
      line.write(c);
    }
    return "";
  }

  private static void answer(Response response, DataOutputStream out) throws IOException {
    out.writeInt(response.status());
    out.writeUTF(response.headers().getOrDefault("Content-Type", ""));
    Pieces pieces = new Pieces(out);
    int end = 0;
    try (Response.Content content = response.content()) {
      content.writeTo(pieces);
    } catch (IOException e) {
      if (pieces.broken) {
        throw e;
      }
      end = -1;
    }
    out.writeInt(end);
    out.flush();
  }

  /** Tells an answer that cannot be had from a tool that cannot be written to. */
  private static final class Pieces extends OutputStream {
    private final DataOutputStream out;
    boolean broken;

    Pieces(DataOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      if (count == 0) {
        return; // would be the end
      }
      try {
        out.writeInt(count);
        out.write(bytes, from, count);
      } catch (IOException e) {
        broken = true;
        throw e;
      }
    }

    @Override
    public void flush() throws IOException {
      try {
        out.flush();
      } catch (IOException e) {
        broken = true;
        throw e;
      }
    }
  }
}
