package dev.selvage.verification;

import dev.selvage.Go;
import dev.selvage.scheduler.Scheduler;
import dev.selvage.scheduler.SchedulerStats;
import dev.selvage.sync.WaitGroup;
import java.util.concurrent.Executors;

/**
 * Goroutines and other virtual threads of one program; says how often the scheduler of the
 * program's own copy of the language has run something, before and after it has started others.
 */
final class SharedPs {
  static final int OTHERS = 1000;

  private SharedPs() {}

  public static void main(String[] args) throws Exception {
    var wg = new WaitGroup();
    wg.go(() -> {});
    wg.await();
    long before = runs();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < OTHERS; i++) {
        executor.execute(() -> {});
      }
    }
    Child.say("others " + (runs() - before) + " on " + Go.runtime());
    Child.serve(_ -> {});
  }

  private static long runs() {
    SchedulerStats stats = Scheduler.ofThisJvm().stats();
    return stats.retired().ticks()
        + stats.processors().stream().mapToLong(p -> p.counts().ticks()).sum();
  }
}
