package dev.selvage.http;

import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.ReportText;
import dev.selvage.diagnostics.profile.GoroutineProfile;
import java.io.IOException;
import java.lang.System.Logger;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * The debug endpoints as a function from request to response, for any server to mount: what Go has
 * under {@code /debug/pprof/}, and the leak report under {@code /debug/selvage/leaks}.
 *
 * <p>It checks paths, methods and parameters, and nothing else: who may ask is the server's
 * business ({@link DebugServer} answers loopback only). No request changes the program; those that
 * need a collection ({@code goroutineleak}, {@code leaks}) cause at most one in three seconds and
 * are answered from the last result in between. Thread-safe.
 */
public final class DebugEndpoints {
  private static final Logger LOG = System.getLogger(DebugEndpoints.class.getPackageName());

  private static final String PPROF = "/debug/pprof/";
  private static final String GOROUTINE = "goroutine";
  private static final String GOROUTINE_LEAK = "goroutineleak";
  private static final int MAX_SECONDS = 600;

  private final Leaks leaks;
  private final Looks looks;
  private final String program;
  // Each delta keeps one thread of the server asleep: others must stay free.
  private final Semaphore deltas = new Semaphore(2);

  /** Endpoints that say what {@code leaks} knows. */
  public DebugEndpoints(Leaks leaks) {
    this(leaks, System::nanoTime);
  }

  DebugEndpoints(Leaks leaks, LongSupplier nanoTime) {
    this.leaks = leaks;
    this.looks = new Looks(leaks, nanoTime);
    this.program = program();
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
    if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
      return Response.error(405, "only GET and HEAD are possible here").with("Allow", "GET, HEAD");
    }
    String path = request.path();
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
      default -> {
        if (path.startsWith(PPROF)) {
          return profile(path.substring(PPROF.length()), request);
        }
        throw new Refused(404, "nothing here; " + PPROF + " lists what there is");
      }
    }
  }

  private Response profile(String name, Request request) throws Refused, InterruptedException {
    switch (name) {
      case "cmdline" -> {
        return Response.text(commandLine());
      }
      case "symbol" -> {
        return symbol(request);
      }
      case GOROUTINE, GOROUTINE_LEAK -> {
        Map<String, String> parameters = parameters(request);
        if (parameters.containsKey("seconds")) {
          return delta(name, parameters);
        }
        int debug = number("debug", parameters.getOrDefault("debug", "0"), 0, 2);
        List<GoroutineInfo> threads = threads(name);
        if (debug == 2 && name.equals(GOROUTINE_LEAK)) {
          // As in Go: the dump always shows all, and the leaked carry a mark.
          threads = leaks.goroutines();
        }
        return switch (debug) {
          case 0 -> Response.file(name, count(name, threads).toProto());
          case 1 -> Response.text(count(name, threads).toText());
          default -> Response.text(GoroutineProfile.dump(threads));
        };
      }
      default -> throw new Refused(404, "Unknown profile");
    }
  }

  private GoroutineProfile count(String name, List<GoroutineInfo> threads) {
    return GoroutineProfile.of(name, program, Instant.now(), threads);
  }

  private List<GoroutineInfo> threads(String name) throws Refused, InterruptedException {
    if (name.equals(GOROUTINE)) {
      return leaks.goroutines();
    }
    Report report = looks.look();
    if (report.proof().mode().equals("none")) {
      throw new Refused(501, noProof(report));
    }
    return leaks.leaked();
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
    if (!parameters.getOrDefault("debug", "0").equals("0")) {
      throw new Refused(400, "seconds and debug cannot be used together");
    }
    int least = name.equals(GOROUTINE_LEAK) ? (int) Looks.REST.toSeconds() : 1;
    int seconds = number("seconds", parameters.getOrDefault("seconds", ""), least, MAX_SECONDS);
    if (!deltas.tryAcquire()) {
      throw new Refused(503, "two profiles with seconds are being taken already; try again later");
    }
    try {
      GoroutineProfile before = count(name, threads(name));
      Thread.sleep(Duration.ofSeconds(seconds));
      GoroutineProfile after = count(name, threads(name));
      return Response.file(name + "-delta", after.since(before).toProto());
    } finally {
      deltas.release();
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
    String query = request.query();
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
        <table>
        <thead><tr><td>Count</td><td>Profile</td></tr></thead>
        <tr><td></td><td><a href="cmdline">cmdline</a></td></tr>
        <tr><td>%3$d</td><td><a href="goroutine?debug=1">goroutine</a></td></tr>
        <tr><td>%4$d</td><td><a href="goroutineleak?debug=1">goroutineleak</a></td></tr>
        </table>
        <p><a href="goroutine?debug=2">full goroutine stack dump</a></p>
        <p><a href="/debug/selvage/leaks?format=text">leak report</a>
        (<a href="/debug/selvage/leaks">JSON</a>)</p>
        <h2>Profiles</h2>
        <ul>
        <li>cmdline: the command line of this JVM, its words separated by NUL.</li>
        <li>goroutine: stacks of all virtual threads. debug=1 counts them, debug=2 shows each;
        without debug it is the file that <code>go tool pprof</code> reads.</li>
        <li>goroutineleak: stacks of the virtual threads that can never run again. Looks anew,
        with a collection, at most every three seconds; the count above is that of the last
        look.</li>
        </ul>
        <p>seconds=N takes a profile, waits, takes another one and answers the difference.</p>
        </body></html>
        """
            .formatted(
                escaped(program),
                ProcessHandle.current().pid(),
                leaks.goroutines().size(),
                leaks.leaked().size());
    return Response.of(200, "text/html; charset=utf-8", page)
        .with(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
                + " frame-ancestors 'none'")
        .with("Referrer-Policy", "no-referrer");
  }

  private static Map<String, String> parameters(Request request) throws Refused {
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

  private static int number(String name, String text, int least, int most) throws Refused {
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
  private static String shown(String text) {
    String clean =
        text.codePoints()
            .limit(40)
            .mapToObj(c -> c < ' ' || c > '~' ? "?" : Character.toString(c))
            .collect(Collectors.joining());
    return "'" + clean + "'";
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
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
  private static final class Refused extends Exception {
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
