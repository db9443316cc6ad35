package dev.selvage.verification;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.verification.LibraryCorpus.Row;
import dev.selvage.verification.library.LibraryProgram;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import shark.FilteringLeakingObjectFinder;
import shark.HeapAnalysis;
import shark.HeapAnalysisSuccess;
import shark.HeapAnalyzer;
import shark.HeapObject;
import shark.KeyedWeakReferenceFinder;
import shark.LeakingObjectFinder;
import shark.MetadataExtractor;

/**
 * What others find of the corpus in {@code library}, beside what Selvage finds: all in one process,
 * one after the other. Not part of a build: {@code -Dselvage.comparison.report=FILE}, from the root
 * of the checkout, runs it and says where the table is to be; {@code
 * -Dselvage.comparison.dump=FILE} keeps the dump.
 */
@EnabledIfSystemProperty(named = ComparisonIT.REPORT, matches = ".+")
final class ComparisonIT {
  static final String REPORT = "selvage.comparison.report";

  /** Where the dump is to be kept, for tools that are not to be had as libraries. */
  private static final String KEPT = "selvage.comparison.dump";

  /** How often each case is started: a threshold needs something to count. */
  private static final int COPIES = 20;

  /** How many must be blocked at a line to be suspected there; LeakProf's own is 10,000. */
  private static final int THRESHOLD = 10;

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What one of them said.
   *
   * @param judges whether it says of anything that it is a leak, or that it is none
   * @param pointedAt at which lines of the corpus it points
   */
  private record Verdict(String who, boolean judges, Set<Row> pointedAt, String remark) {}

  private final LibraryCorpus corpus;

  ComparisonIT() throws Exception {
    corpus = new LibraryCorpus();
  }

  @Test
  void writes_who_finds_what(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    try (var target =
        Target.java()
            .collector("G1")
            .option("-Xmx1g")
            .classPath(Project.testClassPath())
            .start(directory, LibraryProgram.class, Integer.toString(COPIES))) {
      target.await("ready");
      List<Listed> threads = threads(target);
      var verdicts = new ArrayList<Verdict>();
      verdicts.add(selvage("Selvage, by the collector", target.look()));
      verdicts.add(selvage("Selvage, from a heap dump (`--exact`)", target.exactLook()));
      verdicts.add(
          new Verdict(
              "goleak's idea",
              true,
              rows(threads, 1, _ -> true),
              "every virtual thread that is there at the end of a test is a leak; healthy ones must"
                  + " be told to it, one by one"));
      verdicts.add(
          new Verdict(
              "LeakProf's idea",
              true,
              rows(threads, THRESHOLD, listed -> !listed.state.equals("TIMED_WAITING")),
              "at least %d blocked at one line, without a time limit; each case was started %d times"
                  .formatted(THRESHOLD, COPIES)));
      verdicts.add(
          new Verdict(
              "`jcmd Thread.dump_to_file`",
              false,
              Set.of(),
              "%d stacks of virtual threads, for a person to read: nothing is judged"
                  .formatted(threads.size())));
      verdicts.add(
          new Verdict(
              "`ThreadMXBean.findDeadlockedThreads`",
              true,
              Set.of(),
              target.ask("deadlocked", "deadlocked") + ": knows no virtual thread"));
      verdicts.add(
          new Verdict(
              "Micrometer's gauges",
              false,
              Set.of(),
              target.ask("gauges", "gauges")
                  + ": platform threads only, and a number without a place"));
      Path dump = target.heapDump();
      verdicts.add(shark("LeakCanary's Shark", true, dump, KeyedWeakReferenceFinder.INSTANCE));
      verdicts.add(
          shark(
              "Shark, told that every virtual thread should be gone",
              false,
              dump,
              new FilteringLeakingObjectFinder(List.of(ComparisonIT::isVirtualThread))));
      String kept = System.getProperty(KEPT);
      if (kept != null) {
        Files.copy(dump, Project.ROOT.resolve(kept));
      }
      write(verdicts);
    }
  }

  // --------------- Who finds what ---------------

  private Verdict selvage(String who, Look look) {
    LibraryCorpus.Found found = corpus.found(look);
    var missing = new ArrayList<String>();
    found
        .threads()
        .forEach(
            (row, count) -> {
              if (count != row.threads() * COPIES) {
                missing.add(row.name() + " " + count);
              }
            });
    JsonNode proof = look.root().path("proof");
    return new Verdict(
        who,
        true,
        found.threads().keySet(),
        (proof.path("canary").isNull()
                    ? "%.0f ms, without taking the dump"
                    : "%.0f ms, of which the program stood still for %.0f at a time")
                .formatted(
                    proof.path("totalMillis").asDouble(), proof.path("pauseMillis").asDouble())
            + (missing.isEmpty() ? "" : "; not each time: " + missing));
  }

  /** A virtual thread in a dump. */
  private record Listed(String name, String state, List<Frame> stack) {}

  private static List<Listed> threads(Target target) throws Exception {
    Path file = target.jcmdFile();
    var threads = new ArrayList<Listed>();
    for (JsonNode container :
        JSON.readTree(Files.readString(file)).path("threadDump").path("threadContainers")) {
      for (JsonNode thread : container.path("threads")) {
        if (thread.path("virtual").asBoolean()) {
          var stack = new ArrayList<Frame>();
          thread.path("stack").forEach(line -> Frame.parse(line.asText()).ifPresent(stack::add));
          threads.add(
              new Listed(thread.path("name").asText(), thread.path("state").asText(), stack));
        }
      }
    }
    return threads;
  }

  /** The lines at which so many of those are. */
  private Set<Row> rows(List<Listed> threads, int atLeast, Predicate<Listed> counts) {
    var at = new LinkedHashMap<Row, Integer>();
    for (Listed thread : threads) {
      Optional<Row> row = corpus.rowOf(thread.stack, List.of(thread.name));
      if (row.isPresent() && counts.test(thread)) {
        at.merge(row.get(), 1, Integer::sum);
      }
    }
    at.values().removeIf(count -> count < atLeast);
    return at.keySet();
  }

  private static boolean isVirtualThread(HeapObject object) {
    return object instanceof HeapObject.HeapInstance instance
        && instance.instanceOf("java.lang.VirtualThread");
  }

  @SuppressWarnings("deprecation") // the new form wants more of the same
  private Verdict shark(String who, boolean judges, Path dump, LeakingObjectFinder finder) {
    HeapAnalysis analysis =
        new HeapAnalyzer(_ -> {})
            .analyze(
                new File(dump.toString()),
                finder,
                List.of(),
                false,
                List.of(),
                MetadataExtractor.Companion.getNO_OP(),
                null);
    if (!(analysis instanceof HeapAnalysisSuccess success)) {
      return new Verdict(who, judges, Set.of(), "fails: " + firstLine(analysis.toString()));
    }
    int leaks = 0;
    for (var leak : (Iterable<shark.Leak>) success.getAllLeaks()::iterator) {
      leaks += leak.getLeakTraces().size();
    }
    return new Verdict(
        who,
        judges,
        Set.of(),
        "%d objects with a path that keeps them, %d that nothing keeps; no stack of a virtual thread is read"
            .formatted(leaks, success.getUnreachableObjects().size()));
  }

  private static String firstLine(String text) {
    return text.lines().filter(line -> !line.isBlank()).findFirst().orElse("");
  }

  // --------------- The table ---------------

  private void write(List<Verdict> verdicts) throws Exception {
    List<Row> rows = StreamSupport.stream(corpus.rows().spliterator(), false).toList();
    long leaks = rows.stream().filter(row -> row.list().isLeak()).count();
    var text = new StringBuilder();
    text.append(
        "| who | leaks found, of %d | false alarms, of %d | |\n|---|---:|---:|---|\n"
            .formatted(leaks, rows.size() - leaks));
    for (Verdict verdict : verdicts) {
      long found = verdict.pointedAt.stream().filter(row -> row.list().isLeak()).count();
      text.append(
          verdict.judges
              ? "| %s | %d | %d | %s |\n"
                  .formatted(verdict.who, found, verdict.pointedAt.size() - found, verdict.remark)
              : "| %s | – | – | %s |\n".formatted(verdict.who, verdict.remark));
    }
    List<Verdict> pointing = verdicts.stream().filter(v -> !v.pointedAt.isEmpty()).toList();
    text.append("\n| case | waits for | |");
    pointing.forEach(verdict -> text.append(' ').append(verdict.who).append(" |"));
    text.append("\n|---|---|---|").append("---|".repeat(pointing.size())).append('\n');
    for (Row row : rows) {
      text.append(
          "| %s | %s | %s |"
              .formatted(row.name(), row.reason(), row.list().isLeak() ? "leak" : "no leak"));
      for (Verdict verdict : pointing) {
        boolean points = verdict.pointedAt.contains(row);
        text.append(
            points == row.list().isLeak()
                ? points ? " found |" : " |"
                : points ? " **false** |" : " missed |");
      }
      text.append('\n');
    }
    Files.writeString(Project.ROOT.resolve(System.getProperty(REPORT)), text);
  }
}
