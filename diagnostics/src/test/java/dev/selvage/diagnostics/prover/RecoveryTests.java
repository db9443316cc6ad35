package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.Leaky;
import com.acme.Unwound;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Finding.State;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.jdk.Jdk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is unwound ends, is counted, and is never taken for a proof that was wrong. */
class RecoveryTests {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Prover prover = new Prover(Jdk.ofThisJvm());

  /** Other tests of this JVM may have left something. */
  @BeforeEach
  void unwindWhatIsLeft() {
    new Prover(Jdk.ofThisJvm()).recover(Mode.NOW, PATIENCE);
  }

  private static void start(Runnable leak) throws InterruptedException {
    Thread starter = Thread.ofPlatform().start(leak);
    starter.join();
    Thread.sleep(200);
  }

  private static int count(Report report, State state, String place) {
    return report.findings().stream()
        .filter(f -> f instanceof Finding.Proven && f.details().state() == state)
        .filter(f -> String.valueOf(f.details().site()).contains(place))
        .mapToInt(f -> f.details().count())
        .sum();
  }

  private Report sound(Report report) {
    assertTrue(report.proof().complete(), () -> report.proof().toString());
    assertEquals(0, report.proof().refuted(), () -> report.findings().toString());
    return report;
  }

  @Test
  void what_leaks_ends_its_finally_blocks_have_run_and_nobody_else_is_touched() throws Exception {
    int before = Unwound.CLEANED.get();
    Thread healthy = Thread.ofVirtual().name("healthy").start(Leaky::takeGlobal);
    start(() -> Unwound.goroutines(20));
    start(() -> Unwound.threads(30));

    List<Report> told = new ArrayList<>();
    Report report;
    try (AutoCloseable _ = prover.listen(told::add)) {
      report = sound(prover.recover(Mode.NOW, PATIENCE));
    }
    assertEquals(List.of(report), told, "who listens is told as of any look");

    assertEquals(50, Unwound.CLEANED.get() - before);
    assertEquals(50, count(report, State.RECOVERED, "com.acme.Unwound"));
    assertEquals(0, count(report, State.OPEN, "com.acme.Unwound"));
    assertTrue(
        report.notes().stream().anyMatch(note -> note.contains("50 have ended")),
        () -> report.notes().toString());
    assertTrue(healthy.isAlive());
    assertFalse(healthy.isInterrupted());
    Leaky.GLOBAL.put(1);
    assertTrue(healthy.join(Duration.ofSeconds(10)));

    Report later = sound(prover.find(Mode.NOW));
    assertEquals(50, count(later, State.RECOVERED, "com.acme.Unwound"), "it is remembered");
  }

  @Test
  void one_that_is_woken_by_another_is_recovered_too() throws Exception {
    int before = Unwound.CLEANED.get();
    start(Unwound::chain);
    Report report = sound(prover.recover(Mode.NOW, PATIENCE));
    assertEquals(2, Unwound.CLEANED.get() - before);
    assertEquals(2, count(report, State.RECOVERED, "com.acme.Unwound"));
    assertEquals(0, count(report, State.OPEN, "com.acme.Unwound"));
  }

  @Test
  void one_that_waits_again_stays_a_leak() throws Exception {
    Unwound.stop = false;
    start(Unwound::stubborn);
    Report report = sound(prover.recover(Mode.NOW, Duration.ofMillis(200)));
    assertEquals(1, count(report, State.OPEN, "com.acme.Unwound"));
    assertEquals(0, count(report, State.RECOVERED, "com.acme.Unwound"));
    assertTrue(
        report.notes().stream().anyMatch(note -> note.contains("1 have not")),
        () -> report.notes().toString());
    assertEquals(1, count(sound(prover.find(Mode.NOW)), State.OPEN, "com.acme.Unwound"));
    Unwound.stop = true;
    Report ended = sound(prover.recover(Mode.NOW, PATIENCE));
    assertEquals(0, count(ended, State.OPEN, "com.acme.Unwound"));
    assertEquals(1, count(ended, State.RECOVERED, "com.acme.Unwound"));
  }

  @Test
  void nothing_to_unwind_is_an_ordinary_look() {
    Report report = prover.recover(Mode.NOW, PATIENCE);
    assertEquals(
        List.of(), report.notes().stream().filter(note -> note.startsWith("interrupted")).toList());
  }

  @Test
  void what_is_reclaimed_cannot_be_unwound() {
    assertThrows(IllegalArgumentException.class, () -> prover.recover(Mode.RECLAIM, PATIENCE));
  }
}
