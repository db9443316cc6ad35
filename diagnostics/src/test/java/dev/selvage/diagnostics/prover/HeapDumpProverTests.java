package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.ReportText;
import dev.selvage.diagnostics.heap.DumpWriter;
import dev.selvage.diagnostics.heap.DumpWriter.Thing;
import dev.selvage.diagnostics.heap.HeapDumpException;
import dev.selvage.diagnostics.prover.HeapDumpProver.Compiled;
import dev.selvage.diagnostics.prover.HeapDumpProver.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is proven from heap dumps of programs that never were: each rule alone, with its twin. */
final class HeapDumpProverTests {
  private static final String SYNC = "java/util/concurrent/CountDownLatch$Sync";
  private static final String NODE = "java/util/concurrent/locks/AbstractQueuedSynchronizer$Node";

  private final Path directory;
  private DumpWriter dump = new DumpWriter(8);
  private Thing main = dump.platform("main", "com.acme.Main.main:1");

  HeapDumpProverTests(@TempDir Path directory) {
    this.directory = directory;
  }

  private void begin(int idSize) {
    dump = new DumpWriter(idSize);
    main = dump.platform("main", "com.acme.Main.main:1");
  }

  private Report look(Compiled compiled) throws IOException {
    Path file = dump.write(directory.resolve("a.hprof"));
    return HeapDumpProver.look(file, Source.OFFLINE, 0, compiled, _ -> {});
  }

  /** The names of the threads that are proven to leak, with what is excepted. */
  private String proven() throws IOException {
    return proven(look(_ -> false));
  }

  private static String proven(Report report) {
    var names = new TreeSet<String>();
    for (Finding finding : report.findings()) {
      if (finding instanceof Finding.Proven) {
        String except = finding.details().except();
        finding
            .details()
            .names()
            .forEach(name -> names.add(except == null ? name : name + "/" + except));
      }
    }
    return String.join(" ", names);
  }

  private Thing sync() {
    return dump.object(SYNC, "Lhead");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void what_nobody_can_reach_is_proven_and_its_twin_in_a_static_field_is_not(int idSize)
      throws IOException {
    begin(idSize);
    dump.parked("leaked", sync(), "com.acme.Order.quote:57");
    Thing held = sync();
    dump.parked("held", held, "com.acme.Order.quote:57");
    dump.type("com/acme/Registry", "java/lang/Object");
    dump.staticField("com/acme/Registry", "LATCH", held);
    assertEquals("leaked", proven());
  }

  @Test
  void a_finding_says_what_a_live_one_would() throws IOException {
    Thing sync = sync();
    dump.parked("a", sync, "com.acme.Order.quote:57");
    dump.parked("b", sync, "com.acme.Order.quote:57");
    Report report = look(_ -> false);
    assertEquals(1, report.findings().size());
    Finding.Details details = report.findings().getFirst().details();
    assertEquals("CountDownLatch.await", details.kind());
    assertEquals(2, details.count());
    assertEquals("com.acme.Order.quote(Order.java:57)", details.site());
    assertTrue(details.retainedBytes().getAsLong() > 0);
    assertTrue(details.seenSeconds().isEmpty());
    assertEquals(
        dev.selvage.diagnostics.Frames.fingerprint(
            "CountDownLatch.await",
            "com.acme.Order.quote(Order.java:57)",
            List.of(new StackTraceElement("com.acme.Order", "quote", "Order.java", 57))),
        details.fingerprint());
    assertEquals("offline", report.proof().mode());
    String json = ReportJson.render(report);
    assertTrue(json.contains("\"canary\":null"), json);
    String text = ReportText.render(report, false);
    assertTrue(text.contains("from a heap dump"), text);
    assertTrue(!text.contains("canary"), text);
  }

  @Test
  void who_is_excused_by_name_is_told_apart_from_who_waits_beside_him() throws IOException {
    Thing sync = sync();
    dump.parked("keeper-1", sync, "com.acme.Order.quote:57");
    dump.parked("order-1", sync, "com.acme.Order.quote:57");
    Path file = dump.write(directory.resolve("a.hprof"));
    Report report =
        HeapDumpProver.look(
            file, Source.OFFLINE, 0, _ -> false, _ -> {}, Excuses.parse("keeper-*=a test"));
    assertEquals(2, report.findings().size(), report.findings()::toString);
    Finding.Details open = report.findings().getFirst().details();
    Finding.Details excused = report.findings().getLast().details();
    assertEquals(Finding.State.OPEN, open.state());
    assertEquals(List.of("order-1"), open.names());
    assertEquals(Finding.State.EXCUSED, excused.state());
    assertEquals(List.of("keeper-1"), excused.names());
    assertEquals("a test", excused.evidence().get("excuse"));
    assertEquals(1, report.goroutines().excused());
  }

  @Test
  void threads_that_wait_for_each_other_are_found_together() throws IOException {
    Thing one = sync();
    Thing two = sync();
    dump.local(dump.parked("a", one, "com.acme.A.run:1"), 3, two);
    dump.local(dump.parked("b", two, "com.acme.B.run:1"), 3, one);
    assertEquals("a b", proven());
  }

  /** What is said of who could wake a thread of that name, if it were not stuck itself. */
  private Object couldWake(String name) throws IOException {
    for (Finding finding : look(_ -> false).findings()) {
      if (finding.details().names().contains(name)) {
        return finding.details().evidence().getOrDefault("couldWake", List.of());
      }
    }
    throw new AssertionError("not found: " + name);
  }

  @Test
  void who_has_what_another_waits_on_and_is_stuck_itself_is_named() throws IOException {
    Thing latch = dump.object("java/util/concurrent/CountDownLatch", "Lsync");
    Thing sync = sync();
    latch.set("sync", sync);
    dump.parked("waits", sync, "com.acme.A.run:1");
    dump.parked("waits too", sync, "com.acme.A.run:2"); // for the same, so it wakes nobody
    Thing job = dump.object("com/acme/Job", "Llatch").set("latch", latch);
    dump.local(dump.parked("works", sync(), "com.acme.B.run:1"), 3, job);
    dump.parked("elsewhere", sync(), "com.acme.C.run:1");
    List<String> works = List.of("\"works\", which leaks itself at com.acme.B.run(B.java:1)");
    assertEquals(works, couldWake("waits"));
    assertEquals(works, couldWake("waits too"));
    assertEquals(List.of(), couldWake("works"));
    assertEquals(List.of(), couldWake("elsewhere"));
    String text = ReportText.render(look(_ -> false), false);
    assertTrue(text.contains("  could wake   " + works.getFirst() + "\n"), text);
  }

  @Test
  void of_a_wait_of_selvage_who_waits_on_the_same_object_is_not_named() throws IOException {
    Thing channel = dump.object("dev/selvage/Channel", "Lfirst", "Lsecond");
    Thing one = waiter(channel);
    Thing two = waiter(channel);
    channel.set("first", one).set("second", two);
    parkedByWaiter("receives", one, "com.acme.A.run:1");
    parkedByWaiter("receives too", two, "com.acme.A.run:2");
    dump.local(dump.parked("has it", sync(), "com.acme.B.run:1"), 3, channel);
    List<String> other = List.of("\"has it\", which leaks itself at com.acme.B.run(B.java:1)");
    assertEquals(other, couldWake("receives"));
    assertEquals(other, couldWake("receives too"));
  }

  private Thing waiter(Thing on) {
    return dump.object("dev/selvage/internal/Waiter", "Lobject").set("object", on);
  }

  private void parkedByWaiter(String name, Thing waiter, String frame) {
    dump.virtual(
            name,
            4,
            "java.lang.VirtualThread.park:1",
            "java.util.concurrent.locks.LockSupport.park:1",
            "dev.selvage.internal.Waiter.park:1",
            frame)
        .set("parkBlocker", waiter);
  }

  @Test
  void whoever_a_running_thread_would_wake_would_wake_the_next() throws IOException {
    Thing one = sync();
    Thing two = sync();
    Thing three = sync();
    Thing sleeper =
        dump.virtual("sleeper", 7, "java.lang.VirtualThread.parkNanos:1", "com.acme.S.run:1");
    dump.local(sleeper, 1, one);
    dump.local(dump.parked("a", one, "com.acme.A.run:1"), 3, two);
    dump.parked("b", two, "com.acme.B.run:1");
    dump.parked("c", three, "com.acme.C.run:1");
    assertEquals("c", proven());
  }

  @Test
  void a_node_by_which_the_jdk_would_wake_it_counts() throws IOException {
    Thing thread = dump.parked("waits", sync(), "com.acme.A.run:1");
    Thing node = dump.object(NODE, "Lwaiter").set("waiter", thread);
    dump.local(thread, 2, node);
    assertEquals("waits", proven());
    dump.root(node);
    assertEquals("", proven());
  }

  @Test
  void who_holds_only_the_thread_can_only_interrupt_it() throws IOException {
    Thing thread = dump.parked("request", sync(), "com.acme.A.run:1");
    Thing connection = dump.object("com/acme/Connection", "Lthread").set("thread", thread);
    dump.root(connection);
    Report report = look(_ -> false);
    assertEquals("request/interrupt", proven(report));
    Finding.Details details = report.findings().getFirst().details();
    assertEquals(List.of("com.acme.Connection.thread"), details.evidence().get("heldBy"));
    String text = ReportText.render(report, false);
    assertTrue(text.contains("by who holds the thread: com.acme.Connection.thread"), text);
  }

  @Test
  void whom_such_a_thread_would_wake_has_the_same_exception() throws IOException {
    Thing two = sync();
    Thing thread = dump.parked("request", sync(), "com.acme.A.run:1");
    dump.local(thread, 3, two);
    dump.parked("helper", two, "com.acme.B.run:1");
    dump.parked("other", sync(), "com.acme.C.run:1");
    dump.root(dump.object("com/acme/Connection", "Lthread").set("thread", thread));
    assertEquals("helper/interrupt other request/interrupt", proven());
  }

  @Test
  void lists_of_the_jdk_hold_nobody_and_executors_only_interrupt() throws IOException {
    String listed = "java/util/concurrent/ConcurrentHashMap";
    Thing a = dump.parked("a", sync(), "com.acme.A.run:1");
    Thing node = dump.object(listed + "$Node", "Lkey").set("key", a);
    Thing map =
        dump.object(listed, "Ltable").set("table", dump.array("[L" + listed + "$Node;", node));
    String container = "jdk/internal/vm/ThreadContainers$RootContainer$TrackingRootContainer";
    dump.type(container, "java/lang/Object");
    dump.staticField(container, "VTHREADS", map);
    Thing b = dump.parked("b", sync(), "com.acme.B.run:1");
    Thing node2 = dump.object(listed + "$Node").set("key", b);
    Thing map2 = dump.object(listed).set("table", dump.array("[L" + listed + "$Node;", node2));
    dump.root(
        dump.object("java/util/concurrent/ThreadPerTaskExecutor", "Lthreads").set("threads", map2));
    assertEquals("a b/interrupt", proven());
  }

  @Test
  void whom_unknown_code_has_parked_anybody_may_wake_who_has_the_thread() throws IOException {
    String[] frames = {
      "java.lang.VirtualThread.park:1",
      "java.util.concurrent.locks.LockSupport.park:1",
      "com.acme.Lock.lock:7"
    };
    dump.virtual("alone", 4, frames);
    Thing known = dump.virtual("known", 4, frames);
    dump.root(dump.array(known));
    assertEquals("alone", proven());
  }

  @Test
  void what_only_the_thread_itself_uses_is_not_reached_by_the_thread() throws IOException {
    Thing sync = sync();
    Thing thread = dump.parked("request", sync, "com.acme.A.run:1");
    thread.set("threadLocals", dump.array(sync));
    thread.set("cont", dump.array(sync));
    Thing handler = dump.object("com/acme/Handler", "Lof").set("of", dump.array());
    thread.set("uncaughtExceptionHandler", handler);
    dump.root(dump.array(thread));
    assertEquals("request/interrupt", proven());
    handler.set("of", sync); // anybody may have that
    assertEquals("", proven());
  }

  @Test
  void who_joins_a_thread_that_leaks_leaks() throws IOException {
    Thing end = sync();
    Thing thread = dump.parked("joined", sync(), "com.acme.A.run:1").set("termination", end);
    Thing joiner = dump.parked("joiner", end, "com.acme.B.run:1");
    dump.local(joiner, 3, thread);
    assertEquals("joined joiner", proven());
    dump.root(end); // then the joiner may run, and it has the thread
    assertEquals("joined/interrupt", proven());
  }

  @Test
  void weak_references_count_and_phantom_ones_do_not() throws IOException {
    dump.type("java/lang/ref/Reference", "java/lang/Object", "Lreferent");
    dump.type("java/lang/ref/WeakReference", "java/lang/ref/Reference");
    dump.type("java/lang/ref/PhantomReference", "java/lang/ref/Reference");
    Thing weak = sync();
    dump.parked("weak", weak, "com.acme.A.run:1");
    dump.root(dump.object("java/lang/ref/WeakReference").set("referent", weak));
    Thing phantom = sync();
    dump.parked("phantom", phantom, "com.acme.B.run:1");
    dump.root(dump.object("java/lang/ref/PhantomReference").set("referent", phantom));
    assertEquals("phantom", proven());
  }

  /** A reference that the collector may hand over is as good as one that its queue refers to. */
  @Test
  void what_the_collector_may_hand_over_counts_for_who_has_the_queue() throws IOException {
    dump.type("java/lang/ref/Reference", "java/lang/Object", "Lreferent", "Lqueue");
    dump.type("java/lang/ref/PhantomReference", "java/lang/ref/Reference");
    dump.type("com/acme/Wakes", "java/lang/ref/PhantomReference", "Llatch");
    Thing latch = sync();
    Thing queue = dump.object("java/lang/ref/ReferenceQueue");
    Thing reference = dump.object("com/acme/Wakes").set("latch", latch).set("queue", queue);
    dump.local(dump.parked("waits", latch, "com.acme.A.run:1"), 3, reference);
    Thing none = dump.object("java/lang/ref/ReferenceQueue$Null");
    dump.root(none);
    Thing other = sync();
    Thing unqueued = dump.object("com/acme/Wakes").set("latch", other).set("queue", none);
    dump.local(dump.parked("leaks", other, "com.acme.B.run:1"), 3, unqueued);
    assertEquals("leaks waits", proven());
    dump.root(queue);
    assertEquals("leaks", proven());
  }

  /** The JDK's locks tell only their own kind, as which a program may extend them. */
  @ParameterizedTest
  @CsvSource({
    "java/util/concurrent/locks/ReentrantLock,owner parked",
    "com/acme/Watched,owner/interrupt"
  })
  void who_has_a_lock_can_be_interrupted_by_a_lock_that_tells(String type, String expected)
      throws IOException {
    String lock = "java/util/concurrent/locks/ReentrantLock";
    String ownable = "java/util/concurrent/locks/AbstractOwnableSynchronizer";
    dump.type(lock, "java/lang/Object", "Lsync");
    dump.type("com/acme/Watched", lock);
    dump.type(ownable, "java/lang/Object", "LexclusiveOwnerThread");
    dump.type(lock + "$NonfairSync", ownable);
    Thing owner = dump.parked("owner", sync(), "com.acme.A.run:1");
    Thing parked =
        dump.virtual(
            "parked",
            4,
            "java.lang.VirtualThread.park:1",
            "java.util.concurrent.locks.LockSupport.park:1",
            "com.acme.Lock.lock:7");
    for (Thing thread : List.of(owner, parked)) {
      Thing its = dump.object(lock + "$NonfairSync").set("exclusiveOwnerThread", thread);
      dump.root(dump.object(type).set("sync", its));
    }
    assertEquals(expected, proven());
  }

  /** Whom such a synchronizer lets through may depend on anything. */
  @ParameterizedTest
  @CsvSource({"com/acme/Gate,''", "java/util/concurrent/Own$Sync,waits/interrupt"})
  void who_waits_at_a_synchronizer_of_the_programs_may_be_woken_by_who_has_the_thread(
      String type, String expected) throws IOException {
    String ownable = "java/util/concurrent/locks/AbstractOwnableSynchronizer";
    dump.type(ownable, "java/lang/Object", "LexclusiveOwnerThread");
    dump.type(type, ownable);
    dump.root(dump.array(dump.parked("waits", dump.object(type), "com.acme.A.run:1")));
    assertEquals(expected, proven());
  }

  /** By intern, whoever has the same text. */
  @Test
  void a_text_that_is_waited_at_may_be_anybodys() throws IOException {
    String[] frames = {"java.lang.Object.wait0:-3", "java.lang.Object.wait:1", "com.acme.A.run:1"};
    dump.local(dump.virtual("waits", 16, frames), 1, dump.string("the accounts"));
    Report report = look(_ -> false);
    assertEquals("", proven(report));
    assertEquals(Map.of("Object.wait", 1), report.goroutines().unprovable());
  }

  @Test
  void what_nothing_explains_is_a_root() throws IOException {
    Thing sync = sync();
    dump.parked("a", sync, "com.acme.A.run:1");
    dump.array(sync); // in the dump, though nobody refers to it
    assertEquals("", proven());
  }

  @Test
  void a_thread_with_a_permit_runs() throws IOException {
    dump.parked("a", sync(), "com.acme.A.run:1").set("parkPermit", true);
    assertEquals("", proven());
  }

  @Test
  void object_wait_is_judged_by_the_object_and_a_monitor_is_not() throws IOException {
    Thing object = dump.object("com/acme/Monitor");
    String[] frames = {"java.lang.Object.wait0:-3", "java.lang.Object.wait:1", "com.acme.A.run:1"};
    dump.local(dump.virtual("waits", 16, frames), 1, object);
    dump.virtual("waits for something", 16, frames);
    dump.virtual("enters", 13, "com.acme.B.run:1");
    Report report = look(_ -> false);
    assertEquals("waits", proven(report));
    assertEquals(Map.of("Object.wait", 1, "monitor enter", 1), report.goroutines().unprovable());
    dump.root(object);
    assertEquals("", proven());
  }

  @Test
  void states_are_read_by_the_names_of_the_release() throws IOException {
    dump.states(
        Map.of(
            "NEW",
            0,
            "STARTED",
            1,
            "RUNNABLE",
            2,
            "RUNNING",
            3,
            "PARKING",
            4,
            "PARKED",
            5,
            "PINNED",
            6,
            "YIELDING",
            7,
            "TERMINATED",
            99,
            "SUSPENDED",
            256));
    dump.parked("runs into the park", sync(), "com.acme.A.run:1"); // PARKING here
    dump.parked("parked", sync(), "com.acme.B.run:1").set("state", 5);
    Thing timed =
        dump.virtual(
            "timed",
            5,
            "java.lang.VirtualThread.parkNanos:1",
            "java.lang.System$2.parkVirtualThread:1",
            "java.util.concurrent.locks.LockSupport.parkNanos:1",
            "java.util.concurrent.CountDownLatch.await:1",
            "com.acme.C.run:1");
    timed.set("parkBlocker", sync());
    assertEquals("parked", proven());
  }

  /** As in 22 and 23, where who waits for a monitor, or in Object.wait, stays on its carrier. */
  @Test
  void who_waits_for_a_monitor_on_its_carrier_is_not_judged() throws IOException {
    dump.states(
        Map.ofEntries(
            Map.entry("NEW", 0),
            Map.entry("STARTED", 1),
            Map.entry("RUNNING", 2),
            Map.entry("PARKING", 3),
            Map.entry("PARKED", 4),
            Map.entry("PINNED", 5),
            Map.entry("TIMED_PARKING", 6),
            Map.entry("TIMED_PARKED", 7),
            Map.entry("TIMED_PINNED", 8),
            Map.entry("UNPARKED", 9),
            Map.entry("YIELDING", 10),
            Map.entry("YIELDED", 11),
            Map.entry("TERMINATED", 99),
            Map.entry("SUSPENDED", 256)));
    dump.parked("parked", sync(), "com.acme.A.run:1");
    dump.parked("timed", sync(), "com.acme.A.run:1").set("state", 7);
    dump.parked("unparked", sync(), "com.acme.A.run:1").set("state", 9);
    Thing waits =
        dump.virtual(
            "waits", 2, "java.lang.Object.wait0:-3", "java.lang.Object.wait:1", "com.acme.B.run:1");
    dump.local(waits.set("carrierThread", main), 1, dump.object("com/acme/Lock"));
    assertEquals("parked", proven());
    dump.virtual("enters", 2, "com.acme.C.run:1").set("carrierThread", main);
    assertGap(HeapDumpProver.RUNNING); // its state is that of one that runs
  }

  @Test
  void the_child_of_a_scope_is_live_with_the_scope() throws IOException {
    String flock = "jdk/internal/misc/ThreadFlock";
    Thing scope = dump.object(flock, "Lmap");
    Thing container = dump.object(flock + "$ThreadContainerImpl", "Lflock").set("flock", scope);
    dump.parked("child", sync(), "com.acme.A.run:1").set("container", container);
    assertEquals("child", proven());
    dump.local(main, 0, scope);
    assertEquals("", proven());
  }

  @Test
  void nobody_is_proven_while_the_stack_of_one_that_runs_is_not_in_the_dump() throws IOException {
    dump.parked("parked", sync(), "com.acme.Task.run:1");
    assertEquals("parked", proven());
    dump.virtual("on its way", 2);
    assertGap(HeapDumpProver.UNSEEN);
  }

  /** As HotSpot 21 dumps them. */
  @Test
  void where_the_jvm_writes_no_stacks_of_parked_threads_that_is_said() throws IOException {
    dump.parked("whole", sync(), "com.acme.Task.run:1");
    Report whole = look(_ -> false);
    assertTrue(whole.proof().complete());
    assertEquals(Map.of(), whole.goroutines().unprovable());

    dump.virtual("parked", 4).set("parkBlocker", sync());
    dump.virtual("parked too", 4).set("parkBlocker", sync());
    Report report = look(_ -> false);
    assertEquals("", proven(report));
    assertFalse(report.proof().complete());
    assertTrue(
        String.valueOf(report.proof().why()).contains("no stack of 2 virtual threads"),
        report.proof()::toString);
    assertEquals(2, report.goroutines().unprovable().get("no stack in the dump"));
    assertEquals(3, report.goroutines().blocked(), "none of them runs");
  }

  @Test
  void nobody_is_proven_while_the_callers_of_one_that_runs_are_not_in_the_dump()
      throws IOException {
    Thing latch = sync();
    dump.parked("parked", latch, "com.acme.Task.run:1");
    String[] frames = {"java.lang.VirtualThread.park:1", "com.acme.Task.call:1"};
    dump.virtual("whole", 4, frames);
    assertEquals("parked whole", proven());
    dump.cut("cut", main, frames);
    assertGap(HeapDumpProver.CUT);
  }

  @Test
  void nobody_is_proven_while_a_virtual_thread_may_be_between_two_frames() throws IOException {
    dump.parked("parked", sync(), "com.acme.Task.run:1");
    Thing runs = dump.virtual("runs", 2, "com.other.Server.serve:7");
    assertEquals("parked", proven(), "not on a carrier");
    runs.set("carrierThread", main);
    assertGap(HeapDumpProver.RUNNING);
  }

  @Test
  void who_waits_on_his_carrier_is_not_between_two_frames() throws IOException {
    dump.parked("parked", sync(), "com.acme.Task.run:1");
    dump.virtual("pinned", 5, "jdk.internal.misc.Unsafe.park:-3", "com.other.Server.serve:7")
        .set("carrierThread", main);
    assertEquals("parked", proven());
  }

  @ParameterizedTest
  @CsvSource({
    "5,   com.other.Server.serve:7,              false", // runs
    "5,   java.lang.Object.notifyAll:-3,         false", // is about to wake somebody
    "5,   jdk.internal.misc.Unsafe.putReference:-3, false",
    "5,   jdk.internal.misc.Unsafe.park:-3,      true",
    "5,   sun.nio.ch.EPoll.wait:-3,              true",
    "5,   java.lang.OutOfMemoryError.<init>:1,   true", // as the JVM marks who had no room
    "1025, com.other.Server.serve:7,             true", // waits for a monitor
    "401, java.lang.Object.wait0:-3,             true"
  })
  void a_platform_thread_may_be_between_two_frames_while_it_executes_java(
      int status, String top, boolean proves) throws IOException {
    dump.parked("parked", sync(), "com.acme.Task.run:1");
    dump.platform("other", status, top, "com.other.Server.run:1");
    if (proves) {
      assertEquals("parked", proven());
    } else {
      assertGap(HeapDumpProver.RUNNING);
    }
  }

  @Test
  void nobody_is_proven_while_a_variable_refers_to_what_is_not_in_the_dump() throws IOException {
    dump.parked("parked", sync(), "com.acme.Task.run:1");
    dump.localOfNothing(main);
    assertGap(HeapDumpProver.LOST);
  }

  /** That nobody is proven, but somebody suspected, and the reader asked for another dump. */
  private void assertGap(String gap) throws IOException {
    Report report = look(Compiled.NOT_KNOWN);
    assertEquals("", proven(report));
    Finding suspected = report.findings().getLast();
    assertEquals("suspected", suspected.verdict());
    assertEquals(gap, suspected.details().evidence().get("doubt"));
    assertTrue(HeapDumpProver.isWorthAnother(report));
    String because = suspected.details().because();
    assertTrue(because.contains(gap + ": take another dump"), because);
  }

  @Test
  void nobody_is_proven_while_a_compiled_frame_is_in_the_same_code() throws IOException {
    dump.parked("same", sync(), "com.acme.Task.run:1");
    dump.parked("other", sync(), "com.other.Task.run:1");
    assertEquals("other same", proven());
    Report report = look(Compiled.NOT_KNOWN);
    assertEquals("other", proven(report));
    assertFalse(HeapDumpProver.isWorthAnother(report));
    Finding suspected = report.findings().getLast();
    assertEquals("suspected", suspected.verdict());
    assertEquals("com.acme.Main.main(Main.java:1)", suspected.details().evidence().get("doubt"));
    assertEquals(1, report.goroutines().unprovable().get("in doubt"));
    assertTrue(
        report.notes().getFirst().contains("1 thread that can run"), report.notes()::toString);
    assertEquals(List.of(), look(_ -> false).notes());
    // The interpreter shows the arguments of main to its end.
    dump.local(main, 0, dump.array("[Ljava/lang/String;"));
    assertEquals("other same", proven(look(Compiled.NOT_KNOWN)));
  }

  @Test
  void many_that_can_be_woken_are_suspected_with_the_path_that_keeps_them() throws IOException {
    Thing sync = sync();
    for (int i = 0; i < 20; i++) {
      dump.parked("w-" + i, sync, "com.acme.Order.quote:57");
    }
    Thing service = dump.object("com/acme/Service", "Llatch").set("latch", sync);
    dump.type("com/acme/Registry", "java/lang/Object");
    dump.staticField(
        "com/acme/Registry", "SERVICES", dump.array("[Ljava/lang/Object;", null, service));
    Report report = look(_ -> false);
    Finding.Details details = report.findings().getFirst().details();
    assertEquals(20, details.count());
    assertEquals(
        List.of(
            "static com.acme.Registry.SERVICES",
            "java.lang.Object[1]",
            "com.acme.Service.latch",
            "java.util.concurrent.CountDownLatch$Sync"),
        details.evidence().get("path"));
    String text = ReportText.render(report, false);
    assertTrue(text.contains("kept by      static com.acme.Registry.SERVICES\n"), text);
    assertTrue(text.contains("╰→ java.util.concurrent.CountDownLatch$Sync\n"), text);
  }

  @Test
  void what_others_keep_as_well_is_not_retained() throws IOException {
    Thing big = dump.array(new Thing[10_000]);
    Thing kept = dump.array(new Thing[10_000]);
    Thing a = dump.parked("a", sync(), "com.acme.A.run:1");
    dump.local(a, 3, big);
    dump.local(a, 3, kept);
    dump.local(main, 0, kept);
    long bytes = look(_ -> false).findings().getFirst().details().retainedBytes().getAsLong();
    assertTrue(bytes > 40_000 && bytes < 45_000, () -> bytes + " bytes");
  }

  @Test
  void what_suspects_retain_is_computed_and_who_retains_most_comes_first() throws IOException {
    Thing kept = dump.array(new Thing[10_000]);
    Thing latch = sync();
    Thing[] listed = new Thing[41];
    for (int i = 0; i < 41; i++) {
      boolean big = i >= 21;
      String place = big ? "com.acme.Big.run:1" : "com.acme.Small.run:1";
      Thing thread = dump.parked("w-" + i, latch, place);
      dump.local(thread, 3, kept);
      dump.local(thread, 3, dump.array(new Thing[big ? 1_000 : 10]));
      listed[i] = dump.object("java/util/concurrent/ConcurrentHashMap$Node", "Lkey");
      listed[i].set("key", thread);
    }
    dump.local(main, 0, latch);
    dump.local(main, 0, kept);
    String map = "java/util/concurrent/ConcurrentHashMap";
    String container = "jdk/internal/vm/ThreadContainers$RootContainer$TrackingRootContainer";
    dump.type(container, "java/lang/Object");
    dump.staticField(
        container,
        "VTHREADS",
        dump.object(map, "Ltable").set("table", dump.array("[L" + map + "$Node;", listed)));
    Report report = look(_ -> false);
    assertEquals(2, report.findings().size(), report.findings()::toString);
    Finding.Details big = report.findings().getFirst().details();
    Finding.Details small = report.findings().getLast().details();
    assertEquals("com.acme.Big.run(Big.java:1)", big.site());
    assertEquals(20, big.count(), "fewer, but they retain more");
    assertEquals(21, small.count());
    long bytes = big.retainedBytes().getAsLong();
    assertTrue(bytes > 20 * 4_000 && bytes < 20 * 5_000, () -> bytes + " bytes");
    long few = small.retainedBytes().getAsLong();
    assertTrue(few > 0 && few < 10_000, () -> few + " bytes");
    assertTrue(ReportText.render(report, false).contains(" retained\n  blocked at   com.acme.Big"));
  }

  @Test
  void what_those_in_doubt_retain_is_computed() throws IOException {
    dump.local(dump.parked("same", sync(), "com.acme.Task.run:1"), 3, dump.array(new Thing[1_000]));
    Finding.Details details = look(Compiled.NOT_KNOWN).findings().getFirst().details();
    assertTrue(details.evidence().containsKey("doubt"));
    long bytes = details.retainedBytes().getAsLong();
    assertTrue(bytes > 4_000 && bytes < 5_000, () -> bytes + " bytes");
  }

  @Test
  void compressed_dumps_and_those_in_one_piece_are_read() throws IOException {
    dump.parked("a", sync(), "com.acme.A.run:1");
    Path compressed = dump.writeCompressed(directory.resolve("b.hprof.gz"));
    assertEquals(
        "a", proven(HeapDumpProver.look(compressed, Source.OFFLINE, 0, _ -> false, _ -> {})));
    dump.inOnePiece();
    assertEquals("a", proven());
  }

  @Test
  void damaged_files_are_told_in_one_line() throws IOException {
    dump.parked("a", sync(), "com.acme.A.run:1");
    byte[] bytes = dump.bytes();
    Path file = directory.resolve("c.hprof");
    for (int length = 0; length < bytes.length; length++) {
      Files.write(file, Arrays.copyOf(bytes, length));
      assertDamaged(file);
    }
    Path compressed = dump.writeCompressed(directory.resolve("d.hprof.gz"));
    byte[] gz = Files.readAllBytes(compressed);
    for (int length = 2; length < gz.length; length += 7) {
      Files.write(compressed, Arrays.copyOf(gz, length));
      assertDamaged(compressed);
    }
    Files.writeString(file, "something else altogether, and long enough to be a header");
    assertTrue(assertDamaged(file).contains("not a heap dump"));
    assertNull(look(_ -> false).proof().why());
  }

  private static String assertDamaged(Path file) {
    HeapDumpException e =
        assertThrows(
            HeapDumpException.class,
            () -> HeapDumpProver.look(file, Source.OFFLINE, 0, _ -> false, _ -> {}));
    assertEquals(1, String.valueOf(e.getMessage()).lines().count());
    return String.valueOf(e.getMessage());
  }
}
