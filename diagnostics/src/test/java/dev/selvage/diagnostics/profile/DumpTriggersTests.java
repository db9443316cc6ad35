package dev.selvage.diagnostics.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Channel;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.sync.WaitGroup;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Dumps that nobody asks for by hand. */
@Timeout(60)
final class DumpTriggersTests {
  private final List<String> dumps = new CopyOnWriteArrayList<>();
  private final DumpTriggers triggers =
      new DumpTriggers(
          Prover.ofThisJvm(),
          StackDump.of(Prover.ofThisJvm()),
          StackDump.Format.TEXT,
          why ->
              new ByteArrayOutputStream() {
                @Override
                public void close() {
                  dumps.add(why + ": " + toString(StandardCharsets.UTF_8));
                }
              });

  @Test
  @DisplayName("a real signal dumps; one that the JVM uses is refused and stays the JVM's")
  void signals() throws Exception {
    assumeTrue(!System.getProperty("os.name", "").startsWith("Windows"), "no such signals there");
    triggers.onSignal("USR1");
    String pid = Long.toString(ProcessHandle.current().pid());
    assertEquals(0, new ProcessBuilder("sh", "-c", "kill -USR1 " + pid).start().waitFor());
    while (dumps.isEmpty()) {
      Thread.sleep(1);
    }
    assertTrue(dumps.getFirst().startsWith("on signal USR1: "), dumps.getFirst());
    // Not INT: whoever runs this in the background of a shell has it ignored, and the JVM leaves
    // it.
    for (String taken : List.of("USR1", "QUIT", "TERM", "NONE")) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> triggers.onSignal(taken), taken);
      assertTrue(String.valueOf(refused.getMessage()).startsWith("signal " + taken + " "));
    }
    if (System.getProperty("os.name", "").equals("Linux")) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> triggers.onSignal("USR2"));
      assertTrue(String.valueOf(refused.getMessage()).contains("_JAVA_SR_SIGNUM"));
    }
  }

  @Test
  @DisplayName("more goroutines than the bound dump once, and again when they have doubled")
  void growth() {
    AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    DumpTriggers.Growth growth = new DumpTriggers.Growth(100, Duration.ofNanos(1000), nanos::get);
    assertFalse(growth.isReason(100));
    assertTrue(growth.isReason(101));
    assertFalse(growth.isReason(150));
    assertFalse(growth.isReason(300), "not so soon");
    nanos.addAndGet(1000);
    assertFalse(growth.isReason(202));
    assertTrue(growth.isReason(203));
    nanos.addAndGet(1000);
    assertFalse(growth.isReason(400));
    assertFalse(growth.isReason(99));
    assertTrue(growth.isReason(101), "they were fewer meanwhile");
  }

  @Test
  @DisplayName("real goroutines over a bound are dumped")
  void bound() throws Exception {
    Channel<Integer> never = Channel.unbuffered();
    WaitGroup ended = new WaitGroup();
    for (int i = 0; i < 50; i++) {
      ended.go(() -> assertEquals(null, never.receiveOrNull()));
    }
    try (triggers) {
      triggers.whenMoreThan(40, Duration.ofHours(1), Duration.ofMillis(10));
      assertThrows(
          IllegalArgumentException.class,
          () -> triggers.whenMoreThan(1, Duration.ZERO, Duration.ZERO));
      while (dumps.isEmpty()) {
        Thread.sleep(1);
      }
      assertTrue(dumps.getFirst().startsWith("there are "), dumps.getFirst());
      assertTrue(dumps.getFirst().contains("Channel.receiveOrNull(...)"), dumps.getFirst());
      Thread.sleep(50);
      assertEquals(1, dumps.size());
    } finally {
      never.close();
      ended.await();
    }
  }
}
