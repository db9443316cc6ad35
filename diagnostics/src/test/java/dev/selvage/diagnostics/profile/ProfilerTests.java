package dev.selvage.diagnostics.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.shop.Busy;
import dev.selvage.Go;
import dev.selvage.observe.Profile;
import dev.selvage.sync.WaitGroup;
import dev.selvage.testing.GoTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real profiles of a program that is busy in known ways, as the real reader shows them. */
@Timeout(300)
final class ProfilerTests {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(2);

  private final Profiler profiler = Profiler.ofThisJvm();
  private final Path dir;

  ProfilerTests(@TempDir Path dir) {
    this.dir = dir;
  }

  private interface Taking {
    StackProfile take() throws ProfileException, InterruptedException;
  }

  private StackProfile whileBusy(Taking taking) throws Exception {
    try (Busy busy = new Busy()) {
      busy.begin();
      return taking.take();
    }
  }

  private String pprof(StackProfile profile, String... arguments) throws Exception {
    Path file = Files.write(dir.resolve(profile.name() + ".pb.gz"), profile.toProto());
    return GoTool.pprof(
        dir,
        Stream.concat(Stream.of(arguments), Stream.of(file.toString())).toArray(String[]::new));
  }

  @Test
  @DisplayName(
      "cpu: the loop is on top, with labels, sources and its thread; a waiter is not there")
  void cpu() throws Exception {
    StackProfile profile = whileBusy(() -> profiler.cpu("shop.jar", LONG_ENOUGH));
    ProfileReader read = ProfileReader.read(profile.toProto());
    assertEquals(List.of("samples/count", "cpu/nanoseconds"), read.types);
    assertEquals("cpu/nanoseconds 10000000", read.period);
    long all = profile.total(1);
    // How the processor is shared with other programs is not ours to say.
    assertTrue(read.sum(1, "Busy.compute") > 0 && all > 100_000_000, profile.toText());
    assertEquals(0, read.sum(1, "Busy.waitForNobody"));
    assertTrue(read.durationNanos >= LONG_ENOUGH.toNanos());
    Set<String> jobs =
        read.samples.stream()
            .filter(s -> s.stack().stream().anyMatch(f -> f.function().endsWith("Busy.compute")))
            .map(s -> s.labels().getOrDefault("job", "none"))
            .collect(Collectors.toSet());
    assertTrue(jobs.contains("pricing"), "the label of the parent: " + jobs);
    assertTrue(pprof(profile, "-top").contains("com.acme.shop.Busy.compute"));
    assertTrue(pprof(profile, "-peek=Busy.compute").contains("com.acme.shop.Busy.compute"));
    assertTrue(pprof(profile, "-tags").contains("pricing"));
    Path sources = Path.of("src/test/java").toAbsolutePath();
    String list = pprof(profile, "-source_path=" + sources, "-list=Busy.compute");
    assertTrue(list.contains("sum += i * 31L"), list);
    assertTrue(pprof(profile, "-tagroot=job", "-top", "-cum").contains("pricing"));
  }

  @Test
  @DisplayName("cpu: one at a time, with Go's words, and the next one works")
  void busy() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    FutureTask<StackProfile> first =
        new FutureTask<>(
            () -> {
              begun.countDown();
              while (true) {
                try {
                  return profiler.cpu("p", Duration.ofSeconds(200));
                } catch (ProfileException e) {
                  assertTrue(e.isBusy()); // one of the short ones below
                }
              }
            });
    Thread thread = Thread.ofPlatform().start(first);
    begun.await();
    boolean refused = false;
    while (!refused && thread.isAlive()) {
      try {
        profiler.cpu("p", Duration.ofMillis(1));
      } catch (ProfileException e) {
        assertEquals("cpu profiling already in use", e.getMessage());
        assertTrue(e.isBusy());
        refused = true;
      }
    }
    assertTrue(refused);
    thread.interrupt();
    assertThrows(Exception.class, first::get);
    thread.join();
    assertEquals("cpu", profiler.cpu("p", Duration.ofMillis(1)).name());
  }

  @Test
  @DisplayName("a recording of the user's runs on, and our files are for nobody else")
  void recordings() throws Exception {
    try (Recording users = new Recording()) {
      users.enable("jdk.ThreadStart");
      users.start();
      AtomicBoolean done = new AtomicBoolean();
      Thread watcher =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!done.get()) {
                      openFiles().forEach(f -> assertOwnersOnly(f));
                    }
                  });
      profiler.cpu("p", Duration.ofMillis(100));
      done.set(true);
      watcher.join();
      assertEquals(jdk.jfr.RecordingState.RUNNING, users.getState());
      Thread.ofPlatform().name("after-the-profile").start(() -> {}).join();
      users.stop();
      Path file = dir.resolve("users.jfr");
      users.dump(file);
      assertTrue(
          RecordingFile.readAllEvents(file).stream()
              .anyMatch(
                  e ->
                      e.getEventType().getName().equals("jdk.ThreadStart")
                          && e.getThread("thread") != null
                          && "after-the-profile".equals(e.getThread("thread").getJavaName())));
    }
    assertEquals(
        List.of(),
        FlightRecorder.getFlightRecorder().getRecordings().stream()
            .map(Recording::getName)
            .filter("selvage"::equals)
            .toList());
    assertEquals(List.of(), openFiles());
  }

  private static List<Path> openFiles() {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(f -> f.getFileName().toString().startsWith("selvage-jfr")).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static void assertOwnersOnly(Path file) {
    try {
      assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    } catch (IOException | UnsupportedOperationException e) {
      // Gone already, or no such rights here.
    }
  }

  @Test
  @DisplayName("wall: who waits is there as long as who runs, each with its labels")
  void wall() throws Exception {
    StackProfile profile = whileBusy(() -> profiler.wall("shop.jar", LONG_ENOUGH));
    ProfileReader read = ProfileReader.read(profile.toProto());
    assertEquals(List.of("samples/count", "time/nanoseconds"), read.types);
    for (String where : List.of("Busy.compute", "Busy.waitForNobody")) {
      long nanos = read.sum(1, where);
      assertTrue(nanos > LONG_ENOUGH.toNanos() / 2, where + " " + nanos);
      assertTrue(nanos <= 2 * read.durationNanos * Busy.EACH, where + " " + nanos);
    }
    assertTrue(
        read.samples.stream()
            .filter(s -> s.stack().stream().anyMatch(f -> f.function().endsWith("waitForNobody")))
            .allMatch(
                s ->
                    "waiting".equals(s.labels().get("state"))
                        && "pricing".equals(s.labels().get("job"))));
    assertTrue(pprof(profile, "-top", "-cum").contains("Busy.waitForNobody"));
  }

  @Test
  @DisplayName("allocs: the line that allocates, with the class as a label")
  void allocations() throws Exception {
    StackProfile profile = whileBusy(() -> profiler.allocations("shop.jar", LONG_ENOUGH));
    ProfileReader read = ProfileReader.read(profile.toProto());
    assertEquals(
        List.of(
            "alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"),
        read.types);
    assertEquals("alloc_space", read.shown);
    assertTrue(read.sum(1, "Busy.allocate") > 1 << 20, profile.toText());
    assertTrue(
        read.samples.stream()
            .filter(s -> s.stack().stream().anyMatch(f -> f.function().endsWith("Busy.allocate")))
            .anyMatch(s -> "byte[]".equals(s.labels().get("class"))));
    String top = pprof(profile, "-top");
    assertTrue(top.startsWith("File: shop.jar\n") && top.contains("\nType: alloc_space\n"), top);
    assertTrue(
        profile.total(1) <= Busy.allocated() * 2 + (256 << 20),
        profile.total(1) + " bytes of " + Busy.allocated());
    String objects = pprof(profile, "-sample_index=alloc_objects", "-top");
    assertTrue(objects.contains("Busy.allocate"), objects);
  }

  @Test
  @DisplayName("heap: exact by class, and a delta shows what stays and who allocates")
  void heap() throws Exception {
    Busy.Kept[] kept = new Busy.Kept[1234];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = new Busy.Kept();
    }
    StackProfile profile = profiler.heap("shop.jar", true);
    ProfileReader read = ProfileReader.read(profile.toProto());
    assertEquals(1234, read.sum(2, "Busy$Kept"));
    assertTrue(read.sum(3, "Busy$Kept") >= 1234 * 12);
    assertTrue(pprof(profile, "-sample_index=inuse_objects", "-top").contains("Busy$Kept"));
    assertEquals(1234, kept.length);

    List<Busy.Kept> more = Collections.synchronizedList(new ArrayList<>());
    AtomicBoolean stop = new AtomicBoolean();
    Thread adder =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!stop.get()) {
                    more.add(new Busy.Kept());
                    LockSupport.parkNanos(100_000);
                  }
                });
    StackProfile delta = whileBusy(() -> profiler.heap("shop.jar", true, LONG_ENOUGH));
    stop.set(true);
    adder.join();
    ProfileReader readDelta = ProfileReader.read(delta.toProto());
    long came = readDelta.sum(2, "Busy$Kept");
    assertTrue(came > 0 && came <= more.size(), came + " of " + more.size());
    assertTrue(readDelta.sum(1, "Busy.allocate") > 1 << 20);
  }

  /** What stays, which nobody else refers to. */
  private static final List<byte[]> KEPT = new ArrayList<>();

  private static void keep(AtomicBoolean stop) {
    while (!stop.get()) {
      KEPT.add(new byte[20_000]);
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** While something allocates what stays, beside much that does not. */
  private StackProfile whileKeeping(Taking taking) throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    WaitGroup keeper = new WaitGroup();
    Go.labelled("job", "hoarding", () -> keeper.go(() -> keep(stop)));
    try {
      return whileBusy(taking);
    } finally {
      stop.set(true);
      keeper.await();
      KEPT.clear();
    }
  }

  @Test
  @DisplayName("oldobjects: who allocated what stays, its class, age and labels, and what holds it")
  void oldObjects() throws Exception {
    StackProfile profile =
        whileKeeping(
            () -> profiler.oldObjects("shop.jar", LONG_ENOUGH, true, true, Profiler.Pause.NONE));
    ProfileReader read = ProfileReader.read(profile.toProto());
    assertEquals(List.of("samples/count"), read.types);
    List<ProfileReader.Sample> kept =
        read.samples.stream()
            .filter(s -> s.stack().stream().anyMatch(f -> f.function().endsWith(".keep")))
            .filter(s -> "byte[]".equals(s.labels().get("class")))
            .toList();
    assertFalse(kept.isEmpty(), profile.toText());
    assertTrue(
        read.sum(0, "Busy.allocate") <= Busy.EACH, "garbage is not told: " + profile.toText());
    assertTrue(
        kept.stream()
            .allMatch(
                s ->
                    "hoarding".equals(s.labels().get("job"))
                        && Set.of("below 1s", "1s to 10s").contains(s.labels().get("age"))),
        profile.toText());
    assertTrue(
        kept.stream()
            .anyMatch(
                s ->
                    s.labels()
                        .getOrDefault("path", "")
                        .equals(
                            ProfilerTests.class.getName()
                                + ".KEPT > java.util.ArrayList.elementData >"
                                + " java.lang.Object[] > byte[]")),
        profile.toText());
    assertTrue(pprof(profile, "-top", "-cum").contains("ProfilerTests.keep"));
    assertTrue(pprof(profile, "-peek=keep$").contains("ProfilerTests.keep"));
    assertTrue(pprof(profile, "-tags").contains("ProfilerTests.KEPT"));
    assertTrue(pprof(profile, "-tagleaf=class", "-top").contains("byte[]"));
    Path sources = Path.of("src/test/java").toAbsolutePath();
    String list = pprof(profile, "-source_path=" + sources, "-list=ProfilerTests.keep$");
    assertTrue(list.contains("new byte[20_000]"), list);
    assertFalse(profile.comments().toString().contains("paths=1"), profile.comments().toString());
  }

  @Test
  @DisplayName(
      "oldobjects: without a collection of ours, and without the search for what holds them")
  void oldObjectsQuietly() throws Exception {
    boolean[] waited = new boolean[1];
    StackProfile profile =
        whileKeeping(
            () ->
                profiler.oldObjects("shop.jar", LONG_ENOUGH, false, false, () -> waited[0] = true));
    assertFalse(waited[0], "nothing was collected");
    assertTrue(profile.comments().toString().contains("nothing was collected for this"));
    assertTrue(profile.comments().toString().contains("paths=1"));
    profile.forEach((_, labels, _) -> assertFalse(labels.containsKey("path"), labels.toString()));
  }

  @Test
  @DisplayName(
      "oldobjects: refused under the one collector whose objects the recorder does not sample")
  void oldObjectsAreNotEverywhere() {
    String why = OldObjects.impossible(List.of("Shenandoah Cycles", "Shenandoah Pauses"));
    assertTrue(why != null && why.contains("Shenandoah"), why);
    assertNull(OldObjects.impossible(List.of("G1 Young Generation", "G1 Concurrent GC")));
  }

  @Test
  @DisplayName("ages are told in so few words that those of one age are together")
  void ages() {
    assertEquals("below 1s", OldObjects.age(Duration.ofMillis(999)));
    assertEquals("1s to 10s", OldObjects.age(Duration.ofSeconds(1)));
    assertEquals("10s to 1m", OldObjects.age(Duration.ofSeconds(10)));
    assertEquals("1m to 10m", OldObjects.age(Duration.ofMinutes(1)));
    assertEquals("10m to 1h", OldObjects.age(Duration.ofMinutes(10)));
    assertEquals("above 1h", OldObjects.age(Duration.ofHours(1)));
  }

  @Test
  @DisplayName("block and mutex: waits of the language, and those of platform threads in a window")
  void contention() throws Exception {
    StackProfile block = whileBusy(() -> profiler.block("shop.jar", LONG_ENOUGH));
    ProfileReader read = ProfileReader.read(block.toProto());
    assertEquals(List.of("contentions/count", "delay/nanoseconds"), read.types);
    assertTrue(read.sum(0, "Busy.contend") > 0, block.toText());
    assertTrue(read.sum(0, "Busy.enterMonitor") > 0, block.toText());
    assertTrue(read.comments.toString().contains("the flight recorder sees none"), "says so");
    assertTrue(pprof(block, "-top").contains("Mutex.lock"));

    StackProfile mutex = whileBusy(() -> profiler.mutex("shop.jar", LONG_ENOUGH));
    ProfileReader readMutex = ProfileReader.read(mutex.toProto());
    assertTrue(readMutex.sum(1, "Busy.contend") > 0, mutex.toText());
    assertTrue(
        readMutex.samples.stream().allMatch(s -> s.stack().getFirst().function().contains("nlock")),
        mutex.toText());
    assertTrue(pprof(mutex, "-top").contains("Mutex.unlock"));
    assertTrue(profiler.block("p").total(0) > 0, "what a window sampled is still there");
    assertTrue(pprof(profiler.mutex("p"), "-top").contains("Mutex.unlock"));
  }

  @Test
  @DisplayName("threadcreate: who lives, and in a window who starts")
  void threads() throws Exception {
    StackProfile now = profiler.threads("shop.jar");
    assertTrue(now.total(0) >= 1);
    assertTrue(pprof(now, "-tags").contains("main"));
    StackProfile started = whileBusy(() -> profiler.threads("shop.jar", LONG_ENOUGH));
    ProfileReader read = ProfileReader.read(started.toProto());
    assertTrue(read.sum(0, "Busy.startThreads") > 0, started.toText());
    assertTrue(pprof(started, "-top", "-cum").contains("Busy.startThreads"));
  }

  @Test
  @DisplayName("a profile of the program's own is one like the others")
  void own() throws Exception {
    Profile open = Profile.create("com.acme.open");
    open.add("a", 0);
    open.add("b", 0);
    assertEquals(2, profiler.ownProfiles().get("com.acme.open"));
    StackProfile profile = profiler.own("com.acme.open", "shop.jar");
    assertEquals(2, profile.total(0));
    assertTrue(pprof(profile, "-top").contains("Type: com.acme.open"));
    assertEquals(0, profiler.own("com.acme.none", "p").total(0));
  }

  @Test
  @DisplayName("labels are the program's, whichever thread is asked for them")
  void goroutines() throws Exception {
    try (Busy busy = new Busy()) {
      busy.begin();
      boolean[] seen = new boolean[1];
      dev.selvage.diagnostics.prover.Prover.ofThisJvm()
          .goroutines()
          .forEach(g -> seen[0] |= "pricing".equals(g.labels().get("job")));
      assertTrue(seen[0]);
    }
    assertFalse(Go.labelled("a", "b", () -> Thread.currentThread().isVirtual()));
  }
}
