package dev.selvage.verification.library;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Scheduler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** Caffeine's caches. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class CaffeineCases {
  private static final List<Object> KEPT = new CopyOnWriteArrayList<>();

  private CaffeineCases() {}

  /** What is loaded asynchronously never comes. */
  static void neverLoaded(Threads threads) {
    threads.go(
        () -> {
          AsyncCache<Integer, Integer> cache = Caffeine.newBuilder().buildAsync();
          cache.get(1, (_, _) -> new CompletableFuture<>()).join(); // LEAK neverLoaded
        });
  }

  /** The same in a cache that is in use: it holds the future, which could be completed. */
  static void neverLoadedInUse(Threads threads) {
    AsyncCache<Integer, Integer> cache = Caffeine.newBuilder().buildAsync();
    KEPT.add(cache);
    threads.go(
        () -> {
          cache.get(1, (_, _) -> new CompletableFuture<>()).join(); // LEAK neverLoadedInUse
        });
  }

  /** Who computes is stuck. */
  static void computedByTheStuck(Threads threads) {
    threads.go(
        () -> {
          Cache<Integer, Integer> cache = Caffeine.newBuilder().build();
          cache.get(1, CaffeineCases::compute);
        });
  }

  private static Integer compute(Integer key) {
    try {
      new CountDownLatch(1).await(); // LEAK computedByTheStuck
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return key;
  }

  /** Another asks for the same key: it waits to enter a monitor of the map. */
  static void sameKey(Threads threads) {
    Cache<Integer, Integer> cache = Caffeine.newBuilder().build();
    var begun = new CountDownLatch(1);
    threads.go(
        () ->
            cache.get(
                1,
                key -> {
                  begun.countDown();
                  return computeAnother(key);
                }));
    threads.go(
        () -> {
          begun.await();
          cache.get(1, key -> key); // LEAK sameKey
        });
  }

  private static Integer computeAnother(Integer key) {
    try {
      new CountDownLatch(1).await(); // LEAK computesTheSame
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return key;
  }

  /** Evicted when the time is over, by a cache that somebody has. */
  static void evictedLater(Threads threads) {
    var evicted = new CountDownLatch(1);
    KEPT.add(expiring(evicted));
    threads.go(
        () -> {
          evicted.await(); // LINE evictedLater
        });
  }

  /** The same, but nobody has the cache, which its scheduler refers to weakly. */
  static void evictedNever(Threads threads) {
    var evicted = new CountDownLatch(1);
    expiring(evicted);
    threads.go(
        () -> {
          evicted.await(); // LEAK evictedNever
        });
  }

  private static Cache<Integer, Integer> expiring(CountDownLatch evicted) {
    Cache<Integer, Integer> cache =
        Caffeine.newBuilder()
            .expireAfterWrite(Duration.ofHours(1))
            .scheduler(Scheduler.systemScheduler())
            .evictionListener((_, _, _) -> evicted.countDown())
            .build();
    cache.put(1, 1);
    return cache;
  }
}
