package dev.selvage.examples.scheduler;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.observe.SchedulerObserver;
import dev.selvage.scheduler.Scheduler;
import dev.selvage.sync.WaitGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Ten goroutines and GOMAXPROCS 2: which P ran which goroutine, and when did one move from one P to
 * the other? Each computes a little, gives way, and hands a number to the next one.
 */
public final class WhichP {
  private WhichP() {}

  /** Writes down the Ps on which each goroutine ran, one after the other. */
  private static final class Diary implements SchedulerObserver {
    private final Map<String, List<Integer>> ran = new TreeMap<>();

    @Override
    public synchronized void running(Thread goroutine, int p) {
      if (goroutine.getName().startsWith("G")) {
        ran.computeIfAbsent(goroutine.getName(), _ -> new ArrayList<>()).add(p);
      }
    }

    synchronized Map<String, List<Integer>> ran() {
      return new TreeMap<>(ran);
    }
  }

  /** Runs the ten on a scheduler of their own; by name, the Ps on which each ran, in order. */
  public static Map<String, List<Integer>> run() throws InterruptedException {
    var diary = new Diary();
    try (var scheduler = Scheduler.create(2);
        var _ = Scheduler.observe(diary)) {
      Channel<Long> chain = Channel.buffered(10);
      var all = new WaitGroup();
      all.add(10);
      for (int g = 0; g < 10; g++) {
        scheduler.go(
            "G" + g,
            () -> {
              long sum = 0;
              for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 1_000_000; i++) {
                  sum += i ^ round;
                }
                Go.yield();
              }
              chain.send(sum);
              all.done();
            });
      }
      all.await();
    }
    return diary.ran();
  }

  /** Shows it. */
  public static void main(String[] args) throws InterruptedException {
    run()
        .forEach(
            (name, ps) -> {
              var line = new StringBuilder(name + " ran on");
              ps.forEach(p -> line.append(" P").append(p));
              System.out.println(line);
            });
  }
}
