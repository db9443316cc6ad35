package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Servers that nobody here wrote, on virtual threads, with a real PostgreSQL and a real Redis
 * behind them, by drivers and pools that nobody here wrote either, unmodified: the same requests
 * get the same answers and leave the same in the databases on the scheduler of the JDK, on ours,
 * and on ours beside as many threads that compute as there are processors. {@code
 * -Dselvage.bank.requests=N} says how many requests each client makes; {@code -Plong} makes it
 * minutes.
 */
final class BankIT {
  private static final int CONNECTIONS = 16;
  private static final int REQUESTS = Integer.getInteger("selvage.bank.requests", 150);

  /** The JIT's second tier only costs time in so short a run. */
  private static final List<String> OPTIONS = List.of("-XX:TieredStopAtLevel=1");

  private static @Nullable Databases databases;

  /** What each server's clients were told in the end, by its first run. */
  private static final Map<String, String> FIRST = new HashMap<>();

  @BeforeAll
  static void start() throws Exception {
    String missing = Databases.missing();
    assumeTrue(missing == null, () -> "servers with databases were not run: " + missing);
    databases = Databases.start();
  }

  @AfterAll
  static void stop() throws Exception {
    if (databases != null) {
      databases.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "jetty,jdk,false",
    "jetty,gmp,false",
    "jetty,gmp,true",
    "helidon,jdk,false",
    "helidon,gmp,false",
    "helidon,gmp,true"
  })
  void every_answer_is_right_and_nothing_is_lost_or_doubled(
      String server,
      String scheduler,
      boolean hogs,
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    if (databases == null) {
      throw new IllegalStateException("no databases");
    }
    int computing = hogs ? Runtime.getRuntime().availableProcessors() : 0;
    BankLoad.Report report =
        new BankRun(server, scheduler, computing, OPTIONS)
            .carryOut(databases, directory, CONNECTIONS, REQUESTS, 0);
    assertEquals(0, report.failed());
    assertEquals(CONNECTIONS * REQUESTS, report.done());
    // Asked for the same in the same order, whoever runs it: so the end must be the same.
    String end = report.transfers() + " " + report.counted() + " " + report.net();
    assertEquals(FIRST.computeIfAbsent(server, _ -> end), end);
  }
}
