package com.acme.shop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server that holds its connections, and each connection its thread. */
public final class Server {
  private static final Server DEFAULT = new Server();
  private final Map<String, Connection> connections = new ConcurrentHashMap<>();

  /** One connection. */
  static final class Connection {
    private final Thread thread;

    Connection(Thread thread) {
      this.thread = thread;
    }

    void interrupt() {
      thread.interrupt();
    }
  }

  /** Accepts on a thread of its own, and is held by nothing else. */
  public static final class Acceptor implements Runnable {
    private final Server server;
    private final CountDownLatch end;

    public Acceptor(Server server, CountDownLatch end) {
      this.server = server;
      this.end = end;
    }

    @Override
    public void run() {
      try {
        end.await();
      } catch (InterruptedException e) {
        server.close();
      }
    }
  }

  /** An executor that lists its threads, as executors do. */
  public static final class Workers {
    public static final ExecutorService EXECUTOR = Executors.newVirtualThreadPerTaskExecutor();

    private Workers() {}
  }

  public static Server byDefault() {
    return DEFAULT;
  }

  public void accept(Thread thread) {
    connections.put("c" + connections.size(), new Connection(thread));
  }

  public void close() {
    connections.values().forEach(Connection::interrupt);
    connections.clear();
  }
}
