package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.observe.WaitReason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The parts of the prover that need no JVM magic. */
class SmallPartsTests {

  @Test
  void aLongTableIsAMap() {
    Random random = new Random(42);
    LongTable table = new LongTable();
    Map<Long, Integer> model = new HashMap<>();
    for (int i = 0; i < 200_000; i++) {
      long key = 1L + random.nextInt(5_000);
      if (random.nextInt(3) == 0) {
        table.remove(key);
        model.remove(key);
      } else {
        table.put(key, i, -i);
        model.put(key, i);
      }
    }
    assertEquals(model.size(), table.size());
    for (long key = 1; key <= 5_000; key++) {
      Integer expected = model.get(key);
      assertEquals(expected != null, table.contains(key));
      assertEquals(expected == null ? 7 : expected, table.first(key, 7));
      assertEquals(expected == null ? 7 : -expected, table.second(key, 7));
    }
    Map<Long, Integer> visited = new HashMap<>();
    table.forEach((key, first, _) -> visited.put(key, first));
    assertEquals(model, visited);
    assertThrows(IllegalArgumentException.class, () -> table.put(0, 1, 1));
  }

  /** Ids lie in ranges, of which many end early: each is found, and nobody else. */
  @Test
  void aLongTableIsAMapOfIdsInRanges() {
    for (long step : new long[] {1, 16, 1_000, 1 << 20}) {
      LongTable table = new LongTable();
      Map<Long, Integer> model = new HashMap<>();
      for (int range = 0; range < 20; range++) {
        for (int i = 1; i <= 1_000; i++) {
          long key = range * (1L << 30) + i * step;
          table.put(key, range, i);
          model.put(key, i);
        }
      }
      for (int range = 0; range < 20; range += 2) {
        for (int i = 1; i <= 1_000; i += 1 + range % 3) {
          table.remove(range * (1L << 30) + i * step);
          model.remove(range * (1L << 30) + i * step);
        }
      }
      assertEquals(model.size(), table.size());
      Map<Long, Integer> visited = new HashMap<>();
      table.forEach((key, _, second) -> visited.put(key, second));
      assertEquals(model, visited);
      for (int range = 0; range < 20; range++) {
        for (int i = 0; i <= 1_001; i++) {
          long key = range * (1L << 30) + i * step + (i == 0 ? 1 : 0);
          assertEquals(model.containsKey(key), table.contains(key));
          int place = table.place(key);
          assertEquals(model.getOrDefault(key, -1), place < 0 ? -1 : table.secondAt(place));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "25.0.1, JDK-8369227",
    "25.0.2, JDK-8369227",
    "25.0.3, JDK-8373120",
    "25, JDK-8369227",
    "24, made for JDK 25"
  })
  void aBuildWithAKnownBugIsNamed(String version, String expected) {
    String note = JdkBuild.note(Runtime.Version.parse(version));
    assertNotNull(note);
    assertTrue(note.contains(expected), note);
  }

  @Test
  void aGoodBuildIsNotSpokenOf() {
    assertNull(JdkBuild.note(Runtime.Version.parse("25.0.4")));
    assertNull(JdkBuild.note(Runtime.Version.parse("26")));
  }

  private static StackTraceElement frame(String type, String method) {
    String module = type.startsWith("java.") || type.startsWith("sun.") ? "java.base" : null;
    String file = type.substring(type.lastIndexOf('.') + 1).replaceAll("\\$.*", "") + ".java";
    return new StackTraceElement(null, module, null, type, method, file, 7);
  }

  @ParameterizedTest
  @CsvSource({
    "java.util.concurrent.CountDownLatch, await, CountDownLatch.await",
    "java.util.concurrent.ArrayBlockingQueue, take, BlockingQueue.take",
    "java.util.concurrent.LinkedBlockingDeque, takeFirst, BlockingQueue.take",
    "java.util.concurrent.LinkedTransferQueue, transfer, BlockingQueue.put",
    "java.util.concurrent.SynchronousQueue, put, BlockingQueue.put",
    "java.util.concurrent.CompletableFuture, join, Future.get",
    "java.util.concurrent.FutureTask, get, Future.get",
    "java.util.concurrent.Semaphore, acquire, Semaphore.acquire",
    "java.util.concurrent.Phaser, arriveAndAwaitAdvance, Phaser.awaitAdvance",
    "java.util.concurrent.Exchanger, exchange, Exchanger.exchange",
    "java.util.concurrent.CyclicBarrier, await, CyclicBarrier.await",
    "java.util.concurrent.locks.ReentrantLock, lock, Lock.lock",
    "java.util.concurrent.locks.ReentrantReadWriteLock$WriteLock, lock, Lock.lock",
    "java.util.concurrent.locks.StampedLock, writeLock, Lock.lock",
    "java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject, await, Condition.await",
    "java.lang.Thread, join, Thread.join",
    "sun.nio.ch.NioSocketImpl, park, IO wait",
    "java.util.concurrent.locks.LockSupport, park, park"
  })
  void aParkIsNamedAfterTheOperation(String type, String method, String expected) {
    StackTraceElement[] stack = {
      frame("java.lang.VirtualThread", "park"),
      frame("java.util.concurrent.locks.LockSupport", "park"),
      frame(type, method),
      frame("com.acme.Order", "quote")
    };
    assertEquals(expected, Waits.classify(Activity.PARKED, stack).text());
  }

  private static WaitReason ofFrames(StackTraceElement... operation) {
    List<StackTraceElement> stack = new ArrayList<>();
    stack.add(frame("java.lang.VirtualThread", "park"));
    stack.addAll(List.of(operation));
    stack.add(frame("com.acme.Order", "quote"));
    return Waits.classify(Activity.PARKED, stack.toArray(StackTraceElement[]::new));
  }

  @Test
  void whatIsMadeOfAnotherIsNamedAfterItself() {
    StackTraceElement waits = frame("dev.selvage.sync.WaitGroup", "await");
    StackTraceElement receives = frame("dev.selvage.Channel", "receive");
    StackTraceElement runs = frame("dev.selvage.sync.SingleFlight", "run");
    assertEquals(WaitReason.WAIT_GROUP_WAIT, ofFrames(waits));
    assertEquals(
        WaitReason.ERROR_GROUP_WAIT,
        ofFrames(waits, frame("dev.selvage.sync.ErrorGroup", "await")));
    assertEquals(
        WaitReason.CHAN_SEND,
        ofFrames(frame("dev.selvage.Channel", "send"), frame("dev.selvage.sync.ErrorGroup", "go")));
    assertEquals(
        WaitReason.SINGLE_FLIGHT_DO,
        ofFrames(waits, frame("dev.selvage.sync.SingleFlight", "follow"), runs));
    // A function that is a method of ours, so without a frame of the program.
    assertEquals(
        WaitReason.CHAN_RECEIVE,
        ofFrames(receives, frame("dev.selvage.sync.SingleFlight", "lead"), runs));
  }

  @Test
  void eachOfTheWaitsForOthersIsAdvisedInItsOwnWords() {
    List<WaitReason> reasons =
        List.of(
            WaitReason.WAIT_GROUP_WAIT, WaitReason.ERROR_GROUP_WAIT, WaitReason.SINGLE_FLIGHT_DO);
    assertEquals(3, reasons.stream().map(Advice::because).distinct().count());
    assertEquals(3, reasons.stream().map(Advice::suggestion).distinct().count());
    for (WaitReason reason : reasons.subList(1, 3)) {
      String words = Advice.because(reason) + Advice.suggestion(reason);
      assertFalse(words.contains("WaitGroup") || words.contains("count"), words);
    }
  }

  @Test
  void otherStatesAreNamedAfterTheState() {
    StackTraceElement[] stack = {frame("com.acme.Order", "quote")};
    assertEquals(WaitReason.MONITOR_ENTER, Waits.classify(Activity.MONITOR_ENTER, stack));
    assertEquals(WaitReason.OBJECT_WAIT, Waits.classify(Activity.OBJECT_WAIT, stack));
    assertEquals(WaitReason.TIMED, Waits.classify(Activity.TIMED, stack));
    assertEquals(WaitReason.NONE, Waits.classify(Activity.RUNNABLE, stack));
    StackTraceElement[] sleep = {
      frame("java.lang.Thread", "sleep"), frame("com.acme.Order", "quote")
    };
    assertEquals(WaitReason.SLEEP, Waits.classify(Activity.TIMED, sleep));
  }

  @Test
  void aFingerprintForgetsNumbersOfTheRunButNotThePlace() {
    List<StackTraceElement> one =
        List.of(frame("com.acme.Order", "lambda$quote$3"), frame("com.acme.Main", "run"));
    List<StackTraceElement> two =
        List.of(frame("com.acme.Order", "lambda$quote$17"), frame("com.acme.Main", "run"));
    List<StackTraceElement> other =
        List.of(frame("com.acme.Order", "lambda$price$3"), frame("com.acme.Main", "run"));
    assertEquals(print(one), print(two));
    assertNotEquals(print(one), print(other));
    assertEquals("com.acme.Order.lambda$quote$3(Order.java:7)", Frames.site(one));
    assertEquals("com.acme.Main.run(Main.java:7)", Frames.entry(one));
    assertEquals(
        "com.acme.Order$$Lambda.run(X.java:1)",
        Frames.text(
            new StackTraceElement(
                "com.acme.Order$$Lambda/0x00007f12ab000a00", "run", "X.java", 1)));
  }

  private static String print(List<StackTraceElement> stack) {
    return Frames.fingerprint("chan send", Frames.site(stack), stack);
  }

  @Test
  void aThreadDumpIsReadWhereNothingIsOpen() {
    List<GoroutineInfo> threads =
        ThreadDumpList.parse(
            List.of(
                "4711",
                "2026-01-01T00:00:00Z",
                "25.0.3+9-LTS",
                "",
                "#1 \"main\" RUNNABLE 2026-01-01T00:00:00Z",
                "    at java.base/java.lang.Object.wait0(Native Method)",
                "",
                "#22 \"worker \"quoted\"\" virtual WAITING 2026-01-01T00:00:00Z",
                "    at java.base/java.lang.VirtualThread.park(VirtualThread.java:742)",
                "    - parking to wait for <java.util.concurrent.SynchronousQueue$T@454a592d>",
                "    at"
                    + " java.base/java.util.concurrent.SynchronousQueue.put(SynchronousQueue.java:9)",
                "    at app//com.acme.Order.lambda$quote$0(Order.java:57)",
                "    at com.acme.Order.run(Order.java:50)",
                ""));
    assertEquals(1, threads.size());
    GoroutineInfo thread = threads.getFirst();
    assertEquals(22, thread.id());
    assertEquals("worker \"quoted\"", thread.name());
    assertEquals(WaitReason.QUEUE_PUT, thread.waitReason());
    assertEquals("com.acme.Order.run(Order.java:50)", Frames.entry(thread.stack()));
    assertEquals(4, thread.stack().size());
    assertFalse(thread.leaked());
  }

  @Test
  void theJdksOwnThreadDumpIsUnderstood() throws InterruptedException {
    Thread thread = Thread.ofVirtual().name("dumped").start(com.acme.Leaky::put);
    try {
      while (thread.getState() != Thread.State.WAITING) {
        Thread.sleep(1);
      }
      GoroutineInfo dumped =
          ThreadDumpList.of().stream()
              .filter(g -> g.name().equals("dumped"))
              .findFirst()
              .orElseThrow();
      assertEquals(WaitReason.QUEUE_PUT, dumped.waitReason());
      String site = Frames.site(dumped.stack());
      assertNotNull(site);
      assertTrue(site.startsWith("com.acme.Leaky.put(Leaky.java:"), site);
    } finally {
      thread.interrupt();
      thread.join();
    }
  }
}
