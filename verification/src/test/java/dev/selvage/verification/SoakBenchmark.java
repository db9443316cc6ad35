package dev.selvage.verification;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server under load with the always-on mode, beside the same one without the agent; both leak one
 * thread a second. {@code MINUTES CONNECTIONS SERVER LEVEL [ROUNDS]}. What {@code
 * benchmarks/soak/run} runs.
 *
 * <p>How fast a process is differs from one start to the next by some hundredths, which no number
 * of slices shows. So with rounds both servers are started anew in each, and the spread is that of
 * the rounds. The levels {@code idle} (the agent, and nothing asked of it) and {@code none} (the
 * same as the other) tell what of a difference is any agent's, and what is chance.
 */
final class SoakBenchmark {
  private static final int SLICE_SECONDS = 10;
  private static final int WARM_UP_SLICES = 2;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String kind;
  private final Target target;
  private final Path directory;
  private final int port;
  private final List<Slice> slices = new ArrayList<>();

  private SoakBenchmark(String kind, Target target, Path directory) throws Exception {
    this.kind = kind;
    this.target = target;
    this.directory = directory;
    this.port = Integer.parseInt(target.await("port ").substring("port ".length()));
  }

  /** What came of one server in one slice; times in microseconds. */
  private record Slice(double perSecond, double p50, double p99, double cpu) {}

  public static void main(String[] args) throws Exception {
    int minutes = Integer.parseInt(args[0]);
    int connections = Integer.parseInt(args[1]);
    String program =
        switch (args[2]) {
          case "jetty" -> JettyProgram.class.getName();
          case "helidon" -> HelidonProgram.class.getName();
          default -> throw new IllegalArgumentException(args[2]);
        };
    int rounds = args.length > 4 ? Integer.parseInt(args[4]) : 1;
    System.out.printf(
        Locale.ROOT,
        "%s, G1, 512 MB of heap, %d connections, %d minutes in %d rounds, in slices of %d s in"
            + " turn; %d processors.%n%n",
        args[2],
        connections,
        minutes,
        rounds,
        SLICE_SECONDS,
        Runtime.getRuntime().availableProcessors());
    List<Round> all = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      all.add(round(program, args[3], connections, Duration.ofMinutes(minutes).dividedBy(rounds)));
    }
    if (rounds > 1) {
      rounds(all);
    }
  }

  /** Starts both servers, and ends them. */
  private static Round round(String program, String level, int connections, Duration length)
      throws Exception {
    Path directory = Files.createTempDirectory("selvage-soak-");
    String options =
        switch (level) {
          case "none" -> null;
          case "idle" -> "quiet=true";
          default -> "always=" + level + ",always-format=json,suspects=false";
        };
    try (Target with = start(directory, "on", program, options);
        Target without = start(directory, "off", program, null)) {
      String kind =
          switch (level) {
            case "none" -> "without, once more";
            case "idle" -> "the agent, idle";
            default -> "always=" + level;
          };
      var on = new SoakBenchmark(kind, with, directory.resolve("on"));
      var off = new SoakBenchmark("without the agent", without, directory.resolve("off"));
      soak(on, off, connections, length, options != null && options.startsWith("always="));
      return new Round(on, off);
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** Two servers, with what came of their slices. */
  private record Round(SoakBenchmark on, SoakBenchmark off) {
    double ratio(ToDoubleFunction<Slice> figure) {
      return median(on.slices, figure) / median(off.slices, figure);
    }
  }

  private static Target start(Path directory, String name, String program, @Nullable String options)
      throws IOException {
    Path own = Files.createDirectory(directory.resolve(name));
    Target.Launch launch =
        Target.java()
            .collector("G1")
            .option("-XX:TieredStopAtLevel=4")
            .classPath(Project.testClassPath());
    if (options != null) {
      launch.agent(own, options + ",port=0,address=" + own.resolve("address"));
    }
    return launch.start(own, program);
  }

  private static void soak(
      SoakBenchmark on, SoakBenchmark off, int connections, Duration length, boolean reporting)
      throws Exception {
    for (int i = 0; i < WARM_UP_SLICES; i++) {
      on.slice(connections);
      off.slice(connections);
    }
    on.slices.clear();
    off.slices.clear();
    Instant begin = Instant.now();
    var stop = new AtomicBoolean();
    var leaked = new AtomicInteger();
    var broken = new AtomicReference<@Nullable Exception>();
    Thread leaking =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    leak(List.of(on, off), leaked, stop);
                  } catch (Exception e) {
                    broken.set(e);
                  }
                });
    boolean first = true;
    while (Duration.between(begin, Instant.now()).compareTo(length) < 0) {
      (first ? on : off).slice(connections);
      (first ? off : on).slice(connections);
      first = !first; // the one that comes second has no advantage by that
    }
    stop.set(true);
    leaking.join();
    List<String> wrong = reporting ? reports(on, begin, leaked.get()) : List.of();
    table(on, off);
    if (broken.get() != null) {
      throw new IllegalStateException("the leak has stopped before the end", broken.get());
    }
    if (!wrong.isEmpty()) {
      throw new IllegalStateException(String.join("; ", wrong));
    }
  }

  // ------------------------------------------------------------------ the leak, and its reports

  private static void leak(List<SoakBenchmark> servers, AtomicInteger leaked, AtomicBoolean stop)
      throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      while (!stop.get()) {
        for (SoakBenchmark server : servers) {
          String answer = get(client, "http://127.0.0.1:" + server.port + "/late");
          if (!answer.equals("too late")) {
            throw new IllegalStateException(answer);
          }
        }
        leaked.incrementAndGet();
        Thread.sleep(1_000);
      }
    }
  }

  private static String get(HttpClient client, String uri) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(30)).build();
    return client.send(request, BodyHandlers.ofString()).body();
  }

  /** Prints them; returns what must not be. */
  private static List<String> reports(SoakBenchmark on, Instant begin, int leaked)
      throws Exception {
    List<String> wrong = new ArrayList<>();
    Marker helper = Marker.in(Shop.class, "helper");
    int others = 0;
    boolean found = false;
    for (String line : on.target.stderr().lines().toList()) {
      if (!line.startsWith("{")) {
        System.out.println("Said on standard error: " + line);
        continue;
      }
      JsonNode news = JSON.readTree(line);
      String site = news.path("finding").path("site").asText();
      if (site.contains(helper.place()) && !found) {
        found = true;
        Duration after = Duration.between(begin, Instant.parse(news.path("at").asText()));
        System.out.printf(
            Locale.ROOT,
            "First report: %.1f s after the first leak, of %d threads at %s.%n",
            after.toMillis() / 1e3,
            news.path("finding").path("count").asInt(),
            site);
      } else {
        others++;
        System.out.println("Other report: " + line);
      }
    }
    if (!found) {
      System.out.println("First report: none");
      wrong.add("the leak was not reported");
    }
    System.out.println("Other reports: " + others);
    if (others > 0) {
      wrong.add(others + " other reports");
    }
    String counters;
    try (var client = HttpClient.newHttpClient()) {
      String address = Files.readString(on.directory.resolve("address")).strip();
      counters = get(client, address + "/debug/selvage/always").strip();
    }
    Look look = on.target.look();
    int there = look.certain().stream().mapToInt(Look.Found::count).sum();
    System.out.printf(
        Locale.ROOT,
        "Leaked: %d; proven by the program's own collections: %d; by a look at the end: %d in all,"
            + " %d of them at that line; refuted: %d.%n%nCounters: `%s`%n%n",
        leaked,
        JSON.readTree(counters).path("proven").asInt(),
        there,
        look.certainAt(helper),
        look.root().path("proof").path("refuted").asInt(),
        counters);
    if (there != look.certainAt(helper) || look.root().path("proof").path("refuted").asInt() > 0) {
      wrong.add("something else is said to leak, or what was proven has run");
    }
    return wrong;
  }

  // ------------------------------------------------------------------ the load

  private void slice(int connections) throws Exception {
    long end = System.nanoTime() + SLICE_SECONDS * 1_000_000_000L;
    Duration cpuBefore = cpu();
    var latencies = new long[connections][];
    var failures = new AtomicInteger();
    var threads = new Thread[connections];
    for (int i = 0; i < connections; i++) {
      int me = i;
      threads[i] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      latencies[me] = keepBusy(end);
                    } catch (IOException e) {
                      failures.incrementAndGet();
                    }
                  });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (failures.get() > 0) {
      throw new IllegalStateException(kind + ": " + failures + " connections failed");
    }
    long[] all = Arrays.stream(latencies).flatMapToLong(Arrays::stream).sorted().toArray();
    double cpu = cpu().minus(cpuBefore).toNanos() / 1e3 / all.length;
    var slice =
        new Slice(
            all.length / (double) SLICE_SECONDS,
            all[all.length / 2] / 1e3,
            all[(int) (all.length * 0.99)] / 1e3,
            cpu);
    slices.add(slice);
    System.err.printf(
        Locale.ROOT,
        "%s: %.0f/s, p99 %.1f ms, %.0f us of processor time a request%n",
        kind,
        slice.perSecond,
        slice.p99 / 1e3,
        slice.cpu);
  }

  private Duration cpu() {
    return ProcessHandle.of(target.pid())
        .flatMap(process -> process.info().totalCpuDuration())
        .orElseThrow();
  }

  private long[] keepBusy(long end) throws IOException {
    byte[] request =
        "GET /quote HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    long[] latencies = new long[1024];
    int count = 0;
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(30_000);
      for (long now; (now = System.nanoTime()) < end; ) {
        socket.getOutputStream().write(request);
        readAnswer(socket.getInputStream());
        if (count == latencies.length) {
          latencies = Arrays.copyOf(latencies, count * 2);
        }
        latencies[count++] = System.nanoTime() - now;
      }
    }
    return Arrays.copyOf(latencies, count);
  }

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
      if (head >= 0 && n >= head + 4 + "quote 42".length()) {
        if (!text.startsWith("HTTP/1.1 200") || !text.substring(head + 4).equals("quote 42")) {
          throw new IOException("another answer: " + text);
        }
        return;
      }
    }
  }

  // ------------------------------------------------------------------ what came of it

  private static void table(SoakBenchmark on, SoakBenchmark off) {
    System.out.println("| | requests/s | p50 ms | p99 ms | processor time a request, us |");
    System.out.println("|---|---|---|---|---|");
    for (SoakBenchmark each : List.of(off, on)) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f | %.2f | %.2f | %.0f |%n",
          each.kind,
          median(each.slices, Slice::perSecond),
          median(each.slices, Slice::p50) / 1e3,
          median(each.slices, Slice::p99) / 1e3,
          median(each.slices, Slice::cpu));
    }
    System.out.println(
        "| ratio, slice by slice | "
            + ratio(on, off, Slice::perSecond)
            + " | "
            + ratio(on, off, Slice::p50)
            + " | "
            + ratio(on, off, Slice::p99)
            + " | "
            + ratio(on, off, Slice::cpu)
            + " |");
    System.out.printf(
        Locale.ROOT,
        "%nMedians of %d slices each; the ratios are medians, with mean ± standard error.%n",
        on.slices.size());
  }

  private static void rounds(List<Round> all) {
    System.out.println("| | requests/s | p50 | p99 | processor time a request |");
    System.out.println("|---|---|---|---|---|");
    List<ToDoubleFunction<Slice>> figures =
        List.of(Slice::perSecond, Slice::p50, Slice::p99, Slice::cpu);
    var line = new StringBuilder("| ratio, round by round |");
    for (ToDoubleFunction<Slice> figure : figures) {
      line.append(' ')
          .append(ratios(all.stream().mapToDouble(round -> round.ratio(figure)).toArray()))
          .append(" |");
    }
    System.out.println(line);
    System.out.printf(
        Locale.ROOT,
        "%nRatios of medians of each of %d rounds: their median, with mean ± standard error.%n",
        all.size());
  }

  private static double median(List<Slice> slices, ToDoubleFunction<Slice> figure) {
    return median(slices.stream().mapToDouble(figure).toArray());
  }

  private static double median(double[] figures) {
    double[] sorted = figures.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static String ratio(SoakBenchmark on, SoakBenchmark off, ToDoubleFunction<Slice> figure) {
    int n = Math.min(on.slices.size(), off.slices.size());
    double[] ratios = new double[n];
    for (int i = 0; i < n; i++) {
      ratios[i] = figure.applyAsDouble(on.slices.get(i)) / figure.applyAsDouble(off.slices.get(i));
    }
    return ratios(ratios);
  }

  /** Their median, with mean and standard error. */
  private static String ratios(double[] ratios) {
    int n = ratios.length;
    double mean = Arrays.stream(ratios).average().orElse(Double.NaN);
    double variance =
        Arrays.stream(ratios).map(r -> (r - mean) * (r - mean)).sum() / Math.max(1, n - 1);
    return String.format(
        Locale.ROOT, "%.3f (%.3f ± %.3f)", median(ratios), mean, Math.sqrt(variance / n));
  }
}
