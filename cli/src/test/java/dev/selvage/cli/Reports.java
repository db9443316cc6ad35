package dev.selvage.cli;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Reports for tests. */
final class Reports {
  private Reports() {}

  static Report healthy() {
    return of(true);
  }

  static Report incomplete() {
    return of(false);
  }

  static Report of(boolean complete, Finding... findings) {
    return new Report(
        Instant.parse("2026-01-01T00:00:00Z"),
        new Report.Vm(4711, "25.0.3", "G1"),
        new Report.Capabilities(
            "jdk",
            List.of("now", "concurrent"),
            List.of(new Report.Missing("java.base/java.lang", "nothing much"))),
        new Report.Goroutines(131, 130, Map.of("Object.wait", 2), 1, 120, -1, 8),
        new Report.Proof(
            "now",
            2,
            7.25,
            31.5,
            complete,
            complete,
            0,
            complete ? null : "the canary was not found"),
        List.of(findings),
        List.of("a note"));
  }

  static Finding proven(String site) {
    return new Finding.Proven(details(site, Finding.State.OPEN, Map.of()));
  }

  static Finding refuted(String site) {
    return new Finding.Proven(details(site, Finding.State.REFUTED, Map.of()));
  }

  static Finding deadlocked(String site) {
    return new Finding.Deadlocked(details(site, Finding.State.OPEN, Map.of()));
  }

  static Finding suspected(String site) {
    var evidence = new LinkedHashMap<String, Object>();
    evidence.put("field", "com.acme.Cache.MAP");
    evidence.put("samples", List.of("1", "2"));
    evidence.put("size", 300);
    evidence.put("bytes", 5_000_000_000L);
    evidence.put("perSecond", 1.5);
    evidence.put("static", true);
    return new Finding.Suspected(details(site, Finding.State.OPEN, evidence));
  }

  /** As many as that, which are the same in every report. */
  static Finding.Details details(String fingerprint, int count, Finding.State state) {
    return new Finding.Details(
        state,
        "chan send",
        count,
        "com.acme." + fingerprint + ".run(" + fingerprint + ".java:1)",
        null,
        OptionalLong.empty(),
        OptionalLong.empty(),
        List.of(),
        List.of(),
        fingerprint,
        null,
        Map.of(),
        "because",
        "try");
  }

  private static Finding.Details details(
      String site, Finding.State state, Map<String, Object> evidence) {
    return new Finding.Details(
        state,
        "chan send",
        128,
        site,
        null,
        OptionalLong.of(840),
        OptionalLong.empty(),
        List.of("quote-1", "quote-\u00fc\n"),
        List.of(
            new StackTraceElement("java.util.concurrent.locks.LockSupport", "park", null, -1),
            new StackTraceElement("jdk.internal.vm.Continuation", "yield0", null, -2),
            new StackTraceElement("com.acme.Order$1", "lambda$quote$0", "Order.java", 57)),
        "f00d",
        "interrupt",
        evidence,
        "nothing can reach it",
        "give it a slot");
  }
}
