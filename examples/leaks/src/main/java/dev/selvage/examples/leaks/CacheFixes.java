package dev.selvage.examples.leaks;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.common.cache.CacheBuilder;
import java.io.PrintStream;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * Compares the fixes of scenario 4, the global map used as a cache, and prints what each keeps.
 *
 * <p>Every store is given {@value #ENTRIES} sessions. Then the program lets go of all but {@value
 * #IN_USE}, and the collector runs. Then ten minutes pass, on a clock that the table moves itself,
 * where sessions live for five. The number of entries is read each time.
 *
 * <p>What to read from the table:
 *
 * <ul>
 *   <li>A map keeps everything.
 *   <li>Weak keys keep what is in use and nothing else, as long as no value refers to its own key;
 *       with one that does, they keep everything, for the map holds the value and the value the
 *       key.
 *   <li>A time to live (Guava, Caffeine, or a cleaner thread of one's own) lets go late, but of
 *       everything, in use or not.
 *   <li>Weak values and a time to live let go early of what is not in use, and late of the rest.
 * </ul>
 */
public final class CacheFixes {
  static final int ENTRIES = 1_000;
  static final int IN_USE = 10;

  private static final Duration TIME_TO_LIVE = Duration.ofMinutes(5);
  private static final Duration PASSES = Duration.ofMinutes(10);

  private CacheFixes() {}

  /** Prints the table to standard output. */
  public static void main(String[] arguments) throws InterruptedException, ExecutionException {
    print(compare(), System.out);
  }

  /**
   * What one store keeps.
   *
   * @param fix its name
   * @param filled entries when all had been put
   * @param letGo entries when all but {@value #IN_USE} were let go and collected
   * @param expired entries when the time to live was over, too
   */
  record Row(String fix, long filled, long letGo, long expired) {}

  /** Measures all stores, one after the other, on this thread. Takes a few forced collections. */
  static List<Row> compare() throws InterruptedException, ExecutionException {
    var clock = new AtomicLong();
    var rows = new ArrayList<Row>();

    rows.add(measure("a map (the leak)", clock, new HashMap<>(), Map::put, Map::size));
    rows.add(measure("weak keys: WeakHashMap", clock, new WeakHashMap<>(), Map::put, Map::size));
    rows.add(
        measure(
            "the same, value refers to key",
            clock,
            new WeakHashMap<Key, KeyedSession>(),
            (map, key, session) -> map.put(key, new KeyedSession(key, session)),
            Map::size));
    rows.add(
        measure(
            "Guava: expireAfterWrite",
            clock,
            CacheBuilder.newBuilder()
                .expireAfterWrite(TIME_TO_LIVE)
                .ticker(
                    new com.google.common.base.Ticker() {
                      @Override
                      public long read() {
                        return clock.get();
                      }
                    })
                .<Key, Session>build(),
            (cache, key, session) -> cache.put(key, session),
            cache -> {
              cache.cleanUp();
              return cache.size();
            }));
    rows.add(
        measure(
            "Caffeine: expireAfterWrite",
            clock,
            Caffeine.newBuilder()
                .expireAfterWrite(TIME_TO_LIVE)
                .ticker(clock::get)
                .<Key, Session>build(),
            (cache, key, session) -> cache.put(key, session),
            cache -> {
              cache.cleanUp();
              return cache.estimatedSize();
            }));
    try (var swept = new SweptMap(clock::get)) {
      rows.add(
          measure("a cleaner thread", clock, swept, SweptMap::put, SweptMap::sizeAfterNextSweep));
    }
    rows.add(
        measure(
            "Caffeine: weakValues, expireAfterWrite",
            clock,
            Caffeine.newBuilder()
                .weakValues()
                .expireAfterWrite(TIME_TO_LIVE)
                .ticker(clock::get)
                .<Key, Session>build(),
            (cache, key, session) -> cache.put(key, session),
            cache -> {
              cache.cleanUp();
              return cache.estimatedSize();
            }));
    return rows;
  }

  /** Prints the rows as a table with aligned columns. */
  static void print(List<Row> rows, PrintStream out) {
    out.printf("%-40s %8s %8s %8s%n", "entries kept by", "filled", "let go", "expired");
    for (Row row : rows) {
      out.printf("%-40s %8d %8d %8d%n", row.fix(), row.filled(), row.letGo(), row.expired());
    }
  }

  private static <S> Row measure(
      String fix, AtomicLong clock, S store, Put<S> put, ToLongFunction<S> size)
      throws InterruptedException {
    var inUse = fill(store, put);
    long filled = size.applyAsLong(store);
    collect();
    long letGo = size.applyAsLong(store);
    clock.addAndGet(PASSES.toNanos());
    long expired = size.applyAsLong(store);
    inUse.forEach(Held::touch); // the program uses them until here
    return new Row(fix, filled, letGo, expired);
  }

  /** Puts all sessions and returns those that stay in use. */
  private static <S> List<Held> fill(S store, Put<S> put) {
    var inUse = new ArrayList<Held>();
    for (int i = 0; i < ENTRIES; i++) {
      var key = new Key(i);
      var session = new Session("customer " + i);
      put.put(store, key, session);
      if (i < IN_USE) {
        inUse.add(new Held(key, session));
      }
    }
    return inUse;
  }

  /**
   * Runs the collector until what is weakly held and nothing else has gone from its references and
   * lies in their queues. Two rounds: references of one round are queued in no stated order, but
   * all of them before those of the next.
   */
  private static void collect() throws InterruptedException {
    for (int round = 0; round < 2; round++) {
      var queue = new ReferenceQueue<Object>();
      var canary = new WeakReference<>(new Object(), queue);
      do {
        System.gc();
      } while (queue.remove(100) != canary);
    }
  }

  /** Puts one session into a store. */
  @FunctionalInterface
  private interface Put<S> {
    void put(S store, Key key, Session session);
  }

  /** A key and a session that the program still uses. */
  private record Held(Key key, Session session) {
    void touch() {
      if (session.customer.isEmpty()) {
        throw new IllegalStateException("session " + key.number + " has lost its customer");
      }
    }
  }

  /** Equal to itself only: what a program uses as a handle. */
  private static final class Key {
    private final int number;

    Key(int number) {
      this.number = number;
    }
  }

  private static sealed class Session {
    private final String customer;

    Session(String customer) {
      this.customer = customer;
    }
  }

  /** A session that knows the key it is stored under. */
  private static final class KeyedSession extends Session {
    private final Key storedUnder;

    KeyedSession(Key key, Session session) {
      super(session.customer);
      this.storedUnder = key;
    }

    @Override
    public String toString() {
      return "session " + storedUnder.number;
    }
  }

  /**
   * A map with a thread that looks through it every ten milliseconds and takes out what is too old:
   * the fix that needs no library. It costs a thread, and a {@link #close} that must not be
   * forgotten. Safe for any number of threads.
   */
  private static final class SweptMap implements AutoCloseable {
    private final Map<Key, Dated> entries = new ConcurrentHashMap<>();
    private final ScheduledExecutorService sweeper =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("session-sweeper").factory());
    private final LongSupplier clock;

    SweptMap(LongSupplier clock) {
      this.clock = clock;
      var unused = sweeper.scheduleAtFixedRate(this::sweep, 10, 10, MILLISECONDS);
    }

    void put(Key key, Session session) {
      entries.put(key, new Dated(clock.getAsLong(), session));
    }

    /** Waits until the sweeper has been through the map once more. */
    long sizeAfterNextSweep() {
      try {
        sweeper.submit(this::sweep).get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException e) {
        throw new IllegalStateException("the sweeper failed", e.getCause());
      }
      return entries.size();
    }

    @Override
    public void close() {
      sweeper.close();
    }

    private void sweep() {
      long oldest = clock.getAsLong() - TIME_TO_LIVE.toNanos();
      entries.values().removeIf(dated -> dated.nanos() - oldest < 0);
    }

    private record Dated(long nanos, Session session) {}
  }
}
