package dev.selvage.examples.leaks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Without any tool: the leaky versions leave something behind, the fixed ones do not. */
class ScenarioTest {
  private static final int ORDERS = 5;

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"FORGOTTEN_TICKER", "FORGOTTEN_SCHEDULE", "GROWING_CACHE", "KEY_WITHOUT_EQUALS"})
  void aLeakyStepLeavesThreadsAtTheMarkedLine(Scenario scenario) throws Exception {
    String line = expected(scenario).at();
    long before = ThreadDump.framesWith(line);
    serve(scenario.leaky());
    awaitMoreFrames(line, before);
  }

  @ParameterizedTest
  @EnumSource
  void aFixedStepLeavesNoThread(Scenario scenario) throws Exception {
    String file = "(" + className(scenario) + ".java:";
    long before = ThreadDump.framesWith(file);
    serve(scenario.fixed());
    awaitNoMoreFrames(file, before);
  }

  @Test
  void aForgottenTickerKeepsItsGoroutine() throws Exception {
    String frame = "ForgottenTicker$Leaky.follow(ForgottenTicker.java:";
    long before = ThreadDump.framesWith(frame);
    serve(Scenario.FORGOTTEN_TICKER.leaky());
    awaitMoreFrames(frame, before);
  }

  @Test
  void aForgottenScheduleKeepsOneTaskPerOrderAndACancelledOneKeepsNone() throws Exception {
    int before = ForgottenSchedule.scheduled();
    serve(Scenario.FORGOTTEN_SCHEDULE.fixed());
    assertEquals(before, ForgottenSchedule.scheduled());
    serve(Scenario.FORGOTTEN_SCHEDULE.leaky());
    assertEquals(before + ORDERS, ForgottenSchedule.scheduled());
  }

  @Test
  void aMapKeepsEveryReceiptAndACacheKeepsFew() throws Exception {
    int before = GrowingCache.kept();
    for (int id = 1; id <= 200; id++) {
      Scenario.GROWING_CACHE.leaky().serve(new Order(before + id, "denim"));
      Scenario.GROWING_CACHE.fixed().serve(new Order(before + id, "denim"));
    }
    assertEquals(before + 200, GrowingCache.kept());
    assertTrue(GrowingCache.cached() <= 20, () -> GrowingCache.cached() + " receipts kept");
  }

  @Test
  void keysWithoutEqualsAddAnEntryPerOrderAndRecordsOnePerItem() throws Exception {
    int before = KeyWithoutEquals.kept();
    serve(Scenario.KEY_WITHOUT_EQUALS.leaky());
    serve(Scenario.KEY_WITHOUT_EQUALS.fixed());
    assertEquals(before + ORDERS, KeyWithoutEquals.kept());
    assertEquals(1, KeyWithoutEquals.keptByRecord());
  }

  @Test
  void everyScenarioIsExpectedSomewhereInOneOfItsTwoForms() {
    List<Integer> numbers =
        Expected.all().stream().map(Expected::scenario).distinct().sorted().toList();
    assertEquals(List.of(1, 2, 3, 4, 5, 6), numbers);
  }

  private static void serve(Step step) throws Exception {
    for (int id = 1; id <= ORDERS; id++) {
      step.serve(new Order(id, "denim"));
    }
  }

  /**
   * Waits until more frames than before contain the text, and fails when there are none in ten
   * seconds. Not for one an order: on a busy machine an answer may come in time after all.
   */
  private static void awaitMoreFrames(String text, long before)
      throws ReflectiveOperationException, InterruptedException {
    await(() -> ThreadDump.framesWith(text) > before, "no frame more with " + text);
  }

  private static void awaitNoMoreFrames(String text, long before)
      throws ReflectiveOperationException, InterruptedException {
    await(() -> ThreadDump.framesWith(text) <= before, "there are frames left with " + text);
  }

  private static void await(Condition condition, String otherwise)
      throws ReflectiveOperationException, InterruptedException {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!condition.holds()) {
      assertTrue(System.nanoTime() < deadline, otherwise);
      Thread.sleep(20);
    }
  }

  @FunctionalInterface
  private interface Condition {
    boolean holds() throws ReflectiveOperationException;
  }

  private static Expected expected(Scenario scenario) {
    String className = className(scenario);
    return Expected.all().stream()
        .filter(e -> e.className().equals(className))
        .findFirst()
        .orElseThrow(() -> new AssertionError("expected.txt does not list " + className));
  }

  private static String className(Scenario scenario) {
    return scenario.leaky().getClass().getEnclosingClass().getSimpleName();
  }
}
