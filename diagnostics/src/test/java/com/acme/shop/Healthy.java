package com.acme.shop;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/** Maps and collections that are bounded in one way or another. */
public final class Healthy {
  private static final int MANY = 100_000;

  private Healthy() {}

  /** Throws out its eldest entry. */
  public static final class Lru {
    private static final Map<String, String> CACHE =
        new LinkedHashMap<>() {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > MANY;
          }
        };

    private Lru() {}

    public static void put() {
      CACHE.put(Leaky.fresh(), "");
    }
  }

  /** Weak keys. */
  public static final class Weak {
    private static final Map<Object, String> CACHE = new WeakHashMap<>();

    private Weak() {}

    public static void put() {
      CACHE.put(new Object(), "");
    }
  }

  /** A map whose size the test decides. */
  public static final class Steered {
    private static final Map<Integer, String> MAP = new ConcurrentHashMap<>();

    private Steered() {}

    public static void size(int size) {
      MAP.keySet().removeIf(key -> key >= size);
      for (int i = MAP.size(); i < size; i++) {
        MAP.put(i, "");
      }
    }
  }

  /** Libraries' caches with a bound of each kind. */
  public static final class Libraries {
    private static final Cache<String, String> GUAVA_SIZE =
        CacheBuilder.newBuilder().maximumSize(MANY).build();
    private static final Cache<String, String> GUAVA_TIME =
        CacheBuilder.newBuilder().expireAfterWrite(Duration.ofMinutes(1)).build();
    private static final Cache<Object, String> GUAVA_WEAK =
        CacheBuilder.newBuilder().weakKeys().build();
    private static final com.github.benmanes.caffeine.cache.Cache<String, String> CAFFEINE_SIZE =
        Caffeine.newBuilder().maximumSize(MANY).build();
    private static final com.github.benmanes.caffeine.cache.Cache<String, String> CAFFEINE_TIME =
        Caffeine.newBuilder().expireAfterWrite(Duration.ofMinutes(1)).build();
    private static final com.github.benmanes.caffeine.cache.Cache<Object, String> CAFFEINE_WEAK =
        Caffeine.newBuilder().weakValues().build();

    private Libraries() {}

    public static void put() {
      GUAVA_SIZE.put(Leaky.fresh(), "");
      GUAVA_TIME.put(Leaky.fresh(), "");
      GUAVA_WEAK.put(new Object(), "");
      CAFFEINE_SIZE.put(Leaky.fresh(), "");
      CAFFEINE_TIME.put(Leaky.fresh(), "");
      CAFFEINE_WEAK.put(new Object(), Leaky.fresh());
    }
  }

  /** A queue with a capacity. */
  public static final class Bounded {
    private static final Queue<String> QUEUE = new LinkedBlockingQueue<>(MANY);

    private Bounded() {}

    public static void offer() {
      QUEUE.offer(Leaky.fresh());
    }
  }

  /** Fails a test when it is initialised. */
  public static final class Untouched {
    static {
      Initialised.note();
    }

    static final Map<String, String> MAP = new ConcurrentHashMap<>();

    private Untouched() {}
  }

  /** Where {@link Untouched} leaves its trace. */
  public static final class Initialised {
    private static volatile boolean done;

    private Initialised() {}

    static void note() {
      done = true;
    }

    public static boolean done() {
      return done;
    }
  }
}
