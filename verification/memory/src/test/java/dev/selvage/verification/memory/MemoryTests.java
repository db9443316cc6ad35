package dev.selvage.verification.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.annotations.JCStressTest;

/**
 * No forbidden outcome in any test; every test ran, and in each the second event found the first. A
 * short run compiles both sides with C2 only; {@code -Plong} goes through all of jcstress's ways of
 * compiling, which takes an hour or more.
 */
final class MemoryTests {
  private static final long MILLIS = Long.getLong("selvage.millis", 200);
  private static final boolean THOROUGH = Boolean.getBoolean("selvage.thorough");

  /** A run that does not end is ended. */
  private static final int LIMIT_MINUTES = THOROUGH ? 240 : 10;

  /**
   * On a machine with other work a test may have too few samples, or none; it is run again, longer
   * each time.
   */
  private static final int ATTEMPTS = 5;

  private static final List<Class<?>> ROWS =
      List.of(
          Send.class,
          Receive.class,
          Close.class,
          Unlock.class,
          UnlockRW.class,
          Done.class,
          Cancel.class,
          Wake.class,
          Unpark.class,
          Release.class,
          Start.class,
          Outcomes.class,
          Interrupt.class);

  @Test
  void nothingForbiddenHappens() throws Exception {
    Set<String> unseen = names(ROWS);
    for (int attempt = 0; attempt < ATTEMPTS && !unseen.isEmpty(); attempt++) {
      Map<String, Counts> counts = run("selvage", unseen, attempt);
      assertEquals(unseen, counts.keySet(), "tests that ran");
      counts.forEach((name, count) -> assertEquals(0, count.forbidden, () -> name + ": " + count));
      counts.values().removeIf(count -> count.seen == 0);
      unseen.removeAll(counts.keySet());
    }
    assertEquals(Set.of(), unseen, "tests in which the second event never found the first");
  }

  @Test
  void seededMistakesAreFound() throws Exception {
    Set<String> missed = names(List.of(Seeded.class));
    for (int attempt = 0; attempt < ATTEMPTS && !missed.isEmpty(); attempt++) {
      Map<String, Counts> counts = run("seeded", missed, attempt);
      assertEquals(missed, counts.keySet(), "tests that ran");
      counts.values().removeIf(count -> count.forbidden == 0);
      missed.removeAll(counts.keySet());
    }
    assertEquals(Set.of(), missed, "not found");
  }

  private static Set<String> names(List<Class<?>> rows) {
    return rows.stream()
        .flatMap(row -> Arrays.stream(row.getDeclaredClasses()))
        .filter(test -> test.isAnnotationPresent(JCStressTest.class))
        .map(test -> test.getName().replace('$', '.'))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** How often a test came to outcomes that are expected, and that are forbidden. */
  private static final class Counts {
    long acceptable;
    long forbidden;
    // Of the acceptable, those in which the second event had found the first.
    long seen;

    @Override
    public String toString() {
      return acceptable + " acceptable, " + seen + " seen, " + forbidden + " forbidden";
    }
  }

  private static Map<String, Counts> run(String directory, Set<String> tests, int attempt)
      throws IOException, InterruptedException {
    Path reports = Path.of("target", "jcstress", directory).toAbsolutePath();
    Files.createDirectories(reports);
    Path output = reports.resolve("output.txt");
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            classPath(),
            "org.openjdk.jcstress.Main",
            "-v", // the counts of tests that passed, too
            "-t",
            tests.stream().map(t -> Pattern.quote(t) + "$").collect(Collectors.joining("|")),
            "-time",
            Long.toString(MILLIS << attempt),
            "-r",
            reports.toString(),
            "-jvmArgsPrepend",
            "--add-opens=java.base/java.lang=ALL-UNNAMED")); // for Permit
    if (!THOROUGH) {
      command.addAll(
          List.of(
              "-f",
              "1",
              "-iters",
              "1",
              "-sc",
              "false",
              "-af",
              "NONE",
              "-jvmArgs",
              "-XX:-TieredCompilation"));
    }
    Process process =
        new ProcessBuilder(command)
            .directory(reports.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(
          process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES), () -> "no end of it: see " + output);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    return parse(Files.readAllLines(output));
  }

  private static String classPath() {
    String path = System.getProperty("surefire.test.class.path", "");
    return Stream.of(
            (path.isEmpty() ? System.getProperty("java.class.path") : path)
                .split(File.pathSeparator))
        .filter(entry -> !entry.contains("junit"))
        .reduce((a, b) -> a + File.pathSeparator + b)
        .orElseThrow();
  }

  /**
   * Adds up what jcstress prints for each run of each test. It ends with 0 whatever it found, even
   * when it found no tests; so only what it counted counts.
   */
  static Map<String, Counts> parse(List<String> lines) {
    Map<String, Counts> all = new TreeMap<>();
    Counts current = new Counts();
    for (String line : lines) {
      int name = line.indexOf("] dev.selvage.");
      if (name >= 0) {
        String test = line.substring(name + 2).strip();
        current = all.computeIfAbsent(test, _ -> new Counts());
        if (!line.contains("[OK]") && !line.contains("[FAILED]")) {
          throw new AssertionError("neither passed nor failed: " + line);
        }
      }
      if (line.contains("%  ")) {
        String[] words = line.substring(0, line.indexOf('%')).strip().split(" +", -1);
        long samples = Long.parseLong(words[words.length - 2].replace(",", ""));
        String expected = line.substring(line.indexOf('%') + 1).strip();
        if (expected.startsWith("Acceptable")) {
          current.acceptable += samples;
          current.seen += line.strip().startsWith("0") ? 0 : samples;
        } else if (expected.startsWith("Forbidden")) {
          current.forbidden += samples;
        } else {
          throw new AssertionError("an outcome of another kind: " + line);
        }
      }
    }
    return all;
  }

  @Test
  void whatJcstressSaysIsUnderstood() {
    Map<String, Counts> counts =
        parse(
            """
            .......... [OK] dev.selvage.verification.memory.Send.Buffered
              RESULT  SAMPLES     FREQ      EXPECT  DESCRIPTION
                0, 0    6,472   26.80%  Acceptable  not yet
                0, 1        1   <0.01%  Acceptable  not yet
                1, 1        3   <0.01%  Acceptable  both
                1, 0        0    0.00%   Forbidden  without what came before
            ...... [FAILED] dev.selvage.verification.memory.Send.Buffered
                0, 0        2   50.00%  Acceptable  not yet
                1, 0    1,002   50.00%   Forbidden  without what came before
            """
                .lines()
                .toList());
    assertEquals(
        "{dev.selvage.verification.memory.Send.Buffered=6478 acceptable, 3 seen, 1002 forbidden}",
        counts.toString());
  }
}
