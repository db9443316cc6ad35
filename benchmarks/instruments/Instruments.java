import static dev.selvage.Go.go;

import com.sun.management.OperatingSystemMXBean;
import dev.selvage.Channel;
import dev.selvage.diagnostics.trace.FlightRecorder;
import dev.selvage.http.DebugServer;
import dev.selvage.scheduler.Scheduler;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;

/**
 * What the instruments cost a server that is busy all the time: a goroutine a connection, and for
 * each request four more that hash 4 KB and answer over a channel. Those who ask, and who looks at
 * the page, are in a process of their own. Each instrument is on and off in turn in the one server,
 * and its processor time and time for a request are compared pair by pair.
 */
public final class Instruments {
  private static final int HASHERS = 4;
  private static final int HASHED = 4 << 10;
  private static final int WARM_UP = 4;

  private final LongAdder answered = new LongAdder();
  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final DebugServer debug = DebugServer.start(0);
  private final double seconds;
  private final Process client;
  private final PrintStream tell;
  private final BufferedReader told;

  /** Something that is on from start() until the end of that slice, or of stop(). */
  private interface Instrument {
    void start() throws Exception;

    /** Returns when it is off, and all that it has to do for what it did is done. */
    void stop() throws Exception;
  }

  private record Named(String name, Instrument instrument) {}

  /** Microseconds a request. */
  private record Slice(double processor, double time) {}

  private Instruments(double seconds, int connections) throws Exception {
    this.seconds = seconds;
    ServerSocket server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    go("accept", () -> accept(server));
    client =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                Instruments.class.getName(),
                "client",
                Integer.toString(server.getLocalPort()),
                Integer.toString(connections))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    tell = new PrintStream(client.getOutputStream(), true, StandardCharsets.UTF_8);
    told = client.inputReader(StandardCharsets.UTF_8);
  }

  public static void main(String[] args) throws Exception {
    if (args[0].equals("client")) {
      ask(Integer.parseInt(args[1]), Integer.parseInt(args[2]));
      return;
    }
    double seconds = Double.parseDouble(args[0]);
    int pairs = Integer.parseInt(args[1]);
    List<String> only = Arrays.asList(args).subList(2, args.length);
    var benchmark = new Instruments(seconds, 8);
    try {
      benchmark.run(pairs, only);
    } finally {
      benchmark.client.destroy();
    }
    System.exit(0); // connections are still open
  }

  // --------------- The server ---------------

  private void accept(ServerSocket server) throws IOException {
    while (true) {
      Socket socket = server.accept();
      go("connection", () -> serve(socket));
    }
  }

  private void serve(Socket socket) throws Exception {
    try (socket) {
      socket.setTcpNoDelay(true);
      var in = new DataInputStream(socket.getInputStream());
      var out = new DataOutputStream(socket.getOutputStream());
      while (true) {
        long seed = in.readLong();
        Channel<Long> results = Channel.unbuffered();
        for (int i = 0; i < HASHERS; i++) {
          long part = seed + i;
          go(() -> results.send(hash(part)));
        }
        long sum = 0;
        for (int i = 0; i < HASHERS; i++) {
          sum += results.receive();
        }
        out.writeLong(sum);
        answered.increment();
      }
    } catch (EOFException | SocketException _) {
      // who asked has gone
    }
  }

  private static long hash(long seed) {
    try {
      byte[] data = new byte[HASHED];
      Arrays.fill(data, (byte) seed);
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(data);
      return hash[0] + 256L * hash[1];
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long sum(long seed) {
    long sum = 0;
    for (int i = 0; i < HASHERS; i++) {
      sum += hash(seed + i);
    }
    return sum;
  }

  // --------------- Who asks ---------------

  private static void ask(int port, int connections) throws IOException {
    for (int i = 0; i < connections; i++) {
      Thread.ofPlatform().daemon().start(() -> ask(port));
    }
    // Each line is an address that is read to its end; or "close", for the one that has none.
    var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    InputStream endless = null;
    for (String line; (line = orders.readLine()) != null; ) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "read" -> {
          InputStream in = URI.create(words[1]).toURL().openStream();
          Thread.ofPlatform().daemon().start(() -> drain(in, true));
        }
        case "follow" -> {
          InputStream in = URI.create(words[1]).toURL().openStream();
          endless = in;
          Thread.ofPlatform().daemon().start(() -> drain(in, false));
        }
        case "leave" -> {
          endless.close();
          System.out.println("left");
        }
        default -> throw new IllegalArgumentException(line);
      }
    }
  }

  private static void ask(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      var in = new DataInputStream(socket.getInputStream());
      var out = new DataOutputStream(socket.getOutputStream());
      for (long i = 0; ; i++) {
        out.writeLong(i);
        long answer = in.readLong();
        if (i % 1_000 == 0 && answer != sum(i)) {
          throw new IllegalStateException("a wrong answer");
        }
      }
    } catch (IOException _) {
      // the benchmark is over
    }
  }

  private static void drain(InputStream in, boolean tell) {
    long bytes = 0;
    try (in) {
      byte[] buffer = new byte[1 << 14];
      for (int n; (n = in.read(buffer)) >= 0; ) {
        bytes += n;
      }
    } catch (IOException e) {
      if (tell) {
        System.out.println("failed " + e);
        return;
      }
    }
    if (tell) {
      System.out.println("read " + bytes);
    }
  }

  // --------------- The instruments ---------------

  /** An address that takes as long as it was asked to. */
  private Instrument reading(String path) {
    return new Instrument() {
      @Override
      public void start() {
        tell.println("read " + debug.uri() + path + "seconds=" + Math.round(seconds));
      }

      @Override
      public void stop() throws IOException {
        String answer = told.readLine();
        if (answer == null || !answer.startsWith("read ")) {
          throw new IOException(path + ": " + answer);
        }
      }
    };
  }

  private List<Named> instruments() {
    FlightRecorder[] recorder = new FlightRecorder[1];
    Scheduler.Watching[] usage = new Scheduler.Watching[1];
    return List.of(
        new Named(
            "nothing",
            new Instrument() {
              @Override
              public void start() {}

              @Override
              public void stop() {}
            }),
        new Named(
            "flight",
            new Instrument() {
              @Override
              public void start() {
                recorder[0] = new FlightRecorder();
                recorder[0].start();
              }

              @Override
              public void stop() {
                recorder[0].close();
              }
            }),
        new Named(
            "page",
            new Instrument() {
              @Override
              public void start() {
                tell.println("follow " + debug.uri() + "/debug/selvage/events");
              }

              @Override
              public void stop() throws IOException {
                tell.println("leave");
                told.readLine();
              }
            }),
        new Named("cpu", reading("/debug/pprof/profile?")),
        new Named("wall", reading("/debug/pprof/wall?")),
        new Named("allocs", reading("/debug/pprof/allocs?")),
        new Named("block", reading("/debug/pprof/block?")),
        new Named("trace", reading("/debug/pprof/trace?")),
        new Named(
            "usage",
            new Instrument() {
              @Override
              public void start() {
                usage[0] = Scheduler.countUsage();
              }

              @Override
              public void stop() {
                usage[0].close();
              }
            }));
  }

  // --------------- Measuring ---------------

  private void run(int pairs, List<String> only) throws Exception {
    for (int i = 0; i < WARM_UP; i++) {
      slice(null);
    }
    System.out.println(
        "| instrument | processor time a request: off, µs | on, µs | ratio: median (least–greatest)"
            + " | mean ± standard error | time a request: off, µs | ratio: median (least–greatest)"
            + " | mean ± standard error |");
    System.out.println("|---|---|---|---|---|---|---|---|");
    for (Named named : instruments()) {
      if (only.isEmpty() || only.contains(named.name)) {
        compare(named, pairs);
      }
    }
  }

  private void compare(Named named, int pairs) throws Exception {
    slice(named.instrument); // the first time is another one: it loads classes, or starts JFR
    slice(null);
    List<Slice> off = new ArrayList<>();
    List<Slice> on = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      if (i % 2 == 0) {
        off.add(slice(null));
        on.add(slice(named.instrument));
      } else {
        on.add(slice(named.instrument));
        off.add(slice(null));
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %s | %.1f | %.1f | %s | %.1f | %s |%n",
        named.name,
        median(off, Slice::processor),
        median(on, Slice::processor),
        ratios(on, off, Slice::processor),
        median(off, Slice::time),
        ratios(on, off, Slice::time));
  }

  private Slice slice(Instrument instrument) throws Exception {
    long requests = answered.sum();
    long processor = system.getProcessCpuTime();
    long begun = System.nanoTime();
    if (instrument != null) {
      instrument.start();
    }
    Thread.sleep((long) (seconds * 1_000));
    if (instrument != null) {
      instrument.stop();
    }
    double n = 1_000.0 * (answered.sum() - requests);
    return new Slice((system.getProcessCpuTime() - processor) / n, (System.nanoTime() - begun) / n);
  }

  private static double median(List<Slice> slices, ToDoubleFunction<Slice> of) {
    return median(slices.stream().mapToDouble(of).sorted().toArray());
  }

  private static double median(double[] sorted) {
    return (sorted[sorted.length / 2] + sorted[(sorted.length - 1) / 2]) / 2;
  }

  private static String ratios(List<Slice> on, List<Slice> off, ToDoubleFunction<Slice> of) {
    double[] ratios = new double[on.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = of.applyAsDouble(on.get(i)) / of.applyAsDouble(off.get(i));
    }
    Arrays.sort(ratios);
    double mean = Arrays.stream(ratios).average().orElseThrow();
    double squares = Arrays.stream(ratios).map(r -> (r - mean) * (r - mean)).sum();
    return String.format(
        Locale.ROOT,
        "**%.3f** (%.3f–%.3f) | %.3f ± %.3f",
        median(ratios),
        ratios[0],
        ratios[ratios.length - 1],
        mean,
        Math.sqrt(squares / Math.max(1, ratios.length - 1) / ratios.length));
  }
}
