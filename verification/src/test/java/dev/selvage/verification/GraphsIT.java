package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.verification.graphs.GraphsProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random programs of which an interpreter says who is stuck for ever and who may still be woken:
 * what the prover says of them is the same, each time, for each thread. Whoever is stuck and not
 * proven is reached by something that lives, and is proven as soon as that lets go. A failure
 * prints the seed and the smallest program that shows it; {@code -Dselvage.seed=} begins elsewhere.
 */
final class GraphsIT {
  private static final int BATCHES = Integer.getInteger("selvage.graphs.batches", 5);
  private static final long SEED = Long.getLong("selvage.seed", 1);
  private static final long SEEDS_A_RUN = 1_000_000;

  /** More than a batch uses: some graphs are too large. */
  private static final long SEEDS_A_BATCH = 1_000;

  /** What leaks stays, and makes each look a little slower. */
  private static final int BATCHES_A_PROCESS = 20;

  @ParameterizedTest
  @CsvSource({"0,G1", "1,Parallel", "2,Serial"})
  void who_is_stuck_is_proven_and_nobody_else(
      int run, String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    var all = new StringBuilder();
    for (int done = 0; done < BATCHES; done += BATCHES_A_PROCESS) {
      long seed = SEED + run * SEEDS_A_RUN + done * SEEDS_A_BATCH;
      int batches = Math.min(BATCHES - done, BATCHES_A_PROCESS);
      Path its = Files.createDirectory(directory.resolve("from-" + seed));
      try (var target = start(collector, its, seed, batches, "NONE")) {
        String last = last(target);
        assertTrue(last.startsWith("sound: "), last);
        assertEquals("", target.stderr());
        all.append(last).append('\n');
      }
    }
    Files.writeString(Project.MODULE.resolve("target/graphs-" + collector + ".txt"), all);
  }

  /** The comparison finds what differs, in both directions. */
  @ParameterizedTest
  @ValueSource(strings = {"HOLDER is not reported", "BELIEF is reported, but can be reached"})
  void a_difference_is_told_with_the_smallest_program_that_shows_it(
      String flaw, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
    String[] words = flaw.split(" ", 2);
    try (var target = start("G1", directory, SEED, 1, words[0])) {
      String last = last(target);
      assertTrue(last.startsWith("unsound: "), last);
      String smallest = last.substring(last.indexOf("smallest: "));
      assertTrue(smallest.contains(words[1]), smallest);
      // One member that does one thing is enough.
      assertEquals(1, smallest.chars().filter(c -> c == ';').count(), smallest);
    }
  }

  private static Target start(String collector, Path directory, long seed, int batches, String flaw)
      throws Exception {
    var launch = Target.java().collector(collector).classPath(Project.testClassPath());
    for (String name :
        List.of("java.lang", "java.lang.ref", "jdk.internal.vm", "java.util.concurrent")) {
      launch.option("--add-opens", "java.base/" + name + "=ALL-UNNAMED");
    }
    return launch.start(
        directory, GraphsProgram.class, Long.toString(seed), Integer.toString(batches), flaw);
  }

  /** What it says in the end. */
  private static String last(Target target) throws Exception {
    String line = target.await("");
    while (line.startsWith("batch ")) {
      line = target.await("");
    }
    if (line.startsWith("sound")) {
      return line;
    }
    var text = new StringBuilder();
    for (; !line.equals("end"); line = target.await("")) {
      text.append(line).append('\n');
    }
    return text.toString();
  }
}
