package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.selvage.verification.cases.Kernel;
import dev.selvage.verification.cases.Kernel.Leak;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * All cases of the corpus in one JVM for each collector, and with all threads on the scheduler of
 * ours: what each case says that it leaks is found, at that line and by that word, and nothing else
 * is. Where chance decides how many threads get stuck, the JDK's thread dump says how many did. A
 * heap dump of the same JVM proves the same.
 */
final class CorpusIT {
  @ParameterizedTest
  @CsvSource({"G1,jdk", "Parallel,jdk", "Serial,jdk", "G1,gmp"})
  void finds_every_leak_of_the_corpus_and_nothing_else(
      String collector, String scheduler, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    Target.Launch launch = Target.java().collector(collector);
    if (scheduler.equals("gmp")) {
      launch.agent(directory, "leaks-after=1h,scheduler=gmp");
    }
    try (var target = launch.start(directory, Corpus.class)) {
      target.await("ready");
      Oracle oracle = Oracle.ofCorpus();
      Oracle.Verdict first = oracle.judge(target.look(), target.dump());
      Look live = target.look();
      Oracle.Verdict second = oracle.judge(live, target.dump());
      write(collector + "-" + scheduler, second);
      Look heap = target.exactLook();
      Oracle.Verdict dumped = oracle.judge(heap, target.dump());
      assertAll(
          () -> assertEquals("", String.join("\n", first.wrong()), "first look"),
          () -> assertEquals("", String.join("\n", second.wrong()), "second look"),
          () -> assertEquals(first.proven(), second.proven(), "the same answer twice"),
          () -> assertEquals("", String.join("\n", dumped.wrong()), "from a heap dump"),
          () -> assertEquals(fingerprints(live), fingerprints(heap), "the same fingerprints"),
          () ->
              assertEquals("", target.stderr().lines().filter(CorpusIT::bad).findAny().orElse("")),
          () -> assertEquals(0, target.end()));
    }
  }

  private static Set<String> fingerprints(Look look) {
    return look.certain().stream()
        .map(found -> found.json().path("fingerprint").asText())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean bad(String line) {
    return line.startsWith("Exception in thread");
  }

  /** Leaves the counts where a person can read them. */
  private static void write(String name, Oracle.Verdict verdict) throws IOException {
    Path file = Project.MODULE.resolve("target/corpus-" + name + ".tsv");
    Files.writeString(file, verdict.table());
  }

  /** What the cases say of themselves, against what was found. */
  private record Oracle(Map<Key, Expected> leaks, Map<String, String> casesByClass) {

    /** Where, and by which word. */
    record Key(String place, String reason) implements Comparable<Key> {
      @Override
      public int compareTo(Key o) {
        int c = place.compareTo(o.place);
        return c != 0 ? c : reason.compareTo(o.reason);
      }

      @Override
      public String toString() {
        return place + " [" + reason + "]";
      }
    }

    record Expected(String marker, int atLeast, int atMost) {}

    /** What is wrong, and what there was: expected, alive and proven for each line. */
    record Verdict(List<String> wrong, Map<Key, Integer> proven, String table) {}

    static Oracle ofCorpus() {
      var leaks = new TreeMap<Key, Expected>();
      var classes = new TreeMap<String, String>();
      for (Class<?> type : Corpus.cases()) {
        Kernel kernel = type.getAnnotation(Kernel.class);
        classes.put(type.getName(), kernel.suite() + "/" + type.getSimpleName());
        for (Leak leak : kernel.leaks()) {
          var key = new Key(Marker.in(type, leak.at()).place(), leak.reason());
          int atLeast = leak.atLeast() < 0 ? leak.count() : leak.atLeast();
          var expected = new Expected(leak.at(), atLeast, leak.count());
          if (leaks.put(key, expected) != null) {
            throw new AssertionError("stated twice: " + key);
          }
        }
      }
      return new Oracle(leaks, classes);
    }

    Verdict judge(Look look, List<Target.Listed> dump) {
      var wrong = new ArrayList<String>();
      var proven = new TreeMap<Key, Integer>();
      look.assertSound();
      for (Look.Found found : look.certain()) {
        Frame at = found.first(this::inCase).orElse(null);
        var place = at == null ? "?" : at.place();
        Frame site = Frame.parse(found.site()).orElse(null);
        // Where a case blocks in the vocabulary that all share, that has the line.
        if (site == null || (!site.equals(at) && !site.file().equals("GoLike.java"))) {
          wrong.add("blocks at " + place + ", but its site is " + found.site());
        }
        var key = new Key(place, found.kind());
        if (!leaks.containsKey(key)) {
          wrong.add("must not be reported: " + found + " in " + found.stack());
        }
        proven.merge(key, found.count(), Integer::sum);
      }
      // Threads that are there, by line; those of cases without leaks have no business here.
      Set<String> places = leaks.keySet().stream().map(Key::place).collect(Collectors.toSet());
      var alive = new TreeMap<String, Integer>();
      for (Target.Listed thread : dump) {
        thread.stack().stream()
            .filter(this::inCase)
            .findFirst()
            .filter(frame -> thread.virtual() && places.contains(frame.place()))
            .ifPresent(frame -> alive.merge(frame.place(), 1, Integer::sum));
      }
      var table = new StringBuilder("place\treason\tmarker\tat least\tat most\talive\tproven\n");
      leaks.forEach(
          (key, expected) -> {
            int count = proven.getOrDefault(key, 0);
            if (count < expected.atLeast || count > expected.atMost) {
              wrong.add(key + " " + expected + " but proven " + count);
            }
            table.append(
                "%s\t%s\t%s\t%d\t%d\t%d\t%d%n"
                    .formatted(
                        key.place,
                        key.reason,
                        expected.marker,
                        expected.atLeast,
                        expected.atMost,
                        alive.getOrDefault(key.place, 0),
                        count));
          });
      for (String place : new TreeSet<>(places)) {
        int count =
            proven.entrySet().stream()
                .filter(e -> e.getKey().place.equals(place))
                .mapToInt(Map.Entry::getValue)
                .sum();
        if (count != alive.getOrDefault(place, 0)) {
          wrong.add(place + ": " + alive.getOrDefault(place, 0) + " alive, " + count + " proven");
        }
      }
      return new Verdict(List.copyOf(wrong), proven, table.toString());
    }

    private boolean inCase(Frame frame) {
      String name = frame.className();
      return casesByClass.keySet().stream()
          .anyMatch(type -> name.equals(type) || name.startsWith(type + "$"));
    }
  }
}
