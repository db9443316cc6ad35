package dev.selvage.verification;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The servers of {@link BankIT} under load for a while, on either scheduler, without and with two
 * virtual threads that compute: {@code SECONDS CONNECTIONS ROUNDS [SERVER…]}. The environment's
 * {@code GOMAXPROCS} holds for both schedulers, and {@code HOGS} says how many compute, {@code 0,2}
 * if it is not there. Prints Markdown: medians of the rounds, with the least and the greatest. What
 * {@code benchmarks/servers/run} runs.
 */
final class BankBenchmark {
  /** For how long the JDK's scheduler is measured where nothing can be answered. */
  private static final int STARVED_SECONDS = 15;

  private static final @Nullable String PROCS = System.getenv("GOMAXPROCS");

  private BankBenchmark() {}

  /** What is compared: the two schedulers take turns. */
  private record Row(String server, int hogs, String scheduler) {
    /** Whether those that compute have all carriers, of which the JDK's scheduler frees none. */
    boolean isStarved() {
      int procs =
          PROCS == null ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(PROCS);
      return scheduler.equals("jdk") && hogs >= procs;
    }
  }

  public static void main(String[] args) throws Exception {
    String missing = Databases.missing();
    if (missing != null) {
      System.err.println("not possible here: " + missing);
      System.exit(2);
    }
    int seconds = Integer.parseInt(args[0]);
    int connections = Integer.parseInt(args[1]);
    int rounds = Integer.parseInt(args[2]);
    List<String> servers =
        args.length > 3 ? Arrays.asList(args).subList(3, args.length) : List.of("jetty", "helidon");
    String hogs = Objects.requireNonNullElse(System.getenv("HOGS"), "0,2");
    List<Row> rows =
        rows(servers, Arrays.stream(hogs.split("[ ,]+", -1)).mapToInt(Integer::parseInt).toArray());
    Map<Row, List<BankLoad.Report>> all = new LinkedHashMap<>();
    try (Databases databases = Databases.start()) {
      for (int round = 0; round < rounds; round++) {
        for (Row row : rows) {
          int shorter = row.isStarved() ? Math.min(seconds, STARVED_SECONDS) : seconds;
          BankLoad.Report report = once(databases, row, connections, shorter);
          System.err.printf(
              Locale.ROOT,
              "%s, %d computing, %s, %d s: %.0f/s, p50 %.2f ms, p99 %.1f, p999 %.1f, failed %d%n",
              row.server,
              row.hogs,
              row.scheduler,
              shorter,
              report.perSecond(),
              report.p50() / 1e3,
              report.p99() / 1e3,
              report.p999() / 1e3,
              report.failed());
          all.computeIfAbsent(row, _ -> new ArrayList<>()).add(report);
        }
      }
    }
    if (seconds > STARVED_SECONDS && rows.stream().anyMatch(Row::isStarved)) {
      System.out.printf(
          Locale.ROOT,
          "Where those that compute have all carriers of the JDK's scheduler: %d s.%n%n",
          STARVED_SECONDS);
    }
    System.out.print(table(all));
  }

  private static List<Row> rows(List<String> servers, int[] computing) {
    List<Row> rows = new ArrayList<>();
    for (String server : servers) {
      for (int hogs : computing) {
        for (String scheduler : List.of("jdk", "gmp")) {
          rows.add(new Row(server, hogs, scheduler));
        }
      }
    }
    return rows;
  }

  private static BankLoad.Report once(Databases databases, Row row, int connections, int seconds)
      throws Exception {
    Path directory = Files.createTempDirectory("selvage-servers-");
    try {
      List<String> options = new ArrayList<>(List.of("-XX:TieredStopAtLevel=4", "-XX:+UseG1GC"));
      if (PROCS != null) { // which ours reads by itself
        options.add("-Djdk.virtualThreadScheduler.parallelism=" + PROCS);
      }
      return new BankRun(row.server, row.scheduler, row.hogs, options)
          .carryOut(databases, directory, connections, 0, seconds);
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static String table(Map<Row, List<BankLoad.Report>> all) {
    var text =
        new StringBuilder(
            """
            | server | computing | scheduler | requests/s | p50 ms | p99 ms | p999 ms | failed |
            |---|---|---|---|---|---|---|---|
            """);
    all.forEach(
        (row, reports) -> {
          List<BankLoad.Report> jdk =
              all.getOrDefault(new Row(row.server, row.hogs, "jdk"), reports);
          text.append("| ").append(row.server).append(" | ").append(row.hogs).append(" | ");
          text.append(row.scheduler);
          cell(text, reports, jdk, BankLoad.Report::perSecond, "%.0f");
          cell(text, reports, jdk, report -> report.p50() / 1e3, "%.2f");
          cell(text, reports, jdk, report -> report.p99() / 1e3, "%.1f");
          cell(text, reports, jdk, report -> report.p999() / 1e3, "%.1f");
          text.append(" | ");
          text.append(reports.stream().mapToInt(BankLoad.Report::failed).sum()).append(" |\n");
        });
    return text.toString();
  }

  /** The median (least–greatest), and its ratio to that of the JDK's scheduler. */
  private static void cell(
      StringBuilder text,
      List<BankLoad.Report> reports,
      List<BankLoad.Report> jdk,
      ToDoubleFunction<BankLoad.Report> figure,
      String format) {
    double[] sorted = reports.stream().mapToDouble(figure).sorted().toArray();
    double median = median(sorted);
    text.append(" | ").append(String.format(Locale.ROOT, format, median)).append(" (");
    text.append(String.format(Locale.ROOT, format, sorted[0])).append('–');
    text.append(String.format(Locale.ROOT, format, sorted[sorted.length - 1])).append(')');
    double theirs = median(jdk.stream().mapToDouble(figure).sorted().toArray());
    if (reports != jdk && theirs > 0) {
      text.append(String.format(Locale.ROOT, " **%.2f**", median / theirs));
    }
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
