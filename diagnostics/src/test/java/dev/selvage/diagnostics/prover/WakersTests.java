package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.Bank;
import com.acme.Errand;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.ReportText;
import dev.selvage.diagnostics.jdk.Jdk;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a finding says of who could have woken its threads. */
@Timeout(120)
final class WakersTests {
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Prover prover = new Prover(Jdk.ofThisJvm());
  private final ExecutorService pool =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("feeder").factory());

  @AfterEach
  void unblock() throws InterruptedException {
    pool.shutdownNow();
    assertTrue(pool.awaitTermination(10, TimeUnit.SECONDS));
    Blocked.interruptAll();
  }

  /** Runs a part of a program in a thread that has ended afterwards; returns its identifier. */
  private static long run(Bank.Step program) throws InterruptedException {
    Thread thread = Thread.ofPlatform().name("request").start(() -> Bank.quietly(program));
    thread.join();
    return thread.threadId();
  }

  /** What a look finds at a method of that name, once so many threads are proven there. */
  private Details at(String method, int count) throws InterruptedException {
    String site = "com.acme.Errand." + method + "(";
    long end = System.nanoTime() + BOUND_NANOS;
    while (true) {
      Report report = prover.find(Mode.NOW);
      for (Finding finding : report.findings()) {
        Details d = finding.details();
        if (finding instanceof Finding.Proven
            && String.valueOf(d.site()).startsWith(site)
            && d.count() == count) {
          return d;
        }
      }
      assertTrue(System.nanoTime() < end, () -> "not proven: " + site + " in " + report);
      Thread.sleep(20);
    }
  }

  private static List<?> waitsOn(Details d) {
    Object told = d.evidence().get("waitsOn");
    assertNotNull(told, d::toString);
    return (List<?>) told;
  }

  private static void assertMatches(String pattern, Details d) {
    List<?> told = waitsOn(d);
    assertEquals(1, told.size(), told::toString);
    assertTrue(told.getFirst().toString().matches(pattern), told::toString);
  }

  @Test
  void the_receiver_that_gave_up_is_gone() throws Exception {
    long receiver = run(() -> Errand.ask(true));
    Details d = at("answer", 1);
    assertMatches("chan\\(0/0\\)@[0-9a-f]+, last receiver #" + receiver + ", which is gone", d);
    // It is one more thing that is said, and changes nothing else.
    assertEquals(Frames.fingerprint("chan send", d.site(), d.stack()), d.fingerprint());
    Report report = Objects.requireNonNull(prover.last());
    String text = ReportText.render(report, false);
    assertTrue(text.contains("  waits on     " + waitsOn(d).getFirst() + "\n"), text);
    assertTrue(ReportJson.render(report).contains("\"waitsOn\":[\"chan(0/0)@"), text);
  }

  @Test
  void nobody_has_come_so_far() throws Exception {
    run(() -> Errand.ask(false));
    assertMatches("chan\\(0/0\\)@[0-9a-f]+, last receiver: nobody so far", at("answer", 1));
  }

  @Test
  void the_sender_does_something_else() throws Exception {
    run(() -> Errand.follow(pool));
    Details d = at("read", 1);
    assertMatches(
        "chan\\(0/1\\)@[0-9a-f]+, last sender \"feeder\" \\(platform #\\d+\\), which waits", d);
  }

  @Test
  void the_sender_leaks_itself() throws Exception {
    run(Errand::produce);
    at("stay", 1);
    assertMatches(
        "chan\\(0/1\\)@[0-9a-f]+, last sender \"produces\" \\(virtual #\\d+\\),"
            + " which leaks itself at com\\.acme\\.Errand\\.stay\\(Errand\\.java:\\d+\\)",
        at("read", 1));
  }

  @Test
  void who_made_the_context_is_gone() throws Exception {
    long maker = run(Errand::watch);
    assertMatches(
        "chan\\(0/0\\)@[0-9a-f]+, context made by #" + maker + ", which is gone", at("done", 1));
  }

  @Test
  void of_many_it_is_said_for_how_many_it_holds() throws Exception {
    for (int i = 0; i < 30; i++) {
      run(() -> Errand.ask(true));
    }
    Details d = at("answer", 30);
    assertTrue(waitsOn(d).getFirst().toString().endsWith(", which is gone"), d::toString);
    assertEquals(Wakers.MOST, d.evidence().get("waitsOnLookedAt"));
    assertEquals(Wakers.MOST, d.evidence().get("waitsOnAlike"));
    String text = ReportText.render(Objects.requireNonNull(prover.last()), false);
    assertTrue(text.contains("which is gone (alike: 8 of 8 looked at)\n"), text);
  }

  @Test
  void where_it_differs_that_is_said() throws Exception {
    run(() -> Errand.ask(true));
    run(() -> Errand.ask(false));
    Details d = at("answer", 2);
    assertEquals(2, d.evidence().get("waitsOnLookedAt"));
    assertEquals(1, d.evidence().get("waitsOnAlike"));
  }

  @Test
  void who_holds_runs_or_is_waited_for_is_told_with_where_it_is_stuck() throws Exception {
    run(Errand::depend);
    String stuck =
        " \\(virtual #\\d+\\), which leaks itself"
            + " at com\\.acme\\.Errand\\.stay\\(Errand\\.java:\\d+\\)";
    at("gather", 1);
    at("lock", 1);
    at("join", 1);
    assertMatches("FutureTask@[0-9a-f]+, run by \"runs\"" + stuck, at("get", 1));
    assertMatches("ReentrantLock@[0-9a-f]+, held by \"holds\"" + stuck, at("lock", 1));
    assertMatches("the end of \"holds\"" + stuck, at("join", 1));
    List<?> members = waitsOn(at("gather", 1));
    assertEquals(4, members.size(), members::toString);
    for (Object member : members.subList(0, 3)) {
      assertTrue(
          member.toString().matches("ErrorGroup@[0-9a-f]+, which counts" + stuck),
          members::toString);
    }
    assertEquals("and 2 more", members.getLast());
  }
}
