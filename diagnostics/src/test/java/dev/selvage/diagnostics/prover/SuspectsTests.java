package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.Leaky;
import com.acme.Piles;
import dev.selvage.Go;
import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.Rules;
import dev.selvage.diagnostics.jdk.Jdk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Threads that pile up or stay for long are suspected; who is excused is told of, with why. */
class SuspectsTests {
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Prover prover = new Prover(Jdk.ofThisJvm());
  private final CountDownLatch open = new CountDownLatch(1);
  private final List<Thread> threads = new ArrayList<>();

  @AfterEach
  void wakeAll() throws InterruptedException {
    open.countDown();
    Blocked.interruptAll();
    for (Thread thread : threads) {
      thread.join(10_000);
    }
  }

  private void start(Runnable task) {
    threads.add(Thread.ofVirtual().start(task));
  }

  /** Starts these until the place is suspected; null if it never is. */
  private Finding.@Nullable Details pileUp(String site, Runnable starter) throws Exception {
    long end = System.nanoTime() + BOUND_NANOS;
    while (System.nanoTime() < end) {
      for (int i = 0; i < 8; i++) {
        starter.run();
        Thread.sleep(50);
        prover.sample();
      }
      Finding.Details found = suspect(prover.find(Mode.NOW), site);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static Finding.@Nullable Details suspect(Report report, String site) {
    return details(report, site, finding -> finding instanceof Finding.Suspected);
  }

  private static Finding.@Nullable Details details(
      Report report, String site, Predicate<Finding> which) {
    return report.findings().stream()
        .filter(which)
        .map(Finding::details)
        .filter(details -> String.valueOf(details.site()).startsWith(site + "("))
        .findFirst()
        .orElse(null);
  }

  private static Finding.@Nullable Details proven(Report report, String site, Finding.State state) {
    return details(
        report,
        site,
        finding -> finding instanceof Finding.Proven && finding.details().state() == state);
  }

  private static Rules excusing(String rules) {
    return new Rules(Excuses.parse(rules), null);
  }

  private static Rules longerThan(Duration time) {
    return new Rules(Excuses.NONE, time);
  }

  // --------------- many at one place ---------------

  @Test
  void threadsThatKeepComingAndStayAreSuspectedWithTheirNumberOverTime() throws Exception {
    Finding.Details it = pileUp("com.acme.Piles.await", () -> start(() -> Piles.await(open)));
    assertNotNull(it);
    assertEquals("CountDownLatch.await", it.kind());
    List<?> sizes = (List<?>) it.evidence().get("sizes");
    assertNotNull(sizes);
    assertEquals(12, sizes.size());
    assertTrue(sizes.getFirst().toString().startsWith("0.0s "), sizes::toString);
    assertTrue((double) it.evidence().getOrDefault("perSecond", 0.0) > 0, it::toString);
  }

  @Test
  void threadsThatPileUpAtMonitorAreSuspected() throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    Thread holder = Thread.ofPlatform().daemon().start(() -> Piles.hold(held, open));
    threads.add(holder);
    held.await();
    CountDownLatch left = new CountDownLatch(1);
    Finding.Details it = pileUp("com.acme.Piles.enter", () -> start(() -> Piles.enter(left)));
    assertNotNull(it);
    assertEquals("monitor enter", it.kind());
    assertTrue(it.because().contains("cannot be told"), it.because());
  }

  @Test
  void workersThatTakeOneThingAfterTheOtherAreNot() throws Exception {
    for (int i = 0; i < 12; i++) {
      start(Piles::work);
    }
    for (int round = 0; round < 30; round++) {
      for (int i = 0; i < 12; i++) {
        Piles.QUEUE.add("work");
      }
      Thread.sleep(50);
      prover.sample();
    }
    assertNull(suspect(prover.find(Mode.NOW), "com.acme.Piles.work"));
  }

  // --------------- longer than some time ---------------

  @Test
  void threadsThatBlockLongerThanTheRulesAllowAreSuspected() throws Exception {
    start(() -> Piles.await(open));
    Rules rules = longerThan(Duration.ofMillis(300));
    Finding.Details it = null;
    for (long end = System.nanoTime() + BOUND_NANOS; it == null && System.nanoTime() < end; ) {
      prover.sample();
      Thread.sleep(100);
      it = suspect(prover.find(Mode.NOW, rules), "com.acme.Piles.await");
    }
    assertNotNull(it);
    assertEquals(1, it.count());
    assertEquals(1, it.evidence().get("longer"));
    assertTrue(it.because().contains("for longer than 0.3s"), it.because());
    assertNull(suspect(prover.find(Mode.NOW), "com.acme.Piles.await"), "nobody asked");
    assertNull(
        suspect(prover.find(Mode.NOW, longerThan(Duration.ofHours(1))), "com.acme.Piles.await"));
  }

  @Test
  void aGoroutineTellsByItselfHowLongItWaits() throws Exception {
    var kept = dev.selvage.Channel.<Integer>unbuffered();
    Go.go(() -> Leaky.send(kept));
    Finding.Details it = null;
    for (long end = System.nanoTime() + BOUND_NANOS; it == null && System.nanoTime() < end; ) {
      Thread.sleep(50);
      // No sample was ever taken.
      it = suspect(prover.find(Mode.NOW, longerThan(Duration.ofMillis(10))), "com.acme.Leaky.send");
    }
    assertNotNull(it);
    assertEquals("chan send", it.kind());
    kept.receive();
  }

  @Test
  void idleWorkersOfPoolAreExcusedByDesign() throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(2, Piles.factory())) {
      for (int i = 0; i < 2; i++) {
        pool.submit(() -> {}).get();
      }
      Finding.Details it = null;
      for (long end = System.nanoTime() + BOUND_NANOS; it == null && System.nanoTime() < end; ) {
        prover.sample();
        Thread.sleep(60);
        it =
            suspect(prover.find(Mode.NOW, longerThan(Duration.ofMillis(50))), "com.acme.Piles.run");
      }
      assertNotNull(it);
      assertEquals(Finding.State.EXCUSED, it.state());
      assertEquals("an idle worker of a pool waits for its next task", it.evidence().get("excuse"));
    }
  }

  // --------------- on purpose ---------------

  private void leak(String name) {
    Thread.ofPlatform().start(() -> Thread.ofVirtual().name(name).start(Leaky::put)).interrupt();
  }

  private Report settled(Rules rules, Predicate<Report> wanted) throws InterruptedException {
    Report report = prover.find(Mode.NOW, rules);
    for (long end = System.nanoTime() + BOUND_NANOS;
        !wanted.test(report) && System.nanoTime() < end; ) {
      Thread.sleep(50);
      report = prover.find(Mode.NOW, rules);
    }
    return report;
  }

  private static int count(Report report, Finding.State state) {
    Finding.Details details = proven(report, "com.acme.Leaky.put", state);
    return details == null ? 0 : details.count();
  }

  @Test
  void aThreadSaysByItsNameThatItIsParkedOnPurpose() throws Exception {
    leak("parked for ever: keeps the program running");
    leak("order-1");
    Report report =
        settled(
            Rules.NONE,
            r -> count(r, Finding.State.OPEN) == 1 && count(r, Finding.State.EXCUSED) == 1);
    Finding.Details it = proven(report, "com.acme.Leaky.put", Finding.State.EXCUSED);
    assertNotNull(it, report.findings()::toString);
    assertEquals(1, it.count());
    assertEquals("keeps the program running", it.evidence().get("excuse"));
    assertEquals("its name", it.evidence().get("excusedBy"));
    assertEquals(1, count(report, Finding.State.OPEN));
    assertEquals(1, report.goroutines().excused());
  }

  @Test
  void aGoroutineSaysInItsCodeThatItIsParkedOnPurpose() throws Exception {
    Go.go(() -> Go.parkedForever("waits for an end that need not come", Leaky::put));
    Go.go(Leaky::put);
    Report report =
        settled(
            Rules.NONE,
            r -> count(r, Finding.State.OPEN) == 1 && count(r, Finding.State.EXCUSED) == 1);
    Finding.Details it = proven(report, "com.acme.Leaky.put", Finding.State.EXCUSED);
    assertNotNull(it, report.findings()::toString);
    assertEquals("waits for an end that need not come", it.evidence().get("excuse"));
    assertEquals("Go.parkedForever", it.evidence().get("excusedBy"));
    assertEquals(1, count(report, Finding.State.OPEN));
  }

  @Test
  void rulesOfOneLookExcuseWhatWasProvenBefore() throws Exception {
    leak("keeper-1");
    leak("keeper-2");
    leak("order-1");
    Report plain = settled(Rules.NONE, r -> count(r, Finding.State.OPEN) == 3);
    assertEquals(3, count(plain, Finding.State.OPEN));
    assertEquals(0, plain.goroutines().excused());

    Report byName = prover.find(Mode.NOW, excusing("keeper-*=keeps a connection"));
    assertEquals(1, count(byName, Finding.State.OPEN));
    assertEquals(2, count(byName, Finding.State.EXCUSED));
    assertEquals(2, byName.goroutines().excused());
    Finding.Details open = proven(byName, "com.acme.Leaky.put", Finding.State.OPEN);
    assertNotNull(open);
    assertEquals(List.of("order-1"), open.names());

    Report byFrame = prover.find(Mode.NOW, excusing("com.acme.Leaky.put=a test"));
    assertEquals(0, count(byFrame, Finding.State.OPEN));
    assertEquals(3, byFrame.goroutines().excused());

    Report again = prover.find(Mode.NOW);
    assertEquals(3, count(again, Finding.State.OPEN));
    assertEquals(0, count(again, Finding.State.EXCUSED));
    assertEquals(0, again.proof().refuted());
  }

  @Test
  void standingRulesApplyToEveryLook() throws Exception {
    prover.judgeAlsoBy(excusing("keeper-*=keeps a connection"));
    leak("keeper-1");
    Report report = settled(Rules.NONE, r -> count(r, Finding.State.EXCUSED) == 1);
    assertEquals(1, count(report, Finding.State.EXCUSED));
    assertEquals(0, count(report, Finding.State.OPEN));
  }

  @Test
  void whatIsExcusedIsNotUnwound() throws Exception {
    leak("keeper-1");
    leak("order-1");
    settled(Rules.NONE, r -> count(r, Finding.State.OPEN) == 2);

    Report after =
        prover.recover(Mode.NOW, Duration.ofSeconds(30), excusing("keeper-*=keeps a connection"));

    assertEquals(1, count(after, Finding.State.EXCUSED));
    assertEquals(1, count(after, Finding.State.RECOVERED));
  }
}
