package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.Leaky;
import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.jdk.Jdk;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The always-on mode in this JVM. The collections are the test's own: from garbage, or by
 * System.gc() as a program may call it. After each test everything that was left blocked is
 * interrupted.
 */
class AlwaysOnTests {
  private static final AlwaysOn SOON =
      new AlwaysOn(Duration.ofMillis(50), Duration.ofMillis(20), 10_000);

  private final Prover prover = new Prover(Jdk.ofThisJvm());
  private final ConcurrentLinkedQueue<AlwaysOn.News> news = new ConcurrentLinkedQueue<>();
  private final List<ExecutorService> executors = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // by watch, the first thing that a test does
  private AlwaysOn.Watching watching;

  @AfterEach
  void unblock() throws InterruptedException {
    if (watching != null) {
      watching.close();
    }
    for (ExecutorService executor : executors) {
      executor.shutdownNow();
      assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS));
    }
    Blocked.interruptAll();
  }

  private void watch(AlwaysOn settings) {
    watching = prover.watch(settings, news::add);
  }

  private static void onAThreadOfItsOwn(Runnable program) throws InterruptedException {
    Thread thread = Thread.ofPlatform().start(program);
    thread.join();
  }

  private static void await(BooleanSupplier condition, String what) throws InterruptedException {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, what);
      Thread.sleep(20);
    }
  }

  /** One collection of everything, and the steps that take what it found. */
  private void collectOnce() throws InterruptedException {
    System.gc();
    long steps = watching.counters().steps();
    await(() -> watching.counters().steps() >= steps + 2, "no steps are taken");
  }

  /** The same again and again until something is so. */
  private void awaitCollecting(BooleanSupplier condition, String what) throws InterruptedException {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, () -> what + ": " + watching.counters());
      collectOnce();
    }
  }

  /** Waits until so many more collections have judged what is old. */
  private void collect(int more) throws InterruptedException {
    long cycles = watching.counters().cycles();
    awaitCollecting(
        () -> watching.counters().cycles() >= cycles + more, "the canary is not found any more");
  }

  private int proven(String site) {
    return watching.report().findings().stream()
        .filter(f -> f instanceof Finding.Proven && f.details().state() == Finding.State.OPEN)
        .filter(f -> f.details().site() != null && f.details().site().contains(site))
        .mapToInt(f -> f.details().count())
        .sum();
  }

  private List<Finding> findings(Finding.State state) {
    return watching.report().findings().stream().filter(f -> f.details().state() == state).toList();
  }

  private static List<Thread> named(String name) {
    List<Thread> threads = new ArrayList<>();
    Jdk.ofThisJvm()
        .forEachThread(
            thread -> {
              if (thread.getName().equals(name) && thread.isAlive()) {
                threads.add(thread);
              }
            });
    return threads;
  }

  @Test
  void aLeakIsFoundByCollectionsThatGarbageCauses() throws InterruptedException {
    watch(SOON);
    onAThreadOfItsOwn(() -> Thread.ofVirtual().name("putter").start(Leaky::put));
    await(() -> watching.counters().carried() >= 2, "the leak and the canary are carried");

    long end = System.nanoTime() + 60_000_000_000L;
    int more = 0;
    while (news.isEmpty()) {
      assertTrue(System.nanoTime() < end, () -> "no news: " + watching.counters());
      // Nothing but garbage. Who has been copied too often is old, and would have to wait until the
      // program has many old things.
      makeGarbageUntilItIsCollected();
      if (++more % 10 == 0) {
        onAThreadOfItsOwn(() -> Thread.ofVirtual().name("putter").start(Leaky::put));
      }
      Thread.sleep(60);
    }

    Finding.Details details = news.element().finding().details();
    assertEquals("BlockingQueue.put", details.kind());
    assertEquals(List.of("putter"), details.names());
    assertNull(details.except());
    assertTrue(proven("Leaky.put") >= 1);
    Report report = watching.report();
    assertEquals("always-on", report.proof().mode());
    assertEquals(0, report.proof().refuted());
    assertTrue(watching.counters().collections() > 0);
    assertTrue(watching.counters().proven() >= 1);
  }

  private static void makeGarbageUntilItIsCollected() {
    List<byte[]> some = new ArrayList<>();
    for (long before = Collector.collections(); Collector.collections() == before; ) {
      some.add(new byte[50_000]);
      if (some.size() > 20) {
        some.clear();
      }
    }
  }

  /** On whichever scheduler it runs. */
  @Test
  void aGoroutineIsCarried() throws Exception {
    Channel<Integer> held = Channel.unbuffered();
    Go.go(() -> Leaky.send(held));
    watch(SOON);
    onAThreadOfItsOwn(() -> Go.go(() -> Leaky.send(Channel.unbuffered())));
    await(() -> watching.counters().carried() >= 3, "both and the canary are carried");

    awaitCollecting(() -> watching.counters().proven() == 1, "it is not proven");
    collect(2);

    assertEquals(1, proven("Leaky.send"));
    assertEquals(0, watching.counters().surprises());
    assertEquals(
        2,
        prover.goroutines().stream()
            .filter(g -> g.waitReason().text().equals("chan send"))
            .count());
    held.receive();
    await(
        () ->
            prover.goroutines().stream()
                    .filter(g -> g.waitReason().text().equals("chan send"))
                    .count()
                == 1,
        "it does not wake");
  }

  @Test
  void whatIsHeldIsNeverProvenAndStaysListedAndWakes() throws Exception {
    CountDownLatch latch = new CountDownLatch(1);
    Thread.ofVirtual().name("held").start(() -> Leaky.await(latch));
    watch(SOON);
    await(() -> watching.counters().carried() >= 2, "it and the canary are carried");

    collect(6);

    assertEquals(List.of(), watching.report().findings());
    assertEquals(1, named("held").size(), "it is listed for tools");
    assertEquals(1, prover.goroutines().stream().filter(g -> g.name().equals("held")).count());
    assertNull(watching.report().proof().why());
    latch.countDown();
    await(() -> named("held").isEmpty(), "it does not wake");
    collect(2);
    assertEquals(List.of(), watching.report().findings());
    assertEquals(0, watching.counters().surprises());
    await(() -> watching.counters().carried() == 1, "who has ended is still carried");
  }

  @Test
  void aThreadThatIsWokenWhileItIsCarriedIsJudgedInItsNextPark() throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    Thread.ofVirtual()
        .name("twice")
        .start(
            () -> {
              Leaky.await(first);
              Leaky.put();
            });
    watch(SOON);
    await(() -> watching.counters().carried() >= 2, "it and the canary are carried");
    collect(2);
    assertEquals(List.of(), watching.report().findings());

    first.countDown();
    awaitCollecting(() -> !news.isEmpty(), "no news");

    assertEquals(1, proven("Leaky.put"));
    assertEquals(0, watching.counters().surprises());
    assertEquals(0, watching.report().proof().refuted());
  }

  @Test
  void anExecutorCountsWhoIsCarriedAndCanInterruptThem() throws Exception {
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    executors.add(executor);
    CountDownLatch latch = new CountDownLatch(1);
    onAThreadOfItsOwn(() -> Leaky.fill(executor, 3));
    executor.execute(() -> Leaky.await(latch));
    watch(SOON);
    await(() -> watching.counters().carried() >= 5, "four and the canary are carried");

    awaitCollecting(() -> proven("Leaky.put") == 3, "not all are proven");
    await(() -> !news.isEmpty(), "no news");

    assertEquals("interrupt", news.element().finding().details().except());
    assertEquals(0, proven("Leaky.await"));
    latch.countDown();
    executor.shutdown();
    assertFalse(executor.awaitTermination(200, TimeUnit.MILLISECONDS), "it counts who leaks");
    executor.shutdownNow();
    assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS));
    collect(2);
    assertEquals(List.of(), findings(Finding.State.REFUTED));
    assertEquals(1, findings(Finding.State.GONE).size());
    assertEquals(0, watching.counters().surprises());
  }

  @Test
  void shutdownNowReachesThoseThatAreCarriedAndNotProven() throws Exception {
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    executors.add(executor);
    onAThreadOfItsOwn(() -> Leaky.fill(executor, 100));
    watch(SOON);
    await(() -> watching.counters().carried() >= 101, "they and the canary are carried");

    executor.shutdownNow();
    assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS), "one was not interrupted");

    collect(3);
    assertEquals(List.of(), watching.report().findings());
    assertEquals(0, watching.counters().surprises());
  }

  /** Who waits for the thread of an executor is not said to be beyond all help. */
  @Test
  void whoAThreadOfAnExecutorWouldWakeIsExcepted() throws Exception {
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    executors.add(executor);
    onAThreadOfItsOwn(
        () -> {
          CountDownLatch never = new CountDownLatch(1);
          CountDownLatch then = new CountDownLatch(1);
          executor.execute(() -> Leaky.awaitThenOpen(never, then));
          Thread.ofVirtual().name("consequence").start(() -> Leaky.await(then));
        });
    watch(SOON);
    await(() -> watching.counters().carried() >= 3, "both and the canary are carried");

    awaitCollecting(() -> watching.counters().proven() >= 2, "not both are proven");

    executor.shutdownNow();
    assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS));
    await(() -> named("consequence").isEmpty(), "it is not woken");
    collect(1);
    await(() -> findings(Finding.State.OPEN).isEmpty(), "still there");
    assertEquals(List.of(), findings(Finding.State.REFUTED));
  }

  /**
   * With the owner of a scope, for which nothing is left, its children are found, and not before.
   */
  @Test
  void threadsOfAScopeAreFoundWithItsOwner() throws Exception {
    CountDownLatch latch = new CountDownLatch(1);
    AtomicReference<Throwable> wrong = new AtomicReference<>();
    onAThreadOfItsOwn(() -> scope("forgotten", new CountDownLatch(1), wrong));
    scope("held", latch, wrong);
    watch(SOON);
    await(() -> watching.counters().carried() >= 5, "both pairs and the canary are carried");

    awaitCollecting(() -> watching.counters().proven() == 2, "owner and child are not proven");
    collect(3);

    assertNull(wrong.get());
    assertEquals(2, watching.counters().proven());
    assertEquals(2, findings(Finding.State.OPEN).size());
    assertEquals(0, watching.counters().surprises());
    assertEquals(0, watching.report().proof().refuted());
    latch.countDown();
    await(() -> named("held").isEmpty(), "they do not wake");
  }

  /** A thread that waits for the children of a scope, of which the one waits for the latch. */
  private static void scope(String name, CountDownLatch latch, AtomicReference<Throwable> wrong) {
    Thread.ofVirtual()
        .name(name)
        .start(
            () -> {
              try {
                Class<?> type = Class.forName("jdk.internal.misc.ThreadFlock");
                Object flock = type.getMethod("open", String.class).invoke(null, name);
                Thread child = Thread.ofVirtual().name(name).unstarted(() -> Leaky.await(latch));
                type.getMethod("start", Thread.class).invoke(flock, child);
                type.getMethod("awaitAll").invoke(flock);
                type.getMethod("close").invoke(flock);
              } catch (InvocationTargetException e) {
                if (!(e.getCause() instanceof InterruptedException)) {
                  wrong.set(e);
                }
              } catch (ReflectiveOperationException e) {
                wrong.set(e);
              }
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void aThreadThatTheLastOfAChainOfFinalizersWakesIsNotProven(int length) throws Exception {
    watch(SOON);
    onAThreadOfItsOwn(
        () -> {
          Leaky.wokenByChainOfFinalizers(length, false);
          Leaky.wokenByChainOfFinalizers(length, true);
        });

    awaitCollecting(() -> named("waits-for-chain").isEmpty(), "finalizers do not run");

    collect(2);
    assertEquals(List.of(), watching.report().findings());
    assertEquals(0, watching.counters().proven());
    assertEquals(0, watching.counters().surprises());
    assertTrue(watching.counters().doubtful() > 0);
  }

  /** Every other step fails when it has begun to judge. */
  @Test
  void whatAFailedStepHasNotJudgedIsJudgedAsCarefullyByTheNext() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    Jdk failing =
        (Jdk)
            Proxy.newProxyInstance(
                Jdk.class.getClassLoader(),
                new Class<?>[] {Jdk.class},
                (proxy, method, arguments) -> {
                  if (method.isDefault()) {
                    return InvocationHandler.invokeDefault(proxy, method, arguments);
                  }
                  if (method.getName().equals("awaitReferenceProcessing")
                      && calls.getAndIncrement() % 2 == 0) {
                    throw new IllegalStateException("as the test wants it");
                  }
                  return method.invoke(Jdk.ofThisJvm(), arguments);
                });
    Prover failingProver = new Prover(failing);
    watching = failingProver.watch(SOON, news::add);
    onAThreadOfItsOwn(() -> Leaky.wokenByChainOfFinalizers(8, false));
    await(() -> watching.counters().carried() >= 2, "it and the canary are carried");

    awaitCollecting(() -> named("waits-for-chain").isEmpty(), "finalizers do not run");

    assertEquals(0, watching.counters().proven());
    assertEquals(0, watching.counters().surprises());
    assertTrue(calls.get() > 8);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 6})
  void aThreadThatTheLastOfAChainOfCleanersWakesIsNotProven(int length) throws Exception {
    watch(SOON);
    onAThreadOfItsOwn(() -> Leaky.wokenByChainOfCleaners(length, true));

    awaitCollecting(() -> named("waits-for-chain").isEmpty(), "cleaners do not run");

    collect(2);
    assertEquals(0, watching.counters().proven());
    assertEquals(0, watching.counters().surprises());
  }

  @Test
  void whileFinalizersRunAllTheTimeNothingIsProven() throws Exception {
    watch(SOON);
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));
    await(() -> watching.counters().carried() >= 2, "the leak and the canary are carried");
    for (int i = 0; i < 20; i++) {
      long doubtful = watching.counters().doubtful();
      awaitCollecting(
          () -> {
            for (int k = 0; k < 100; k++) {
              Leaky.withFinalizer(new CountDownLatch(1));
            }
            return watching.counters().doubtful() > doubtful;
          },
          "no doubt");
    }
    assertEquals(0, watching.counters().proven());

    awaitCollecting(() -> watching.counters().proven() == 1, "it is not proven");
  }

  @Test
  void aLookBesideItSeesEverythingButItsCanary() throws Exception {
    CountDownLatch latch = new CountDownLatch(1);
    Thread.ofVirtual().name("held").start(() -> Leaky.await(latch));
    watch(SOON);
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));
    await(() -> watching.counters().carried() >= 3, "both and the canary are carried");

    Report look = prover.find(Mode.NOW);

    assertTrue(look.proof().complete(), look.proof()::toString);
    assertEquals(1, look.findings().size(), look.findings()::toString);
    assertEquals("now", look.proof().mode());
    assertEquals(0, watching.counters().proven(), "the look has proven it");
    await(() -> watching.counters().carried() == 2, "who is held is not carried any more");
    assertTrue(look.capabilities().proof().contains("always-on"));
    collect(2);
    assertEquals(1, proven("Leaky.put"));
    assertEquals(1, watching.report().findings().size());
    latch.countDown();
    await(() -> named("held").isEmpty(), "it does not wake");
  }

  @Test
  void whoRunsAfterItWasProvenIsRefuted() throws Exception {
    watch(SOON);
    onAThreadOfItsOwn(() -> Thread.ofVirtual().name("putter").start(Leaky::put));
    awaitCollecting(() -> watching.counters().proven() == 1, "it is not proven");

    named("putter").getFirst().interrupt();

    await(() -> watching.report().proof().refuted() == 1, "it is not refuted");
    assertEquals(1, findings(Finding.State.REFUTED).size());
  }

  /** Who was found once and runs without a reason is not trusted, nor is what was found with it. */
  @Test
  void whoRunsAfterItWasFoundOnceSetsEverythingBack() throws Exception {
    CountDownLatch opened = new CountDownLatch(1);
    watch(SOON);
    onAThreadOfItsOwn(
        () -> {
          CountDownLatch lost = new CountDownLatch(1);
          Thread.ofVirtual()
              .name("moves")
              .start(
                  () -> {
                    try {
                      lost.await();
                    } catch (InterruptedException e) {
                      Leaky.await(opened);
                    }
                  });
          Thread.ofVirtual().start(Leaky::put);
        });
    await(() -> watching.counters().carried() >= 3, "both and the canary are carried");
    collectOnce();
    assertEquals(2, watching.counters().found());
    assertEquals(0, watching.counters().proven());
    // As by a debugger; it is found by one collection then, and never was by two.
    named("moves").forEach(Thread::interrupt);

    awaitCollecting(() -> watching.counters().proven() == 1, "the other is not proven");

    assertEquals(1, watching.counters().surprises());
    assertEquals(1, proven("Leaky.put"));
    assertEquals(0, proven("Leaky.await"));
    opened.countDown();
  }

  /** More wait than may be carried: they take turns, so that the one that leaks is found. */
  @Test
  void wherePlacesAreFewThreadsTakeTurns() throws Exception {
    CountDownLatch latch = new CountDownLatch(1);
    for (int i = 0; i < 10; i++) {
      Thread.ofVirtual().name("held").start(() -> Leaky.await(latch));
    }
    watch(new AlwaysOn(Duration.ofMillis(50), Duration.ofMillis(20), 4));
    await(() -> watching.counters().leftOut() >= 7, "none is left out");
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));

    awaitCollecting(
        () -> {
          assertTrue(watching.counters().carried() <= 5); // and the canary
          return watching.counters().proven() == 1;
        },
        "it never had its turn");

    assertEquals(1, proven("Leaky.put"));
    assertNotNull(watching.report().proof().why());
    latch.countDown();
    await(() -> named("held").isEmpty(), "one does not wake");
  }

  @Test
  void itIsOnOnceOnlyAndPutsEverythingBackWhenItEnds() throws Exception {
    CountDownLatch latch = new CountDownLatch(1);
    Thread.ofVirtual().name("held").start(() -> Leaky.await(latch));
    assertNull(prover.alwaysOn());
    watch(SOON);
    assertThrows(IllegalStateException.class, () -> prover.watch(SOON, news::add));
    assertThrows(
        IllegalStateException.class,
        () -> new Prover(Jdk.ofThisJvm()).watch(AlwaysOn.HIGH, news::add));
    await(() -> watching.counters().carried() >= 2, "it and the canary are carried");
    assertNotNull(prover.alwaysOn());
    AtomicInteger listed = new AtomicInteger();
    BooleanSupplier isListed =
        () -> {
          listed.set(0);
          Jdk.ofThisJvm()
              .forEachListed(
                  (_, thread) -> {
                    if (thread.getName().equals("held")) {
                      listed.incrementAndGet();
                    }
                  });
          return listed.get() == 1;
        };
    assertFalse(isListed.getAsBoolean());

    watching.close();
    watching.close();

    assertTrue(isListed.getAsBoolean());
    assertNull(prover.alwaysOn());
    await(() -> named(Canary.NAME).isEmpty(), "the canary is still there");
    watch(SOON);
    latch.countDown();
  }

  @Test
  void newsAreOneOfAKindAndFewAMinute() {
    AlwaysOnThread thread = new AlwaysOnThread(prover, AlwaysOn.LOW, news::add, List.of("known"));
    List<AlwaysOn.News> fresh = new ArrayList<>();
    List<Finding.Proven> all = new ArrayList<>();
    all.add(finding("known"));
    for (int i = 0; i < 25; i++) {
      all.add(finding("fresh " + i));
      thread.took(new Prover.Step(true, all, 1, null, 1), fresh);
    }

    assertEquals(10, fresh.size());
    assertEquals("fresh 0", fresh.getFirst().finding().details().fingerprint());
    assertEquals(10, thread.counters().news());
    assertEquals(15, thread.counters().newsLeftOut());
    assertEquals(25, thread.counters().proven());
    AlwaysOn.News last = new AlwaysOn.News(fresh.getLast().at(), finding("x\n\u001b[31m"), 1234);
    assertFalse(last.text().contains("\n") || last.text().contains("\u001b"), last.text());
    assertTrue(last.text().endsWith("; 1,234 more left out before"), last.text());
    assertEquals(1, last.json().lines().count());
    assertTrue(last.json().startsWith("{\"schema\":\"selvage.leak/1\","), last.json());
  }

  private static Finding.Proven finding(String fingerprint) {
    return new Finding.Proven(
        new Finding.Details(
            Finding.State.OPEN,
            "chan send",
            1,
            "com.acme.Shop.quote(Shop.java:1)",
            null,
            java.util.OptionalLong.empty(),
            java.util.OptionalLong.empty(),
            List.of(),
            List.of(),
            fingerprint,
            null,
            java.util.Map.of(),
            "nothing can receive",
            "give it room"));
  }

  /** Where references cannot stay in place, it says so, and reports what collections took away. */
  @Test
  void settingsAreChecked() {
    assertEquals(AlwaysOn.LOW, AlwaysOn.named("low").orElseThrow());
    assertEquals(AlwaysOn.HIGH, AlwaysOn.named("high").orElseThrow());
    assertTrue(AlwaysOn.named("off").isEmpty());
    assertThrows(IllegalArgumentException.class, () -> AlwaysOn.named("on"));
    assertThrows(IllegalArgumentException.class, () -> AlwaysOn.LOW.after(Duration.ZERO));
    assertEquals(Duration.ofMillis(10), AlwaysOn.LOW.after(Duration.ofMillis(10)).every());
    assertEquals(AlwaysOn.LOW.every(), AlwaysOn.LOW.after(Duration.ofHours(1)).every());
  }

  /** A door through which the Finalizer thread never comes to rest. */
  @Test
  void whereFinalizersNeverRestNothingIsUsed() throws Exception {
    Jdk restless =
        (Jdk)
            Proxy.newProxyInstance(
                Jdk.class.getClassLoader(),
                new Class<?>[] {Jdk.class},
                (proxy, method, arguments) -> {
                  if (method.isDefault()) {
                    return InvocationHandler.invokeDefault(proxy, method, arguments);
                  }
                  return method.getName().equals("finalizerTurns")
                      ? Long.valueOf(-1)
                      : method.invoke(Jdk.ofThisJvm(), arguments);
                });
    Prover doubting = new Prover(restless);
    watching = doubting.watch(SOON, news::add);
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));
    await(() -> watching.counters().carried() >= 2, "the leak and the canary are carried");

    collect(5);

    assertEquals(0, watching.counters().proven());
    assertTrue(watching.counters().doubtful() >= 4);
  }
}
