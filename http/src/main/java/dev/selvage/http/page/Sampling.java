package dev.selvage.http.page;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.SchedulerJson;
import dev.selvage.diagnostics.Tally;
import dev.selvage.diagnostics.text.Json;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the page shows of this JVM, second by second. It looks for no leaks: it tells what the
 * newest look found, whoever asked for that. Not for several threads at once, but for {@link
 * #hello}.
 */
public final class Sampling implements Live.Source {
  /** Of more parked threads than that, a sample tells what they wait for. */
  private static final int MOST_STACKS = 2_000;

  private static final int MOST_FINDINGS = 500;
  private static final int MOST_POINTS = 120;

  private final Leaks leaks;
  private final String program;
  private final Map<String, Seen> seen = new LinkedHashMap<>();
  private @Nullable Report last;
  private long costNanos;
  private String findings = findings(null);

  /** A finding through all looks since somebody first looked at the page. */
  private static final class Seen {
    final long firstMillis;
    final List<long[]> counts = new ArrayList<>();

    Seen(long firstMillis) {
      this.firstMillis = firstMillis;
    }

    void add(long millis, long count) {
      if (counts.size() == MOST_POINTS) {
        counts.removeFirst();
      }
      counts.add(new long[] {millis, count});
    }
  }

  /** Samples what {@code leaks} knows, for a program of that name. */
  public Sampling(Leaks leaks, String program) {
    this.leaks = leaks;
    this.program = program;
  }

  @Override
  public String hello() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("program", program);
    json.put("pid", ProcessHandle.current().pid());
    json.put("java", Runtime.version().toString());
    json.put("vm", System.getProperty("java.vm.name", ""));
    json.put("startedMillis", ManagementFactory.getRuntimeMXBean().getStartTime());
    json.put("processors", Runtime.getRuntime().availableProcessors());
    json.put("canVisit", leaks.canVisit());
    json.put(
        "collectors",
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .map(GarbageCollectorMXBean::getName)
            .toList());
    return line(json);
  }

  @Override
  public String sample() {
    long begin = cpuNanos();
    Tally tally = leaks.tally(MOST_STACKS);
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("t", System.currentTimeMillis());
    json.put("goroutines", goroutines(tally));
    json.put("heap", heap());
    json.put("gc", collections());
    json.put("threads", ManagementFactory.getThreadMXBean().getThreadCount());
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      double load = system.getProcessCpuLoad();
      json.put("cpu", load < 0 ? null : Math.round(load * 10_000) / 10_000.0);
    }
    json.put("scheduler", SchedulerJson.value());
    // Counting is done by a thread of the prover's.
    costNanos = cpuNanos() - begin + tally.cpuNanos();
    json.put("costMicros", costNanos / 1_000);
    return line(json);
  }

  @Override
  public long costNanos() {
    return costNanos;
  }

  private static long cpuNanos() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return threads.isCurrentThreadCpuTimeSupported()
        ? Math.max(0, threads.getCurrentThreadCpuTime())
        : 0;
  }

  private static Map<String, @Nullable Object> goroutines(Tally tally) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("total", tally.total());
    json.put("proven", tally.proven());
    json.put("states", tally.states());
    json.put("reasons", tally.reasons());
    json.put("estimated", tally.stacks() < tally.total());
    json.put("complete", tally.complete());
    return json;
  }

  private static Map<String, @Nullable Object> heap() {
    MemoryUsage usage = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("used", usage.getUsed());
    json.put("committed", usage.getCommitted());
    json.put("max", usage.getMax() < 0 ? null : usage.getMax());
    return json;
  }

  private static Map<String, @Nullable Object> collections() {
    long count = 0;
    long millis = 0;
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      count += Math.max(0, bean.getCollectionCount());
      millis += Math.max(0, bean.getCollectionTime());
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("count", count);
    json.put("millis", millis);
    return json;
  }

  // --------------- Findings ---------------

  @Override
  public String findings() {
    Report report = leaks.last();
    if (!Objects.equals(report, last)) {
      last = report;
      findings = findings(report);
    }
    return findings;
  }

  private String findings(@Nullable Report report) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    if (report == null) {
      json.put("capturedAt", null);
      json.put("findings", List.of());
      return line(json);
    }
    json.put("capturedAt", report.capturedAt().toEpochMilli());
    json.put("collector", report.vm().collector());
    json.put("proof", ReportJson.proof(report.proof()));
    json.put("unprovable", report.goroutines().unprovable());
    json.put("notes", report.notes());
    long millis = report.capturedAt().toEpochMilli();
    List<Object> list = new ArrayList<>();
    for (Finding finding : report.findings()) {
      if (list.size() < MOST_FINDINGS) {
        list.add(finding(finding, millis));
      }
    }
    json.put("more", Math.max(0, report.findings().size() - MOST_FINDINGS));
    json.put("findings", list);
    while (seen.size() > MOST_FINDINGS) {
      seen.remove(seen.keySet().iterator().next());
    }
    return line(json);
  }

  private Map<String, @Nullable Object> finding(Finding finding, long millis) {
    Details d = finding.details();
    Seen before = seen.computeIfAbsent(d.fingerprint() + d.state().text(), _ -> new Seen(millis));
    before.add(millis, d.count());
    Map<String, @Nullable Object> json = ReportJson.finding(finding);
    json.put("stack", d.stack().stream().map(Sampling::frame).toList());
    json.put("firstMillis", before.firstMillis);
    json.put("counts", List.copyOf(before.counts));
    return json;
  }

  /** A frame, with whose it is before it: the program's, the JDK's or Selvage's. */
  static String frame(StackTraceElement frame) {
    String whose = Frames.isJdk(frame) ? "j " : Frames.isSelvage(frame) ? "s " : "p ";
    return whose + Frames.text(frame);
  }

  private static String line(Map<String, @Nullable Object> json) {
    return Json.text(json).stripTrailing();
  }
}
