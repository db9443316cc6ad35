package dev.selvage.agent.internal;

import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Rules;
import dev.selvage.diagnostics.trace.TraceFormat;
import dev.selvage.http.DebugOption;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the agent was asked to do. Bad options are refused with a sentence that names the option.
 */
final class Options {
  private static final Set<String> KNOWN =
      Set.of(
          "after",
          "allow-locks",
          "always",
          "always-format",
          "block-profile-rate",
          "blocked-longer",
          "command",
          "count-usage",
          "dump-above",
          "dump-every",
          "dump-file",
          "dump-format",
          "dump-locks",
          "dump-signal",
          "excuse",
          "excuses",
          "flight-bytes",
          "flight-dir",
          "flight-every",
          "flight-files",
          "flight-format",
          "flight-on-leak",
          "flight-on-slow",
          "flight-on-uncaught",
          "flight-recorder",
          "leaks-after",
          "mutex-profile-fraction",
          "at-exit",
          "report",
          "socket",
          "text",
          "color",
          "port",
          "address",
          "mode",
          "suspects",
          "watch",
          "quiet",
          "recover",
          "scheduler",
          "start");
  private static final Pattern SIMPLE = Pattern.compile("(\\d+)(ms|s|m|h)");

  private final Map<String, String> values = new LinkedHashMap<>();

  private Options() {}

  /**
   * Reads {@code key=value,key=value}.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  static Options parse(String text) {
    Options options = new Options();
    for (String part : text.split(",", -1)) {
      if (part.isBlank()) {
        continue;
      }
      int equals = part.indexOf('=');
      String key = equals < 0 ? part.strip() : part.substring(0, equals).strip();
      if (!KNOWN.contains(key)) {
        throw new IllegalArgumentException(
            "unknown agent option '" + key + "'; known are " + String.join(", ", sorted()));
      }
      String value = equals < 0 ? "true" : part.substring(equals + 1);
      try {
        options.values.put(key, URLDecoder.decode(value, StandardCharsets.UTF_8));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "agent option " + key + ": '" + value + "' is not percent-encoded text", e);
      }
    }
    return options;
  }

  /**
   * The file for the report, of options of which something else may be wrong; empty where there is
   * none, or it cannot be read itself.
   */
  static Optional<Path> report(String text) {
    for (String part : text.split(",", -1)) {
      if (part.strip().startsWith("report=")) {
        try {
          return parse(part).path("report");
        } catch (IllegalArgumentException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  /**
   * Reads every value that something else reads only later, so that a bad one is refused before
   * anything has been done.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  void check() {
    for (String key :
        new String[] {
          "allow-locks",
          "at-exit",
          "color",
          "count-usage",
          "dump-locks",
          "quiet",
          "recover",
          "suspects",
          "text"
        }) {
      is(key, false);
    }
    for (String key : new String[] {"dump-every", "leaks-after", "watch"}) {
      duration(key);
    }
    for (String key : new String[] {"block-profile-rate", "dump-above", "mutex-profile-fraction"}) {
      number(key);
    }
    for (String key : new String[] {"address", "dump-file", "report"}) {
      path(key);
    }
    dumpsJson();
    newsAreJson();
    always();
    flight();
    mode();
    port();
    rules();
    scheduler();
  }

  private static Iterable<String> sorted() {
    return new java.util.TreeSet<>(KNOWN);
  }

  boolean is(String key, boolean otherwise) {
    String value = values.get(key);
    if (value == null) {
      return otherwise;
    }
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(
              "agent option " + key + ": '" + value + "' is neither true nor false");
    };
  }

  Optional<String> text(String key) {
    return Optional.ofNullable(values.get(key));
  }

  Optional<Path> path(String key) {
    try {
      return text(key).map(Path::of);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("agent option " + key + ": " + e.getMessage(), e);
    }
  }

  Optional<Duration> duration(String key) {
    return text(key).map(value -> duration(key, value));
  }

  private static Duration duration(String key, String value) {
    Matcher simple = SIMPLE.matcher(value);
    try {
      if (simple.matches()) {
        long n = Long.parseLong(simple.group(1));
        return switch (simple.group(2)) {
          case "ms" -> Duration.ofMillis(n);
          case "s" -> Duration.ofSeconds(n);
          case "m" -> Duration.ofMinutes(n);
          default -> Duration.ofHours(n);
        };
      }
      Duration duration = Duration.parse(value);
      if (!duration.isNegative()) {
        return duration;
      }
    } catch (DateTimeParseException | ArithmeticException | NumberFormatException e) {
      // falls through to the one sentence
    }
    throw new IllegalArgumentException(
        "agent option "
            + key
            + ": '"
            + value
            + "' is not a duration such as 500ms, 3s, 2m or PT3S");
  }

  /** A whole number from 1 up. */
  OptionalLong number(String key) {
    String value = values.get(key);
    if (value == null) {
      return OptionalLong.empty();
    }
    try {
      long number = Long.parseLong(value);
      if (number >= 1) {
        return OptionalLong.of(number);
      }
    } catch (NumberFormatException e) {
      // falls through to the one sentence
    }
    throw new IllegalArgumentException(
        "agent option " + key + ": '" + value + "' is not a number from 1 up");
  }

  /** Whether dumps are JSON instead of text. */
  boolean dumpsJson() {
    return isJson("dump-format");
  }

  private boolean isJson(String key) {
    return switch (values.getOrDefault(key, "text")) {
      case "text" -> false;
      case "json" -> true;
      default ->
          throw new IllegalArgumentException(
              "agent option " + key + ": '" + values.get(key) + "' is neither text nor json");
    };
  }

  /** Whether a flight recorder is to be stopped. */
  boolean stopsFlight() {
    return text("flight-recorder").filter("off"::equals).isPresent();
  }

  /** What a flight recorder is to do; empty if there is to be none. */
  Optional<Flight.Plan> flight() {
    if (text("flight-recorder").isEmpty()) {
      for (String key : values.keySet()) {
        if (key.startsWith("flight-")) {
          throw new IllegalArgumentException(
              "agent option "
                  + key
                  + ": there is no flight recorder; say flight-recorder=10s, too");
        }
      }
      return Optional.empty();
    }
    if (stopsFlight()) {
      return Optional.empty();
    }
    Duration keep = positive("flight-recorder").orElseThrow();
    Optional<Path> directory = path("flight-dir");
    for (String key :
        new String[] {
          "flight-on-leak",
          "flight-on-slow",
          "flight-on-uncaught",
          "flight-every",
          "flight-files",
          "flight-format"
        }) {
      if (directory.isEmpty() && values.containsKey(key)) {
        throw new IllegalArgumentException(
            "agent option "
                + key
                + ": nothing is written by itself; say flight-dir=DIRECTORY, too, for the files");
      }
    }
    return Optional.of(
        new Flight.Plan(
            keep,
            number("flight-bytes").orElse(10L << 20),
            directory,
            flightFormat(),
            Math.toIntExact(Math.min(number("flight-files").orElse(10), Integer.MAX_VALUE)),
            duration("flight-every").orElse(Duration.ofMinutes(1)),
            positive("flight-on-slow"),
            is("flight-on-uncaught", true),
            is("flight-on-leak", true)));
  }

  private TraceFormat flightFormat() {
    String value = values.getOrDefault("flight-format", "go");
    return switch (value) {
      case "go" -> TraceFormat.GO;
      case "perfetto" -> TraceFormat.PERFETTO;
      default ->
          throw new IllegalArgumentException(
              "agent option flight-format: '" + value + "' is neither go nor perfetto");
    };
  }

  private Optional<Duration> positive(String key) {
    Optional<Duration> duration = duration(key);
    if (duration.filter(Duration::isZero).isPresent()) {
      throw new IllegalArgumentException("agent option " + key + ": must be longer than 0");
    }
    return duration;
  }

  /**
   * How what is found is judged.
   *
   * @throws IllegalArgumentException if a rule is none, or the file of rules cannot be read
   */
  Rules rules() {
    Excuses excuses = text("excuse").map(Excuses::parse).orElse(Excuses.NONE);
    Optional<Path> file = path("excuses");
    if (file.isPresent()) {
      try {
        excuses = excuses.and(Excuses.parse(Files.readString(file.get())));
      } catch (IOException e) {
        throw new IllegalArgumentException(
            "agent option excuses: cannot read " + file.get() + ": " + e.getMessage(), e);
      }
    }
    return new Rules(excuses, positive("blocked-longer").orElse(null));
  }

  OptionalInt port() {
    String value = values.get("port");
    if (value == null) {
      return OptionalInt.empty();
    }
    try {
      int port = Integer.parseInt(value);
      if (port >= 0 && port <= 65_535) {
        return OptionalInt.of(port);
      }
    } catch (NumberFormatException e) {
      // falls through to the one sentence
    }
    throw new IllegalArgumentException(
        "agent option port: '" + value + "' is not a port from 0 to 65535");
  }

  /** How leaks are proven by ordinary collections; empty if they are not. */
  Optional<AlwaysOn> always() {
    Optional<AlwaysOn> settings;
    try {
      settings = AlwaysOn.named(values.getOrDefault("always", "off"));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("agent option always: " + e.getMessage(), e);
    }
    for (String key : new String[] {"after", "always-format"}) {
      if (settings.isEmpty() && values.containsKey(key)) {
        throw new IllegalArgumentException(
            "agent option " + key + ": it is not on; say always=low or always=high, too");
      }
    }
    Optional<Duration> after = positive("after");
    return after.isEmpty() ? settings : settings.map(each -> each.after(after.get()));
  }

  /** Whether what is always on says its news as JSON instead of text. */
  boolean newsAreJson() {
    return isJson("always-format");
  }

  /** What requests to the debug server may ask for. */
  DebugOption[] debug() {
    return is("allow-locks", false) ? new DebugOption[] {DebugOption.LOCKS} : new DebugOption[0];
  }

  /** Whose virtual threads are to run on which scheduler. */
  enum SchedulerChoice {
    /** Goroutines on ours where it can be had, all others on the JDK's. */
    AUTO,
    /** All on the JDK's. */
    JDK,
    /** All on ours. */
    GMP
  }

  SchedulerChoice scheduler() {
    String value = values.getOrDefault("scheduler", "auto");
    return switch (value) {
      case "auto" -> SchedulerChoice.AUTO;
      case "jdk" -> SchedulerChoice.JDK;
      case "gmp" -> SchedulerChoice.GMP;
      default ->
          throw new IllegalArgumentException(
              "agent option scheduler: '" + value + "' is none of auto, jdk, gmp");
    };
  }

  Mode mode() {
    String value = values.getOrDefault("mode", Mode.NOW.text());
    for (Mode mode : Mode.values()) {
      if (mode.text().equals(value)) {
        return mode;
      }
    }
    throw new IllegalArgumentException(
        "agent option mode: '" + value + "' is none of now, concurrent, reclaim");
  }
}
