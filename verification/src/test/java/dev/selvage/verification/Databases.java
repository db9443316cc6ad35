package dev.selvage.verification;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;

/**
 * A PostgreSQL and a Redis of our own, from the packages of the system, empty, each on a free port
 * of localhost; nothing is kept on disk for longer than they run. They end when this is closed, and
 * with the process that started them, whatever becomes of that.
 */
final class Databases implements AutoCloseable {
  /** PostgreSQL refuses to be run by root. */
  private static final String USER = "postgres";

  /** Ends its child when its standard input ends, which is when whoever started it has ended. */
  private static final String UNTIL_STDIN_ENDS =
      "\"$@\" </dev/null & child=$!; cat >/dev/null; kill -INT $child 2>/dev/null; wait $child";

  private final Path directory;
  private final List<Process> processes = new ArrayList<>();
  private final int postgres;
  private final int redis;

  private Databases(Path directory) throws IOException {
    this.directory = directory;
    postgres = freePort();
    redis = freePort();
  }

  /** What is not installed here; null if all is there. */
  static @Nullable String missing() {
    if (initdb() == null) {
      return "no PostgreSQL in /usr/lib/postgresql (package postgresql)";
    }
    if (onPath("redis-server") == null) {
      return "no redis-server (package redis-server)";
    }
    if (isRoot()) {
      try {
        FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(USER);
      } catch (IOException e) {
        return "no user " + USER + ", and PostgreSQL does not run as root";
      }
      if (onPath("setpriv") == null) {
        return "no setpriv (package util-linux)";
      }
    }
    return null;
  }

  /** Starts both, and returns when they answer. */
  static Databases start() throws Exception {
    Path directory = Files.createTempDirectory("selvage-databases-");
    var databases = new Databases(directory);
    try {
      databases.startPostgres();
      databases.startRedis();
      databases.await(
          () -> {
            databases.connect().close();
            return true;
          });
      databases.await(
          () -> {
            try (var jedis = new Jedis("127.0.0.1", databases.redis)) {
              return jedis.ping().equals("PONG");
            }
          });
    } catch (Throwable e) {
      databases.close();
      throw e;
    }
    return databases;
  }

  private void startPostgres() throws Exception {
    Path bin = initdb();
    if (bin == null) {
      throw new IllegalStateException("no PostgreSQL");
    }
    Path data = directory.resolve("pg");
    if (isRoot()) {
      var users = FileSystems.getDefault().getUserPrincipalLookupService();
      Files.setOwner(directory, users.lookupPrincipalByName(USER));
    }
    List<String> initdb =
        asUser(
            bin.resolve("initdb").toString(),
            "--pgdata=" + data,
            "--username=" + USER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync");
    Process made = builder(initdb, "initdb.log").start();
    made.getOutputStream().close();
    if (made.waitFor() != 0) {
      throw new IOException(Files.readString(directory.resolve("initdb.log")));
    }
    start(
        "postgres.log",
        asUser(
            bin.resolve("postgres").toString(),
            "-D",
            data.toString(),
            "-p",
            "" + postgres,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off", // what it costs is not ours, and the data live for minutes
            "-c",
            "max_connections=50"));
  }

  private void startRedis() throws IOException {
    start(
        "redis.log",
        List.of("redis-server", "--port", "" + redis, "--bind", "127.0.0.1", "--save", ""));
  }

  private void start(String log, List<String> command) throws IOException {
    var all = new ArrayList<>(List.of("sh", "-c", UNTIL_STDIN_ENDS, "sh"));
    all.addAll(command);
    processes.add(builder(all, log).start());
  }

  private ProcessBuilder builder(List<String> command, String log) {
    return new ProcessBuilder(command)
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve(log).toFile());
  }

  private static List<String> asUser(String... command) {
    var all = new ArrayList<String>();
    if (isRoot()) {
      all.addAll(List.of("setpriv", "--reuid=" + USER, "--regid=" + USER, "--init-groups"));
    }
    all.addAll(List.of(command));
    return all;
  }

  private void await(Callable<Boolean> answers) throws Exception {
    long end = System.nanoTime() + Target.PATIENCE.toNanos();
    for (Exception last = new IllegalStateException("it does not answer"); ; ) {
      try {
        if (answers.call()) {
          return;
        }
      } catch (Exception e) {
        last = e;
      }
      if (System.nanoTime() > end) {
        throw new IllegalStateException(logs(), last);
      }
      Thread.sleep(50);
    }
  }

  private String logs() throws IOException {
    var text = new StringBuilder();
    for (String log : List.of("postgres.log", "redis.log")) {
      Path file = directory.resolve(log);
      text.append(log).append(":\n").append(Files.exists(file) ? Files.readString(file) : "");
    }
    return text.toString();
  }

  /** The port of PostgreSQL; its user and database are {@code postgres}, without a password. */
  int postgres() {
    return postgres;
  }

  /** The port of Redis. */
  int redis() {
    return redis;
  }

  Connection connect() throws SQLException {
    return DriverManager.getConnection(Bank.url(postgres));
  }

  @Override
  public void close() throws IOException {
    for (Process process : processes) {
      process.getOutputStream().close();
    }
    for (Process process : processes) {
      if (!hasEnded(process)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static boolean hasEnded(Process process) {
    try {
      return process.waitFor(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Where the programs of the newest PostgreSQL are. */
  private static @Nullable Path initdb() {
    try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
      return versions
          .map(version -> version.resolve("bin"))
          .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
          .max(Comparator.naturalOrder())
          .orElse(null);
    } catch (IOException e) {
      return null; // no such directory
    }
  }

  private static @Nullable Path onPath(String program) {
    for (String directory : System.getenv("PATH").split(File.pathSeparator, -1)) {
      Path file = Path.of(directory, program);
      if (Files.isExecutable(file)) {
        return file;
      }
    }
    return null;
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
