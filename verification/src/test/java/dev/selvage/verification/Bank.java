package dev.selvage.verification;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPool;
import redis.clients.jedis.JedisPoolConfig;

/**
 * What the requests of {@link BankProgram} do: accounts in PostgreSQL, counters and texts in Redis,
 * each by a pool of connections. Thread-safe; all of it blocks.
 *
 * <pre>
 * /account/A              the account's number, name and balance
 * /transfer/ID/A/B/AMOUNT moves money, in a transaction that reads, computes and writes
 * /total                  the sum of all balances, which never changes
 * /rows/N                 how many rows of 1 to N came, and their sum
 * /count/KEY              how often that key has been counted
 * /text/KEY               a text that is made when it is first asked for
 * /both/A/KEY             the account and the text, each by a virtual thread of its own
 * </pre>
 */
final class Bank implements AutoCloseable {
  static final int ACCOUNTS = 64;
  static final long START = 1_000;

  /** Of each of the two pools: less than there are requests, so that they wait for each other. */
  private static final int CONNECTIONS = 12;

  private final HikariDataSource postgres;
  private final JedisPool redis;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** Of the databases on these ports of localhost. */
  Bank(int postgresPort, int redisPort) {
    var config = new HikariConfig();
    config.setJdbcUrl(url(postgresPort));
    config.setMaximumPoolSize(CONNECTIONS);
    config.setConnectionTimeout(Target.PATIENCE.toMillis());
    config.setAutoCommit(false);
    postgres = new HikariDataSource(config);
    var pool = new JedisPoolConfig();
    pool.setMaxTotal(CONNECTIONS);
    pool.setMaxIdle(CONNECTIONS);
    redis = new JedisPool(pool, "127.0.0.1", redisPort);
  }

  static String url(int port) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=postgres";
  }

  /** Makes the accounts anew, and forgets everything else. */
  static void reset(Databases databases) throws SQLException {
    try (Connection connection = databases.connect();
        var statement = connection.createStatement()) {
      statement.execute("DROP TABLE IF EXISTS ledger, account");
      statement.execute("CREATE TABLE account (id int PRIMARY KEY, name text, balance bigint)");
      statement.execute(
          "CREATE TABLE ledger (id bigint PRIMARY KEY, debit int, credit int, amount bigint)");
      statement.execute(
          "INSERT INTO account SELECT i, 'name-' || i, "
              + START
              + " FROM generate_series(0, "
              + (ACCOUNTS - 1)
              + ") AS i");
    }
    try (var jedis = new Jedis("127.0.0.1", databases.redis())) {
      jedis.flushAll();
    }
  }

  /** What a request for that path is answered with. */
  String serve(String path) throws Exception {
    String[] parts = path.substring(1).split("/", -1);
    return switch (parts[0]) {
      case "account" -> account(Integer.parseInt(parts[1]));
      case "transfer" ->
          transfer(
              Long.parseLong(parts[1]),
              Integer.parseInt(parts[2]),
              Integer.parseInt(parts[3]),
              Long.parseLong(parts[4]));
      case "total" -> total();
      case "rows" -> rows(Integer.parseInt(parts[1]));
      case "count" -> count(parts[1]);
      case "text" -> text(parts[1]);
      case "both" -> both(Integer.parseInt(parts[1]), parts[2]);
      default -> throw new IllegalArgumentException(path);
    };
  }

  /** What is done with a connection. */
  private interface Work<T> {
    T with(Connection connection) throws SQLException;
  }

  private <T> T transaction(Work<T> work) throws SQLException {
    try (Connection connection = postgres.getConnection()) {
      T result = work.with(connection);
      connection.commit();
      return result; // otherwise the pool rolls back
    }
  }

  private String account(int id) throws SQLException {
    return transaction(
        connection -> {
          try (var select = connection.prepareStatement("SELECT * FROM account WHERE id = ?")) {
            select.setInt(1, id);
            try (ResultSet rows = select.executeQuery()) {
              rows.next();
              return rows.getInt(1) + " " + rows.getString(2) + " " + rows.getLong(3);
            }
          }
        });
  }

  private String transfer(long id, int debit, int credit, long amount) throws SQLException {
    return transaction(
        connection -> {
          // Whoever reads both first, computes, and only then writes, would lose an update without
          // the locks; taken in order, so that two of them do not wait for each other.
          long[] balances = new long[2];
          try (var select =
              connection.prepareStatement(
                  "SELECT id, balance FROM account WHERE id IN (?, ?) ORDER BY id FOR UPDATE")) {
            select.setInt(1, debit);
            select.setInt(2, credit);
            try (ResultSet rows = select.executeQuery()) {
              while (rows.next()) {
                balances[rows.getInt(1) == debit ? 0 : 1] = rows.getLong(2);
              }
            }
          }
          try (var update =
              connection.prepareStatement("UPDATE account SET balance = ? WHERE id = ?")) {
            set(update, balances[0] - amount, debit);
            set(update, balances[1] + amount, credit);
          }
          try (var insert = connection.prepareStatement("INSERT INTO ledger VALUES (?, ?, ?, ?)")) {
            insert.setLong(1, id);
            insert.setInt(2, debit);
            insert.setInt(3, credit);
            insert.setLong(4, amount);
            insert.executeUpdate();
          }
          return "done " + id;
        });
  }

  private static void set(PreparedStatement update, long balance, int id) throws SQLException {
    update.setLong(1, balance);
    update.setInt(2, id);
    if (update.executeUpdate() != 1) {
      throw new SQLException("no account " + id);
    }
  }

  private String total() throws SQLException {
    return transaction(
        connection -> {
          try (var select = connection.prepareStatement("SELECT sum(balance) FROM account");
              ResultSet rows = select.executeQuery()) {
            rows.next();
            return "" + rows.getLong(1);
          }
        });
  }

  private String rows(int n) throws SQLException {
    return transaction(
        connection -> {
          try (var select = connection.prepareStatement("SELECT * FROM generate_series(1, ?)")) {
            select.setInt(1, n);
            select.setFetchSize(50);
            int count = 0;
            long sum = 0;
            try (ResultSet rows = select.executeQuery()) {
              for (; rows.next(); count++) {
                sum += rows.getLong(1);
              }
            }
            return count + " " + sum;
          }
        });
  }

  private String count(String key) {
    try (Jedis jedis = redis.getResource()) {
      jedis.incr("all");
      return "" + jedis.incr("count-" + key);
    }
  }

  private String text(String key) {
    try (Jedis jedis = redis.getResource()) {
      String text = jedis.get("text-" + key);
      if (text == null) {
        text = "text of " + key;
        jedis.set("text-" + key, text);
      }
      return text;
    }
  }

  private String both(int id, String key) throws Exception {
    Future<String> account = threads.submit(() -> account(id));
    Future<String> text = threads.submit(() -> text(key));
    return account.get() + ", " + text.get();
  }

  @Override
  public void close() {
    threads.close();
    postgres.close();
    redis.close();
  }
}
