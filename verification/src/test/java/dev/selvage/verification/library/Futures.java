package dev.selvage.verification.library;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;

/** {@code CompletableFuture}, {@code FutureTask}, and {@code Flow}. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class Futures {
  private static final Map<String, CompletableFuture<String>> REQUESTS = new ConcurrentHashMap<>();

  private Futures() {}

  /** A callback that never comes. */
  static void callbackNeverComes(Threads threads) {
    threads.go(
        () -> {
          new CompletableFuture<String>().thenApply(String::trim).join(); // LEAK callbackNeverComes
        });
  }

  /** A combination of what comes and what does not. */
  static void oneOfAllIsMissing(Threads threads) {
    threads.go(
        () -> {
          var there = CompletableFuture.completedFuture(1);
          CompletableFuture.allOf(there, new CompletableFuture<>())
              .join(); // LEAK oneOfAllIsMissing
        });
  }

  /** The error is handled, and the future of the one who waits forgotten. */
  static void failureForgotten(Threads threads) {
    var answer = new CompletableFuture<String>();
    var work = new CompletableFuture<String>();
    work.thenAccept(answer::complete); // not called when it fails
    work.completeExceptionally(new IllegalStateException("on purpose"));
    threads.go(
        () -> {
          answer.get(); // LEAK failureForgotten
        });
  }

  /** Asks for itself. */
  static void itself(Threads threads) {
    threads.go(
        () -> {
          var it = new CompletableFuture<String>();
          it.complete(it.join()); // LEAK itself
        });
  }

  /** A cache of computations, of which one asks the cache for itself. */
  static void memoizedItself(Threads threads) {
    threads.go(
        () -> {
          var cache = new ConcurrentHashMap<Integer, FutureTask<Integer>>();
          var task =
              new FutureTask<>(
                  () -> Objects.requireNonNull(cache.get(1)).get()); // LEAK memoizedItself
          cache.put(1, task);
          task.run();
        });
  }

  /** A task that was put where nobody runs it. */
  static void neverRun(Threads threads) {
    threads.go(
        () -> {
          new FutureTask<>(() -> 1).get(); // LEAK neverRun
        });
  }

  /** Requests by number, of which an answer may come. */
  static void requestInMap(Threads threads) {
    var answer = new CompletableFuture<String>();
    REQUESTS.put("request " + REQUESTS.size(), answer);
    threads.go(
        () -> {
          answer.join(); // LINE requestInMap
        });
  }

  /** In an hour. */
  static void delayed(Threads threads) {
    threads.go(
        () -> {
          CompletableFuture.supplyAsync(
                  () -> 1, CompletableFuture.delayedExecutor(1, TimeUnit.HOURS))
              .join(); // LINE delayed
        });
  }

  /** A time limit will end it. */
  static void orTimeout(Threads threads) {
    threads.go(
        () -> {
          new CompletableFuture<String>().orTimeout(1, TimeUnit.HOURS).join(); // LINE orTimeout
        });
  }

  /** A stage that blocks, in a thread that the program has made. */
  static void stageBlocks(Threads threads) {
    var factory = threads.factory();
    CompletableFuture.runAsync(
            () -> {
              try {
                new CountDownLatch(1).await(); // LEAK stageBlocks
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            task -> factory.newThread(task).start())
        .thenRun(() -> {});
  }

  /** A publisher that is never closed. */
  static void notClosed(Threads threads) {
    threads.go(
        () -> {
          var publisher = new SubmissionPublisher<Integer>();
          var consumed = publisher.consume(item -> {});
          publisher.submit(1);
          consumed.join(); // LEAK notClosed
        });
  }
}
