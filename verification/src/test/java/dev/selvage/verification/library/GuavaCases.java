package dev.selvage.verification.library;

import com.google.common.cache.CacheBuilder;
import com.google.common.cache.LoadingCache;
import com.google.common.util.concurrent.AbstractIdleService;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.Monitor;
import com.google.common.util.concurrent.RateLimiter;
import com.google.common.util.concurrent.SettableFuture;
import com.google.common.util.concurrent.Uninterruptibles;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** Guava's futures, caches, monitors and services. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class GuavaCases {
  private static final List<Object> KEPT = new CopyOnWriteArrayList<>();

  private GuavaCases() {}

  static void neverSet(Threads threads) {
    threads.go(
        () -> {
          SettableFuture.create().get(); // LEAK neverSet
        });
  }

  static void kept(Threads threads) {
    var future = SettableFuture.create();
    KEPT.add(future);
    threads.go(
        () -> {
          future.get(); // LINE kept
        });
  }

  static void oneOfAllIsMissing(Threads threads) {
    threads.go(
        () -> {
          ListenableFuture<Integer> missing = SettableFuture.create();
          Futures.allAsList(Futures.immediateFuture(1), missing).get(); // LEAK oneOfAllIsMissing
        });
  }

  static void uninterruptibly(Threads threads) {
    threads.go(
        () -> {
          Uninterruptibles.awaitUninterruptibly(new CountDownLatch(1)); // LEAK uninterruptibly
        });
  }

  /** Who loads is stuck, and another waits for what it loads. */
  static void loadedByTheStuck(Threads threads) {
    var begun = new CountDownLatch(1);
    LoadingCache<Integer, Integer> cache =
        CacheBuilder.newBuilder()
            .build(
                new com.google.common.cache.CacheLoader<>() {
                  @Override
                  public Integer load(Integer key) throws InterruptedException {
                    begun.countDown();
                    new CountDownLatch(1).await(); // LEAK loadedByTheStuck
                    return key;
                  }
                });
    threads.go(() -> cache.get(1));
    threads.go(
        () -> {
          begun.await();
          cache.get(1); // LEAK waitsForTheLoaded
        });
  }

  /** A guard that nobody satisfies. */
  static void guard(Threads threads) {
    threads.go(
        () -> {
          var monitor = new Monitor();
          monitor.enterWhen(monitor.newGuard(() -> false)); // LEAK guard
        });
  }

  /** A service that nobody has started. */
  static void serviceNotStarted(Threads threads) {
    threads.go(
        () -> {
          var service =
              new AbstractIdleService() {
                @Override
                protected void startUp() {}

                @Override
                protected void shutDown() {}
              };
          service.awaitRunning(); // LEAK serviceNotStarted
        });
  }

  /** A permit comes in some hours. */
  static void rateLimited(Threads threads) {
    threads.go(
        () -> {
          var limiter = RateLimiter.create(0.0001);
          if (limiter.acquire() + limiter.acquire() > 0) { // LINE rateLimited
            throw new IllegalStateException("so soon?");
          }
        });
  }
}
