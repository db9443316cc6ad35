package dev.selvage.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.http.page.Live;
import dev.selvage.observe.Probe;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves the debug endpoints on the loopback interface: the JVM's {@code import _
 * "net/http/pprof"}.
 *
 * <pre>{@code
 * DebugServer.start(6060);
 * }</pre>
 *
 * <p>It runs until it is closed and keeps no JVM alive: all its threads are daemons, at most four
 * answer requests, each live page that is being looked at has one besides, of which there are eight
 * at most, and they end when there is nothing to do. It listens on loopback only and refuses what a
 * web page sends ({@code Host} or {@code Origin} of another site); every user of the machine can
 * reach it. Thread-safe.
 */
public final class DebugServer implements AutoCloseable {
  private static final Logger LOG = System.getLogger(DebugServer.class.getPackageName());

  private static final int THREADS = 4;
  private static final int MOST_POSTED = 64 << 10;
  private static final Duration READ_LIMIT = Duration.ofSeconds(5);
  private static final Duration WRITE_LIMIT = Duration.ofSeconds(60);

  private final HttpServer server;
  private final DebugEndpoints endpoints;
  private final ThreadPoolExecutor workers;
  private final ThreadPoolExecutor streamers;
  private final Executor streams;
  private final Watchdog watchdog;

  private DebugServer(
      HttpServer server, DebugEndpoints endpoints, Duration readLimit, Staff staff) {
    this.server = server;
    this.endpoints = endpoints;
    ThreadFactory threads = runnable -> staff.daemon(runnable, "selvage-debug-server");
    workers =
        new ThreadPoolExecutor(
            THREADS, THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
    workers.allowCoreThreadTimeOut(true);
    watchdog = new Watchdog(threads);
    // None waits: who has no thread is told so.
    streamers =
        new ThreadPoolExecutor(
            0, Live.MOST_VIEWERS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    streams = watchdog.watch(streamers, WRITE_LIMIT);
    server.setExecutor(watchdog.watch(workers, readLimit));
    server.createContext("/", this::handle);
  }

  /**
   * Starts a server for this JVM.
   *
   * @param port from 1 to 65535, or 0 for any that is free
   * @param options what requests may ask for beyond what is harmless; nothing by default
   * @throws IllegalArgumentException if that is not a port
   * @throws UncheckedIOException if it cannot listen there, with what to do about it in its message
   */
  public static DebugServer start(int port, DebugOption... options) {
    return start(port, Prover.ofThisJvm(), options);
  }

  /**
   * Starts a server for what {@code leaks} knows; otherwise as {@link #start(int, DebugOption...)}.
   */
  public static DebugServer start(int port, Leaks leaks, DebugOption... options) {
    return start(port, leaks, READ_LIMIT, options);
  }

  static DebugServer start(int port, Leaks leaks, Duration readLimit, DebugOption... options) {
    Objects.requireNonNull(leaks, "leaks");
    DebugEndpoints endpoints = new DebugEndpoints(leaks, options);
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be from 0 to 65535, is " + port);
    }
    Staff staff = new Staff(leaks instanceof Prover);
    FutureTask<DebugServer> start =
        new FutureTask<>(
            () -> {
              InetAddress loopback = InetAddress.getLoopbackAddress();
              HttpServer server = HttpServer.create(new InetSocketAddress(loopback, port), 16);
              DebugServer started = new DebugServer(server, endpoints, readLimit, staff);
              server.start();
              staff.vouchForThreadsOf(server);
              return started;
            });
    // The JDK's own threads of the server take over from the thread that starts it whether they are
    // daemons, the class loader and the thread-locals: so it is not the caller's.
    Thread starter = staff.daemon(start, "selvage-debug-server-start");
    starter.start();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return start.get();
        } catch (InterruptedException _) {
          interrupted = true; // Quick, and half a server is of no use: told to the caller below.
        } catch (ExecutionException e) {
          throw cannotListen(port, e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException cannotListen(int port, @Nullable Throwable cause) {
    if (cause instanceof BindException e
        && String.valueOf(e.getMessage()).contains("already in use")) {
      return new UncheckedIOException(
          "port " + port + " is in use: choose another one, or 0 for any that is free", e);
    }
    if (cause instanceof IOException e) {
      return new UncheckedIOException(
          "cannot listen on port " + port + " of the loopback interface: " + e.getMessage(), e);
    }
    return new IllegalStateException("the debug server did not start: " + cause, cause);
  }

  /** The port it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Its address without a path, as {@code http://127.0.0.1:6060}. */
  public URI uri() {
    String host = server.getAddress().getAddress().getHostAddress();
    return URI.create("http://" + (host.contains(":") ? "[::1]" : host) + ":" + port());
  }

  /** Stops at once; requests that are being answered are cut off. Does nothing the second time. */
  @Override
  public void close() {
    server.stop(0);
    workers.shutdownNow();
    streamers.shutdownNow();
    watchdog.close();
  }

  /** The address. */
  @Override
  public String toString() {
    return "DebugServer[" + uri() + "]";
  }

  private void handle(HttpExchange exchange) throws IOException {
    Response response;
    try {
      String posted = posted(exchange);
      // The request has been read: now it is our time that passes.
      watchdog.unlimited();
      URI target = exchange.getRequestURI();
      Request request =
          new Request(
              exchange.getRequestMethod(),
              Objects.requireNonNullElse(target.getPath(), ""),
              target.getRawQuery(),
              exchange.getRequestHeaders(),
              posted);
      response = LoopbackGuard.refuse(request, port()).orElseGet(() -> endpoints.handle(request));
    } catch (RuntimeException | Error e) {
      LOG.log(Logger.Level.WARNING, "selvage: the debug server could not answer", e);
      response = Response.error(500, "failed: " + e);
    }
    if (response.content().isEndless()) {
      stream(exchange, response);
    } else {
      finish(exchange, response);
    }
  }

  private void finish(HttpExchange exchange, Response response) throws IOException {
    watchdog.limit(WRITE_LIMIT);
    try (exchange;
        Response.Content content = response.content()) {
      send(exchange, response, content);
    }
  }

  /** Goes on with it elsewhere: the threads that answer requests are too few to be kept. */
  private void stream(HttpExchange exchange, Response response) throws IOException {
    try {
      streams.execute(
          () -> {
            try {
              finish(exchange, response);
            } catch (IOException _) {
              // The reader has gone, or is too slow, which is how a stream ends.
            }
          });
    } catch (RejectedExecutionException _) {
      response.content().close();
      finish(exchange, Response.error(503, "too many pages are being looked at: close one"));
    }
  }

  private static String posted(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      return "";
    }
    byte[] body = exchange.getRequestBody().readNBytes(MOST_POSTED + 1);
    return new String(body, StandardCharsets.UTF_8);
  }

  private void send(HttpExchange exchange, Response response, Response.Content content)
      throws IOException {
    response.headers().forEach(exchange.getResponseHeaders()::set);
    long length = content.length();
    if (exchange.getRequestMethod().equals("HEAD")) {
      if (length >= 0) {
        exchange.getResponseHeaders().set("Content-Length", Long.toString(length));
      }
      exchange.sendResponseHeaders(response.status(), -1);
      return;
    }
    exchange.sendResponseHeaders(response.status(), length == 0 ? -1 : length < 0 ? 0 : length);
    if (length == 0) {
      return;
    }
    // Not closed when the body fails: the end of a body that is cut must be missing.
    OutputStream out = exchange.getResponseBody();
    content.writeTo(length < 0 ? new Limited(out) : out);
    out.close();
  }

  /** Limits the writing of a body that is made meanwhile, and not the making. */
  private final class Limited extends FilterOutputStream {
    Limited(OutputStream out) {
      super(out);
      watchdog.unlimited();
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      watchdog.limit(WRITE_LIMIT);
      out.write(bytes, from, count);
      watchdog.unlimited();
    }

    @Override
    public void flush() throws IOException {
      watchdog.limit(WRITE_LIMIT);
      out.flush();
      watchdog.unlimited();
    }
  }

  /**
   * The threads of one server. They only look at the program, so that it may be said that all
   * goroutines are asleep although they are alive; but not where they run code that is not ours.
   */
  private static final class Staff {
    /*
     * The JDK's web server makes its threads in the group of the thread that makes and starts it.
     * The group is ours alone, so those in it that are called like the JDK's own are the JDK's own.
     * Any other, as of a log handler that was made on the way, is not vouched for.
     */
    private static final Set<String> OF_THE_JDK =
        Set.of("HTTP-Dispatcher", "idle-timeout-task", "req-rsp-timeout-task");

    private final ThreadGroup group = new ThreadGroup("selvage-debug-server");
    private final boolean onlyLooks;

    Staff(boolean onlyLooks) {
      this.onlyLooks = onlyLooks;
    }

    Thread daemon(Runnable task, String name) {
      Thread thread =
          Thread.ofPlatform()
              .daemon()
              .group(group)
              .name(name)
              .inheritInheritableThreadLocals(false)
              .unstarted(task);
      thread.setContextClassLoader(DebugServer.class.getClassLoader());
      if (onlyLooks) {
        Probe.vouchFor(thread);
      }
      return thread;
    }

    /** To be called where the server was started. */
    void vouchForThreadsOf(HttpServer server) {
      if (!onlyLooks || server.getClass().getModule() != HttpServer.class.getModule()) {
        return; // a server that the program has put in the place of the JDK's
      }
      Thread[] threads = new Thread[group.activeCount() + 16];
      int n = group.enumerate(threads, false);
      for (int i = 0; i < n; i++) {
        if (OF_THE_JDK.contains(threads[i].getName())
            && threads[i].getClass().getClassLoader() == null) {
          Probe.vouchFor(threads[i]);
        }
      }
    }
  }
}
