package dev.selvage.diagnostics;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Makes reports for the tests of the renderers. */
final class Reports {
  private Reports() {}

  static final Report.Goroutines HEALTHY =
      new Report.Goroutines(1204, 1204, Map.of("Object.wait", 24), 0, 1100, 0, 80);

  static Report.Proof proof() {
    return new Report.Proof("now", 2, 7.1, 31.4, true, true, 0, null);
  }

  static Report.Proof noProof(String why) {
    return new Report.Proof("none", 0, 0, 3.2, false, false, 0, why);
  }

  static Report report(Report.Goroutines goroutines, Report.Proof proof, Finding... findings) {
    return report(goroutines, proof, List.of(), List.of(), findings);
  }

  static Report report(
      Report.Goroutines goroutines,
      Report.Proof proof,
      List<Report.Missing> missing,
      List<String> notes,
      Finding... findings) {
    return new Report(
        Instant.parse("2026-01-01T00:00:00Z"),
        new Report.Vm(1, "25.0.3", "G1"),
        new Report.Capabilities(
            "jdk", proof.mode().equals("none") ? List.of() : List.of("now", "concurrent"), missing),
        goroutines,
        proof,
        List.of(findings),
        notes);
  }

  static Builder finding(String kind, int count) {
    return new Builder(kind, count);
  }

  /** Collects what is known of a finding; everything else stays unknown. */
  static final class Builder {
    private final String kind;
    private final int count;
    private Finding.State state = Finding.State.OPEN;
    private @Nullable String site;
    private @Nullable String entry;
    private OptionalLong seenSeconds = OptionalLong.empty();
    private OptionalLong retainedBytes = OptionalLong.empty();
    private final List<String> names = new ArrayList<>();
    private final List<StackTraceElement> stack = new ArrayList<>();
    private @Nullable String except;
    private final Map<String, Object> evidence = new LinkedHashMap<>();
    private String because = "";
    private String suggestion = "";

    private Builder(String kind, int count) {
      this.kind = kind;
      this.count = count;
    }

    Builder state(Finding.State value) {
      state = value;
      return this;
    }

    Builder at(String site, @Nullable String entry) {
      this.site = site;
      this.entry = entry;
      return this;
    }

    Builder seen(long seconds) {
      seenSeconds = OptionalLong.of(seconds);
      return this;
    }

    Builder retains(long bytes) {
      retainedBytes = OptionalLong.of(bytes);
      return this;
    }

    Builder name(String name) {
      names.add(name);
      return this;
    }

    Builder frame(String type, String method, @Nullable String file, int line) {
      stack.add(new StackTraceElement("app", "acme", "1", type, method, file, line));
      return this;
    }

    /** A frame of a class whose module is not known: its name says whose it is. */
    Builder frame(String type, String method) {
      stack.add(new StackTraceElement(type, method, null, -1));
      return this;
    }

    Builder stack(List<StackTraceElement> frames) {
      stack.addAll(frames);
      return this;
    }

    Builder except(String what) {
      except = what;
      return this;
    }

    Builder evidence(String key, Object value) {
      evidence.put(key, value);
      return this;
    }

    Builder because(String sentence) {
      because = sentence;
      return this;
    }

    Builder suggestion(String sentence) {
      suggestion = sentence;
      return this;
    }

    Finding.Proven proven() {
      return new Finding.Proven(details());
    }

    Finding.Deadlocked deadlocked() {
      return new Finding.Deadlocked(details());
    }

    Finding.Suspected suspected() {
      return new Finding.Suspected(details());
    }

    private Finding.Details details() {
      return new Finding.Details(
          state,
          kind,
          count,
          site,
          entry,
          seenSeconds,
          retainedBytes,
          names,
          stack,
          "5f0c",
          except,
          evidence,
          because,
          suggestion);
    }
  }
}
