package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static dev.selvage.Go.uninterruptibly;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.diagnostics.trace.ExecutionTrace;
import dev.selvage.diagnostics.trace.FlightRecorder;
import dev.selvage.diagnostics.trace.TraceFormat;
import dev.selvage.observe.Contention;
import dev.selvage.observe.Profile;
import dev.selvage.scheduler.Scheduler;
import dev.selvage.trace.Trace;
import java.io.ByteArrayOutputStream;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the guide shows in place of Go's packages {@code runtime}, {@code pprof} and {@code trace},
 * and of what the JDK has: {@code atomic}, {@code sync.Map}, {@code sync.Pool}.
 */
class GoToSelvageRuntimeTest {
  @RegisterExtension final NothingLeft left = new NothingLeft();

  // --------------- What the JDK has ---------------

  private record Settings(int limit) {}

  @Test
  @SuppressWarnings("UnnecessaryAsync") // it shows how they are used, not when
  void atomic() {
    // snippet: atomic
    var hits = new AtomicLong(); // LongAdder, where many count and few look
    hits.addAndGet(1);
    hits.set(5);
    boolean swapped = hits.compareAndSet(5, 7);
    long before = hits.getAndSet(9);
    long mask = hits.getAndAccumulate(8, (a, b) -> a & b);

    var closed = new AtomicBoolean();
    boolean first = closed.compareAndSet(false, true);

    var current = new AtomicReference<>(new Settings(1));
    Settings old = current.getAndSet(new Settings(3));
    Settings now = current.get();
    // end
    assertEquals(new Settings(1), old);
    assertEquals(new Settings(3), now);
    assertEquals(8, hits.get());
    assertTrue(swapped);
    assertEquals(7, before);
    assertEquals(9, mask);
    assertTrue(first);
  }

  @Test
  @SuppressWarnings("UnnecessaryAsync") // it shows how they are used, not when
  void map() {
    // snippet: map
    var prices = new ConcurrentHashMap<String, Integer>();
    prices.put("yarn", 3);
    Integer price = prices.get("yarn"); // null: not there
    Integer actual = prices.putIfAbsent("yarn", 4); // null: it was not there
    Integer previous = prices.put("yarn", 5);
    boolean changed = prices.replace("yarn", 5, 6);
    boolean kept = prices.remove("yarn", 5); // false: it is 6
    Integer removed = prices.remove("yarn");

    int total = 0;
    for (var entry : prices.entrySet()) { // sees what comes and goes meanwhile, or not
      total += entry.getValue();
    }
    prices.clear();
    // end
    assertEquals(3, price);
    assertEquals(3, actual);
    assertEquals(3, previous);
    assertTrue(changed);
    assertFalse(kept);
    assertEquals(6, removed);
    assertEquals(0, total);
  }

  @Test
  void pool() {
    // snippet: pool
    Channel<byte[]> free = Channel.buffered(8);
    byte[] buffer = free.tryReceive().orElseGet(() -> new byte[4096]);
    buffer[0] = 1;
    boolean kept = free.trySend(buffer); // false: there are enough
    // end
    assertTrue(kept);
    assertSame(buffer, free.tryReceive().orElseThrow());
  }

  // --------------- runtime ---------------

  @Test
  void runtime() throws Exception {
    Prover prover = Prover.ofThisJvm();
    // snippet: runtime
    Go.yield(); // a checkpoint, too: throws InterruptedException when interrupted
    int count = prover.goroutines().size(); // dev.selvage.diagnostics; all virtual threads
    StackTraceElement[] stack = Thread.currentThread().getStackTrace();
    var here = StackWalker.getInstance().walk(frames -> frames.findFirst().orElseThrow());
    int procs = Scheduler.ofThisJvm().gomaxprocs();
    int cores = Runtime.getRuntime().availableProcessors();
    System.gc();
    // end
    assertTrue(count >= 0);
    assertTrue(stack.length > 0);
    assertEquals("GoToSelvageRuntimeTest.java", here.getFileName());
    assertTrue(here.getLineNumber() > 0);
    assertTrue(procs > 0 && cores > 0);
  }

  @Test
  void goexit() throws Exception {
    Channel<String> said = Channel.buffered(2);
    // snippet: goexit
    go(
        () -> {
          try {
            deep(); // throws, and nobody on the way catches it
            said.send("never");
          } finally {
            said.send("cleaned up");
          }
        });
    // end
    assertEquals("cleaned up", said.receive());
    assertEquals("there is nothing to do", left.uncaught().getMessage());
  }

  private static void deep() {
    throw new CancellationException("there is nothing to do");
  }

  private static int compute() {
    return 42;
  }

  @Test
  void aThreadOfTheSystem() throws Exception {
    // snippet: lockosthread
    Channel<Integer> answers = Channel.unbuffered();
    Thread.ofPlatform() // a library in C wants always the same thread
        .start(() -> uninterruptibly(() -> answers.send(compute())));
    int answer = answers.receive();
    // end
    assertEquals(42, answer);
  }

  private record Handle(int fd) {}

  private static void use(int fd) {
    assertTrue(fd > 0);
  }

  @Test
  void cleanup() {
    Channel<Integer> closed = Channel.buffered(1);
    Cleaner cleaner = Cleaner.create();
    var h = new Handle(3);
    // snippet: cleanup
    int fd = h.fd();
    var cleanup = cleaner.register(h, () -> closed.trySend(fd)); // must not refer to h
    try {
      use(h.fd());
    } finally {
      Reference.reachabilityFence(h); // reachable until here
    }
    cleanup.clean(); // runs it now; there is no Stop
    // end
    assertEquals(3, closed.tryReceive().orElseThrow());
  }

  // --------------- pprof, trace ---------------

  private static final class Connection {}

  @Test
  void profile() {
    // snippet: profile
    Profile connections = Profile.create("com.acme.connections");
    var c = new Connection();
    connections.add(c, 0); // with the stack that opened it
    Profile same = Profile.lookup("com.acme.connections"); // null: there is none
    int open = connections.count();
    connections.remove(c);
    // end
    assertSame(connections, same);
    assertEquals(1, open);
    assertEquals(0, connections.count());
  }

  @Test
  void contention() {
    int none = Contention.setMutexProfileFraction(0);
    // snippet: contention
    Contention.setBlockProfileRate(10_000); // nanoseconds
    int before = Contention.setMutexProfileFraction(5);
    // end
    Contention.setBlockProfileRate(0);
    assertEquals(0, before);
    assertEquals(5, Contention.setMutexProfileFraction(none));
  }

  private static int quote(Context ctx) {
    return ctx.isDone() ? 0 : 12;
  }

  @Test
  void trace() throws Exception {
    Context ctx = Context.background();
    int price = 0;
    var out = new ByteArrayOutputStream();
    // snippet: trace
    try (var trace = ExecutionTrace.start()) {
      try (var task = Trace.newTask(ctx, "order")) {
        price = Trace.withRegion(task.context(), "quote", () -> quote(task.context()));
        try (var _ = Trace.startRegion(task.context(), "pack")) {
          Trace.log(task.context(), "item", "yarn");
          if (Trace.isEnabled()) {
            Trace.logf(task.context(), "item", "%d boxes", 2);
          }
        }
      }
      trace.stop();
      trace.writeTo(out, TraceFormat.GO);
    }
    // end
    assertEquals(12, price);
    assertTrue(out.size() > 0);

    out.reset();
    // snippet: flight
    try (var recorder = new FlightRecorder(Duration.ofSeconds(10), 10 << 20)) {
      recorder.start();
      recorder.writeTo(out); // when something took too long
    } // stopped
    // end
    assertTrue(out.size() > 0);
    assertNull(FlightRecorder.current());
  }
}
