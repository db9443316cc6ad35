package dev.selvage.cli;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which profile is taken, and for how long. */
final class ProfileOptions {
  /** Those that every program has, by the words for them here. */
  static final List<String> TYPES =
      List.of(
          "cpu",
          "wall",
          "heap",
          "allocs",
          "oldobjects",
          "block",
          "mutex",
          "goroutine",
          "goroutineleak",
          "threadcreate");

  private static final int DEFAULT_SECONDS = 10;
  private static final int MOST_SECONDS = 600;

  /** Those of what happens from now on, and never of what has happened. */
  private static final Set<String> ONLY_MEANWHILE = Set.of("cpu", "wall", "allocs", "oldobjects");

  /** Those which nobody samples, as a rule, before they are asked for. */
  private static final Set<String> MEANWHILE =
      Set.of("cpu", "wall", "allocs", "oldobjects", "block", "mutex");

  /** Those that begin or end with a collection. */
  private static final Set<String> COLLECTING = Set.of("goroutineleak", "oldobjects");

  private static final int COLLECTING_LEAST = 3;

  /** What else the pages have beside profiles. */
  private static final Set<String> NO_PROFILES = Set.of(".", "..", "cmdline", "symbol", "trace");

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      converter = TypeName.class,
      completionCandidates = Types.class,
      description =
          "cpu, wall, heap, allocs, oldobjects, block, mutex, goroutine, goroutineleak,"
              + " threadcreate, or a profile that the program makes itself. Default: cpu.")
  String type = "cpu";

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description =
          "What happens in that time, 1 to 600. Default: 10 for cpu, wall, allocs, oldobjects,"
              + " block and mutex. With oldobjects and goroutineleak 3 at least. The others are of"
              + " now; with N of the difference. 0: block and mutex, too, are of what was sampled"
              + " until now.")
  @Nullable Integer seconds;

  @Option(
      names = "--sample-index",
      paramLabel = "VALUE",
      description =
          "Which value is shown, where a profile has several: alloc_space, inuse_objects, … (as"
              + " for go tool pprof).")
  @Nullable String sampleIndex;

  /** Whether to ask what holds each of the old objects. */
  boolean paths;

  /** The profile with the value that was asked for. */
  PprofProfile select(PprofProfile profile) {
    if (sampleIndex == null) {
      return profile;
    }
    List<String> names = profile.types().stream().map(PprofProfile.Type::name).toList();
    int index = names.indexOf(sampleIndex);
    if (index < 0) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--sample-index " + sampleIndex + ": the profile has " + String.join(", ", names));
    }
    return new PprofProfile(profile.types(), profile.samples(), index, profile.durationNanos());
  }

  /** What is wrong with them; null where nothing is. */
  @Nullable String fault() {
    if (paths && !type.equals("oldobjects")) {
      return "--paths is for --type oldobjects";
    }
    if (seconds == null) {
      return null;
    }
    if (seconds < 0 || seconds > MOST_SECONDS) {
      return "--seconds " + seconds + ": use 1 to " + MOST_SECONDS;
    }
    boolean ofNow = seconds == 0 && !ONLY_MEANWHILE.contains(type);
    if (!ofNow && seconds < COLLECTING_LEAST && COLLECTING.contains(type)) {
      return "--seconds "
          + seconds
          + ": "
          + type
          + " collects, which is done once in three seconds at most: use "
          + COLLECTING_LEAST
          + " to "
          + MOST_SECONDS;
    }
    return seconds == 0 && ONLY_MEANWHILE.contains(type)
        ? "--seconds 0: " + type + " profiles are of a time, use 1 to " + MOST_SECONDS
        : null;
  }

  /** For how many seconds the program is watched; 0 where the profile is of now. */
  int duration() {
    if (seconds != null) {
      return seconds;
    }
    return MEANWHILE.contains(type) ? DEFAULT_SECONDS : 0;
  }

  /** The page that has it. */
  String page() {
    String name = type.equals("cpu") ? "profile" : type;
    return DebugAddress.PAGE
        + name
        + (duration() == 0 ? "" : "?seconds=" + duration())
        + (paths ? "&paths=1" : ""); // of oldobjects, which is of a time
  }

  /** Takes it, and says so where that lasts. */
  byte[] take(DebugSource source, Terminal terminal) throws InterruptedException {
    if (duration() > 0) {
      terminal.say("taking the " + type + " profile for " + duration() + "s");
    }
    return source.bytes(page(), DebugSource.PATIENCE.plus(Duration.ofSeconds(duration())));
  }

  /** Reads the name of a profile: anything that can stand in a path. */
  static final class TypeName implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      if (!text.matches("[A-Za-z0-9_.-]+") || NO_PROFILES.contains(text)) {
        throw new TypeConversionException(
            "'" + text + "' is no type of profile: use " + String.join(", ", TYPES));
      }
      return text.equals("profile") ? "cpu" : text;
    }
  }

  /** The words that complete. */
  static final class Types implements Iterable<String> {
    @Override
    public java.util.Iterator<String> iterator() {
      return TYPES.iterator();
    }
  }
}
