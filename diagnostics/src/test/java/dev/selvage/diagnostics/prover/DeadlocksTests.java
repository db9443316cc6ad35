package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.Bank;
import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportText;
import dev.selvage.diagnostics.Rules;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.LockQueues;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Circles of waiting threads, all of which an interrupt can end, so that nobody is left over. */
class DeadlocksTests {
  private static final Duration LONG = Duration.ofSeconds(10);

  private final Prover prover = new Prover(Jdk.ofThisJvm());
  private final List<Thread> threads = new ArrayList<>();

  @AfterEach
  void unblock() throws InterruptedException {
    Jdk.ofThisJvm()
        .forEachThread(
            thread -> {
              if (thread.getName().equals("unreachable")) {
                threads.add(thread);
              }
            });
    for (Thread thread : threads) {
      thread.interrupt();
    }
    for (Thread thread : threads) {
      assertTrue(thread.join(LONG), () -> thread + " has not ended");
    }
  }

  private List<Details> deadlocked() {
    return prover.find(Mode.NOW).findings().stream()
        .filter(Finding.Deadlocked.class::isInstance)
        .map(Finding::details)
        .toList();
  }

  private Details one() {
    List<Details> found = deadlocked();
    assertEquals(1, found.size(), found::toString);
    return found.getFirst();
  }

  private static List<?> cycle(Details d) {
    return d.evidence().get("cycle") instanceof List<?> cycle ? cycle : List.of();
  }

  private Thread start(Thread.Builder builder, Bank.Step step) {
    Thread thread = builder.start(() -> Bank.quietly(step));
    threads.add(thread);
    return thread;
  }

  /** Returns once each is parked. */
  private void awaitParked() throws InterruptedException {
    for (Thread thread : threads) {
      for (int i = 0; thread.getState() != Thread.State.WAITING; i++) {
        assertTrue(i < 10_000, () -> thread + " does not wait");
        Thread.sleep(1);
      }
    }
  }

  private static Thread.Builder builder(boolean virtual, String name) {
    return virtual ? Thread.ofVirtual().name(name) : Thread.ofPlatform().name(name);
  }

  @ParameterizedTest
  @CsvSource({"true,true", "true,false", "false,false"})
  void two_that_take_two_locks_in_opposite_order(boolean first, boolean second) throws Exception {
    Lock a = new ReentrantLock();
    Lock b = new ReentrantLock(true);
    CountDownLatch both = new CountDownLatch(2);
    start(builder(first, "first"), () -> Bank.transfer(a, b, both));
    start(builder(second, "second"), () -> Bank.refund(b, a, both));
    awaitParked();
    Details d = one();
    assertEquals(2, d.count());
    assertEquals("lock cycle", d.kind());
    assertEquals("interrupt", d.except());
    assertTrue(String.valueOf(d.site()).startsWith("com.acme.Bank."), d.site());
    assertEquals(List.of("first", "second"), d.names().stream().sorted().toList());
    List<?> cycle = cycle(d);
    assertEquals(3, cycle.size(), cycle::toString);
    assertTrue(
        cycle.get(0).toString().matches("\"\\w+\" \\(\\w+ #\\d+\\) waits for ReentrantLock@.*"),
        cycle::toString);
    assertTrue(cycle.get(1).toString().startsWith("held by \""), cycle::toString);
    String text = ReportText.render(prover.find(Mode.NOW), false);
    assertTrue(text.contains("LEAK  deadlocked  lock cycle  x2"), text);
    assertTrue(text.contains("only an interrupt of one of them can still end it"), text);
    assertEquals(d.fingerprint(), one().fingerprint());

    threads.getFirst().interrupt();
    assertTrue(threads.getFirst().join(LONG));
    assertTrue(threads.getLast().join(LONG));
    assertEquals(List.of(), deadlocked());
  }

  @Test
  void who_waits_behind_a_circle_is_counted_and_not_in_it() throws Exception {
    Lock a = new ReentrantLock();
    Lock b = new ReentrantLock();
    CountDownLatch both = new CountDownLatch(2);
    start(builder(true, "first"), () -> Bank.transfer(a, b, both));
    start(builder(true, "second"), () -> Bank.transfer(b, a, both));
    awaitParked();
    for (int i = 0; i < 5; i++) {
      start(builder(i % 2 == 0, "behind"), () -> Bank.balance(a));
    }
    awaitParked();
    Details d = one();
    assertEquals(2, d.count());
    assertEquals(5, d.evidence().get("waitBehind"));
  }

  @Test
  void circles_through_the_same_lines_are_one_finding() throws Exception {
    List<Lock> locks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Lock a = new ReentrantLock();
      Lock b = new ReentrantLock();
      locks.add(a);
      CountDownLatch both = new CountDownLatch(2);
      start(builder(true, "t" + i), () -> Bank.transfer(a, b, both));
      start(builder(true, "r" + i), () -> Bank.refund(b, a, both));
    }
    awaitParked();
    Details d = one();
    assertEquals(8, d.count());
    assertEquals(4, d.evidence().get("cycles"));
    assertEquals(4, locks.size());
  }

  @Test
  void a_reader_that_wants_to_write_waits_for_itself() throws Exception {
    ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    start(builder(true, "upgrade"), () -> Bank.upgrade(lock));
    awaitParked();
    Details d = one();
    assertEquals(1, d.count());
    assertTrue(d.because().contains("is one of them itself"), d.because());
  }

  @Test
  void a_writer_that_waits_for_a_reader_who_waits_for_it() throws Exception {
    ReentrantReadWriteLock data = new ReentrantReadWriteLock();
    Lock other = new ReentrantLock();
    CountDownLatch both = new CountDownLatch(2);
    start(builder(true, "reader"), () -> Bank.transfer(data.readLock(), other, both));
    start(builder(true, "writer"), () -> Bank.transfer(other, data.writeLock(), both));
    awaitParked();
    assertEquals(2, one().count());
  }

  @Test
  void waiting_for_the_end_of_one_that_needs_the_lock() throws Exception {
    Lock lock = new ReentrantLock();
    CountDownLatch held = new CountDownLatch(1);
    Thread child = start(builder(true, "child"), () -> Bank.after(held, lock));
    start(builder(true, "parent"), () -> Bank.joinWith(lock, held, child));
    while (held.getCount() > 0) {
      Thread.sleep(1);
    }
    Thread.sleep(50);
    awaitParked();
    Details d = one();
    assertEquals(2, d.count());
    assertEquals("wait cycle", d.kind());
    assertTrue(cycle(d).toString().contains("the end of \"child\""));
  }

  @Test
  void platform_threads_and_their_monitors() throws Exception {
    Object monitor = new Object();
    Lock lock = new ReentrantLock();
    CountDownLatch both = new CountDownLatch(2);
    start(Thread.ofPlatform().name("inside").daemon(), () -> Bank.inside(monitor, lock, both));
    Thread outside =
        Thread.ofPlatform()
            .name("outside")
            .daemon()
            .start(() -> Bank.quietly(() -> Bank.outside(lock, monitor, both)));
    awaitParked();
    for (int i = 0; outside.getState() != Thread.State.BLOCKED; i++) {
      assertTrue(i < 10_000, () -> outside + " is not blocked");
      Thread.sleep(1);
    }
    Details d = one();
    assertEquals(2, d.count());
    assertEquals("interrupt", d.except());
    assertTrue(cycle(d).toString().contains("waits for the monitor of java.lang.Object@"));
    threads.getFirst().interrupt();
    assertTrue(outside.join(LONG));
    assertEquals(List.of(), deadlocked());
  }

  /** Who has them is not known: there is no circle, but who blocks for long is suspected. */
  @Test
  void of_monitors_that_virtual_threads_have_the_line_is_known() throws Exception {
    Object monitor = new Object();
    Lock lock = new ReentrantLock();
    CountDownLatch both = new CountDownLatch(2);
    Thread inside = start(builder(true, "inside"), () -> Bank.inside(monitor, lock, both));
    // JDK 25.0.3 may lose its wake-up, so nothing depends on its end.
    Thread outside =
        builder(true, "outside").start(() -> Bank.quietly(() -> Bank.outside(lock, monitor, both)));
    Rules longer = new Rules(Excuses.NONE, Duration.ofMillis(10));
    Report report = prover.find(Mode.NOW, longer);
    for (int i = 0; report.findings().stream().noneMatch(DeadlocksTests::isMonitor); i++) {
      assertTrue(i < 1_000, report::toString);
      Thread.sleep(20);
      prover.sample();
      report = prover.find(Mode.NOW, longer);
    }
    Finding found =
        report.findings().stream().filter(DeadlocksTests::isMonitor).findFirst().orElseThrow();
    assertEquals("suspected", found.verdict());
    String because = found.details().because();
    assertTrue(because.contains("cannot be told"), because);
    assertTrue(found.details().suggestion().contains("stacks --locks"), found::toString);
    assertTrue(report.findings().stream().noneMatch(Finding.Deadlocked.class::isInstance));
    inside.interrupt();
    outside.join(1_000);
  }

  private static boolean isMonitor(Finding finding) {
    return finding.details().kind().equals("monitor enter")
        && String.valueOf(finding.details().site()).startsWith("com.acme.Bank.outside(");
  }

  @Test
  void what_the_collector_has_proven_is_reported_once_with_its_circle() throws Exception {
    leakPair();
    for (int i = 0; ; i++) {
      // Other tests of this JVM may have left something; it is not at these lines.
      List<Finding> findings =
          prover.find(Mode.NOW).findings().stream()
              .filter(f -> String.valueOf(f.details().site()).startsWith("com.acme.Bank."))
              .toList();
      if (findings.stream().anyMatch(f -> f.details().names().contains("unreachable"))) {
        assertEquals(
            2, findings.stream().mapToInt(f -> f.details().count()).sum(), findings::toString);
        for (Finding finding : findings) {
          assertEquals("proven", finding.verdict());
          assertTrue(finding.details().evidence().containsKey("cycle"), findings::toString);
        }
        break;
      }
      assertTrue(i < 20, findings::toString);
    }
  }

  private static void leakPair() throws InterruptedException {
    Thread starter =
        Thread.ofPlatform()
            .start(
                () -> {
                  Lock a = new ReentrantLock();
                  Lock b = new ReentrantLock();
                  CountDownLatch both = new CountDownLatch(2);
                  Thread.ofVirtual()
                      .name("unreachable")
                      .start(() -> Bank.quietly(() -> Bank.transfer(a, b, both)));
                  Thread.ofVirtual()
                      .name("unreachable")
                      .start(() -> Bank.quietly(() -> Bank.transfer(b, a, both)));
                });
    starter.join();
    Thread.sleep(200);
  }

  /**
   * The circles that a hasty look would see: two locks change hands all the time, in one order and,
   * with a time limit, in the other.
   */
  @Test
  void locks_that_only_change_hands_are_no_circle() throws Exception {
    ReentrantLock a = new ReentrantLock();
    ReentrantLock b = new ReentrantLock();
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong rounds = new AtomicLong();
    for (int i = 0; i < 6; i++) {
      boolean opposite = i % 3 == 2;
      start(
          builder(i % 2 == 0, "busy"),
          () -> {
            while (!stop.get()) {
              rounds.incrementAndGet();
              if (opposite) {
                b.lock();
                try {
                  if (a.tryLock(100, TimeUnit.MICROSECONDS)) {
                    a.unlock();
                  }
                } finally {
                  b.unlock();
                }
              } else {
                a.lock();
                try {
                  Bank.balance(b);
                } finally {
                  a.unlock();
                }
              }
            }
          });
    }
    try {
      LongTable none = new LongTable();
      LockQueues queues = Objects.requireNonNull(LockQueues.create(), "the packages are open");
      Observations observations = new Observations(Jdk.ofThisJvm());
      for (int i = 0; i < 3_000; i++) {
        List<Finding> found =
            Deadlocks.find(Jdk.ofThisJvm(), queues, observations, none, _ -> null).findings();
        assertEquals(List.of(), found);
      }
    } finally {
      stop.set(true);
    }
    assertTrue(rounds.get() > 100, () -> rounds + " rounds");
  }
}
