package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.Leaky;
import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.Tally;
import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.jdk.Jdk;
import java.lang.ref.Reference;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The prover on threads of this JVM. After each test everything that was left blocked is
 * interrupted.
 */
class ProverTests {
  private final Prover prover = new Prover(Jdk.ofThisJvm());
  private final List<ExecutorService> executors = new ArrayList<>();
  private final CountDownLatch opened = new CountDownLatch(1);
  private volatile Object watched = new Object();

  @AfterEach
  void unblock() throws InterruptedException {
    for (ExecutorService executor : executors) {
      executor.shutdownNow();
      assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS));
    }
    Blocked.interruptAll();
  }

  private Report find() {
    Report report = prover.find(Mode.NOW);
    assertTrue(report.proof().complete(), () -> "not complete: " + report.proof());
    assertTrue(report.proof().canary());
    assertEquals(0, report.proof().refuted());
    return report;
  }

  private static void onAThreadOfItsOwn(Runnable program) throws InterruptedException {
    Thread thread = Thread.ofPlatform().start(program);
    thread.join();
    boolean rest = false;
    for (int i = 0; i < 50 && !rest; i++) { // a busy machine takes longer to block them all
      Thread.sleep(100);
      boolean[] runs = {false};
      Jdk.ofThisJvm()
          .forEachThread(t -> runs[0] |= Jdk.ofThisJvm().activity(t) == Jdk.Activity.RUNNABLE);
      rest = !runs[0];
    }
  }

  private static List<Finding> proven(Report report) {
    return report.findings().stream()
        .filter(f -> f instanceof Finding.Proven && f.details().state() == Finding.State.OPEN)
        .toList();
  }

  private static int count(Report report, String site) {
    return proven(report).stream()
        .filter(f -> f.details().site() != null && f.details().site().contains(site))
        .mapToInt(f -> f.details().count())
        .sum();
  }

  @Test
  void aThreadThatNothingCanWakeIsProven() throws InterruptedException {
    onAThreadOfItsOwn(() -> Thread.ofVirtual().name("putter").start(Leaky::put));

    Report report = find();

    Finding.Details details = proven(report).getFirst().details();
    assertEquals("BlockingQueue.put", details.kind());
    assertEquals(1, details.count());
    assertNotNull(details.site());
    assertTrue(details.site().startsWith("com.acme.Leaky.put(Leaky.java:"), details.site());
    assertEquals(List.of("putter"), details.names());
    assertNull(details.except());
  }

  @ParameterizedTest
  @CsvSource({
    "group, errgroup.Group.Wait, a goroutine of the group can never end",
    "flight, singleflight.Group.Do, 'the call for the same key, whose result it waits for, can'"
  })
  void whoWaitsForOthersThatAreStuckIsToldSo(String what, String kind, String because)
      throws InterruptedException {
    onAThreadOfItsOwn(what.equals("group") ? Leaky::group : Leaky::flight);

    Report report = find();

    Finding.Details waits =
        proven(report).stream()
            .map(Finding::details)
            .filter(d -> d.kind().equals(kind))
            .findFirst()
            .orElseThrow(() -> new AssertionError(report.findings().toString()));
    assertEquals(1, waits.count());
    assertTrue(waits.because().startsWith(because), waits.because());
    assertTrue(waits.suggestion().contains("it is listed here as well"), waits.suggestion());
    assertEquals(
        Set.of("chan receive", kind),
        proven(report).stream().map(f -> f.details().kind()).collect(Collectors.toSet()));
  }

  @Test
  void aSecondLookGivesTheSameAnswer() throws InterruptedException {
    onAThreadOfItsOwn(
        () -> {
          Thread.ofVirtual().start(Leaky::put);
          Leaky.cycle();
        });

    Report first = find();
    Report second = find();

    assertEquals(fingerprints(first), fingerprints(second));
    assertEquals(3, proven(second).stream().mapToInt(f -> f.details().count()).sum());
  }

  @Test
  void goroutinesAreProvenHoweverOftenTheCollectorRanBefore() throws InterruptedException {
    Channel<Integer> used = Channel.unbuffered();
    onAThreadOfItsOwn(
        () -> {
          for (int i = 0; i < 10; i++) {
            Go.go(Leaky::put);
            Go.go(() -> Leaky.send(Channel.unbuffered()));
            Go.go(() -> Leaky.send(used));
          }
        });
    for (int i = 0; i < 3; i++) {
      System.gc(); // a leak must not vanish before it was seen
    }

    Report report = find();
    assertEquals(Go.runtime().scheduler(), report.capabilities().scheduler());
    assertEquals(10, count(report, "Leaky.put"));
    assertEquals(10, count(report, "Leaky.send"), "those on the channel that is used must be left");

    for (int i = 0; i < 10; i++) {
      assertEquals(1, used.receive());
    }
    assertEquals(20, proven(find()).stream().mapToInt(f -> f.details().count()).sum());
  }

  private static Set<String> fingerprints(Report report) {
    return proven(report).stream()
        .map(f -> f.details().fingerprint() + " x" + f.details().count())
        .collect(Collectors.toSet());
  }

  @Test
  void whatASleeperOrAStaticFieldReachesIsNotProven() throws InterruptedException {
    onAThreadOfItsOwn(
        () -> {
          Leaky.besideASleeper();
          Thread.ofVirtual().start(Leaky::takeGlobal);
        });

    Report report = find();

    assertEquals(List.of(), proven(report));
    assertTrue(report.goroutines().canBeWoken() >= 3, report.goroutines()::toString);
  }

  @Test
  void threadsOfAReachableExecutorAreProvenAndItStillCountsThem() throws Exception {
    executors.add(Leaky.executor(20));
    Thread.sleep(100);

    Report report = find();

    assertEquals(20, count(report, "Leaky.put"));
    assertEquals("interrupt", proven(report).getFirst().details().except());
    ExecutorService executor = executors.getFirst();
    assertEquals(7, executor.submit(() -> 7).get());
    executor.shutdown();
    assertFalse(executor.awaitTermination(50, TimeUnit.MILLISECONDS), "it forgot its threads");
    executor.shutdownNow();
    assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS));
    Report after = find();
    assertEquals(0, count(after, "Leaky.put"));
    assertTrue(after.findings().stream().anyMatch(f -> f.details().state() == Finding.State.GONE));
  }

  @Test
  void aThreadThatAFinalizerWakesIsNotProven() throws InterruptedException {
    onAThreadOfItsOwn(Leaky::wokenByFinalizer);

    Report report = find();

    assertEquals(List.of(), proven(report));
    assertEquals(List.of(), proven(find()));
  }

  @Test
  void threadsThatTheCollectorWillWakeAreNotProven() throws InterruptedException {
    watched = new Object();
    onAThreadOfItsOwn(() -> Leaky.wokenByTheCollector(watched));

    assertEquals(List.of(), proven(find()));
    assertEquals(List.of(), proven(find()));
    assertEquals(2, waiting("waits-for-"));

    watched = new Object();
    System.gc();
    for (int i = 0; i < 1_000 && waiting("waits-for-") > 0; i++) {
      Thread.sleep(10);
    }
    assertEquals(0, waiting("waits-for-"), "the proof took the threads' wake-up away");
  }

  /** Finalizers wake one of the two after each round; it is never found twice in one park. */
  @Test
  void whoWaitsForOneThatFinalizersWakeAgainAndAgainIsNotProven() throws Exception {
    onAThreadOfItsOwn(() -> Leaky.wokenByManyFinalizers(30));

    Report report = new Prover(patient()).find(Mode.NOW);

    assertEquals(List.of(), proven(report));
    for (int i = 0; i < 1_000 && waiting("waits-for-many") > 0; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertEquals(0, waiting("waits-for-many"));
  }

  /** The JDK, but between the rounds finalizers have the time that they take. */
  private static Jdk patient() {
    return (Jdk)
        Proxy.newProxyInstance(
            Jdk.class.getClassLoader(),
            new Class<?>[] {Jdk.class},
            (proxy, method, arguments) -> {
              if (method.isDefault()) {
                return InvocationHandler.invokeDefault(proxy, method, arguments);
              }
              if (method.getName().equals("awaitReferenceProcessing")) {
                Thread.sleep(50);
              }
              return method.invoke(Jdk.ofThisJvm(), arguments);
            });
  }

  @ParameterizedTest
  @CsvSource({"1,NOW", "2,NOW", "3,NOW", "8,NOW", "2,CONCURRENT", "3,CONCURRENT"})
  void aThreadThatTheLastOfAChainOfFinalizersWakesIsNotProven(int length, Mode mode)
      throws Exception {
    onAThreadOfItsOwn(
        () -> {
          Leaky.wokenByChainOfFinalizers(length, false);
          Leaky.wokenByChainOfFinalizers(length, true);
        });
    Prover patient = new Prover(patient());

    for (int i = 0; i < 3; i++) {
      Report report = patient.find(mode);
      assertEquals(List.of(), proven(report));
      assertEquals(0, report.proof().refuted());
    }

    for (int i = 0; i < 1_000 && waiting("waits-for-chain") > 1; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertEquals(1, waiting("waits-for-chain"), "the look has set off what only a thread holds");
  }

  @ParameterizedTest
  @CsvSource({"1,false", "2,false", "3,false", "2,true", "3,true", "6,true"})
  void aThreadThatTheLastOfAChainOfCleanersWakesIsNotProven(int length, boolean mixed)
      throws Exception {
    onAThreadOfItsOwn(() -> Leaky.wokenByChainOfCleaners(length, mixed));
    Prover patient = new Prover(patient());

    for (int i = 0; i < 3; i++) {
      Report report = patient.find(Mode.NOW);
      assertEquals(List.of(), proven(report));
      assertEquals(0, report.proof().refuted());
    }

    for (int i = 0; i < 1_000 && waiting("waits-for-chain") > 0; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertEquals(0, waiting("waits-for-chain"));
  }

  /** What has a finalizer is a root, but not for what it does not reach. */
  @Test
  void aThreadThatHoldsSomethingWithAFinalizerIsProven() throws Exception {
    CountDownLatch elsewhere = new CountDownLatch(1);
    onAThreadOfItsOwn(
        () ->
            Thread.ofVirtual()
                .start(
                    () -> {
                      Object kept = Leaky.withFinalizer(elsewhere);
                      try {
                        Leaky.put();
                      } finally {
                        Reference.reachabilityFence(kept);
                      }
                    }));

    assertEquals(1, count(find(), "Leaky.put"));
    assertEquals(1, count(find(), "Leaky.put"));
    assertEquals(1, elsewhere.getCount(), "its finalizer has run while the thread still holds it");
  }

  private static List<String> excepts(Report report, String site) {
    return proven(report).stream()
        .filter(f -> f.details().site() != null && f.details().site().contains(site))
        .map(f -> f.details().except() + " x" + f.details().count())
        .sorted()
        .toList();
  }

  private void assertGoneAfterShutdownNow(ExecutorService executor) throws Exception {
    executor.shutdownNow();
    assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS));
    for (int i = 0; i < 1_000 && waiting("consequence") > 0; i++) {
      Thread.sleep(10);
    }
    assertEquals(0, waiting("consequence"));
    Report after = find();
    assertEquals(0, count(after, "Leaky.await"), () -> "still there: " + after.findings());
    assertTrue(
        after.findings().stream().noneMatch(f -> f.details().state() == Finding.State.REFUTED),
        after.findings()::toString);
  }

  private static void consequence(Runnable task) {
    Thread.ofVirtual().name("consequence").start(task);
  }

  @ParameterizedTest
  @EnumSource(names = {"NOW", "CONCURRENT"})
  void whoWaitsForAThreadInAnExecutorIsProvenWithTheSameException(Mode mode) throws Exception {
    ExecutorService executor = Leaky.executor(0);
    executors.add(executor);
    onAThreadOfItsOwn(
        () -> {
          CountDownLatch second = new CountDownLatch(1);
          CountDownLatch third = new CountDownLatch(1);
          executor.execute(() -> Leaky.awaitThenOpen(new CountDownLatch(1), second));
          consequence(() -> Leaky.awaitThenOpen(second, third));
          consequence(() -> Leaky.await(third));
          Thread.ofVirtual().start(Leaky::put);
        });

    Report report = prover.find(mode);
    for (int i = 0; i < 20 && !report.proof().complete(); i++) {
      report = prover.find(mode); // young threads take their time in concurrent mode
    }
    assertEquals(0, report.proof().refuted());
    assertEquals(List.of("interrupt x1"), excepts(report, "Leaky.await("));
    assertEquals(
        2, count(report, "Leaky.awaitThenOpen"), () -> "all of them: " + proven(prover.find(mode)));
    assertTrue(
        excepts(report, "Leaky.awaitThenOpen").stream().allMatch(e -> e.startsWith("interrupt")));
    assertEquals(1, count(report, "Leaky.put"));
    if (mode == Mode.NOW) {
      assertEquals(List.of("null x1"), excepts(report, "Leaky.put"));
      assertEquals(3, report.proof().rounds());
    }
    assertGoneAfterShutdownNow(executor);
  }

  @Test
  void whatOneExecutorsThreadHoldsOfAnotherIsExceptedToo() throws Exception {
    ExecutorService outer = Leaky.executor(0);
    executors.add(outer);
    onAThreadOfItsOwn(
        () -> {
          CountDownLatch never = new CountDownLatch(1);
          ExecutorService inner = Leaky.executor(0);
          ExecutorService pool =
              Executors.newFixedThreadPool(1, Thread.ofVirtual().name("consequence").factory());
          inner.execute(() -> Leaky.awaitThenShutDown(never, pool));
          pool.execute(() -> Leaky.await(never));
          outer.execute(() -> Leaky.awaitThenShutDown(never, inner));
        });

    Report report = find();

    assertEquals(List.of("interrupt x1"), excepts(report, "Leaky.await("));
    assertEquals(2, count(report, "Leaky.awaitThenShutDown"));
    assertGoneAfterShutdownNow(outer);
  }

  /** The second executor is never shut down, and its thread runs all the same. */
  @Test
  void aThreadOfOneExecutorThatAnotherWakesIsNotRefuted() throws Exception {
    ExecutorService first = Leaky.executor(0);
    ExecutorService second = Leaky.executor(0);
    executors.add(first);
    executors.add(second);
    onAThreadOfItsOwn(
        () -> {
          CountDownLatch between = new CountDownLatch(1);
          first.execute(() -> Leaky.awaitThenOpen(new CountDownLatch(1), between));
          second.execute(() -> Leaky.await(between));
        });
    assertEquals(List.of("interrupt x1"), excepts(find(), "Leaky.await("));

    assertGoneAfterShutdownNow(first);
    assertFalse(second.isShutdown());
  }

  @Test
  void whereNoExecutorHoldsAnybodyThereIsNoFurtherRound() throws Exception {
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));
    Report direct = find();
    assertEquals(2, direct.proof().rounds());

    ExecutorService executor = Leaky.executor(5);
    executors.add(executor);
    Thread.sleep(100);
    Report onlyInside = find();
    assertEquals(2, onlyInside.proof().rounds());
    assertEquals(List.of("interrupt x5", "null x1"), excepts(onlyInside, "Leaky.put"));

    Report nothingNew = find();
    assertEquals(1, nothingNew.proof().rounds());
  }

  /** Known before, and so no reason for a round by itself; but it counts when others come. */
  @Test
  void whoComesLaterAndWaitsForAThreadThatIsProvenAlreadyIsExcepted() throws Exception {
    ExecutorService executor = Leaky.executor(0);
    executors.add(executor);
    CountDownLatch[] later = new CountDownLatch[1];
    onAThreadOfItsOwn(
        () -> {
          later[0] = new CountDownLatch(1);
          CountDownLatch opens = later[0];
          executor.execute(() -> Leaky.awaitThenOpen(new CountDownLatch(1), opens));
        });
    // held by the array until the second thread waits for it: the first is proven all the same
    assertEquals(1, count(find(), "Leaky.awaitThenOpen"));
    onAThreadOfItsOwn(
        () -> {
          CountDownLatch opens = later[0];
          later[0] = new CountDownLatch(1);
          consequence(() -> Leaky.await(opens));
        });

    assertEquals(List.of("interrupt x1"), excepts(find(), "Leaky.await("));
    assertGoneAfterShutdownNow(executor);
  }

  /**
   * Rounds amid executors that are shut down all the time stay complete, and nothing is refuted.
   */
  @Test
  void executorsThatInterruptAllTheTimeDoNotKeepALookFromItsEnd() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong turns = new AtomicLong();
    Thread churn =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!stop.get()) {
                    ExecutorService executor = Leaky.executor(0);
                    CountDownLatch second = new CountDownLatch(1);
                    executor.execute(() -> Leaky.awaitThenOpen(new CountDownLatch(1), second));
                    consequence(() -> Leaky.await(second));
                    LockSupport.parkNanos(turns.incrementAndGet() % 5 * 3_000_000);
                    executor.shutdownNow();
                  }
                });
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));
    try {
      for (int i = 0; i < 25; i++) {
        Report report = find();
        assertEquals(1, count(report, "Leaky.put"));
        assertTrue(
            excepts(report, "Leaky.await").stream().allMatch(e -> e.startsWith("interrupt")),
            () -> "excepted: " + report.findings());
      }
    } finally {
      stop.set(true);
      churn.join();
    }
    assertTrue(turns.get() > 25);
    find();
  }

  /** After each round whoever it found in an executor is interrupted, and the next one comes. */
  @Test
  void aLookEndsThoughThreadsThatItFoundAreInterruptedAfterEachRound() throws Exception {
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));
    AtomicReference<ExecutorService> current = new AtomicReference<>(blockedExecutor());
    AtomicLong turns = new AtomicLong();
    Jdk door =
        (Jdk)
            Proxy.newProxyInstance(
                Jdk.class.getClassLoader(),
                new Class<?>[] {Jdk.class},
                (proxy, method, arguments) -> {
                  if (method.isDefault()) {
                    return InvocationHandler.invokeDefault(proxy, method, arguments);
                  }
                  if (method.getName().equals("awaitReferenceProcessing")) {
                    ExecutorService before = current.getAndSet(blockedExecutor());
                    before.shutdownNow();
                    assertTrue(before.awaitTermination(10, TimeUnit.SECONDS));
                    turns.incrementAndGet();
                  }
                  return method.invoke(Jdk.ofThisJvm(), arguments);
                });

    Report report = new Prover(door).find(Mode.NOW);

    executors.add(current.get());
    assertTrue(turns.get() >= 2);
    assertTrue(report.proof().complete(), report.proof()::toString);
    assertEquals(0, report.proof().refuted());
    assertEquals(1, count(report, "Leaky.put"));
  }

  /** Woken after it was hidden, and gone when the collector comes: it was never found blocked. */
  @Test
  void threadsThatEndBetweenHidingAndTheCollectionDoNotCount() throws Exception {
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));
    Waiting first = Waiting.start(); // ends in the first round
    Waiting second = Waiting.start();
    AtomicLong handles = new AtomicLong();
    Jdk door =
        (Jdk)
            Proxy.newProxyInstance(
                Jdk.class.getClassLoader(),
                new Class<?>[] {Jdk.class},
                (proxy, method, arguments) -> {
                  if (method.isDefault()) {
                    return InvocationHandler.invokeDefault(proxy, method, arguments);
                  }
                  Object result = method.invoke(Jdk.ofThisJvm(), arguments);
                  if (method.getName().equals("hide")
                      && ((Thread) arguments[1]).threadId() == first.id) {
                    first.end();
                  }
                  if (method.getName().equals("handle")
                      && ((Thread) arguments[0]).threadId() == second.id
                      && handles.incrementAndGet() == 2) {
                    second.end();
                  }
                  return result;
                });

    Report report = new Prover(door).find(Mode.NOW);

    assertEquals(0, first.latch.getCount());
    assertEquals(0, second.latch.getCount());
    assertTrue(report.proof().complete(), report.proof()::toString);
    assertEquals(0, report.proof().refuted());
    assertEquals(1, count(report, "Leaky.put"));
    assertEquals(0, count(report, "Leaky.await"));
  }

  /** A thread that waits for a latch, of which only its number is known. */
  private record Waiting(CountDownLatch latch, long id) {
    static Waiting start() throws InterruptedException {
      CountDownLatch latch = new CountDownLatch(1);
      long id = Thread.ofVirtual().start(() -> Leaky.await(latch)).threadId();
      Thread.sleep(50);
      return new Waiting(latch, id);
    }

    void end() throws InterruptedException {
      latch.countDown();
      Thread.sleep(50);
    }
  }

  /** The program may have a collection of its own at any moment, and finalizers after it. */
  @ParameterizedTest
  @CsvSource({"8,NOW", "20,NOW", "8,CONCURRENT", "20,CONCURRENT"})
  void aCollectionWhileThreadsAreLetGoOfFindsNobodyWhomAFinalizerWakes(int length, Mode mode)
      throws Exception {
    onAThreadOfItsOwn(() -> Leaky.wokenByChainOfFinalizers(length, false));
    AtomicLong collections = new AtomicLong();
    Jdk door =
        (Jdk)
            Proxy.newProxyInstance(
                Jdk.class.getClassLoader(),
                new Class<?>[] {Jdk.class},
                (proxy, method, arguments) -> {
                  if (method.isDefault()) {
                    return InvocationHandler.invokeDefault(proxy, method, arguments);
                  }
                  // The canary is the youngest, so that the others have been let go of by now.
                  if (method.getName().equals("handle")
                      && ((Thread) arguments[0]).getName().equals(Canary.NAME)) {
                    System.gc();
                    collections.incrementAndGet();
                    Thread.sleep(50); // for a finalizer
                  }
                  return method.invoke(Jdk.ofThisJvm(), arguments);
                });
    Prover collecting = new Prover(door);

    Report report = collecting.find(mode);

    assertEquals(List.of(), proven(report));
    assertEquals(0, report.proof().refuted());
    assertTrue(collections.get() > 0);
    for (int i = 0; i < 1_000 && waiting("waits-for-chain") > 0; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertEquals(0, waiting("waits-for-chain"));
  }

  /** An executor with one thread, which is parked. */
  private static ExecutorService blockedExecutor() throws InterruptedException {
    ExecutorService executor = Leaky.executor(0);
    CountDownLatch ended = new CountDownLatch(1);
    executor.execute(() -> Leaky.awaitThenOpen(new CountDownLatch(1), ended));
    Thread.sleep(50);
    assertEquals(1, ended.getCount());
    return executor;
  }

  @Test
  void threadsThatWentWithTheirDroppedExecutorAreReportedAllTheSame() throws Exception {
    ExecutorService used = Leaky.executor(2);
    executors.add(used);
    onAThreadOfItsOwn(
        () -> {
          Leaky.fill(Executors.newVirtualThreadPerTaskExecutor(), 3);
          ExecutorService ends = Executors.newVirtualThreadPerTaskExecutor();
          ends.execute(() -> Leaky.awaitThenOpen(opened, opened));
        });
    prover.sample();
    prover.sample();
    opened.countDown(); // whoever ends is gone as well, and no leak
    for (int i = 0; i < 1_000 && prover.goroutines().size() > 2; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertEquals(2, prover.goroutines().size(), "the collector took away the others");

    Report report = find();

    assertEquals(List.of("interrupt x2", "null x3"), excepts(report, "Leaky.put"));
    assertEquals(
        List.of(3),
        report.findings().stream()
            .map(f -> f.details().evidence().get("takenAwayByCollections"))
            .filter(Objects::nonNull)
            .toList());
    assertEquals(0, count(report, "Leaky.awaitThenOpen"));
    prover.sample();
    prover.sample();
    assertEquals(List.of("interrupt x2", "null x3"), excepts(find(), "Leaky.put"));
  }

  /**
   * A look clears weak references to threads that it keeps; nobody may think that they are gone.
   */
  @Test
  void threadsThatALookHasFoundAreNotTakenForCollected() throws Exception {
    ExecutorService executor = Leaky.executor(4);
    executors.add(executor);
    Thread.sleep(100);
    prover.sample();
    prover.sample();
    Prover other = new Prover(Jdk.ofThisJvm());
    assertEquals(4, count(other.find(Mode.NOW), "Leaky.put"));

    prover.sample();
    assertEquals(List.of("interrupt x4"), excepts(find(), "Leaky.put"));
    prover.sample();
    assertEquals(List.of("interrupt x4"), excepts(find(), "Leaky.put"));
  }

  /** All block at the same place, so they are one finding; one executor at a time is shut down. */
  @Test
  void aThreadThatItsOwnExecutorInterruptsIsNotRefuted() throws Exception {
    for (int i = 0; i < 5; i++) {
      executors.add(Leaky.executor(1));
    }
    Thread.sleep(100);
    assertEquals(5, count(find(), "Leaky.put"));

    for (int left = 4; left > 0; left--) {
      ExecutorService one = executors.get(left);
      one.shutdownNow();
      assertTrue(one.awaitTermination(10, TimeUnit.SECONDS));

      assertEquals(left, count(find(), "Leaky.put"));
    }
  }

  private long waiting(String prefix) {
    return prover.goroutines().stream().filter(g -> g.name().startsWith(prefix)).count();
  }

  @Test
  void aListenerThatAnybodyHoldsStronglyKeepsItsThreadOutOfTheReport() throws Exception {
    BooleanSupplier[] fire = new BooleanSupplier[1];
    onAThreadOfItsOwn(() -> fire[0] = Leaky.listening("listens", true));

    assertEquals(List.of(), proven(find()));

    assertTrue(fire[0].getAsBoolean(), "the weak reference was cleared");
    for (int i = 0; i < 1_000 && waiting("listens") > 0; i++) {
      Thread.sleep(10);
    }
    assertEquals(0, waiting("listens"));
  }

  /**
   * The contract of docs/adr/0002: the look clears the reference, and then the thread can never run
   * again.
   */
  @Test
  void aListenerThatIsOnlyHeldWeaklyIsLostAndItsThreadIsProven() throws Exception {
    BooleanSupplier[] fire = new BooleanSupplier[1];
    onAThreadOfItsOwn(() -> fire[0] = Leaky.listening("listens", false));

    assertEquals(1, count(find(), "Leaky.listen"));

    assertFalse(fire[0].getAsBoolean(), "the weak reference is still there");
    assertEquals(1, count(find(), "Leaky.listen"));
  }

  @Test
  void theListMarksWhatIsProven() throws InterruptedException {
    onAThreadOfItsOwn(
        () -> {
          Thread.ofVirtual().name("leaked").start(Leaky::put);
          Thread.ofVirtual().name("waiting").start(Leaky::takeGlobal);
        });
    find();

    List<GoroutineInfo> all = prover.goroutines();

    assertTrue(named(all, "leaked").leaked());
    assertFalse(named(all, "waiting").leaked());
    assertEquals("BlockingQueue.take", named(all, "waiting").waitReason().text());
    assertEquals(List.of("leaked"), prover.leaked().stream().map(GoroutineInfo::name).toList());
  }

  private static GoroutineInfo named(List<GoroutineInfo> all, String name) {
    return all.stream().filter(g -> g.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void aProofUnderConstantChangeProvesNothingThatRunsAgain() throws Exception {
    ExecutorService churn = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor();
    executors.add(churn);
    var queue = new java.util.concurrent.SynchronousQueue<Integer>();
    var stop = new java.util.concurrent.atomic.AtomicBoolean();
    var received = new java.util.concurrent.atomic.LongAdder();
    Thread producer =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!stop.get()) {
                    churn.execute(
                        () -> {
                          try {
                            queue.put(1);
                          } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                          }
                        });
                    Integer taken = null;
                    while (taken == null && !stop.get()) {
                      taken = queue.poll();
                    }
                    if (taken != null) {
                      received.increment();
                    }
                  }
                });
    for (int i = 0; i < 15; i++) {
      assertEquals(List.of(), proven(find()));
    }
    stop.set(true);
    producer.join();
    assertTrue(received.sum() > 0);
  }

  @Test
  void concurrentModeOfG1FindsThemToo() throws InterruptedException {
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));

    Report report = prover.find(Mode.CONCURRENT);

    assertEquals("concurrent", report.proof().mode());
    if (report.proof().complete()) {
      assertEquals(1, count(report, "Leaky.put"));
    } else {
      assertNotNull(report.proof().why());
    }
  }

  @Test
  void reclaimIsRefusedOnACollectorThatCanDoBetter() {
    Report report = prover.find(Mode.RECLAIM);

    assertEquals("none", report.proof().mode());
    assertFalse(report.proof().complete());
    assertNotNull(report.proof().why());
    assertTrue(report.proof().why().contains("use now"), report.proof().why());
  }

  @Test
  void aWatchIsNeverAskedWhileItSamples() throws Exception {
    CountDownLatch sampling = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(1);
    AtomicBoolean both = new AtomicBoolean();
    prover.add(
        new Watch() {
          @Override
          public void sample() {
            sampling.countDown();
            try {
              both.set(asked.await(1, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }

          @Override
          public List<Finding.Suspected> suspects() {
            asked.countDown();
            return List.of();
          }
        });
    Thread sampler = Thread.ofPlatform().start(prover::sample);
    sampling.await();

    find();

    sampler.join();
    assertEquals(0, asked.getCount());
    assertFalse(both.get(), "asked for suspects in the middle of a sample");
  }

  @Test
  void aWatchThatFailsCostsANoteAndNotTheProof() throws InterruptedException {
    prover.add(
        new Watch() {
          @Override
          public void sample() {}

          @Override
          public List<Finding.Suspected> suspects() {
            throw new IllegalStateException("on purpose");
          }
        });
    onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));

    Report report = find();

    assertEquals(1, count(report, "Leaky.put"));
    assertTrue(
        report.notes().stream().anyMatch(note -> note.contains("on purpose")),
        report.notes()::toString);
  }

  @Test
  void oneThreadThatCannotBePutBackKeepsNoOtherFromItsPlace() throws InterruptedException {
    onAThreadOfItsOwn(
        () -> {
          Thread.ofVirtual().name("one").start(Leaky::put);
          Thread.ofVirtual().name("two").start(Leaky::put);
        });
    AtomicLong unlucky = new AtomicLong();
    Jdk door =
        (Jdk)
            Proxy.newProxyInstance(
                Jdk.class.getClassLoader(),
                new Class<?>[] {Jdk.class},
                (proxy, method, arguments) -> {
                  if (method.isDefault()) {
                    return InvocationHandler.invokeDefault(proxy, method, arguments);
                  }
                  Object result = method.invoke(Jdk.ofThisJvm(), arguments);
                  if (method.getName().equals("restore")
                      && (unlucky.compareAndSet(0, (long) arguments[1])
                          || unlucky.get() == (long) arguments[1])) {
                    throw new IllegalStateException("on purpose");
                  }
                  return result;
                });

    Throwable told =
        assertThrows(IllegalStateException.class, () -> new Prover(door).find(Mode.NOW));

    assertTrue(String.valueOf(told.getMessage()).contains("on purpose"), told::toString);
    List<String> names = prover.goroutines().stream().map(GoroutineInfo::name).toList();
    assertTrue(names.containsAll(List.of("one", "two")), names::toString);
  }

  @Test
  void howLongAThreadWaitsIsKnownAfterMonthsToo() throws InterruptedException {
    onAThreadOfItsOwn(() -> Thread.ofVirtual().name("waits").start(Leaky::takeGlobal));
    long day = TimeUnit.DAYS.toNanos(1);
    AtomicLong clock = new AtomicLong();
    Observations observations = new Observations(Jdk.ofThisJvm(), clock::get);
    clock.set(100 * day);
    observations.observe();

    long id = named(prover.goroutines(), "waits").id();

    assertEquals(100 * day, observations.since(id));
    assertFalse(observations.comesBack(id));
  }

  @Test
  void aThreadThatComesBackForMoreIsToldFromOneThatStays() throws InterruptedException {
    onAThreadOfItsOwn(() -> Thread.ofVirtual().name("worker").start(Leaky::takeForEver));
    Observations observations = new Observations(Jdk.ofThisJvm());
    observations.observe();
    long id = named(prover.goroutines(), "worker").id();
    assertFalse(observations.comesBack(id));

    System.gc(); // after which a thread that runs gets a new stack
    Leaky.GLOBAL.add(1);
    for (int i = 0; i < 1_000 && !observations.comesBack(id); i++) {
      Thread.sleep(5);
      observations.observe(); // an observation that took long makes it skip the next ones
    }

    assertTrue(observations.comesBack(id));
  }

  @Test
  void aTallyCountsWhatThreadsDoAndWhatIsProvenWithoutLooking() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      onAThreadOfItsOwn(() -> Thread.ofVirtual().start(Leaky::put));
    }
    Thread sleeper =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    Thread.sleep(1_000_000);
                  } catch (InterruptedException _) {
                    // The end of the test.
                  }
                });
    for (int i = 0; i < 2_000 && sleeper.getState() != Thread.State.TIMED_WAITING; i++) {
      Thread.sleep(5);
    }
    assertNull(prover.last());
    Tally before = prover.tally(1_000);
    assertEquals(0, before.proven(), "a tally proves nothing");
    assertTrue(before.complete());

    Report report = find();

    assertSame(report, prover.last());
    Tally tally = prover.tally(1_000);
    assertEquals(3, tally.proven());
    assertEquals(3, tally.states().get(Tally.PROVEN));
    assertEquals(3, tally.reasons().get("BlockingQueue.put"));
    assertTrue(tally.reasons().getOrDefault("sleep", 0L) >= 1, tally.toString());
    assertTrue(tally.states().getOrDefault(Tally.TIMED, 0L) >= 1, tally.toString());
    assertEquals(tally.total(), sum(tally.states()));
    assertEquals(tally.total(), sum(tally.reasons()));
    assertEquals(tally.total(), tally.stacks());
    assertTrue(tally.cpuNanos() > 0, "it took some time of a processor");

    Tally estimated = prover.tally(2);
    assertEquals(3, estimated.proven(), "what needs no stack is exact");
    assertEquals(estimated.total(), sum(estimated.states()));
    assertTrue(estimated.stacks() < estimated.total());
    assertTrue(
        Math.abs(estimated.total() - sum(estimated.reasons())) <= estimated.reasons().size(),
        estimated.toString());
  }

  @Test
  void whereTheJdkIsClosedTheLanguageTellsOfItsOwnGoroutines() throws InterruptedException {
    Channel<Integer> channel = Channel.unbuffered();
    long before = Tallying.known().reasons().getOrDefault("chan receive", 0L);
    for (int i = 0; i < 3; i++) {
      Go.go(channel::receive);
    }
    Tally tally = Tallying.known();
    for (int i = 0;
        i < 2_000 && tally.reasons().getOrDefault("chan receive", 0L) < before + 3;
        i++) {
      Thread.sleep(5);
      tally = Tallying.known();
    }
    assertEquals(before + 3, tally.reasons().get("chan receive"), tally.toString());
    assertFalse(tally.complete());
    assertEquals(tally.total(), sum(tally.states()));
    assertEquals(0, tally.proven());
    channel.close();
  }

  private static long sum(Map<String, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
