import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A server of plain JDK parts on virtual threads, and a load for it. {@code server HOGS} answers
 * each request with the help of a second virtual thread, beside so many that only compute, and says
 * its port. {@code load PORT CONNECTIONS SECONDS} keeps so many connections busy, each with one
 * request at a time, from platform threads; the first second is left out.
 */
final class HttpLoad {
  private static final byte[] REQUEST =
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ANSWER = "quote 42".getBytes(StandardCharsets.US_ASCII);
  private static final int TIMEOUT_MILLIS = 5_000;
  private static volatile long sink;

  private HttpLoad() {}

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "server" -> serve(Integer.parseInt(args[1]));
      case "load" ->
          load(Integer.parseInt(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void serve(int hogs) throws IOException {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    var server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          var quote = new SynchronousQueue<byte[]>();
          threads.execute(
              () -> {
                try {
                  quote.put(ANSWER);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
          try (exchange) {
            byte[] answer = quote.take();
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    server.start();
    for (int i = 0; i < hogs; i++) {
      threads.execute(
          () -> {
            for (long n = 0; ; n++) {
              sink = n;
            }
          });
    }
    System.out.println(server.getAddress().getPort());
    while (System.in.read() >= 0) {
      // until whoever started it has ended
    }
    System.exit(0);
  }

  private static void load(int port, int connections, int seconds) throws InterruptedException {
    long begin = System.nanoTime() + 1_000_000_000L;
    long end = begin + seconds * 1_000_000_000L;
    var failed = new AtomicLong();
    var latencies = new long[connections][];
    var threads = new Thread[connections];
    for (int i = 0; i < connections; i++) {
      int me = i;
      threads[i] =
          Thread.ofPlatform().start(() -> latencies[me] = keepBusy(port, begin, end, failed));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    long[] all = Arrays.stream(latencies).flatMapToLong(Arrays::stream).sorted().toArray();
    System.out.printf(
        "%,10.0f requests/s   p50 %9s   p99 %9s   p999 %9s   failed %d%n",
        all.length / (double) seconds, at(all, 0.5), at(all, 0.99), at(all, 0.999), failed.get());
  }

  private static String at(long[] sorted, double quantile) {
    return sorted.length == 0
        ? "-"
        : "%.2f ms".formatted(sorted[(int) (quantile * (sorted.length - 1))] / 1e6);
  }

  private static long[] keepBusy(int port, long begin, long end, AtomicLong failed) {
    long[] latencies = new long[1024];
    int count = 0;
    while (System.nanoTime() < end) {
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        for (long now; (now = System.nanoTime()) < end; ) {
          socket.getOutputStream().write(REQUEST);
          readAnswer(socket.getInputStream());
          if (now >= begin) {
            if (count == latencies.length) {
              latencies = Arrays.copyOf(latencies, count * 2);
            }
            latencies[count++] = System.nanoTime() - now;
          }
        }
      } catch (IOException e) { // a time limit, too
        failed.incrementAndGet();
      }
    }
    return Arrays.copyOf(latencies, count);
  }

  /** Reads to the end of the answer that the server gives, and checks it. */
  private static void readAnswer(InputStream in) throws IOException {
    byte[] buffer = new byte[1024];
    for (int n = 0; ; ) {
      int read = in.read(buffer, n, buffer.length - n);
      if (read < 0) {
        throw new IOException("closed");
      }
      n += read;
      String text = new String(buffer, 0, n, StandardCharsets.US_ASCII);
      int head = text.indexOf("\r\n\r\n");
      if (head >= 0 && n == head + 4 + ANSWER.length) {
        if (!text.startsWith("HTTP/1.1 200") || !text.endsWith("quote 42")) {
          throw new IOException("another answer: " + text);
        }
        return;
      }
    }
  }
}
