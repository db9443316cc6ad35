package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.Bank;
import com.acme.Depot;
import dev.selvage.Go;
import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.ReportText;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.LockQueues;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.Once;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Circles over locks and groups of Selvage, alone and together with those of the JDK; all of which
 * an interrupt can end.
 */
class OwnDeadlocksTests {
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Jdk jdk = Jdk.ofThisJvm();
  private final Prover prover = new Prover(jdk);
  private final LockQueues queues =
      Objects.requireNonNull(LockQueues.create(), "the packages are open");
  private final Observations observations = new Observations(jdk);
  private final List<Thread> threads = new ArrayList<>();

  @AfterEach
  void unblock() throws InterruptedException {
    Blocked.interruptAll();
    for (Thread thread : threads) {
      thread.interrupt();
    }
    for (Thread thread : threads) {
      assertTrue(thread.join(LONG), () -> thread + " has not ended");
    }
  }

  /** What is there now, however young; without what other tests have left. */
  private List<Finding> circles() {
    return Deadlocks.find(jdk, queues, observations, new LongTable(), _ -> null, 0)
        .findings()
        .stream()
        .filter(OwnDeadlocksTests::isOurs)
        .toList();
  }

  private static boolean isOurs(Finding finding) {
    return String.valueOf(finding.details().site()).startsWith("com.acme.");
  }

  /** The only circle, once it is there; it is only suspected. */
  private Details suspected() throws InterruptedException {
    return one("suspected");
  }

  private Details one(String verdict) throws InterruptedException {
    long end = System.nanoTime() + BOUND_NANOS;
    List<Finding> found = circles();
    while (found.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(1);
      found = circles();
    }
    assertEquals(1, found.size(), found::toString);
    assertEquals(verdict, found.getFirst().verdict());
    return found.getFirst().details();
  }

  private static String cycle(Details d) {
    return String.valueOf(d.evidence().get("cycle"));
  }

  private Thread start(Thread.Builder builder, Bank.Step step) {
    Thread thread = builder.start(() -> Bank.quietly(step));
    threads.add(thread);
    return thread;
  }

  private static Thread.Builder builder(boolean virtual, String name) {
    return virtual ? Thread.ofVirtual().name(name) : Thread.ofPlatform().name(name);
  }

  private void untilWaiting(Thread thread) throws InterruptedException {
    for (int i = 0; thread.getState() != Thread.State.WAITING; i++) {
      assertTrue(i < 10_000, () -> thread + " does not wait");
      Thread.sleep(1);
    }
  }

  // --------------- Circles ---------------

  @ParameterizedTest
  @CsvSource({"true,true", "true,false", "false,false"})
  void two_that_take_two_mutexes_in_opposite_order(boolean first, boolean second) throws Exception {
    Mutex a = new Mutex();
    Mutex b = new Mutex();
    CountDownLatch both = new CountDownLatch(2);
    Thread ships = start(builder(first, "ships"), () -> Depot.ship(a, b, both));
    Thread fetches = start(builder(second, "fetches"), () -> Depot.fetch(b, a, both));
    Details d = suspected();
    assertEquals("lock cycle", d.kind());
    assertEquals(2, d.count());
    assertNull(d.except());
    List<?> drawn = (List<?>) Objects.requireNonNull(d.evidence().get("cycle"));
    assertEquals(3, drawn.size(), drawn::toString);
    String mutex = " waits for Mutex@[0-9a-f]+ at com\\.acme\\.Depot\\.";
    String fetch = "\"fetches\" \\(\\w+ #" + fetches.threadId() + "\\)";
    String ship = "\"ships\" \\(\\w+ #" + ships.threadId() + "\\)";
    assertTrue(drawn.get(0).toString().matches(fetch + mutex + "fetch.*"), drawn::toString);
    assertTrue(
        drawn.get(1).toString().matches("locked by " + ship + ", which" + mutex + "take.*"),
        drawn::toString);
    assertTrue(drawn.get(2).toString().matches("locked by " + fetch), drawn::toString);
    assertTrue(d.because().endsWith("could still unlock what has no owner"), d.because());

    // A look says so only after a while, in text and in JSON.
    Report report = prover.find(Mode.NOW);
    long end = System.nanoTime() + BOUND_NANOS;
    while (report.findings().stream().noneMatch(OwnDeadlocksTests::isOurs)) {
      assertTrue(System.nanoTime() < end, "it is never said");
      Thread.sleep(50);
      report = prover.find(Mode.NOW);
    }
    Finding said =
        report.findings().stream().filter(OwnDeadlocksTests::isOurs).findFirst().orElseThrow();
    assertTrue(said.details().seenSeconds().orElse(0) >= 1, said::toString);
    String text = ReportText.render(report, false);
    assertTrue(text.contains("LEAK  suspected  lock cycle  x2"), text);
    assertTrue(text.contains("└─ locked by \"fetches\""), text);
    assertFalse(text.contains("2 deadlocked"), text);
    String json = ReportJson.render(report);
    assertTrue(json.contains("locked by \\\"fetches\\\""), json);

    ships.interrupt();
    assertTrue(ships.join(LONG));
    assertTrue(fetches.join(LONG));
    assertEquals(List.of(), circles());
  }

  @ParameterizedTest
  @CsvSource({"true,false", "false,true"})
  void mutex_and_lock_of_the_jdk(boolean first, boolean second) throws Exception {
    Mutex own = new Mutex();
    Lock lock = new ReentrantLock();
    CountDownLatch both = new CountDownLatch(2);
    start(builder(first, "in"), () -> Depot.in(own, lock, both));
    start(builder(second, "out"), () -> Depot.out(lock, own, both));
    String cycle = cycle(suspected());
    assertTrue(cycle.contains("waits for ReentrantLock@"), cycle);
    assertTrue(cycle.contains("held by \"out\""), cycle);
    assertTrue(cycle.contains("locked by \"in\""), cycle);
  }

  @Test
  void who_takes_a_mutex_twice() throws Exception {
    Mutex mutex = new Mutex();
    start(builder(true, "twice"), () -> Depot.twice(mutex));
    Details d = suspected();
    assertEquals(1, d.count());
    assertTrue(d.because().contains("a lock that it has taken itself"), d.because());
  }

  @Test
  void who_reads_again_while_somebody_waits_to_write() throws Exception {
    RWMutex mutex = new RWMutex();
    CountDownLatch reads = new CountDownLatch(1);
    CountDownLatch again = new CountDownLatch(1);
    start(builder(true, "reads"), () -> Depot.readAgain(mutex, reads, again));
    reads.await();
    untilWaiting(start(builder(true, "writes"), () -> Depot.take(mutex)));
    again.countDown();
    String cycle = cycle(suspected());
    assertTrue(cycle.contains("kept for \"writes\""), cycle);
    assertTrue(cycle.contains("read by \"reads\""), cycle);
  }

  @Test
  void who_waits_for_a_goroutine_that_needs_its_lock() throws Exception {
    Mutex mutex = new Mutex();
    WaitGroup group = new WaitGroup();
    CountDownLatch go = new CountDownLatch(1);
    group.go(
        "worker",
        () ->
            Bank.quietly(
                () -> {
                  go.await();
                  Depot.take(mutex);
                }));
    untilWaiting(start(builder(false, "gathers"), () -> Depot.gather(mutex, group)));
    assertEquals(List.of(), circles());
    go.countDown();
    Details d = suspected();
    assertEquals("wait cycle", d.kind());
    assertEquals(2, d.count());
    assertTrue(cycle(d).contains("waits for WaitGroup@"), d::toString);
    assertTrue(cycle(d).contains("which counts \"worker\""), d::toString);
    assertTrue(cycle(d).contains("locked by \"gathers\" (platform #"), d::toString);
    assertTrue(d.because().contains("could still unlock what has no owner, or count"), d::toString);
  }

  @Test
  void who_waits_for_a_group_that_nobody_else_can_count_down() throws Exception {
    Lock lock = new ReentrantLock();
    ErrorGroup group = new ErrorGroup();
    CountDownLatch go = new CountDownLatch(1);
    group.go(() -> Bank.quietly(() -> Bank.after(go, lock)));
    Thread gathers = start(builder(true, "gathers"), () -> Depot.gather(lock, group));
    untilWaiting(gathers);
    go.countDown();
    Details d = one("deadlocked");
    assertEquals("wait cycle", d.kind());
    assertEquals("interrupt", d.except());
    assertTrue(cycle(d).contains("waits for ErrorGroup@"), d::toString);
  }

  @Test
  void an_owner_of_a_scope_whose_child_needs_its_lock() throws Exception {
    Lock lock = new ReentrantLock();
    start(
        builder(true, "owner"),
        () ->
            Depot.join(
                lock,
                () -> {
                  Bank.quietly(() -> Bank.balance(lock));
                  return 1;
                }));
    Details d = suspected();
    assertTrue(cycle(d).contains("whose child is (virtual #"), d::toString);
    assertTrue(d.because().contains("cancel the scope"), d.because());
  }

  @Test
  void what_is_done_once_and_asks_for_itself() throws Exception {
    Once once = new Once();
    start(builder(true, "asks"), () -> Depot.ask(once));
    Details d = one("deadlocked");
    assertEquals(1, d.count());
    assertEquals("interrupt", d.except());
    assertTrue(cycle(d).contains("waits for Once@"), d::toString);
  }

  @Test
  void two_that_lead_and_ask_for_what_the_other_leads() throws Exception {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    CountDownLatch both = new CountDownLatch(2);
    start(builder(true, "tea"), () -> Depot.price(flight, "tea", "milk", both));
    start(builder(false, "milk"), () -> Depot.price(flight, "milk", "tea", both));
    Details d = one("deadlocked");
    assertEquals(2, d.count());
    assertEquals("interrupt", d.except());
    assertTrue(cycle(d).contains("waits for SingleFlight@"), d::toString);
    assertTrue(cycle(d).contains("led by \"tea\" (virtual #"), d::toString);
    assertTrue(cycle(d).contains("led by \"milk\" (platform #"), d::toString);
  }

  @Test
  void a_function_that_asks_for_its_own_key() throws Exception {
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    start(builder(true, "asks"), () -> Depot.price(flight, "tea", "tea", new CountDownLatch(1)));
    Details d = one("deadlocked");
    assertEquals(1, d.count());
    assertTrue(cycle(d).contains("waits for SingleFlight@"), d::toString);
    assertEquals("what is done only once asks for itself", d.because());
  }

  @Test
  void a_monitor_of_platform_threads_with_a_virtual_thread_between() throws Exception {
    Object monitor = new Object();
    Lock inner = new ReentrantLock();
    Lock outer = new ReentrantLock();
    CountDownLatch all = new CountDownLatch(3);
    start(builder(false, "inside"), () -> Bank.inside(monitor, inner, all));
    start(builder(true, "between"), () -> Bank.transfer(inner, outer, all));
    start(builder(false, "outside"), () -> Bank.outside(outer, monitor, all));
    Details d = one("deadlocked");
    assertEquals(3, d.count());
    assertTrue(cycle(d).contains("waits for the monitor of java.lang.Object@"), d::toString);
    assertTrue(cycle(d).contains("held by \"between\" (virtual #"), d::toString);
  }

  @Test
  void a_group_that_many_wait_for_is_one_circle() throws Exception {
    Lock lock = new ReentrantLock();
    ErrorGroup group = new ErrorGroup();
    CountDownLatch go = new CountDownLatch(1);
    for (int i = 0; i < 50; i++) {
      group.go(() -> Bank.quietly(() -> Bank.after(go, lock)));
    }
    untilWaiting(start(builder(true, "gathers"), () -> Depot.gather(lock, group)));
    untilWaiting(start(builder(true, "waits"), group::await));
    go.countDown();
    Details d = one("deadlocked");
    long end = System.nanoTime() + BOUND_NANOS;
    while (!Integer.valueOf(50).equals(d.evidence().get("waitBehind"))) {
      assertTrue(System.nanoTime() < end, d::toString);
      Thread.sleep(1);
      d = one("deadlocked");
      assertEquals(2, d.count());
    }
  }

  @Test
  void what_is_proven_is_explained_by_its_circle() throws Exception {
    Thread starter =
        Thread.ofPlatform()
            .start(
                () -> {
                  Mutex a = new Mutex();
                  Mutex b = new Mutex();
                  CountDownLatch both = new CountDownLatch(2);
                  Go.go("unreachable", () -> Bank.quietly(() -> Depot.ship(a, b, both)));
                  Go.go("unreachable", () -> Bank.quietly(() -> Depot.fetch(b, a, both)));
                });
    starter.join();
    long end = System.nanoTime() + BOUND_NANOS;
    while (true) {
      List<Finding> ours =
          prover.find(Mode.NOW).findings().stream().filter(OwnDeadlocksTests::isOurs).toList();
      if (ours.size() == 2 && ours.stream().allMatch(f -> f.verdict().equals("proven"))) {
        for (Finding finding : ours) {
          assertTrue(
              cycle(finding.details()).contains("locked by \"unreachable\""), ours::toString);
        }
        break;
      }
      assertTrue(System.nanoTime() < end, ours::toString);
      Thread.sleep(20);
    }
  }

  @Test
  void what_is_on_purpose_is_excused() throws Exception {
    Mutex mutex = new Mutex();
    start(builder(true, "parked for ever: a test"), () -> Depot.twice(mutex));
    suspected();
    List<Finding> found =
        Deadlocks.find(
                jdk,
                queues,
                observations,
                new LongTable(),
                thread -> Excuses.NONE.ofThread(null, thread.getName()),
                0)
            .findings();
    assertEquals(1, found.size(), found::toString);
    assertEquals(Finding.State.EXCUSED, found.getFirst().details().state());
  }

  // --------------- What only looks so ---------------

  @Test
  void who_waits_for_a_limited_time_is_in_no_circle() throws Exception {
    Mutex a = new Mutex();
    Mutex b = new Mutex();
    CountDownLatch both = new CountDownLatch(2);
    start(builder(true, "ships"), () -> Depot.ship(a, b, both));
    Thread timed =
        start(
            builder(true, "timed"),
            () -> {
              b.lock();
              both.countDown();
              if (!a.lock(Duration.ofHours(1))) {
                throw new AssertionError("an hour is over");
              }
            });
    both.await();
    untilWaiting(threads.getFirst());
    untilWaiting(timed);
    for (int i = 0; i < 100; i++) {
      assertEquals(List.of(), circles());
    }
  }

  /** The one who waits has locked it, but another has unlocked it and a third has it now. */
  @Test
  void what_another_has_unlocked_is_not_held_by_who_locked_it() throws Exception {
    Mutex a = new Mutex();
    Mutex b = new Mutex();
    CountDownLatch taken = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Thread first =
        start(
            builder(true, "first"),
            () -> {
              a.lock();
              taken.countDown();
              go.await();
              b.lock();
            });
    taken.await();
    a.unlock();
    a.lock(); // by this thread, which runs
    Thread second =
        start(
            builder(true, "second"),
            () -> {
              b.lock();
              go.countDown();
              a.lock();
            });
    go.await();
    untilWaiting(second);
    untilWaiting(first);
    for (int i = 0; i < 100; i++) {
      assertEquals(List.of(), circles());
    }
    a.unlock();
    assertTrue(second.join(LONG));
  }

  /** A member that waits for its lock is done already, or never was one. */
  @Test
  void who_is_not_counted_keeps_nobody_waiting() throws Exception {
    Mutex mutex = new Mutex();
    WaitGroup group = new WaitGroup();
    WaitGroup other = new WaitGroup();
    group.add(1); // by whom this is counted down is not known
    CountDownLatch go = new CountDownLatch(1);
    other.go(
        () -> {
          go.await();
          Bank.quietly(() -> Depot.take(mutex));
        });
    Thread gathers = start(builder(true, "gathers"), () -> Depot.gather(mutex, group));
    untilWaiting(gathers);
    go.countDown();
    Thread.sleep(50);
    for (int i = 0; i < 100; i++) {
      assertEquals(List.of(), circles());
    }
    group.done();
    other.await();
  }

  @Test
  void mutexes_that_only_change_hands_are_no_circle() throws Exception {
    Mutex a = new Mutex();
    RWMutex b = new RWMutex();
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong rounds = new AtomicLong();
    for (int i = 0; i < 6; i++) {
      int kind = i % 3;
      start(
          builder(i % 2 == 0, "busy"),
          () -> {
            while (!stop.get()) {
              rounds.incrementAndGet();
              switch (kind) {
                case 0 -> a.withLock(() -> Depot.take(b));
                case 1 -> a.withLock(() -> Depot.take(b.rLocker()));
                default -> {
                  b.lock();
                  if (a.lock(Duration.ofNanos(100_000))) {
                    a.unlock();
                  }
                  b.unlock();
                }
              }
            }
          });
    }
    try {
      for (int i = 0; i < 3_000; i++) {
        assertEquals(List.of(), circles());
      }
    } finally {
      stop.set(true);
    }
    assertTrue(rounds.get() > 100, () -> rounds + " rounds");
  }
}
