package com.acme.shop;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Maps and collections that only grow, one a nested class. */
public final class Leaky {
  private static final AtomicInteger NEXT = new AtomicInteger();

  private Leaky() {}

  static String fresh() {
    return "key" + NEXT.incrementAndGet();
  }

  /** A plain map behind a lock. */
  public static final class Sessions {
    private static final Map<String, byte[]> SESSIONS =
        Collections.synchronizedMap(new HashMap<>());

    private Sessions() {}

    public static void login() {
      SESSIONS.put(fresh(), new byte[16]);
    }
  }

  /** A key without equals and hashCode. */
  public static final class Identity {
    static final class Key {
      final String name;

      Key(String name) {
        this.name = name;
      }
    }

    private static final Map<Key, String> PRICES = new ConcurrentHashMap<>();

    private Identity() {}

    public static String price() {
      return PRICES.computeIfAbsent(new Key("always the same"), key -> "price of " + key.name);
    }
  }

  /** Through a local variable, one arm of a condition and a helper method. */
  public static final class Helped {
    private static final List<String> LINES = new ArrayList<>();

    private Helped() {}

    public static void log(boolean loud) {
      List<String> lines = LINES;
      String line = fresh();
      append(loud ? lines : new ArrayList<>(), loud ? line : "");
    }

    private static void append(List<String> to, String line) {
      if (!line.isEmpty()) {
        to.add(line);
      }
    }
  }

  /** A map in a singleton, filled by a lambda. */
  public static final class Registry {
    public static final Registry INSTANCE = new Registry();
    private final Map<String, Integer> byName = new TreeMap<>();

    private Registry() {}

    public void register() {
      Runnable add = () -> byName.put(fresh(), 1);
      add.run();
    }
  }

  /** Lists in a map. */
  public static final class Listeners {
    private static final Map<String, List<Runnable>> BY_TOPIC = new ConcurrentHashMap<>();

    private Listeners() {}

    public static void listen(Runnable listener) {
      BY_TOPIC.computeIfAbsent("orders", _ -> new CopyOnWriteArrayList<>()).add(listener);
    }
  }

  /** A map that is replaced by a larger copy. */
  public static final class Copied {
    private static volatile Map<String, String> table = Map.of();

    private Copied() {}

    public static void put() {
      Map<String, String> next = new LinkedHashMap<>(table);
      next.put(fresh(), "");
      table = next;
    }
  }

  /** A set, a queue without end, a sorted map, in one class. */
  public static final class Several {
    private static final Set<String> SEEN = new HashSet<>();
    private static final Queue<String> PENDING = new ConcurrentLinkedQueue<>();
    private static final Queue<String> BLOCKING = new LinkedBlockingQueue<>();
    private static final AtomicReference<Map<String, String>> SORTED =
        new AtomicReference<>(new ConcurrentSkipListMap<>());

    private Several() {}

    public static void all() {
      SEEN.add(fresh());
      PENDING.add(fresh());
      BLOCKING.offer(fresh());
      Objects.requireNonNull(SORTED.get()).put(fresh(), "");
    }
  }

  /** A cache of Guava without any bound. */
  public static final class GuavaCache {
    private static final Cache<String, String> CACHE = CacheBuilder.newBuilder().build();

    private GuavaCache() {}

    public static void put() {
      CACHE.put(fresh(), "value");
    }
  }

  /** A cache of Caffeine without any bound. */
  public static final class CaffeineCache {
    private static final com.github.benmanes.caffeine.cache.Cache<String, String> CACHE =
        Caffeine.newBuilder().build();

    private CaffeineCache() {}

    public static String get() {
      return CACHE.get(fresh(), key -> "value of " + key);
    }
  }

  /** Handed out by a method, filled in another class. */
  public static final class Shared {
    private static final Map<String, String> ATTRIBUTES = new HashMap<>();

    private Shared() {}

    static Map<String, String> attributes() {
      return ATTRIBUTES;
    }
  }
}
