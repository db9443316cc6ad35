package acme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.Threads;
import dev.selvage.observe.Contention;
import dev.selvage.observe.Probe;
import dev.selvage.observe.Profile;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** In a package of its own, as a program would be. The rates are the JVM's, so one at a time. */
@Timeout(60)
final class ContentionTests {
  @AfterEach
  void off() {
    Contention.setBlockProfileRate(0);
    Contention.setMutexProfileFraction(0);
  }

  /** Counts and nanoseconds of those places whose stack has that method of this class. */
  private static long[] at(String kind, String method) {
    long[] sum = new long[2];
    for (Map<String, Object> map : Probe.contentions(kind)) {
      if (stack(map).stream().anyMatch(frame -> isHere(frame, method))) {
        sum[0] += (Long) map.getOrDefault("count", 0L);
        sum[1] += (Long) map.getOrDefault("nanos", 0L);
      }
    }
    return sum;
  }

  private static boolean isHere(StackTraceElement frame, String method) {
    return frame.getClassName().equals(ContentionTests.class.getName())
        && frame.getMethodName().contains(method);
  }

  private static List<StackTraceElement> stack(Map<String, Object> map) {
    return ((List<?>) map.getOrDefault("stack", List.of()))
        .stream().map(StackTraceElement.class::cast).toList();
  }

  private static void receiveFrom(Channel<Integer> channel) throws InterruptedException {
    channel.receive();
  }

  private static void lockAndUnlock(Mutex mutex) throws InterruptedException {
    mutex.lock();
    mutex.unlock();
  }

  private static void giveBack(Mutex mutex) {
    mutex.unlock();
  }

  @Test
  void countsEachWaitWhenItEndsAndNotBefore() throws Exception {
    Channel<Integer> channel = Channel.unbuffered();
    Thread unseen = Threads.startBlocked(() -> receiveFrom(channel));
    channel.send(1);
    unseen.join();
    assertEquals(0, at("block", "receiveFrom")[0], "off until it is asked for");

    Contention.setBlockProfileRate(1);
    Thread blocked = Threads.startBlocked(() -> receiveFrom(channel));
    assertEquals(0, at("block", "receiveFrom")[0]);
    long slept = System.nanoTime();
    Thread.sleep(20);
    slept = System.nanoTime() - slept;
    channel.send(2);
    blocked.join();
    long[] sum = at("block", "receiveFrom");
    assertEquals(1, sum[0]);
    assertTrue(sum[1] >= slept, "blocked at least while we slept");
    StackTraceElement leaf =
        Probe.contentions("block").stream()
            .map(ContentionTests::stack)
            .filter(stack -> stack.stream().anyMatch(frame -> isHere(frame, "receiveFrom")))
            .findFirst()
            .orElseThrow()
            .getFirst();
    assertEquals("dev.selvage.Channel", leaf.getClassName(), "the operation, not how it waits");

    Contention.setBlockProfileRate(0);
    Thread again = Threads.startBlocked(() -> receiveFrom(channel));
    channel.send(3);
    again.join();
    assertEquals(1, at("block", "receiveFrom")[0]);
  }

  @Test
  void aSleepIsNoBlocking() throws Exception {
    Contention.setBlockProfileRate(1);
    Go.sleep(Duration.ofMillis(2));
    assertEquals(0, at("block", "aSleepIsNoBlocking")[0]);
  }

  @Test
  void manyShortWaitsAreEstimatedFromFew() throws Exception {
    Contention.setBlockProfileRate(2_000_000);
    Channel<Integer> there = Channel.unbuffered();
    Channel<Integer> back = Channel.unbuffered();
    int rounds = 20_000;
    Go.go(
        () -> {
          for (int v : there) {
            back.send(v);
          }
        });
    long begin = System.nanoTime();
    for (int i = 0; i < rounds; i++) {
      there.send(i);
      pong(back);
    }
    long took = System.nanoTime() - begin;
    there.close();
    long[] sum = at("block", "pong");
    // What is sampled stands for time: with that many samples it is near to what passed.
    assertTrue(sum[1] <= 2 * took, sum[1] + " ns of " + took);
  }

  private static void pong(Channel<Integer> back) throws InterruptedException {
    back.receive();
  }

  @Test
  void blamesWhoGivesTheLockBack() throws Exception {
    assertEquals(0, Contention.setMutexProfileFraction(1));
    assertEquals(1, Contention.setMutexProfileFraction(-1));
    Mutex mutex = new Mutex();
    mutex.lock();
    Thread waiter = Threads.startBlocked(() -> lockAndUnlock(mutex));
    Thread.sleep(5);
    giveBack(mutex);
    waiter.join();
    long[] sum = at("mutex", "giveBack");
    assertEquals(1, sum[0]);
    assertTrue(sum[1] >= 5_000_000, sum[1] + " ns");
    assertEquals(0, at("mutex", "lockAndUnlock")[0], "who waited is in the block profile");
  }

  @Test
  void aTimeLimitIsNobodysUnlock() throws Exception {
    Contention.setMutexProfileFraction(1);
    Mutex mutex = new Mutex();
    mutex.lock();
    long before = Probe.contentions("mutex").size();
    assertTrue(!mutex.lock(Duration.ofMillis(5)));
    mutex.unlock();
    assertEquals(before, Probe.contentions("mutex").size());
  }

  @Test
  void aWindowSamplesAndLeavesNothingBehind() throws Exception {
    AutoCloseable window = Probe.sampleContention();
    WaitGroup group = new WaitGroup();
    group.add(1);
    Thread blocked = Threads.startBlocked(() -> awaitIt(group));
    Thread.sleep(2);
    group.done();
    blocked.join();
    window.close();
    window.close();
    assertEquals(1, at("block", "awaitIt")[0]);
    group.add(1);
    Thread after = Threads.startBlocked(() -> awaitIt(group));
    group.done();
    after.join();
    assertEquals(1, at("block", "awaitIt")[0]);
  }

  private static void awaitIt(WaitGroup group) throws InterruptedException {
    group.await();
  }

  @Test
  void aBlockedGoroutineIsGarbageWhileItIsSampled() throws Exception {
    Contention.setBlockProfileRate(1);
    Contention.setMutexProfileFraction(1);
    WeakReference<Thread> leaked = leakOnALock();
    assertTrue(Threads.isCollected(leaked), "sampling holds a goroutine that nothing can wake");
  }

  private static WeakReference<Thread> leakOnALock() throws InterruptedException {
    Mutex mutex = new Mutex();
    mutex.lock();
    return Threads.leak(() -> lockAndUnlock(mutex));
  }

  // --------------- Labels ---------------

  @Test
  void labelsAreToldAsTheyComeAndGo() throws Exception {
    record Told(long thread, Map<String, String> labels) {}
    Queue<Told> told = new ConcurrentLinkedQueue<>();
    try (AutoCloseable _ = Probe.listenToLabels((id, labels) -> told.add(new Told(id, labels)))) {
      Channel<Thread> child = Channel.buffered(1);
      Go.<InterruptedException>labelled(
          "job", "import", () -> Go.go(() -> child.send(Thread.currentThread())));
      Thread thread = child.receive();
      long me = Thread.currentThread().threadId();
      assertEquals(
          List.of(Map.of("job", "import"), Map.of()),
          told.stream().filter(t -> t.thread == me).map(Told::labels).toList());
      assertEquals(
          List.of(Map.of("job", "import")),
          told.stream().filter(t -> t.thread == thread.threadId()).map(Told::labels).toList());
    }
    told.clear();
    Go.labelled("job", "export", () -> {});
    assertTrue(told.isEmpty(), "nobody listens any more");
  }

  @Test
  void labelsOfAThreadCanBeAskedFor() throws Exception {
    Channel<Integer> stop = Channel.unbuffered();
    Thread thread =
        Go.labelled("job", "import", () -> Threads.startBlocked(() -> receiveFrom(stop)));
    assertEquals(Map.of("job", "import"), Probe.labels(thread));
    assertEquals(Map.of(), Probe.labels(Thread.currentThread()));
    stop.send(1);
    thread.join();
  }

  // --------------- Profiles of the program's own ---------------

  @Test
  void aProfileOfTheProgramsOwnHasTheStacksOfWhatIsOpen() {
    Profile profile = Profile.create("acme.open-files");
    Object first = new Object();
    openFile(profile, first);
    profile.add("second", 0);
    assertEquals(2, profile.count());
    assertEquals(2, Probe.profiles().get("acme.open-files"));
    assertEquals(profile, Profile.lookup("acme.open-files"));
    assertTrue(Profile.all().contains(profile));
    assertTrue(
        Probe.profile("acme.open-files").stream()
            .anyMatch(stack -> stack.getFirst().getMethodName().equals("openFile")));
    IllegalStateException twice =
        assertThrows(IllegalStateException.class, () -> profile.add(first, 0));
    assertEquals("pprof: Profile.Add of duplicate value", twice.getMessage());
    profile.remove(first);
    profile.remove(first);
    assertEquals(1, profile.count());
    assertNull(Profile.lookup("acme.none"));
    assertEquals(List.of(), Probe.profile("acme.none"));
  }

  private static void openFile(Profile profile, Object file) {
    profile.add(file, 0);
  }

  @Test
  void skipLeavesOutCallers() {
    Profile profile = Profile.create("acme.skip");
    openSkipping(profile);
    assertEquals("skipLeavesOutCallers", profile.stacks().getFirst().getFirst().getMethodName());
    profile.add("far", 10_000);
    assertTrue(profile.stacks().contains(List.of()));
  }

  private static void openSkipping(Profile profile) {
    profile.add("near", 1);
  }

  @Test
  void namesAreUniqueAndPlain() {
    assertNotNull(Profile.create("acme.unique"));
    for (String name : List.of("acme.unique", "heap", "", "a b", "<script>", "../x", "a/b")) {
      assertThrows(IllegalArgumentException.class, () -> Profile.create(name), name);
    }
  }
}
