package dev.selvage.verification.library;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** Reactor, waited for by virtual threads. */
@SuppressWarnings({"CheckReturnValue", "FutureReturnValueIgnored", "ModifiedButNotUsed"})
final class Reactive {
  private static final List<Object> KEPT = new CopyOnWriteArrayList<>();

  private Reactive() {}

  static void never(Threads threads) {
    threads.go(
        () -> {
          Mono.never().block(); // LEAK never
        });
  }

  /** One of those that are zipped never comes. */
  static void zipOfOne(Threads threads) {
    threads.go(
        () -> {
          Mono.zip(Mono.just(1), Mono.never()).block(); // LEAK zipOfOne
        });
  }

  /** A source that does not complete. */
  static void notCompleted(Threads threads) {
    threads.go(
        () -> {
          Flux.<Integer>create(sink -> sink.next(1)).blockLast(); // LEAK notCompleted
        });
  }

  /** Walked through like a list. */
  static void iterated(Threads threads) {
    threads.go(
        () -> {
          for (Object each : Flux.never().toIterable()) { // LEAK iterated
            throw new IllegalStateException("came: " + each);
          }
        });
  }

  /** A sink that everybody has forgotten. */
  static void forgottenSink(Threads threads) {
    threads.go(
        () -> {
          Sinks.one().asMono().block(); // LEAK forgottenSink
        });
  }

  /** A sink that somebody has. */
  static void keptSink(Threads threads) {
    Sinks.One<Integer> sink = Sinks.one();
    KEPT.add(sink);
    threads.go(
        () -> {
          sink.asMono().block(); // LINE keptSink
        });
  }

  static void ofFuture(Threads threads) {
    threads.go(
        () -> {
          Mono.fromFuture(new CompletableFuture<Integer>()).block(); // LEAK ofFuture
        });
  }

  static void delayed(Threads threads) {
    threads.go(
        () -> {
          Mono.delay(Duration.ofHours(1)).block(); // LINE delayed
        });
  }

  static void withLimit(Threads threads) {
    threads.go(
        () -> {
          Mono.never().block(Duration.ofHours(1)); // LINE withLimit
        });
  }

  /** Elsewhere somebody waits for something with a limit. */
  static void elsewhere(Threads threads) {
    threads.go(
        () -> {
          Mono.never()
              .timeout(Duration.ofHours(1))
              .subscribeOn(Schedulers.boundedElastic())
              .block(); // LINE elsewhere
        });
  }
}
