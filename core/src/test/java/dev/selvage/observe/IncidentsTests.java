package dev.selvage.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.trace.Trace;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What listeners are told of what goes wrong. */
@Timeout(60)
@SuppressWarnings("try") // what is closed throws nothing, whatever its type may
final class IncidentsTests {
  private static final long SLOW = Duration.ofMillis(20).toNanos();
  private static final Context NOTHING = Context.background();

  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

  private String next() throws InterruptedException {
    String what = told.poll(30, TimeUnit.SECONDS);
    assertNotNull(what, "nothing is told");
    return what;
  }

  private static void work(String suffix, Duration time) throws InterruptedException {
    try (var task = Trace.newTask(NOTHING, "order" + suffix)) {
      Trace.withRegion(task.context(), "quote" + suffix, () -> Thread.sleep(time));
    }
  }

  @Test
  void whatTakesLongIsToldAndWhatDoesNotIsNot() throws Exception {
    assumeTrue(Probe.traceImpossible() == null, "nothing can be recorded");
    var recording = Probe.trace(true, 1 << 20, SLOW);
    try (var _ = Probe.listenToIncidents(SLOW, true, told::add)) {
      work(" quick", Duration.ZERO);
      work("", Duration.ofMillis(30));
      assertTrue(next().matches("region quote took 0\\.\\d{3} s"));
      assertTrue(next().matches("task order took 0\\.\\d{3} s"));
      // A task that is ended twice is told once.
      var task = Trace.newTask(NOTHING, "twice");
      Thread.sleep(30);
      task.end();
      task.end();
      assertTrue(next().startsWith("task twice took "));
      work("", Duration.ofMillis(30));
      assertTrue(next().startsWith("region "));
      assertTrue(next().startsWith("task order "));
    } finally {
      Object _ = recording.apply("close");
    }
    assertEquals(List.of(), List.copyOf(told));
  }

  @Test
  void nothingIsToldThatNobodyWantsToKnowOrRecords() throws Exception {
    var ended = new CountDownLatch(1);
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    try (var _ = Probe.listenToIncidents(SLOW, false, told::add)) {
      work("", Duration.ofMillis(30)); // nothing records
      Thread.setDefaultUncaughtExceptionHandler((_, _) -> ended.countDown());
      Go.go(
          () -> {
            throw new IllegalStateException("not told");
          });
      assertTrue(ended.await(30, TimeUnit.SECONDS));
      try (var _ = Probe.listenToIncidents(Long.MAX_VALUE, true, told::add)) {
        Go.go(
            () -> {
              throw new IllegalStateException("told");
            });
        assertTrue(next().endsWith(" ended with java.lang.IllegalStateException"));
      }
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertEquals(List.of(), List.copyOf(told));
  }

  @Test
  void aListenerThatFailsHarmsNobodyAndEachListensForItself() throws Exception {
    try (var _ =
            Probe.listenToIncidents(
                1,
                true,
                _ -> {
                  throw new IllegalStateException("a bad listener");
                });
        var one = Probe.listenToIncidents(Long.MAX_VALUE, true, told::add);
        var _ = Probe.listenToIncidents(Long.MAX_VALUE, true, told::add)) {
      one.close();
      one.close();
      Go.go(
          "shop",
          () -> {
            throw new UnsupportedOperationException();
          });
      assertEquals("goroutine shop ended with java.lang.UnsupportedOperationException", next());
    }
    assertEquals(List.of(), List.copyOf(told));
  }
}
