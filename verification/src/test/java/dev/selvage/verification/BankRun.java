package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;

/**
 * One run of {@link BankProgram} under {@link BankLoad}, each in a JVM of its own, with all that
 * must be true afterwards.
 *
 * @param server {@code jetty} or {@code helidon}
 * @param scheduler of all virtual threads of the server: {@code jdk} or {@code gmp}
 * @param hogs how many virtual threads of the server compute all the while
 * @param options more options of the server's JVM
 */
record BankRun(String server, String scheduler, int hogs, List<String> options) {

  /**
   * Carries it out.
   *
   * @param requests of each connection; 0 if it is to take some seconds
   * @param seconds to be measured, after those for warming up
   * @return what the clients say, which has been compared with what is in the databases
   */
  BankLoad.Report carryOut(
      Databases databases, Path directory, int connections, int requests, int seconds)
      throws Exception {
    Bank.reset(databases);
    Target.Launch launch =
        Target.java()
            .classPath(Project.testClassPath())
            .agent(directory, "leaks-after=24h,scheduler=" + scheduler)
            .option(options.toArray(String[]::new));
    try (Target program =
        launch.start(
            directory,
            BankProgram.class,
            server,
            "" + databases.postgres(),
            "" + databases.redis())) {
      String port = program.await("port ").substring("port ".length());
      String carrier = program.ask("carrier", "carrier ");
      assertEquals(scheduler.equals("gmp"), carrier.contains("@selvage-m-"), carrier);
      program.ask("hogs " + hogs, "hogs");
      Path clients = Files.createDirectories(directory.resolve("clients"));
      Duration patience = Target.PATIENCE.plusSeconds(2L * seconds); // it warms up before
      BankLoad.Report report;
      try (Target load =
          Target.java()
              .option(options.toArray(String[]::new))
              .classPath(Project.testClassPath())
              .start(
                  clients, BankLoad.class, port, "" + connections, "" + requests, "" + seconds)) {
        report = BankLoad.Report.parse(load.await(BankLoad.REPORT, patience));
        check(report, databases, () -> load.stderr() + program.stderr());
      }
      return report;
    }
  }

  /** What the processes have said. */
  private interface Said {
    String text();
  }

  /**
   * No answer was wrong, and what is in the databases is what the answers say: nothing lost and
   * nothing doubled. Of requests without an answer nobody knows, but what must be conserved is.
   */
  private static void check(BankLoad.Report report, Databases databases, Said said)
      throws Exception {
    assertEquals(0, report.wrong(), said::text);
    List<Long> balances = new ArrayList<>();
    List<Long> byLedger = new ArrayList<>();
    long transfers;
    try (Connection connection = databases.connect();
        var statement = connection.createStatement()) {
      try (ResultSet rows =
          statement.executeQuery(
              """
              SELECT balance,
                     (SELECT coalesce(sum(amount), 0) FROM ledger WHERE credit = account.id)
                   - (SELECT coalesce(sum(amount), 0) FROM ledger WHERE debit = account.id)
              FROM account ORDER BY id
              """)) {
        while (rows.next()) {
          balances.add(rows.getLong(1) - Bank.START);
          byLedger.add(rows.getLong(2));
        }
      }
      try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM ledger")) {
        rows.next();
        transfers = rows.getLong(1);
      }
    }
    @Nullable String all;
    try (var jedis = new Jedis("127.0.0.1", databases.redis())) {
      all = jedis.get("all");
    }
    long counted = all == null ? 0 : Long.parseLong(all);
    assertEquals(Bank.ACCOUNTS, balances.size());
    assertEquals(byLedger, balances, "balances are what the ledger says");
    assertEquals(0, balances.stream().mapToLong(Long::longValue).sum(), "money is conserved");
    if (report.failed() == 0) {
      assertEquals(report.net(), balances, "balances are what the clients were told");
      assertEquals(report.transfers(), transfers);
      assertEquals(report.counted(), counted);
    } else {
      assertTrue(transfers >= report.transfers(), transfers + " of " + report);
      assertTrue(counted >= report.counted(), counted + " of " + report);
    }
  }
}
