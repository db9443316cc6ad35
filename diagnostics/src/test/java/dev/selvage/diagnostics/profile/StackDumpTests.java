package dev.selvage.diagnostics.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.Channel;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Locks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.observe.WaitReason;
import dev.selvage.sync.WaitGroup;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Dumps of made-up threads to the letter, and of real ones, many of them. */
@Timeout(300)
final class StackDumpTests {
  private static final List<StackTraceElement> STACK =
      List.of(new StackTraceElement("com.acme.Order", "quote", "Order.java", 57));

  /** Lists made-up threads. */
  private record Listed(List<GoroutineInfo> goroutines, Locks locks) implements Leaks {
    @Override
    public Report find(Mode mode) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<GoroutineInfo> leaked() {
      return List.of();
    }

    @Override
    public void visit(boolean asked, Visitor visitor) {
      goroutines.forEach(g -> visitor.goroutine(g, asked ? locks : Locks.NONE));
    }
  }

  private static GoroutineInfo thread(long id, String name, Map<String, String> labels) {
    return new GoroutineInfo(
        id, name, WaitReason.LOCK, OptionalLong.of(120), List.of(), false, "<root>", STACK, labels);
  }

  private static final Locks LOCKS =
      new Locks(
          "<0x1f> (a java.util.concurrent.locks.ReentrantLock)",
          OptionalLong.of(7),
          List.of("<0x2a> (a com.acme.Order)"));

  private static final Leaks TWO =
      new Listed(
          List.of(
              thread(8, "", Map.of("job", "import")),
              thread(9, "<b>\"\n\u001b[31m\uD83D\uDE00", Map.of())),
          LOCKS);

  private static String dump(StackDump dump, StackDump.Format format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    dump.write(out, format);
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  @DisplayName("text is Go's, with labels; locks are lines of their own when asked for")
  void text() throws Exception {
    assertEquals(
        """
        goroutine 8 [Lock.lock, 2 minutes labels:{"job": "import"}]:
        com.acme.Order.quote(...)
        \tcom/acme/Order.java:57

        goroutine 9 [Lock.lock, 2 minutes labels:{"name": "<b>\\"\\n\\x1b[31m\uD83D\uDE00"}]:
        com.acme.Order.quote(...)
        \tcom/acme/Order.java:57
        """,
        dump(StackDump.of(TWO), StackDump.Format.TEXT));
    assertTrue(
        dump(StackDump.of(TWO).withLocks(), StackDump.Format.TEXT)
            .startsWith(
                """
                goroutine 8 [Lock.lock, 2 minutes labels:{"job": "import"}]:
                com.acme.Order.quote(...)
                \tcom/acme/Order.java:57
                \t- waits for <0x1f> (a java.util.concurrent.locks.ReentrantLock) owned by goroutine 7
                \t- holds <0x2a> (a com.acme.Order)
                """));
    assertEquals(
        "\n...1 more goroutines left out\n",
        dump(StackDump.of(TWO).limitedTo(1), StackDump.Format.TEXT)
            .substring(
                dump(
                        StackDump.of(new Listed(List.of(TWO.goroutines().getFirst()), LOCKS)),
                        StackDump.Format.TEXT)
                    .length()));
  }

  @Test
  @DisplayName("JSON says the same, and another parser reads it, whatever names are")
  void json() throws Exception {
    String text = dump(StackDump.of(TWO).withLocks(), StackDump.Format.JSON);
    assertFalse(text.contains("<b>"), "nothing that a page would obey");
    assertFalse(text.contains("\u001b"), "nothing that a terminal would obey");
    JsonNode json = new ObjectMapper().readTree(text);
    assertEquals("selvage.goroutines/1", json.get("schema").asText());
    assertEquals(2, json.get("count").asInt());
    assertEquals(0, json.get("leftOut").asInt());
    JsonNode first = json.get("goroutines").get(0);
    assertEquals(8, first.get("id").asInt());
    assertEquals("Lock.lock", first.get("wait").asText());
    assertEquals(120, first.get("waitSeconds").asInt());
    assertEquals("import", first.get("labels").get("job").asText());
    assertEquals(7, first.get("owner").asInt());
    assertEquals("<0x2a> (a com.acme.Order)", first.get("holds").get(0).asText());
    assertEquals("com.acme.Order.quote(Order.java:57)", first.get("stack").get(0).asText());
    assertEquals(
        "<b>\"\n\u001b[31m\uD83D\uDE00", json.get("goroutines").get(1).get("name").asText());
    assertEquals(
        1,
        new ObjectMapper()
            .readTree(dump(StackDump.of(TWO).limitedTo(1), StackDump.Format.JSON))
            .get("leftOut")
            .asInt());
    assertEquals(
        0,
        new ObjectMapper()
            .readTree(dump(StackDump.of(new Listed(List.of(), LOCKS)), StackDump.Format.JSON))
            .get("goroutines")
            .size());
  }

  @Test
  @DisplayName("into a buffer, as runtime.Stack: the current one first, cut where the buffer ends")
  void buffer() {
    byte[] large = new byte[1 << 20];
    int mine = StackDump.of(TWO).write(large, false);
    String current = new String(large, 0, mine, StandardCharsets.UTF_8);
    assertTrue(
        current.startsWith(
            "goroutine "
                + Thread.currentThread().threadId()
                + " [runnable labels:{\"name\": \""
                + Thread.currentThread().getName()
                + "\"}]:\ndev.selvage.diagnostics.profile.StackDumpTests.buffer(...)\n\t"),
        current);
    int all = StackDump.of(TWO).write(large, true);
    String both = new String(large, 0, all, StandardCharsets.UTF_8);
    assertTrue(both.startsWith(current.substring(0, 20)), both);
    assertTrue(both.contains("\n\ngoroutine 8 [Lock.lock"), both);
    for (int size : new int[] {0, 1, 17, mine, mine + 1, all - 1}) {
      byte[] small = new byte[size];
      assertEquals(size, StackDump.of(TWO).write(small, true), "full");
    }
  }

  @Test
  @DisplayName("a reader that fails ends the dump, and the next one works")
  void fails() throws Exception {
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("gone");
          }
        };
    Channel<Integer> never = Channel.unbuffered();
    WaitGroup ended = new WaitGroup();
    CountDownLatch runs = new CountDownLatch(1);
    ended.go(
        () -> {
          runs.countDown();
          assertNull(never.receiveOrNull());
        });
    runs.await();
    IOException gone =
        assertThrows(
            IOException.class,
            () -> StackDump.of(Prover.ofThisJvm()).write(broken, StackDump.Format.TEXT));
    assertEquals("gone", gone.getMessage());
    assertTrue(
        dump(StackDump.of(Prover.ofThisJvm()), StackDump.Format.TEXT).contains("WaitGroup.lambda"));
    never.close();
    ended.await();
  }

  @Test
  @DisplayName("real locks: who waits for a monitor, who has it, and the owner of a ReentrantLock")
  void locks() throws Exception {
    Object monitor = new Object();
    ReentrantLock lock = new ReentrantLock();
    CountDownLatch has = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    Channel<Integer> go = Channel.unbuffered();
    threads.add(
        Thread.ofVirtual()
            .name("holder")
            .start(
                () -> {
                  lock.lock();
                  try {
                    synchronized (monitor) {
                      has.countDown();
                      go.receiveOrNull();
                    }
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  } finally {
                    lock.unlock();
                  }
                }));
    has.await();
    threads.add(
        Thread.ofVirtual()
            .name("enters")
            .start(
                () -> {
                  synchronized (monitor) {
                    LockSupport.parkNanos(1);
                  }
                }));
    threads.add(
        Thread.ofVirtual()
            .name("locks")
            .start(
                () -> {
                  lock.lock();
                  try {
                    LockSupport.parkNanos(1);
                  } finally {
                    lock.unlock();
                  }
                }));
    while (threads.get(1).getState() != Thread.State.BLOCKED
        || threads.get(2).getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    JsonNode json =
        new ObjectMapper()
            .readTree(dump(StackDump.of(Prover.ofThisJvm()).withLocks(), StackDump.Format.JSON));
    JsonNode holder = named(json, "holder");
    JsonNode enters = named(json, "enters");
    JsonNode locks = named(json, "locks");
    assertEquals(1, holder.get("holds").size());
    assertEquals(holder.get("holds").get(0), enters.get("waitsFor"));
    assertTrue(enters.get("waitsFor").asText().endsWith("> (a java.lang.Object)"));
    assertEquals(threads.get(0).threadId(), locks.get("owner").asLong());
    assertEquals("Lock.lock", locks.get("wait").asText());
    go.close();
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  @DisplayName("locks can be asked of threads in any state")
  void states() throws Exception {
    Object monitor = new Object();
    AtomicBoolean stop = new AtomicBoolean();
    List<Thread> threads = new ArrayList<>();
    threads.add(
        Thread.ofVirtual()
            .name("runs")
            .start(
                () -> {
                  while (!stop.get()) {
                    Thread.onSpinWait();
                  }
                }));
    threads.add(
        Thread.ofVirtual()
            .name("sleeps")
            .start(
                () -> {
                  try {
                    Thread.sleep(100_000);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
    threads.add(Thread.ofVirtual().name("parks").start(LockSupport::park));
    threads.add(
        Thread.ofVirtual()
            .name("waits")
            .start(
                () -> {
                  synchronized (monitor) {
                    while (!stop.get()) {
                      try {
                        monitor.wait();
                      } catch (InterruptedException e) {
                        stop.set(true);
                      }
                    }
                  }
                }));
    while (threads.get(1).getState() != Thread.State.TIMED_WAITING
        || threads.get(2).getState() != Thread.State.WAITING
        || threads.get(3).getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    try {
      JsonNode json;
      int tries = 0;
      do {
        Thread.sleep(10);
        json =
            new ObjectMapper()
                .readTree(
                    dump(StackDump.of(Prover.ofThisJvm()).withLocks(), StackDump.Format.JSON));
        // One that has only just begun to wait may be on its way off its carrier.
      } while (!named(json, "waits").has("waitsFor") && ++tries < 500);
      JsonNode waits = named(json, "waits");
      assertTrue(
          waits.path("waitsFor").asText().endsWith("(a java.lang.Object)"), waits.toString());
      assertNull(waits.get("holds"), "given up while it waits");
      assertNull(named(json, "runs").get("waitsFor"));
      assertNull(named(json, "sleeps").get("waitsFor"));
      assertNull(named(json, "parks").get("waitsFor"));
    } finally {
      stop.set(true);
      threads.forEach(Thread::interrupt);
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  private static JsonNode named(JsonNode json, String name) {
    for (JsonNode goroutine : json.get("goroutines")) {
      if (goroutine.get("name").asText().equals(name)) {
        return goroutine;
      }
    }
    throw new AssertionError("no goroutine " + name);
  }

  /** Counts, and keeps nothing. */
  private static final class Counting extends OutputStream {
    long bytes;

    @Override
    public void write(int b) {
      bytes++;
    }

    @Override
    public void write(byte[] b, int from, int count) {
      bytes += count;
    }
  }

  @Test
  @DisplayName("a hundred thousand are streamed, and hardly any of them is in memory at a time")
  void many() throws Exception {
    int n = Integer.getInteger("selvage.dump.goroutines", 100_000);
    Channel<Integer> never = Channel.unbuffered();
    WaitGroup ended = new WaitGroup();
    for (int i = 0; i < n; i++) {
      ended.go(() -> assertNull(never.receiveOrNull()));
    }
    try {
      while (Prover.ofThisJvm().count() < n) {
        Thread.sleep(10);
      }
      Counting out = new Counting();
      long begin = System.nanoTime();
      long written = StackDump.of(Prover.ofThisJvm()).write(out, StackDump.Format.TEXT);
      System.getLogger("dev.selvage.test")
          .log(
              System.Logger.Level.INFO,
              written
                  + " goroutines, "
                  + out.bytes
                  + " bytes, "
                  + (System.nanoTime() - begin) / 1_000_000
                  + " ms");
      assertTrue(written >= n, written + " of " + n);
      assertTrue(out.bytes > 100L * n);
      GoroutineProfile profile = GoroutineProfile.take("goroutine", "p", Prover.ofThisJvm());
      assertTrue(profile.total() >= n);
      assertTrue(profile.toProto().length < 1 << 20, "grouped");
    } finally {
      never.close();
      ended.await();
    }
  }

  @Test
  @DisplayName("processor time and creator are there where they are known, and only there")
  void usage() throws Exception {
    GoroutineInfo plain = thread(8, "", Map.of());
    StackTraceElement line = new StackTraceElement("com.acme.Shop", "open", "Shop.java", 12);
    GoroutineInfo counted =
        new GoroutineInfo(
            9,
            "",
            WaitReason.LOCK,
            OptionalLong.empty(),
            List.of(),
            false,
            "<root>",
            STACK,
            Map.of(),
            new GoroutineInfo.Usage(
                OptionalLong.of(12_600_000), OptionalLong.of(31), Optional.of(line)));
    StackDump both = StackDump.of(new Listed(List.of(plain, counted), Locks.NONE));
    String text = dump(both, StackDump.Format.TEXT);
    assertTrue(text.contains("goroutine 8 [Lock.lock, 2 minutes]:"), text);
    assertTrue(text.contains("goroutine 9 [Lock.lock, cpu 12 ms]:"), text);
    assertTrue(
        text.endsWith("created by com.acme.Shop.open in goroutine 31\n\tcom/acme/Shop.java:12\n"),
        text);
    assertEquals(1, text.lines().filter(l -> l.startsWith("created by")).count(), text);
    String json = dump(both, StackDump.Format.JSON);
    assertTrue(
        json.contains(
            "\"cpuNanos\":12600000,\"createdBy\":31,\"createdAt\":\"com.acme.Shop.open(Shop.java:12)\""),
        json);
    assertEquals(json.indexOf("cpuNanos"), json.lastIndexOf("cpuNanos"), json);
  }
}
