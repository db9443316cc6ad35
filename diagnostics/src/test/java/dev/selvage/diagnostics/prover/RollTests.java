package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Go;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.observe.WaitReason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Threads that are counted together, and threads one by one, are the same threads. */
class RollTests {
  private final Prover prover = new Prover(Jdk.ofThisJvm());
  private final List<Thread> started = new ArrayList<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile boolean over;

  private void first() {
    park();
  }

  private void second() {
    park();
  }

  private void park() {
    waiting.incrementAndGet();
    while (!over) {
      LockSupport.park(this);
    }
  }

  private void start(String name, Runnable body) {
    started.add(Thread.ofVirtual().name(name).start(body));
  }

  @AfterEach
  void end() throws InterruptedException {
    over = true;
    for (Thread thread : started) {
      LockSupport.unpark(thread);
      thread.join(10_000);
    }
  }

  private void await(int n) throws InterruptedException {
    for (int i = 0; i < 10_000; i++) {
      boolean[] run = {waiting.get() < n};
      Jdk.ofThisJvm()
          .forEachThread(t -> run[0] |= Jdk.ofThisJvm().activity(t) == Jdk.Activity.RUNNABLE);
      if (!run[0]) {
        return;
      }
      Thread.sleep(1);
    }
    throw new AssertionError("only " + waiting + " of " + n + " wait");
  }

  private static boolean isOurs(Leaks.Alike alike) {
    return alike.stack().stream().anyMatch(f -> f.getClassName().equals(RollTests.class.getName()));
  }

  private static Map<Leaks.Alike, Long> ours(Map<Leaks.Alike, Long> groups) {
    Map<Leaks.Alike, Long> ours = new HashMap<>(groups);
    ours.keySet().removeIf(alike -> !isOurs(alike));
    return ours;
  }

  private static Map<Leaks.Alike, Long> oneByOne(List<GoroutineInfo> goroutines) {
    Map<Leaks.Alike, Long> groups = new HashMap<>();
    goroutines.forEach(goroutine -> groups.merge(Leaks.Alike.of(goroutine), 1L, Long::sum));
    return ours(groups);
  }

  @Test
  @DisplayName("groups have the threads that a list has, by name, label, container and stack")
  void groups() throws Exception {
    for (int i = 0; i < 3_000; i++) {
      start("", this::first);
      start("", this::second);
    }
    for (int i = 0; i < 3; i++) {
      start("worker", this::first);
    }
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 5; i++) {
        executor.execute(
            () -> {
              synchronized (started) {
                started.add(Thread.currentThread());
              }
              first();
            });
      }
      Go.labelled(
          "order",
          "1",
          () -> {
            for (int i = 0; i < 4; i++) {
              Go.go(
                  () -> {
                    synchronized (started) {
                      started.add(Thread.currentThread());
                    }
                    second();
                  });
            }
          });
      await(6_012);
      Map<Leaks.Alike, Long> groups = ours(prover.groups(false));
      assertEquals(oneByOne(prover.goroutines()), groups);
      assertEquals(6_012, groups.values().stream().mapToLong(n -> n).sum());
      List<Long> counts = groups.values().stream().sorted().toList();
      assertEquals(List.of(3L, 4L, 5L, 3_000L, 3_000L), counts);
      assertTrue(groups.keySet().stream().allMatch(g -> g.waitReason() == WaitReason.PARK));
      end();
    }
  }

  private static void leak() {
    while (!Thread.currentThread().isInterrupted()) {
      LockSupport.park();
    }
  }

  @Test
  @DisplayName("those that are proven are counted by themselves")
  void leaked() throws Exception {
    start("", this::first);
    Thread starts =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < 3; i++) {
                    Thread.startVirtualThread(RollTests::leak);
                  }
                });
    starts.join();
    await(1);
    assertTrue(prover.find(Leaks.Mode.NOW).proof().complete());
    Map<Leaks.Alike, Long> leaked = ours(prover.groups(true));
    assertEquals(oneByOne(prover.leaked()), leaked);
    assertEquals(List.of(3L), List.copyOf(leaked.values()));
    assertTrue(leaked.keySet().iterator().next().leaked());
    Map<Leaks.Alike, Long> all = ours(prover.groups(false));
    assertEquals(4, all.values().stream().mapToLong(n -> n).sum());
    assertEquals(3L, all.get(leaked.keySet().iterator().next()));
    Jdk.ofThisJvm()
        .forEachThread(
            thread -> {
              if (thread.getName().isEmpty()) {
                thread.interrupt();
              }
            });
  }
}
