package dev.selvage.verification.library;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** HikariCP over H2, and a pool as people write them. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class Jdbc {
  private static final String URL = "jdbc:h2:mem:cases;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=3600000";
  private static final AtomicInteger TABLES = new AtomicInteger();

  /** One connection more than the cases of one round need, for all. */
  private static final HikariDataSource DATA_SOURCE = dataSource(2_000);

  /** A pool whose only connection is out. */
  private static final HikariDataSource EMPTY = dataSource(1);

  private static final BlockingQueue<Connection> OWN_POOL = new ArrayBlockingQueue<>(1);

  private Jdbc() {}

  private static HikariDataSource dataSource(int size) {
    var dataSource = new HikariDataSource();
    dataSource.setJdbcUrl(URL);
    dataSource.setMaximumPoolSize(size);
    dataSource.setMinimumIdle(0);
    dataSource.setConnectionTimeout(3_600_000);
    return dataSource;
  }

  /** A request is stuck, with a connection of a pool that is in use. */
  static void stuckWithConnection(Threads threads) {
    threads.go(
        () -> {
          try (var connection = DATA_SOURCE.getConnection()) {
            connection.setReadOnly(true);
            new CountDownLatch(1).await(); // LEAK stuckWithConnection
          }
        });
  }

  /** Waits for a connection, for an hour at most. */
  @SuppressWarnings("MustBeClosedChecker") // not given back
  static void poolIsEmpty(Threads threads) {
    for (int i = 0; i < 2; i++) {
      threads.go(
          () -> {
            EMPTY.getConnection().setReadOnly(false); // LINE poolIsEmpty
            Thread.sleep(3_600_000);
          });
    }
  }

  /** Waits for a row that another transaction has locked, for an hour at most. */
  static void rowIsLocked(Threads threads) {
    String table = "T" + TABLES.incrementAndGet();
    var locked = new CountDownLatch(1);
    threads.go(
        () -> {
          try (var connection = DATA_SOURCE.getConnection();
              var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE " + table + "(ID INT PRIMARY KEY, N INT)");
            statement.execute("INSERT INTO " + table + " VALUES (1, 1)");
            connection.setAutoCommit(false);
            statement.execute("UPDATE " + table + " SET N = 2");
            locked.countDown();
            Thread.sleep(3_600_000);
          }
        });
    threads.go(
        () -> {
          locked.await();
          try (var connection = DATA_SOURCE.getConnection();
              var statement = connection.createStatement()) {
            statement.execute("UPDATE " + table + " SET N = 3"); // LINE rowIsLocked
          }
        });
  }

  /** A pool that was made for one job; the connection was closed, but not given back. */
  static void ownPool(Threads threads) {
    var pool = new ArrayBlockingQueue<Connection>(1);
    threads.go(
        () -> {
          pool.put(DriverManager.getConnection(URL));
          pool.take().close();
          pool.take(); // LEAK ownPool
        });
  }

  /** The same with a pool that a static field has. */
  static void ownStaticPool(Threads threads) {
    threads.go(
        () -> {
          OWN_POOL.take(); // LEAK ownStaticPool
        });
  }
}
