package dev.selvage.diagnostics.growth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.shop.Schedules;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.jdk.UnsafeFieldReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Timer;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tasks of the JDK's schedulers that pile up are suspected, with the line that schedules them. */
class JdkTimerGrowthTests {
  private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
  private final Timer timer = new Timer(true);
  private long now;

  @AfterEach
  void stop() {
    scheduler.shutdownNow();
    timer.cancel();
  }

  private List<Finding.Suspected> watched(Runnable work) {
    JdkTimerGrowth watch =
        new JdkTimerGrowth(
            () ->
                new Class<?>[] {
                  Schedules.class, Schedules.DailyTask.class, Schedules.Careful.class
                },
            UnsafeFieldReader.create(),
            () -> now);
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < 10; j++) {
        work.run();
      }
      now += 500_000_000;
      watch.sample();
    }
    assertEquals(0, watch.failures());
    return watch.suspects();
  }

  private static int line(String text) throws Exception {
    List<String> lines = Files.readAllLines(Path.of("src/test/java/com/acme/shop/Schedules.java"));
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(text)) {
        return i + 1;
      }
    }
    throw new AssertionError("no line with " + text);
  }

  @Test
  void suspectsPeriodicLambdasThatPileUp() throws Exception {
    List<Finding.Suspected> found = watched(() -> Schedules.heartbeat(scheduler, "user"));
    assertEquals(1, found.size());
    Finding.Details it = found.getFirst().details();
    assertEquals("timer growth", it.kind());
    assertEquals(60, it.count());
    assertEquals("com.acme.shop.Schedules$$Lambda", it.evidence().get("taskClass"));
    assertEquals(
        "com.acme.shop.Schedules.heartbeat(Schedules.java:" + line("beat(user), 1, 1") + ")",
        it.site());
    assertTrue(it.because().contains("from 10 to 60"), it.because());
  }

  @Test
  void suspectsTimerTasksThatPileUp() throws Exception {
    List<Finding.Suspected> found = watched(() -> Schedules.daily(timer));
    assertEquals(1, found.size());
    Finding.Details it = found.getFirst().details();
    assertEquals("com.acme.shop.Schedules$DailyTask", it.evidence().get("taskClass"));
    assertEquals(
        "com.acme.shop.Schedules.daily(Schedules.java:" + line("new DailyTask()") + ")", it.site());
  }

  @Test
  void staysSilentOnTasksThatAreCancelled() {
    Schedules.Careful careful = new Schedules.Careful();
    assertEquals(List.of(), watched(() -> careful.heartbeat(scheduler)));
  }

  @Test
  void staysSilentOnShortTimeouts() {
    assertEquals(List.of(), watched(() -> Schedules.timeout(scheduler)));
  }
}
