package dev.selvage.examples.leaks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
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
      names = {"FORGOTTEN_SCHEDULE", "GROWING_CACHE", "KEY_WITHOUT_EQUALS"})
  void aLeakyStepLeavesOneThreadPerOrderAtTheMarkedLine(Scenario scenario) throws Exception {
    String line = expected(scenario).at();
    long before = ThreadDump.framesWith(line);
    serve(scenario.leaky());
    awaitFrames(line, before + ORDERS);
  }

  @ParameterizedTest
  @EnumSource
  void aFixedStepLeavesNoThread(Scenario scenario) throws Exception {
    String file = "(" + className(scenario) + ".java:";
    long before = ThreadDump.framesWith(file);
    serve(scenario.fixed());
    awaitFrames(file, before);
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

  private static void serve(Step step) throws Exception {
    for (int id = 1; id <= ORDERS; id++) {
      step.serve(new Order(id, "denim"));
    }
  }

  /** Waits until so many frames contain the text; fails when they do not in ten seconds. */
  private static void awaitFrames(String text, long count)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (ThreadDump.framesWith(text) != count && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    assertEquals(count, ThreadDump.framesWith(text), () -> "frames with " + text);
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
