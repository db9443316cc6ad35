package dev.selvage.cli;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.util.Objects;

/**
 * The debug pages of a process in which the agent was loaded for it, over a socket in a directory
 * that only its owner can enter. The process listens nowhere, and forgets us when we are gone.
 */
final class AttachedSource implements DebugSource {
  private final long pid;
  private final SocketChannel channel;
  private final DataInputStream in;
  private final TimeLimit limit;

  AttachedSource(long pid, SocketChannel channel) {
    this.pid = pid;
    this.channel = channel;
    in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel)));
    limit = new TimeLimit(name(), new Stopped(pid)::forLong, Stopped.told(pid), this::closeChannel);
  }

  /** Has the agent connect to us, with what it is told beyond that. */
  static AttachedSource open(
      JavaProcess process, Attachment attachment, Path agent, AgentOptions options) {
    UserPrincipal owner = Targets.owner(process);
    try (ReportDirectory directory = ReportDirectory.create(owner);
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(directory.socket()));
      if (owner != null) {
        Files.setOwner(directory.socket(), owner);
      }
      attachment.load(
          agent,
          options
              .set("command", "serve")
              .set("report", directory.report())
              .set("socket", directory.socket()),
          PATIENCE);
      // It has connected before it said that it is done, or has left word why not.
      listener.configureBlocking(false);
      SocketChannel channel = listener.accept();
      if (channel != null) {
        return new AttachedSource(process.pid(), channel);
      }
      String word = directory.readReport();
      if (word != null) {
        ReportReader.read(word); // throws what it says
      }
      throw new CommandFailure(
          ExitCode.INCOMPLETE,
          "the agent in process "
              + process.pid()
              + " did not connect: the standard error of that process has the cause");
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE,
          "cannot listen for the agent in "
              + System.getProperty("java.io.tmpdir")
              + ": "
              + CommandFailure.reason(e));
    }
  }

  @Override
  public InputStream open(String page, Duration patience) {
    limit.expect(patience);
    try {
      ByteBuffer line = ByteBuffer.wrap((page + "\n").getBytes(StandardCharsets.UTF_8));
      while (line.hasRemaining()) {
        channel.write(line);
      }
      int status = in.readInt();
      in.readUTF(); // the content type
      InputStream body = new Pieces();
      if (status == 200) {
        return body;
      }
      String said = new String(body.readAllBytes(), StandardCharsets.UTF_8);
      throw DebugSource.refused(name(), page, status, said);
    } catch (IOException e) {
      throwIfCut();
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          name()
              + " ended or closed the connection meanwhile"
              + (e instanceof EOFException ? "" : ": " + CommandFailure.reason(e)));
    }
  }

  private void throwIfCut() {
    CommandFailure why = limit.failure();
    if (why != null) {
      throw why;
    }
  }

  /** One body: what the agent's {@code ToolConnection} writes. */
  private final class Pieces extends BulkInput {
    private int left;
    private boolean ended;

    @Override
    public int read(byte[] bytes, int from, int count) throws IOException {
      Objects.checkFromIndexSize(from, count, bytes.length);
      if (count == 0) {
        return 0;
      }
      try {
        int n = some(bytes, from, count);
        limit.progress();
        return n;
      } catch (IOException e) {
        throwIfCut();
        throw e;
      }
    }

    private int some(byte[] bytes, int from, int count) throws IOException {
      if (left == 0 && !ended) {
        left = in.readInt();
        if (left < 0) {
          throw new IOException("the rest of the answer could not be had");
        }
        ended = left == 0;
      }
      if (ended) {
        return -1;
      }
      int n = in.read(bytes, from, Math.min(count, left));
      if (n < 0) {
        throw new EOFException("the process has ended");
      }
      left -= n;
      return n;
    }

    @Override
    public void close() {
      limit.done();
    }
  }

  @Override
  public String name() {
    return "process " + pid;
  }

  @Override
  public String shortName() {
    return Long.toString(pid);
  }

  @Override
  public void close() {
    limit.close();
    closeChannel();
  }

  private void closeChannel() {
    try {
      channel.close();
    } catch (IOException _) {
      // The process has ended: there is nothing to close.
    }
  }
}
