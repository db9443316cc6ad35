package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.acme.Leaky;
import dev.selvage.Go;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.GoroutineInfo.Usage;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.profile.Profiler;
import dev.selvage.observe.Probe;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is known of what goroutines use, and who started them. */
@Timeout(60)
class UsageTests {
  private final Prover prover = new Prover(Jdk.ofThisJvm());

  private GoroutineInfo named(String name) {
    return prover.goroutines().stream()
        .filter(goroutine -> goroutine.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void it_is_known_where_it_was_counted_and_only_there() throws Exception {
    assumeTrue(Probe.traceImpossible() == null, "goroutines run on the scheduler of the JDK");
    var end = new CountDownLatch(1);
    var early = new CountDownLatch(1);
    Go.go(
        "before",
        () -> {
          early.countDown();
          end.await();
        });
    early.await();
    assertEquals(Usage.UNKNOWN, named("before").usage());
    AutoCloseable counting = Profiler.countUsage(); // in every copy, of which there is one here
    try {
      var worked = new CountDownLatch(1);
      Go.go(
          "counted",
          () -> {
            long until = System.nanoTime() + 20_000_000;
            while (System.nanoTime() < until) {
              Thread.onSpinWait();
            }
            worked.countDown();
            end.await();
          });
      worked.await();
      GoroutineInfo counted = named("counted");
      // Counted when it stops.
      while (counted.usage().cpuNanos().orElse(0) == 0) {
        Thread.sleep(5);
        counted = named("counted");
      }
      assertTrue(counted.usage().cpuNanos().getAsLong() > 1_000_000, counted::toString);
      assertEquals(OptionalLong.of(Thread.currentThread().threadId()), counted.usage().startedBy());
      assertEquals(Usage.UNKNOWN, named("before").usage());
      Leaky.flight();
      assertTrue(
          prover.goroutines().stream()
              .flatMap(goroutine -> goroutine.usage().startedAt().stream())
              .anyMatch(
                  line ->
                      line.getClassName().equals("com.acme.Leaky")
                          && line.getMethodName().equals("flight")));
    } finally {
      counting.close();
      end.countDown();
      Blocked.interruptAll();
    }
  }
}
