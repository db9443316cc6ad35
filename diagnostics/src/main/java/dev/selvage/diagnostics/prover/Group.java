package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.diagnostics.Frames;
import dev.selvage.observe.WaitReason;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Proven threads that block at the same place, reached on the same way. Guarded by the prover. */
final class Group {
  private static final int MAX_NAMES = 10;

  /** What threads of one group share: the program's own frames, or all where it has none. */
  record Key(
      WaitReason reason,
      List<StackTraceElement> frames,
      @Nullable String except,
      Excuses.@Nullable Excuse excuse) {

    /** The same of threads that are excused for that reason; or are not. */
    Key with(Excuses.@Nullable Excuse other) {
      return Objects.equals(other, excuse) ? this : new Key(reason, frames, except, other);
    }
  }

  final Key key;
  final List<StackTraceElement> stack;
  final Set<String> names = new LinkedHashSet<>();
  int count;
  int refuted;
  int gone;

  /** How many have ended because they were unwound. */
  int recovered;

  /** How many of those that count a collection has taken away. */
  int collected;

  long oldestNanos = Long.MAX_VALUE;

  Group(Key key, List<StackTraceElement> stack) {
    this.key = key;
    this.stack = stack;
  }

  static Key key(WaitReason reason, List<StackTraceElement> stack, @Nullable String except) {
    List<StackTraceElement> user = Frames.userFrames(stack);
    return new Key(reason, user.isEmpty() ? stack : List.copyOf(user), except, null);
  }

  void add(String name, long seenSinceNanos) {
    count++;
    oldestNanos = Math.min(oldestNanos, seenSinceNanos);
    if (!name.isEmpty() && names.size() < MAX_NAMES) {
      names.add(name);
    }
  }

  /**
   * What is to be said of it now: one finding for those that are still blocked, one for those that
   * were refuted.
   *
   * @param known what else is known of those that are still blocked
   */
  List<Finding> findings(long nowNanos, Map<String, Object> known) {
    List<Finding> findings = new ArrayList<>();
    if (count > 0) {
      findings.add(finding(Finding.State.OPEN, count, nowNanos, known));
    }
    if (refuted > 0) {
      findings.add(finding(Finding.State.REFUTED, refuted, nowNanos, Map.of()));
    }
    if (recovered > 0) {
      findings.add(finding(Finding.State.RECOVERED, recovered, nowNanos, Map.of()));
    }
    if (gone > 0 && count == 0) {
      findings.add(finding(Finding.State.GONE, gone, nowNanos, Map.of()));
    }
    return findings;
  }

  private Finding finding(
      Finding.State state, int threads, long nowNanos, Map<String, Object> known) {
    Map<String, Object> evidence = new LinkedHashMap<>(known);
    if (state == Finding.State.OPEN && collected > 0) {
      evidence.put("takenAwayByCollections", collected);
    }
    String site = Frames.site(stack);
    String kind = key.reason.text();
    Finding finding =
        new Finding.Proven(
            new Details(
                state,
                kind,
                threads,
                site,
                Frames.entry(stack),
                OptionalLong.of(Math.max(0, (nowNanos - oldestNanos) / 1_000_000_000L)),
                OptionalLong.empty(),
                List.copyOf(names),
                stack,
                Frames.fingerprint(kind, site, stack),
                key.except,
                evidence,
                Advice.because(key.reason),
                Advice.suggestion(key.reason)));
    return state == Finding.State.OPEN && key.excuse != null
        ? Excuses.excused(finding, key.excuse)
        : finding;
  }
}
