package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Locks;
import dev.selvage.observe.WaitReason;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Virtual threads counted by stack and labels, in the forms of Go's {@code goroutine} and {@code
 * goroutineleak} profiles. Labels are {@code state} ({@code leaked}, {@code waiting} or {@code
 * runnable}), {@code wait} (the text of the {@link WaitReason}), {@code name} and {@code
 * container}, each only where there is something to say. Immutable; any thread may use it.
 */
public final class GoroutineProfile {
  /** The longest text of {@link #dump}, in characters; Go stops there, too. */
  static final int MAX_DUMP = 64 << 20;

  private final StackProfile profile;

  private GoroutineProfile(StackProfile profile) {
    this.profile = profile;
  }

  /**
   * Counts threads.
   *
   * @param name {@code goroutine} or {@code goroutineleak}
   * @param program what the threads run, as a file's name; a reader of the profile shows it
   */
  public static GoroutineProfile of(
      String name, String program, Instant takenAt, List<GoroutineInfo> threads) {
    StackProfile.Builder builder =
        StackProfile.named(name, program, new StackProfile.Value(name, "count")).takenAt(takenAt);
    for (GoroutineInfo goroutine : threads) {
      builder.add(goroutine.stack(), labels(goroutine), 1);
    }
    return new GoroutineProfile(builder.build());
  }

  /** Counts all virtual threads that there are now, without having them all in memory at once. */
  public static GoroutineProfile take(String name, String program, Leaks leaks) {
    return take(name, program, leaks, false);
  }

  /** Counts those that are proven to be leaked and still there; does not look anew. */
  public static GoroutineProfile takeLeaked(String name, String program, Leaks leaks) {
    return take(name, program, leaks, true);
  }

  private static GoroutineProfile take(
      String name, String program, Leaks leaks, boolean onlyLeaked) {
    StackProfile.Builder builder =
        StackProfile.named(name, program, new StackProfile.Value(name, "count"));
    leaks
        .groups(onlyLeaked)
        .forEach((alike, count) -> builder.add(alike.stack(), labels(alike), count));
    return new GoroutineProfile(builder.takenAt(Instant.now()).build());
  }

  static Map<String, String> labels(GoroutineInfo goroutine) {
    return labels(Leaks.Alike.of(goroutine));
  }

  private static Map<String, String> labels(Leaks.Alike alike) {
    // What the program calls its own label of such a key is hidden: tools rely on these.
    Map<String, String> labels = new TreeMap<>(alike.labels());
    boolean runs = alike.waitReason() == WaitReason.NONE;
    labels.put("state", alike.leaked() ? "leaked" : runs ? "runnable" : "waiting");
    if (!runs) {
      labels.put("wait", alike.waitReason().text());
    }
    if (!alike.name().isEmpty()) {
      labels.put("name", alike.name());
    }
    if (!alike.container().isEmpty()) {
      labels.put("container", alike.container());
    }
    return labels;
  }

  /** What has come ({@code > 0}) and gone ({@code < 0}) since an earlier profile of that name. */
  public GoroutineProfile since(GoroutineProfile earlier) {
    return new GoroutineProfile(profile.since(earlier.profile));
  }

  /** How many threads. */
  public long total() {
    return profile.total(0);
  }

  /** The file of {@code debug=0}; see {@link StackProfile#writeProto}. */
  public byte[] toProto() {
    return profile.toProto();
  }

  /** The text of {@code debug=1}: stacks with their counts, the largest first. */
  public String toText() {
    return profile.toText();
  }

  /**
   * Writes the text of {@code debug=2}: each thread by itself, in the form of a crash of a Go
   * program. What goes beyond 64 MB is left out, and the last line says how many threads that are.
   */
  public static String dump(List<GoroutineInfo> goroutines) {
    return dump(goroutines, MAX_DUMP);
  }

  static String dump(List<GoroutineInfo> goroutines, int max) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < goroutines.size(); i++) {
      int start = out.length();
      if (i > 0) {
        out.append('\n');
      }
      StackDump.text(out, goroutines.get(i), Locks.NONE);
      if (out.length() > max) {
        out.setLength(start);
        int rest = goroutines.size() - i;
        return out.append("\n...").append(rest).append(" more goroutines left out\n").toString();
      }
    }
    return out.toString();
  }

  /**
   * The functions at some of the addresses that {@link #toText} writes, as far as threads stand
   * there: {@code pprof} asks for them when it has read that text, one less than was written.
   *
   * @return by the address that was asked for, in that order
   */
  public static Map<Long, String> symbols(List<GoroutineInfo> goroutines, List<Long> addresses) {
    Set<Long> wanted = new TreeSet<>();
    for (long address : addresses) {
      wanted.add(address);
      wanted.add(address + 1);
    }
    Map<Long, String> functions = new HashMap<>();
    goroutines.stream()
        .flatMap(goroutine -> goroutine.stack().stream())
        .distinct()
        .map(Frame::of)
        .filter(frame -> wanted.contains(frame.address()))
        .forEach(frame -> functions.put(frame.address(), frame.function()));
    Map<Long, String> found = new LinkedHashMap<>();
    for (long address : addresses) {
      String function = functions.getOrDefault(address, functions.get(address + 1));
      if (function != null) {
        found.put(address, function);
      }
    }
    return found;
  }
}
