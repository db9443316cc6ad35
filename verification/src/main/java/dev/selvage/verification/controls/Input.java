package dev.selvage.verification.controls;

import static dev.selvage.verification.controls.Waiters.go;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** Threads that wait for the network: what they wait on is only on their own stacks. */
public final class Input implements Control {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private final LinkedBlockingQueue<Integer> ports = new LinkedBlockingQueue<>();
  private int acceptor;
  private int channel;
  private int datagrams;
  private @Nullable Socket peer;
  private Pipe.@Nullable SinkChannel sink;

  @Override
  public void start() throws Exception {
    go(
        "accept",
        () -> {
          try (var server = new ServerSocket(0, 1, LOOPBACK)) {
            ports.add(server.getLocalPort());
            server.accept().close();
          }
        });
    acceptor = ports.take();
    go(
        "channel accept",
        () -> {
          try (var server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(LOOPBACK, 0));
            ports.add(server.socket().getLocalPort());
            server.accept().close();
          }
        });
    channel = ports.take();
    go(
        "datagram",
        () -> {
          try (var socket = new DatagramSocket(0, LOOPBACK)) {
            ports.add(socket.getLocalPort());
            socket.receive(new DatagramPacket(new byte[8], 8));
          }
        });
    datagrams = ports.take();
    try (var server = new ServerSocket(0, 1, LOOPBACK)) {
      int port = server.getLocalPort();
      go(
          "read",
          () -> {
            try (var socket = new Socket(LOOPBACK, port)) {
              if (socket.getInputStream().read() != 7) {
                throw new IOException("not what was sent");
              }
            }
          });
      peer = server.accept();
    }
    var pipe = Pipe.open();
    sink = pipe.sink();
    go("pipe", () -> pipe.source().read(ByteBuffer.allocate(1)));
  }

  @Override
  public void wake() throws Exception {
    new Socket(LOOPBACK, acceptor).close();
    new Socket(LOOPBACK, channel).close();
    try (var socket = new DatagramSocket()) {
      socket.send(new DatagramPacket(new byte[1], 1, LOOPBACK, datagrams));
    }
    if (peer == null || sink == null) {
      throw new IllegalStateException("not started");
    }
    peer.getOutputStream().write(7);
    peer.close();
    sink.write(ByteBuffer.wrap(new byte[1]));
  }
}
