package dev.selvage.diagnostics;

import static dev.selvage.diagnostics.Reports.finding;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.observe.WaitReason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which of the six a finding is, and that it stays open where it cannot be told. */
final class ScenarioTests {
  /** Blocked there, in these classes below the program's own frame; the leaf first. */
  private static Reports.Builder blocked(String kind, String... classes) {
    Reports.Builder finding = finding(kind, 3).frame("java.lang.VirtualThread", "park");
    for (String type : classes) {
      finding.frame(type, "call");
    }
    return finding.frame("com.acme.Order", "run");
  }

  private static int number(Finding finding) {
    Scenario scenario = Scenario.of(finding);
    return scenario == null ? 0 : scenario.number();
  }

  @ParameterizedTest(name = "proven {0}: {1}")
  @CsvSource({
    "chan send,1",
    "BlockingQueue.put,1",
    "BlockingQueue.take,2",
    "sync.WaitGroup.Wait,5",
    "CountDownLatch.await,5",
    "sync.Mutex.Lock,5",
    "sync.RWMutex.Lock,5",
    "sync.RWMutex.RLock,5",
    "Lock.lock,5",
  })
  void certain(String kind, int number) {
    assertEquals(number, number(blocked(kind).proven()));
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("of all other waits nothing is said")
  void others(WaitReason reason) {
    List<WaitReason> told =
        List.of(
            WaitReason.CHAN_SEND,
            WaitReason.QUEUE_PUT,
            WaitReason.QUEUE_TAKE,
            WaitReason.WAIT_GROUP_WAIT,
            WaitReason.LATCH,
            WaitReason.MUTEX_LOCK,
            WaitReason.RWMUTEX_LOCK,
            WaitReason.RWMUTEX_RLOCK,
            WaitReason.LOCK);
    if (!told.contains(reason)) {
      assertNull(Scenario.of(blocked(reason.text()).proven()));
    }
  }

  @Test
  @DisplayName("a receive is told by what it receives from")
  void receives() {
    String channel = "dev.selvage.Channel";
    String view = "dev.selvage.ReceiveOnly";
    String range = "dev.selvage.ReceiveIterator";
    assertEquals(2, number(blocked("chan receive", channel).proven()));
    assertEquals(2, number(blocked("chan receive", channel, view, range).proven()));
    String done = "dev.selvage.DoneChannel";
    assertEquals(6, number(blocked("chan receive", channel, view, done).proven()));
    assertEquals(6, number(blocked("chan receive", channel, view, done).suspected()));
    String never = "chan receive (nil chan)";
    assertEquals(6, number(blocked(never, channel, view, done).proven()));
    assertNull(Scenario.of(blocked(never, channel).proven()));
    // A timer's channel, or one that the program has handed out to be received from.
    assertNull(Scenario.of(blocked("chan receive", channel, view).proven()));
    assertNull(Scenario.of(finding("chan receive", 1).proven()));
  }

  @Test
  @DisplayName("frames of whoever called the program say nothing")
  void callers() {
    Finding nested =
        blocked("Future.get", "java.util.concurrent.FutureTask")
            .frame("java.util.concurrent.CompletableFuture", "postComplete")
            .proven();
    assertNull(Scenario.of(nested));
  }

  @Test
  @DisplayName("a future that anybody can complete is told from one that waits for a task")
  void futures() {
    assertEquals(
        6, number(blocked("Future.get", "java.util.concurrent.CompletableFuture").proven()));
    assertNull(Scenario.of(blocked("Future.get", "java.util.concurrent.FutureTask").proven()));
  }

  @Test
  @DisplayName("a worker that waits for its next task forgot no end marker")
  void workers() {
    Finding worker =
        finding("BlockingQueue.take", 1)
            .frame("java.util.concurrent.LinkedBlockingQueue", "take")
            .frame("java.util.concurrent.ThreadPoolExecutor", "getTask")
            .proven();
    assertNull(Scenario.of(worker));
  }

  @ParameterizedTest(name = "suspected {0}: {1}")
  @CsvSource({
    "ticker growth,3",
    "timer growth,3",
    "map growth,4",
    "context growth,6",
    "collection growth,0",
    "chan send,1",
    "BlockingQueue.put,1",
    // Something still reaches them, so they may only be slow.
    "chan receive,0",
    "BlockingQueue.take,0",
    "sync.WaitGroup.Wait,0",
    "Lock.lock,0",
    "Future.get,0",
  })
  void suspicions(String kind, int number) {
    assertEquals(number, number(blocked(kind, "dev.selvage.Channel").suspected()));
  }

  @Test
  @DisplayName("neither a circle nor what was refuted is one of the six")
  void none() {
    assertNull(Scenario.of(blocked("Lock.lock").deadlocked()));
    assertNull(Scenario.of(blocked("chan send").state(Finding.State.REFUTED).proven()));
    assertEquals(1, number(blocked("chan send").state(Finding.State.GONE).proven()));
  }

  @Test
  @DisplayName("they count from 1 to 6, and each has its page")
  void pages() {
    assertEquals(
        List.of(1, 2, 3, 4, 5, 6),
        Arrays.stream(Scenario.values()).map(Scenario::number).collect(Collectors.toList()));
    for (Scenario scenario : Scenario.values()) {
      Path page = Path.of("..").resolve(scenario.page());
      assertTrue(Files.isRegularFile(page), () -> "there is no " + page);
    }
  }
}
