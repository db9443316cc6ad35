package dev.selvage.http;

import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.ReportText;
import dev.selvage.diagnostics.SchedulerJson;
import dev.selvage.diagnostics.doctor.DoctorJson;
import dev.selvage.diagnostics.profile.GoroutineProfile;
import dev.selvage.diagnostics.profile.ProfileException;
import dev.selvage.diagnostics.profile.Profiler;
import dev.selvage.diagnostics.profile.StackDump;
import dev.selvage.diagnostics.profile.StackProfile;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.diagnostics.text.Html;
import dev.selvage.diagnostics.text.Json;
import dev.selvage.diagnostics.trace.ExecutionTrace;
import dev.selvage.diagnostics.trace.TraceFormat;
import dev.selvage.http.page.Flames;
import dev.selvage.observe.Probe;
import java.io.IOException;
import java.lang.System.Logger;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The debug endpoints as a function from request to response, for any server to mount: what Go has
 * under {@code /debug/pprof/}, the leak report under {@code /debug/selvage/leaks}, what the
 * schedulers did and do under {@code /debug/selvage/scheduler}, what a flight recorder holds under
 * {@code /debug/selvage/flight}, what is possible here under {@code /debug/selvage/doctor}, and the
 * live page under {@code /debug/selvage/}.
 *
 * <p>It checks paths, methods and parameters, and nothing else: who may ask is the server's
 * business ({@link DebugServer} answers loopback only). No request changes the program; those that
 * need a collection ({@code goroutineleak}, {@code leaks}, {@code heap?gc=1}, {@code oldobjects})
 * cause at most one in three seconds, and are answered from the last result in between, or wait.
 * Thread-safe.
 */
public final class DebugEndpoints {
  private static final Logger LOG = System.getLogger(DebugEndpoints.class.getPackageName());

  private static final String PPROF = "/debug/pprof/";
  private static final String GOROUTINE = "goroutine";
  private static final String GOROUTINE_LEAK = "goroutineleak";
  private static final String JSON = "application/json";
  private static final Set<String> ALWAYS_SLOW = Set.of("cpu", "wall", "allocs", "oldobjects");
  private static final int MAX_SECONDS = 600;

  /** The shortest time between two collections of one request. */
  private static final int REST_SECONDS = (int) Looks.REST.toSeconds();

  private static final int MOST_SLOW = 3;
  private static final int MOST_SYMBOLS = 64 << 10;
  private static final int DEFAULT_SECONDS = 30;
  private static final int DEFAULT_ALLOCS_SECONDS = 5;

  /** How long a profile may fail and still be answered with an error. */
  private static final long FAILS_WITHIN_MILLIS = 1_000;

  /** What there is, as Go describes it where it is the same. */
  private static final SortedMap<String, String> DESCRIPTIONS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(
                  "allocs",
                  "A sampling of memory allocations, with stacks, over seconds=N (5 if not"
                      + " given)."),
              Map.entry(
                  "block",
                  "Stack traces that led to blocking on synchronization primitives. Off until the"
                      + " program sets a rate; seconds=N samples for that time in any case."),
              Map.entry("cmdline", "The command line invocation of the current program."),
              Map.entry(
                  "goroutine",
                  "Stack traces of all current goroutines (virtual threads). Use debug=2 as a query"
                      + " parameter to export in the same format as an unrecovered panic;"
                      + " format=json says more, and locks=1 where the program allows it."),
              Map.entry(
                  "goroutineleak",
                  "Stack traces of all goroutines that can never run again. Looks anew, with a"
                      + " collection, at most every three seconds; the count is that of the last"
                      + " look."),
              Map.entry(
                  "heap",
                  "The objects in the heap, by class. You can specify the gc GET parameter to run"
                      + " GC before, at most every three seconds; seconds=N has what came, and who"
                      + " allocated, meanwhile."),
              Map.entry(
                  "mutex",
                  "Stack traces of holders of contended mutexes. Off until the program sets a"
                      + " fraction; seconds=N samples for that time in any case."),
              Map.entry(
                  "oldobjects",
                  "A sampling of objects that are allocated in seconds=N (30 if not given), outlive"
                      + " a collection and stay, with stacks. Collects at the end, unless gc=0;"
                      + " paths=1 searches what holds each, for which the program stands for up to"
                      + " three seconds."),
              Map.entry(
                  "profile",
                  "CPU profile. You can specify the duration in the seconds GET parameter. After"
                      + " you get the profile file, use the go tool pprof command to investigate"
                      + " the profile."),
              Map.entry(
                  "symbol",
                  "Maps given program counters to function names. Counters can be specified in a"
                      + " GET raw query or POST body, multiple counters are separated by '+'."),
              Map.entry(
                  "threadcreate",
                  "The platform threads; with seconds=N, stack traces that led to the creation of"
                      + " new ones."),
              Map.entry(
                  "trace",
                  "A trace of execution of the current program. You can specify the duration in the"
                      + " seconds GET parameter. After you get the trace file, use the go tool"
                      + " trace command to investigate the trace."),
              Map.entry(
                  "wall",
                  "Wall-clock profile: where all threads are, running or not. You can specify the"
                      + " duration in the seconds GET parameter.")));

  private static final String LOCKS_REFUSED =
      "locks=1 is not allowed here: to know locks the JVM takes a snapshot of each thread, and JDK"
          + " 25.0.3 can crash while it does so in a busy program. Whoever starts the server can"
          + " allow it, with DebugOption.LOCKS or the agent's option allow-locks=true";

  private final Leaks leaks;
  private final Set<DebugOption> options;
  private final Looks looks;
  private final String program;
  private final Profiler profiler = Profiler.ofThisJvm();
  private final HeapLooks heapLooks;
  // Each profile that takes a while keeps one thread of the server: others must stay free.
  private final Semaphore slow = new Semaphore(MOST_SLOW);
  private final PageEndpoints page;

  /** Endpoints that say what {@code leaks} knows, and do what {@code options} allow. */
  public DebugEndpoints(Leaks leaks, DebugOption... options) {
    this(leaks, System::nanoTime, options);
  }

  DebugEndpoints(Leaks leaks, LongSupplier nanoTime, DebugOption... options) {
    this.leaks = leaks;
    this.options = Set.copyOf(List.of(options)); // one may be given twice
    this.looks = new Looks(leaks, nanoTime);
    this.program = program();
    this.heapLooks = new HeapLooks(collect -> profiler.heap(program, collect), nanoTime);
    this.page = new PageEndpoints(leaks, program, nanoTime, slow, task -> sampler(task, leaks));
  }

  /** A thread that only looks at the program, and where that is certain does not count as its. */
  private static Thread sampler(Runnable task, Leaks leaks) {
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-live-page")
            .inheritInheritableThreadLocals(false)
            .unstarted(task);
    thread.setContextClassLoader(DebugEndpoints.class.getClassLoader());
    if (leaks instanceof Prover) {
      Probe.vouchFor(thread);
    }
    return thread;
  }

  /**
   * Answers a request. Blocks for as long as a proof takes, and for {@code seconds} where that is
   * asked for; throws nothing, and answers 503 when the thread is interrupted meanwhile.
   */
  public Response handle(Request request) {
    try {
      return answer(request);
    } catch (Refused e) {
      return Response.error(e.status, e.reason);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Response.error(503, "interrupted: the server is closing");
    } catch (Looks.LookFailed e) {
      if (e.getCause() instanceof UnsupportedOperationException cause) {
        return Response.error(501, "no proof is possible in this JVM: " + cause.getMessage());
      }
      return Response.error(500, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.log(Logger.Level.WARNING, "selvage: " + request.path() + " failed", e);
      return Response.error(500, "failed: " + e);
    }
  }

  private Response answer(Request request) throws Refused, InterruptedException {
    String path = request.path();
    boolean posts = request.method().equals("POST") && path.equals(PPROF + "symbol");
    if (!request.method().equals("GET") && !request.method().equals("HEAD") && !posts) {
      return Response.error(405, "only GET and HEAD are possible here").with("Allow", "GET, HEAD");
    }
    switch (path) {
      case "/", "/debug", "/debug/", "/debug/pprof" -> {
        return Response.of(302, "text/plain; charset=utf-8", "see " + PPROF + "\n")
            .with("Location", PPROF);
      }
      case PPROF -> {
        return index();
      }
      case "/debug/selvage/leaks" -> {
        return report(parameters(request));
      }
      case "/debug/selvage/scheduler" -> {
        return scheduler(request);
      }
      case "/debug/selvage/always" -> {
        return Response.of(200, "application/json", AlwaysOn.json(leaks.alwaysOn()));
      }
      case "/debug/selvage/metrics" -> {
        return Response.of(200, Metrics.TYPE, Metrics.text(leaks));
      }
      case "/debug/selvage/doctor" -> {
        return Response.of(200, "application/json", DoctorJson.render());
      }
      case "/debug/selvage/flight" -> {
        return FlightPage.answer(
            parameters(request).getOrDefault("format", "status"), request.method().equals("HEAD"));
      }
      case "/debug/selvage" -> {
        return Response.of(302, "text/plain; charset=utf-8", "see " + PageEndpoints.PAGE + "\n")
            .with("Location", PageEndpoints.PAGE);
      }
      case PageEndpoints.PAGE + "flame" -> {
        return flame(request);
      }
      case PageEndpoints.PAGE + "profiles" -> {
        List<String> own = profiler.ownProfiles().keySet().stream().sorted().toList();
        return Response.of(200, JSON, Json.text(Map.of("own", own)));
      }
      default -> {
        if (path.startsWith(PPROF)) {
          return profile(path.substring(PPROF.length()), request);
        }
        if (path.startsWith(PageEndpoints.PAGE)) {
          return page.answer(request);
        }
        throw new Refused(404, "nothing here; " + PPROF + " lists what there is");
      }
    }
  }

  private Response profile(String name, Request request) throws Refused, InterruptedException {
    return switch (name) {
      case "cmdline" -> Response.text(commandLine());
      case "symbol" -> symbol(request);
      case GOROUTINE, GOROUTINE_LEAK -> goroutines(name, parameters(request));
      case "profile" -> slow(request, "profile", DEFAULT_SECONDS, profiler::cpu);
      case "wall" -> slow(request, "wall", DEFAULT_SECONDS, profiler::wall);
      case "allocs" -> slow(request, "allocs", DEFAULT_ALLOCS_SECONDS, profiler::allocations);
      case "heap" -> {
        boolean collect = is(parameters(request), "gc", false);
        yield either(
            request,
            name,
            collect ? REST_SECONDS : 1,
            () -> heapLooks.look(collect),
            (p, time) -> profiler.heap(p, collect, time, heapLooks::awaitTurn));
      }
      case "oldobjects" -> {
        Map<String, String> parameters = parameters(request);
        boolean collect = is(parameters, "gc", true);
        yield slow(
            request,
            name,
            collect || is(parameters, "paths", false) ? REST_SECONDS : 1,
            DEFAULT_SECONDS,
            oldObjects(parameters, collect));
      }
      case "block" -> either(request, name, () -> profiler.block(program), profiler::block);
      case "mutex" -> either(request, name, () -> profiler.mutex(program), profiler::mutex);
      case "threadcreate" ->
          either(request, name, () -> profiler.threads(program), profiler::threads);
      case "trace" -> trace(request);
      default -> own(name, request);
    };
  }

  /**
   * A profile as a flame graph for the live page: {@code profile}, {@code type}, {@code seconds}.
   */
  private Response flame(Request request) throws Refused, InterruptedException {
    Map<String, String> parameters = parameters(request);
    String name = parameters.getOrDefault("profile", "");
    String type = parameters.getOrDefault("type", "");
    boolean collect = is(parameters, "gc", name.equals("oldobjects"));
    boolean meanwhile = parameters.containsKey("seconds");
    @Nullable SlowTaking slowly =
        switch (name) {
          case "cpu" -> profiler::cpu;
          case "wall" -> profiler::wall;
          case "allocs" -> profiler::allocations;
          case "block" -> profiler::block;
          case "mutex" -> profiler::mutex;
          case "threadcreate" -> profiler::threads;
          case "heap" -> (p, time) -> profiler.heap(p, collect, time, heapLooks::awaitTurn);
          case "oldobjects" -> oldObjects(parameters, collect);
          case GOROUTINE, GOROUTINE_LEAK -> null;
          default -> {
            if (!profiler.ownProfiles().containsKey(name)) {
              throw new Refused(404, "there is no profile " + shown(name));
            }
            yield null;
          }
        };
    if (slowly != null && (meanwhile || ALWAYS_SLOW.contains(name))) {
      boolean stands = collect || is(parameters, "paths", false);
      int seconds = seconds(parameters.getOrDefault("seconds", "5"), stands ? REST_SECONDS : 1);
      if (request.method().equals("HEAD")) {
        return Response.of(200, JSON, ""); // nobody would see the profile
      }
      return slow(
          seconds,
          slowly,
          SlowProfile.json(profile -> Flames.json(profile, type)),
          profile -> Response.of(200, JSON, Flames.json(profile, type)),
          content -> new Response(200, Map.of("Content-Type", JSON), content));
    }
    if (meanwhile) {
      throw new Refused(400, "\"seconds\" parameter is not supported for this profile type");
    }
    if (name.equals(GOROUTINE) || name.equals(GOROUTINE_LEAK)) {
      return page.goroutineFlame(name.equals(GOROUTINE_LEAK));
    }
    try {
      StackProfile profile =
          switch (name) {
            case "heap" -> heapLooks.look(collect);
            case "block" -> profiler.block(program);
            case "mutex" -> profiler.mutex(program);
            case "threadcreate" -> profiler.threads(program);
            default -> profiler.own(name, program);
          };
      return Response.of(200, JSON, Flames.json(profile, type));
    } catch (ProfileException e) {
      throw new Refused(e.isBusy() ? 500 : 501, String.valueOf(e.getMessage()));
    }
  }

  /**
   * An execution trace. As in Go, {@code seconds} may have a fraction, and what is no positive
   * number is one.
   */
  private Response trace(Request request) throws Refused {
    double seconds = positive(parameters(request).getOrDefault("seconds", ""));
    if (seconds > MAX_SECONDS) {
      throw new Refused(400, "seconds must be at most " + MAX_SECONDS);
    }
    String format = parameters(request).getOrDefault("format", "go");
    if (!format.equals("go") && !format.equals("perfetto")) {
      throw new Refused(400, "format must be go or perfetto, is " + shown(format));
    }
    boolean safepoints = !parameters(request).getOrDefault("safepoints", "0").equals("0");
    if (request.method().equals("HEAD")) {
      return Response.file("trace", new byte[0]); // nobody would see the trace
    }
    acquireSlow();
    try {
      return Response.file(
          "trace",
          new TraceContent(
              ExecutionTrace.start(ExecutionTrace.DEFAULT_BYTES, safepoints),
              Duration.ofNanos((long) (seconds * 1e9)),
              format.equals("go") ? TraceFormat.GO : TraceFormat.PERFETTO,
              slow::release));
    } catch (IllegalStateException e) {
      slow.release();
      throw new Refused(500, "Could not enable tracing: " + e.getMessage());
    } catch (UnsupportedOperationException e) {
      slow.release();
      throw new Refused(501, "Could not enable tracing: " + e.getMessage());
    } catch (Throwable e) {
      slow.release();
      throw e;
    }
  }

  /**
   * What the schedulers did; with {@code seconds}, which may have a fraction, also how long
   * goroutines were runnable before they ran, meanwhile.
   */
  private Response scheduler(Request request) throws Refused, InterruptedException {
    String text = parameters(request).get("seconds");
    if (text == null || request.method().equals("HEAD")) {
      return Response.of(200, JSON, SchedulerJson.render());
    }
    double seconds = fractionOfSeconds(text, MAX_SECONDS);
    acquireSlow();
    try {
      Duration time = Duration.ofNanos((long) (seconds * 1e9));
      return Response.of(200, JSON, SchedulerJson.renderWithLatency(time));
    } finally {
      slow.release();
    }
  }

  /** Seconds that may have a fraction: above 0, and so many at most. */
  static double fractionOfSeconds(String text, int most) throws Refused {
    double seconds;
    try {
      seconds = Double.parseDouble(text);
    } catch (NumberFormatException _) {
      seconds = -1;
    }
    if (!(seconds > 0 && seconds <= most)) {
      throw new Refused(400, "seconds must be above 0 and at most " + most + ", is " + shown(text));
    }
    return seconds;
  }

  /** To be released by whoever got it, when its profile has been taken. */
  private void acquireSlow() throws Refused {
    if (!slow.tryAcquire()) {
      throw new Refused(
          503, MOST_SLOW + " profiles with seconds are being taken already; try again later");
    }
  }

  private static double positive(String seconds) {
    try {
      double d = Double.parseDouble(seconds);
      return d > 0 ? d : 1;
    } catch (NumberFormatException _) {
      return 1;
    }
  }

  private Response own(String name, Request request) throws Refused, InterruptedException {
    if (!profiler.ownProfiles().containsKey(name)) {
      throw new Refused(404, "Unknown profile");
    }
    if (parameters(request).containsKey("seconds")) {
      throw new Refused(400, "\"seconds\" parameter is not supported for this profile type");
    }
    return either(
        request, name, () -> profiler.own(name, program), (p, _) -> profiler.own(name, p));
  }

  private SlowTaking oldObjects(Map<String, String> parameters, boolean collect) {
    boolean paths = is(parameters, "paths", false);
    return (p, time) -> profiler.oldObjects(p, time, collect, paths, heapLooks::awaitTurn);
  }

  private static boolean is(Map<String, String> parameters, String name, boolean otherwise) {
    return !parameters.getOrDefault(name, otherwise ? "1" : "0").equals("0");
  }

  private interface Taking {
    StackProfile take() throws ProfileException, InterruptedException;
  }

  private interface SlowTaking {
    StackProfile take(String program, Duration time) throws ProfileException, InterruptedException;
  }

  /** A profile of now, or with {@code seconds} of what happens from now on. */
  private Response either(Request request, String name, Taking now, SlowTaking meanwhile)
      throws Refused, InterruptedException {
    return either(request, name, 1, now, meanwhile);
  }

  private Response either(Request request, String name, int least, Taking now, SlowTaking meanwhile)
      throws Refused, InterruptedException {
    Map<String, String> parameters = parameters(request);
    int debug = debug(parameters);
    if (parameters.containsKey("seconds")) {
      if (debug != 0) {
        throw new Refused(400, "seconds and debug params are incompatible");
      }
      return slow(request, name + "-delta", least, DEFAULT_SECONDS, meanwhile);
    }
    try {
      StackProfile profile = now.take();
      return debug == 0 ? Response.file(name, profile.toProto()) : Response.text(profile.toText());
    } catch (ProfileException e) {
      throw new Refused(e.isBusy() ? 500 : 501, String.valueOf(e.getMessage()));
    }
  }

  /** A profile that takes {@code seconds}. */
  private Response slow(Request request, String file, int otherwise, SlowTaking taking)
      throws Refused, InterruptedException {
    return slow(request, file, 1, otherwise, taking);
  }

  private Response slow(Request request, String file, int least, int otherwise, SlowTaking taking)
      throws Refused, InterruptedException {
    Map<String, String> parameters = parameters(request);
    int debug = debug(parameters);
    int seconds =
        parameters.containsKey("seconds")
            ? seconds(parameters.getOrDefault("seconds", ""), least)
            : otherwise;
    if (request.method().equals("HEAD")) {
      return Response.file(file, new byte[0]); // nobody would see the profile
    }
    try {
      return slow(
          seconds,
          taking,
          SlowProfile.GZIP,
          taken ->
              debug == 0 ? Response.file(file, taken.toProto()) : Response.text(taken.toText()),
          debug == 0 ? content -> Response.file(file, content) : null);
    } catch (Refused e) {
      boolean cpu = file.equals("profile") && (e.status == 500 || e.status == 501);
      throw cpu ? new Refused(e.status, "Could not enable CPU profiling: " + e.reason) : e;
    }
  }

  /**
   * A profile that takes a while.
   *
   * @param form how it begins before there is anything to say
   * @param whole the answer where it is there within a moment, or is to be awaited
   * @param begun the answer that begins before it is there; null to await it
   */
  private Response slow(
      int seconds,
      SlowTaking taking,
      SlowProfile.Form form,
      Function<StackProfile, Response> whole,
      @Nullable Function<Response.Content, Response> begun)
      throws Refused, InterruptedException {
    acquireSlow();
    SlowProfile profile =
        SlowProfile.start(
            () -> taking.take(program, Duration.ofSeconds(seconds)), slow::release, form);
    boolean handedOver = false;
    try {
      return whole.apply(
          profile.get(begun != null ? FAILS_WITHIN_MILLIS : (MAX_SECONDS + 60) * 1_000L));
    } catch (TimeoutException e) {
      if (begun == null) {
        throw new IllegalStateException("the profile takes too long", e);
      }
      handedOver = true;
      return begun.apply(profile);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ProfileException cause) {
        throw new Refused(cause.isBusy() ? 500 : 501, String.valueOf(cause.getMessage()));
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      if (!handedOver) {
        profile.close();
      }
    }
  }

  private static int debug(Map<String, String> parameters) throws Refused {
    return number("debug", parameters.getOrDefault("debug", "0"), 0, 2);
  }

  private static int seconds(String text, int least) throws Refused {
    try {
      int seconds = Integer.parseInt(text);
      if (seconds >= least && seconds <= MAX_SECONDS) {
        return seconds;
      }
    } catch (NumberFormatException _) {
      // Refused below, like a number that is out of range.
    }
    throw new Refused(
        400,
        "invalid value for \"seconds\" - must be a positive integer, from "
            + least
            + " to "
            + MAX_SECONDS
            + ", is "
            + shown(text));
  }

  private Response goroutines(String name, Map<String, String> parameters)
      throws Refused, InterruptedException {
    if (parameters.containsKey("seconds")) {
      return delta(name, parameters);
    }
    int debug = debug(parameters);
    String format = parameters.getOrDefault("format", "text");
    if (!format.equals("text") && !format.equals("json")) {
      throw new Refused(400, "format must be json or text, is " + shown(format));
    }
    boolean locks = !parameters.getOrDefault("locks", "0").equals("0");
    boolean dumps = debug == 2 || (format.equals("json") && !name.equals(GOROUTINE_LEAK));
    if (dumps && locks && !options.contains(DebugOption.LOCKS)) {
      throw new Refused(403, LOCKS_REFUSED);
    }
    if (name.equals(GOROUTINE_LEAK)) {
      // As in Go: the dump always shows all, and the leaked carry a mark.
      lookForLeaks();
      if (debug != 2) {
        GoroutineProfile profile = GoroutineProfile.takeLeaked(name, program, leaks);
        return debug == 0
            ? Response.file(name, profile.toProto())
            : Response.text(profile.toText());
      }
    }
    if (dumps) {
      return dump(format, locks);
    }
    GoroutineProfile profile = GoroutineProfile.take(name, program, leaks);
    return debug == 0 ? Response.file(name, profile.toProto()) : Response.text(profile.toText());
  }

  private Response dump(String format, boolean locks) {
    StackDump dump = StackDump.of(leaks);
    Spool spool = new Spool();
    try {
      (locks ? dump.withLocks() : dump)
          .write(spool, format.equals("json") ? StackDump.Format.JSON : StackDump.Format.TEXT);
    } catch (IOException | RuntimeException e) {
      spool.close();
      throw new IllegalStateException("the dump cannot be kept until it is sent: " + e, e);
    }
    return new Response(
        200,
        Map.of(
            "Content-Type",
            format.equals("json") ? "application/json" : "text/plain; charset=utf-8"),
        spool);
  }

  private void lookForLeaks() throws Refused, InterruptedException {
    Report report = looks.look();
    if (report.proof().mode().equals("none")) {
      throw new Refused(501, noProof(report));
    }
  }

  private GoroutineProfile counted(String name) throws Refused, InterruptedException {
    if (name.equals(GOROUTINE)) {
      return GoroutineProfile.take(name, program, leaks);
    }
    lookForLeaks();
    return GoroutineProfile.takeLeaked(name, program, leaks);
  }

  private static String noProof(Report report) {
    String why = report.proof().why();
    StringBuilder text = new StringBuilder("no proof is possible in this JVM");
    if (why != null) {
      text.append(": ").append(why);
    }
    for (Report.Missing missing : report.capabilities().missing()) {
      if (why == null || !(why.contains(missing.open() + "=") || why.contains(missing.costs()))) {
        text.append('\n').append(missing.open()).append(": ").append(missing.costs());
      }
    }
    return text.toString();
  }

  private Response delta(String name, Map<String, String> parameters)
      throws Refused, InterruptedException {
    if (debug(parameters) != 0) {
      throw new Refused(400, "seconds and debug params are incompatible");
    }
    int least = name.equals(GOROUTINE_LEAK) ? REST_SECONDS : 1;
    int seconds = seconds(parameters.getOrDefault("seconds", ""), least);
    acquireSlow();
    try {
      GoroutineProfile before = counted(name);
      Thread.sleep(Duration.ofSeconds(seconds));
      return Response.file(name + "-delta", counted(name).since(before).toProto());
    } finally {
      slow.release();
    }
  }

  private Response report(Map<String, String> parameters) throws Refused, InterruptedException {
    String format = parameters.getOrDefault("format", "json");
    return switch (format) {
      case "json" -> Response.of(200, "application/json", ReportJson.render(looks.look()));
      case "text" -> Response.text(ReportText.render(looks.look(), false));
      default -> throw new Refused(400, "format must be json or text, is " + shown(format));
    };
  }

  private Response symbol(Request request) throws Refused {
    List<Long> addresses = new ArrayList<>();
    String query = request.method().equals("POST") ? request.body().strip() : request.query();
    if (query != null && query.length() > MOST_SYMBOLS) {
      throw new Refused(413, "too many addresses: " + MOST_SYMBOLS + " characters are read");
    }
    if (query != null && !query.isEmpty()) {
      for (String word : query.split("\\+", -1)) {
        try {
          String digits = word.startsWith("0x") ? word.substring(2) : word;
          addresses.add(Long.parseUnsignedLong(digits, 16));
        } catch (NumberFormatException _) {
          throw new Refused(
              400, "symbol takes hexadecimal addresses joined by +, not " + shown(word));
        }
      }
    }
    // The number only says whether there are symbols at all.
    StringBuilder text = new StringBuilder("num_symbols: 1\n");
    if (!addresses.isEmpty()) {
      GoroutineProfile.symbols(leaks.goroutines(), addresses)
          .forEach(
              (address, function) ->
                  text.append("0x")
                      .append(Long.toHexString(address))
                      .append(' ')
                      .append(function)
                      .append('\n'));
    }
    return Response.text(text.toString());
  }

  private Response index() {
    Map<String, Integer> own = profiler.ownProfiles();
    SortedMap<String, String> rows = new TreeMap<>();
    StringBuilder descriptions = new StringBuilder();
    DESCRIPTIONS.forEach(
        (name, description) -> {
          String count =
              switch (name) {
                case GOROUTINE -> Long.toString(leaks.count());
                case GOROUTINE_LEAK -> Integer.toString(leaks.leaked().size());
                case "block", "mutex" -> Integer.toString(profiler.contentionCount(name));
                case "threadcreate" -> Integer.toString(profiler.threadCount());
                default -> "";
              };
          boolean plain = count.isEmpty() && !name.equals("heap");
          rows.put(name, row(count, plain ? name : name + "?debug=1", name));
          descriptions.append("<li>").append(name).append(": ");
          descriptions.append(Html.escaped(description)).append("</li>\n");
        });
    own.forEach(
        (name, count) ->
            rows.put(name, row(count.toString(), "/debug/pprof/" + name + "?debug=1", name)));
    String page =
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>%1$s: /debug/pprof/</title>
        <style>
        body { font-family: sans-serif; margin: 2em; }
        td { padding: 0.1em 1.5em 0.1em 0; }
        td:first-child { text-align: right; }
        </style></head>
        <body>
        <h1>/debug/pprof/</h1>
        <p>%1$s, pid %2$d</p>
        <p>Set debug=1 as a query parameter to export in legacy text format</p>
        <table>
        <thead><tr><td>Count</td><td>Profile</td></tr></thead>
        %3$s</table>
        <p><a href="goroutine?debug=2">full goroutine stack dump</a>
        (<a href="goroutine?debug=2&amp;format=json">JSON</a>)</p>
        <p><a href="/debug/selvage/">live page</a>: goroutines, leaks, flame graphs, the scheduler</p>
        <p><a href="/debug/selvage/leaks?format=text">leak report</a>
        (<a href="/debug/selvage/leaks">JSON</a>)</p>
        <p><a href="/debug/selvage/scheduler">scheduler statistics</a> (JSON)</p>
        <p><a href="/debug/selvage/always">counters of the always-on mode</a> (JSON);
        <a href="/debug/selvage/metrics">metrics</a> (Prometheus)</p>
        <p><a href="/debug/selvage/flight">flight recorder</a> (JSON; format=go or perfetto for what it
        holds)</p>
        <h2>Profile Descriptions</h2>
        <ul>
        %4$s</ul>
        <p>seconds=N tells what happens in that time. Without debug each is the file that
        <code>go tool pprof</code> reads.</p>
        </body></html>
        """
            .formatted(
                Html.escaped(program),
                ProcessHandle.current().pid(),
                String.join("", rows.values()),
                descriptions);
    return Response.of(200, "text/html; charset=utf-8", page)
        .with(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
                + " frame-ancestors 'none'")
        .with("Referrer-Policy", "no-referrer");
  }

  private static String row(String count, String href, String name) {
    return "<tr><td>%s</td><td><a href=\"%s\">%s</a></td></tr>\n"
        .formatted(count, Html.escaped(href), Html.escaped(name));
  }

  static Map<String, String> parameters(Request request) throws Refused {
    Map<String, String> parameters = new HashMap<>();
    String query = request.query();
    if (query == null) {
      return parameters;
    }
    for (String pair : query.split("&", -1)) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        String name = equals < 0 ? pair : pair.substring(0, equals);
        String value = equals < 0 ? "" : pair.substring(equals + 1);
        if (parameters.putIfAbsent(decoded(name), decoded(value)) != null) {
          throw new Refused(400, shown(decoded(name)) + " is given twice");
        }
      }
    }
    return parameters;
  }

  private static String decoded(String text) throws Refused {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw new Refused(400, "not a valid percent-encoding: " + shown(text));
    }
  }

  static int number(String name, String text, int least, int most) throws Refused {
    try {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException _) {
      // Refused below, like a number that is out of range.
    }
    throw new Refused(
        400, name + " must be a number from " + least + " to " + most + ", is " + shown(text));
  }

  /** Words of a request, shortened, and without what could steer the terminal that shows them. */
  static String shown(String text) {
    String clean =
        text.codePoints()
            .limit(40)
            .mapToObj(c -> c < ' ' || c > '~' ? "?" : Character.toString(c))
            .collect(Collectors.joining());
    return "'" + clean + "'";
  }

  /** The words of the command line, separated by NUL. */
  private static String commandLine() {
    try {
      // Complete, where the JDK leaves out what is longer than a page.
      String words = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.ISO_8859_1);
      return words.endsWith("\0") ? words.substring(0, words.length() - 1) : words;
    } catch (IOException _) {
      // Not Linux.
      ProcessHandle.Info info = ProcessHandle.current().info();
      List<String> words = new ArrayList<>(List.of(info.command().orElse("java")));
      info.arguments().map(List::of).ifPresent(words::addAll);
      return String.join("\0", words);
    }
  }

  /** The jar or main class, without its directory. */
  private static String program() {
    String command = System.getProperty("sun.java.command", "").strip();
    String first = command.split("\\s", 2)[0];
    String name = first.substring(Math.max(first.lastIndexOf('/'), first.lastIndexOf('\\')) + 1);
    return name.isEmpty() ? "java" : name;
  }

  /** Ends the handling of a request with an error that is the asker's, or ours to explain. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    final int status;
    final String reason;

    Refused(int status, String reason) {
      super(reason, null, false, false);
      this.status = status;
      this.reason = reason;
    }
  }
}
