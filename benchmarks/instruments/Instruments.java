import static dev.selvage.Go.go;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.selvage.Channel;
import dev.selvage.diagnostics.trace.FlightRecorder;
import dev.selvage.http.DebugServer;
import dev.selvage.internal.gmp.Runner;
import dev.selvage.observe.SchedulerObserver;
import dev.selvage.scheduler.Scheduler;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
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
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * What the instruments cost a server that is busy all the time: a goroutine a connection, and for
 * each request four more that hash 4 KB and answer over a channel. Those who ask, and who looks at
 * the page, are in a process of their own.
 *
 * <p>Each instrument is on and off in turn in the one server, in slices that are so short, and so
 * many, that whatever else happens on the machine meets both alike; which of a pair comes first is
 * drawn. Counted is the processor time of the server alone, by the clock of its process.
 */
public final class Instruments {
  private static final int HASHERS = 4;
  private static final int HASHED = 4 << 10;

  /** Before anything is measured, in seconds. */
  private static final double WARM_UP = 10;

  /** Before a switch is measured: how often it is on and off for so long. */
  private static final int SWITCHES = 4;

  private static final double SWITCHED = 2.5;

  /** Between a switch and the slice: until every thread has seen it. */
  private static final long SETTLE_MILLIS = 10;

  /**
   * An instrument that does something from its start to its end, and then works on it, has more.
   * The page samples twice in that time.
   */
  private static final double LEAST_SECONDS = 2;

  /** For the standard error: of each a mean, of which slices that follow each other are no part. */
  private static final int BLOCKS = 20;

  private final LongAdder answered = new LongAdder();
  private final DebugServer debug = DebugServer.start(0);
  private final Random random = new Random();
  private final double seconds;
  private final Process client;
  private final PrintStream tell;
  private final BufferedReader told;

  /** Something that is on from start() until the end of that slice, or of stop(). */
  private interface Instrument {
    void start() throws Exception;

    /** Returns when it is off, and all that it has to do for what it did is done. */
    void stop() throws Exception;

    /** Whether start() and stop() do next to nothing, and are no part of what is measured. */
    default boolean isSwitch() {
      return false;
    }

    /** It is not needed any more. */
    default void close() {}
  }

  private record Named(String name, Instrument instrument) {}

  /** How many requests took how many nanoseconds. */
  private record Slice(long requests, long processor, long time) {
    double processorEach() {
      return processor / 1e3 / requests;
    }

    double timeEach() {
      return time / 1e3 / requests;
    }
  }

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
    // Each line is an address that is read to its end.
    var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = orders.readLine()) != null; ) {
      InputStream in = URI.create(line).toURL().openStream();
      Thread.ofPlatform().daemon().start(() -> drain(in));
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

  private static void drain(InputStream in) {
    long bytes = 0;
    try (in) {
      byte[] buffer = new byte[1 << 14];
      for (int n; (n = in.read(buffer)) >= 0; ) {
        bytes += n;
      }
      System.out.println("read " + bytes);
    } catch (IOException e) {
      System.out.println("failed " + e);
    }
  }

  // --------------- The instruments ---------------

  /** An address that takes as long as it was asked to. */
  private Instrument reading(String path) {
    return new Instrument() {
      @Override
      public void start() {
        tell.println(
            debug.uri() + path + "seconds=" + Math.round(Math.max(seconds, LEAST_SECONDS)));
      }

      @Override
      public void stop() throws IOException {
        answer(path);
      }
    };
  }

  /** Waits until who reads has read all, and that it was something. */
  private void answer(String path) throws IOException {
    String answer = told.readLine();
    if (answer == null || !answer.startsWith("read ") || answer.equals("read 0")) {
      throw new IOException(path + ": " + answer);
    }
  }

  /**
   * The page's stream of events. Its reader does not go away, which the server would notice with
   * one of the next samples, so that it went on for as long; the server ends it, at once. What it
   * has kept for those who come later is dropped: a page is opened once, and then looked at.
   */
  private final class Page implements Instrument {
    private final String path = "/debug/selvage/events";
    private final Object live;

    Page() throws ReflectiveOperationException {
      live = in(in(in(debug, "endpoints"), "page"), "live");
    }

    private static Object in(Object of, String field) throws ReflectiveOperationException {
      return field(of, field).get(of);
    }

    @Override
    public void start() {
      tell.println(debug.uri() + path);
    }

    @Override
    public void stop() throws Exception {
      synchronized (live) {
        List<?> viewers = List.copyOf((List<?>) in(live, "viewers"));
        var history = (Collection<?>) in(live, "history");
        if (viewers.size() != 1 || history.isEmpty()) {
          throw new IllegalStateException("the page was not followed");
        }
        ((AutoCloseable) viewers.getFirst()).close();
        history.clear();
      }
      answer(path);
      while (in(live, "sampler") != null) { // it has been told, and is about to end
        Thread.sleep(1);
      }
    }
  }

  private static Field field(Object of, String name) throws ReflectiveOperationException {
    Field field = of.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  /**
   * The flight recorder, full and running, which hears of nothing while it is off. So what is
   * measured is how it is for as long as a program runs, and not how it begins.
   */
  private static final class Flight implements Instrument {
    private final FlightRecorder recorder = new FlightRecorder();
    private Object heard;
    private Method tracing;

    @Override
    public boolean isSwitch() {
      return true;
    }

    @Override
    public void start() throws Exception {
      if (heard == null) {
        recorder.start();
        Class<?> type = Class.forName("dev.selvage.internal.trace.Recorder");
        Field active = type.getDeclaredField("active");
        active.setAccessible(true);
        heard = active.get(null);
        tracing = type.getSuperclass().getDeclaredMethod("set", type.getSuperclass());
        tracing.setAccessible(true);
        return;
      }
      rested();
      tracing.invoke(null, heard);
      Runner.observe((SchedulerObserver) heard);
    }

    /** Nobody earned anything while it was off. */
    private void rested() throws ReflectiveOperationException {
      long now = (long) method("now").invoke(heard);
      for (Object buffer : (List<?>) field(heard, "buffers").get(heard)) {
        field(buffer, "runningSince").setLong(buffer, 0);
        field(buffer, "earnedUntil").setLong(buffer, now);
        field(buffer, "leaving").setBoolean(buffer, false);
      }
    }

    private Method method(String name) throws ReflectiveOperationException {
      Method method = heard.getClass().getDeclaredMethod(name);
      method.setAccessible(true);
      return method;
    }

    @Override
    public void stop() throws ReflectiveOperationException {
      Runner.ignore((SchedulerObserver) heard);
      tracing.invoke(null, (Object) null);
    }

    @Override
    public void close() {
      recorder.close();
    }
  }

  private List<Named> instruments() throws ReflectiveOperationException {
    Scheduler.Watching[] usage = new Scheduler.Watching[1];
    return List.of(
        new Named(
            "nothing",
            new Instrument() {
              @Override
              public boolean isSwitch() {
                return true;
              }

              @Override
              public void start() {}

              @Override
              public void stop() {}
            }),
        new Named("flight", new Flight()),
        new Named("page", new Page()),
        new Named("cpu", reading("/debug/pprof/profile?")),
        new Named("wall", reading("/debug/pprof/wall?")),
        new Named("allocs", reading("/debug/pprof/allocs?")),
        new Named("block", reading("/debug/pprof/block?")),
        new Named("trace", reading("/debug/pprof/trace?")),
        new Named(
            "usage",
            new Instrument() {
              @Override
              public boolean isSwitch() {
                return true;
              }

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
    slice(null, WARM_UP);
    System.out.println(
        "| instrument | slices | processor time a request: off, µs | on, µs | ratio of the medians"
            + " | mean ± standard error | time a request: off, µs | on, µs | ratio of the medians"
            + " | mean ± standard error |");
    System.out.println("|---|---|---|---|---|---|---|---|---|---|");
    for (Named named : instruments()) {
      if (only.isEmpty() || only.contains(named.name)) {
        compare(named, pairs);
        named.instrument.close();
      }
    }
  }

  private void compare(Named named, int askedPairs) throws Exception {
    Instrument instrument = named.instrument;
    double each = instrument.isSwitch() ? seconds : Math.max(seconds, LEAST_SECONDS);
    int pairs = Math.max(2, (int) Math.round(askedPairs * seconds / each));
    // The first time is another one: it loads classes, has them compiled, or starts JFR.
    double warm = Math.max(each, instrument.isSwitch() ? SWITCHED : 0);
    for (int i = 0; i < (instrument.isSwitch() ? SWITCHES : 1); i++) {
      slice(instrument, warm);
      slice(null, warm);
    }
    List<Slice> off = new ArrayList<>();
    List<Slice> on = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      boolean first = random.nextBoolean();
      if (first) {
        on.add(slice(instrument, each));
      }
      off.add(slice(null, each));
      if (!first) {
        on.add(slice(instrument, each));
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %s | 2 × %d of %s s | %s | %s |%n",
        named.name,
        pairs,
        each,
        compared(on, off, Slice::processorEach, Slice::processor),
        compared(on, off, Slice::timeEach, Slice::time));
  }

  private Slice slice(Instrument instrument, double length) throws Exception {
    boolean inside = instrument != null && !instrument.isSwitch();
    if (instrument != null && !inside) {
      instrument.start();
    }
    Thread.sleep(SETTLE_MILLIS);
    long requests = answered.sum();
    long processor = ProcessClock.nanos();
    long begun = System.nanoTime();
    if (inside) {
      instrument.start();
    }
    Thread.sleep((long) (length * 1_000));
    if (inside) {
      instrument.stop();
    }
    Slice slice =
        new Slice(
            answered.sum() - requests, ProcessClock.nanos() - processor, System.nanoTime() - begun);
    if (instrument != null && !inside) {
      instrument.stop();
    }
    if (slice.requests == 0) {
      throw new IllegalStateException("nothing was answered");
    }
    return slice;
  }

  private static String compared(
      List<Slice> on, List<Slice> off, ToDoubleFunction<Slice> each, ToLongFunction<Slice> all) {
    double[] ratios = new double[Math.min(BLOCKS, on.size())];
    for (int i = 0; i < ratios.length; i++) {
      int from = i * on.size() / ratios.length;
      int to = (i + 1) * on.size() / ratios.length;
      ratios[i] = mean(on.subList(from, to), all) / mean(off.subList(from, to), all);
    }
    double mean = Arrays.stream(ratios).average().orElseThrow();
    double squares = Arrays.stream(ratios).map(r -> (r - mean) * (r - mean)).sum();
    return String.format(
        Locale.ROOT,
        "%.2f | %.2f | **%.3f** | %.3f ± %.3f",
        median(off, each),
        median(on, each),
        median(on, each) / median(off, each),
        mean,
        Math.sqrt(squares / Math.max(1, ratios.length - 1) / ratios.length));
  }

  private static double mean(List<Slice> slices, ToLongFunction<Slice> of) {
    return (double) slices.stream().mapToLong(of).sum()
        / slices.stream().mapToLong(Slice::requests).sum();
  }

  private static double median(List<Slice> slices, ToDoubleFunction<Slice> of) {
    double[] sorted = slices.stream().mapToDouble(of).sorted().toArray();
    return (sorted[sorted.length / 2] + sorted[(sorted.length - 1) / 2]) / 2;
  }

  /** The processor time of this process. What the JDK has of it is counted in hundredths. */
  private static final class ProcessClock {
    /** Linux's number for it. */
    private static final int CLOCK_PROCESS_CPUTIME_ID = 2;

    private static final MethodHandle GET =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().find("clock_gettime").orElseThrow(),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));

    private static final MemorySegment TIME = Arena.global().allocate(JAVA_LONG, 2);

    /** For one thread. */
    static long nanos() {
      int failed;
      try {
        failed = (int) GET.invokeExact(CLOCK_PROCESS_CPUTIME_ID, TIME);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
      if (failed != 0) {
        throw new IllegalStateException("no clock of the process");
      }
      return TIME.getAtIndex(JAVA_LONG, 0) * 1_000_000_000 + TIME.getAtIndex(JAVA_LONG, 1);
    }
  }
}
