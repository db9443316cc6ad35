package dev.selvage.verification.library;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Starts the threads of a case: virtual, under its name, and counted. */
final class Threads {
  /** What a thread does. */
  interface Body {
    void run() throws Exception;
  }

  private final String name;
  private final AtomicInteger alive;

  Threads(String name, AtomicInteger alive) {
    this.name = name;
    this.alive = alive;
  }

  /** Starts one. An exception ends it, and is printed as the JVM prints it. */
  void go(Body body) {
    factory()
        .newThread(
            () -> {
              try {
                body.run();
              } catch (RuntimeException e) {
                throw e;
              } catch (Exception e) {
                throw new IllegalStateException(name, e);
              }
            })
        .start();
  }

  /** Makes them for a pool. */
  ThreadFactory factory() {
    AtomicInteger counter = alive; // the case's threads hold numbers, and nothing else of ours
    return task ->
        Thread.ofVirtual()
            .name(name)
            .unstarted(
                () -> {
                  counter.incrementAndGet();
                  try {
                    task.run();
                  } finally {
                    counter.decrementAndGet();
                  }
                });
  }
}
