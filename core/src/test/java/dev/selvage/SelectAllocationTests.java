package dev.selvage;

import static dev.selvage.Select.after;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.send;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a select allocates, by the JVM's own count for the thread that selects, a platform one. */
@Timeout(60)
final class SelectAllocationTests {
  private static final Duration LONG = Duration.ofHours(1);
  private static final int WARM_UP = 2_000;
  private static final int OPERATIONS = 10_000;

  /** What the JVM itself may make meanwhile, in bytes for each operation: less than any object. */
  private static final int NOTHING = 1;

  /** An object of ours has 16 to 56 bytes; with three cases an expression makes some fifteen. */
  private static final int FEW_SMALL_OBJECTS = 640;

  private final ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
  private final Channel<Integer> in = Channel.unbuffered();
  private final Channel<Integer> out = Channel.unbuffered();
  private final Channel<Integer> full = Channel.buffered(1);

  private interface Operation {
    void run() throws Exception;
  }

  @BeforeEach
  void theJvmCounts() {
    assumeTrue(threads.isThreadAllocatedMemorySupported(), "this JVM does not count");
    threads.setThreadAllocatedMemoryEnabled(true);
  }

  /** Bytes for each operation, after warming up. */
  private double allocated(Operation operation) throws Exception {
    for (int i = 0; i < WARM_UP; i++) {
      operation.run();
    }
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < OPERATIONS; i++) {
      operation.run();
    }
    return (double) (threads.getCurrentThreadAllocatedBytes() - before) / OPERATIONS;
  }

  private void assertAllocates(int atMost, Operation operation) throws Exception {
    double bytes = allocated(operation);
    assertTrue(bytes <= atMost, bytes + " bytes for each operation, but at most " + atMost);
  }

  /** Sends as soon as somebody waits to receive, and so never finds a select that does not wait. */
  private Thread sendToWhoWaits() {
    return Threads.start(
        () -> {
          while (!Thread.currentThread().isInterrupted()) {
            if (in.receiverCount() > 0) {
              in.trySend(1);
            }
            Go.yield();
          }
        });
  }

  @Test
  void theReusableFormAllocatesNothingWhereACaseIsReady() throws Exception {
    full.send(1);
    Select sel = Select.create();
    Select.Receiving<Integer> taken = sel.receive(full);
    Select.Sending<Integer> put = sel.send(full, 2);
    sel.receive(in);
    assertAllocates(
        NOTHING,
        () -> {
          assertSame(taken, sel.await());
          assertSame(put, sel.await(LONG));
        });
    assertEquals(2, taken.value());
  }

  @Test
  void theReusableFormAllocatesNothingWhereNothingIsReady() throws Exception {
    Select sel = Select.create();
    sel.receive(in);
    sel.send(out, 1);
    assertAllocates(NOTHING, () -> assertNull(sel.await(Duration.ZERO)));
  }

  @Test
  void theReusableFormAllocatesNothingWhileItWaits() throws Exception {
    Select sel = Select.create();
    Select.Receiving<Integer> received = sel.receive(in);
    sel.send(out, 1);
    Thread sender = sendToWhoWaits();
    try {
      assertAllocates(NOTHING, () -> assertSame(received, sel.await()));
      assertAllocates(NOTHING, () -> assertSame(received, sel.await(LONG)));
    } finally {
      sender.interrupt();
      sender.join();
    }
  }

  @Test
  void theReusableFormAllocatesNothingWhenTheTimeIsOver() throws Exception {
    Duration moment = Duration.ofNanos(1_000);
    Select sel = Select.create();
    sel.receive(in);
    sel.send(out, 1);
    assertAllocates(NOTHING, () -> assertNull(sel.await(moment)));
  }

  @Test
  void theExpressionMakesAFewSmallObjects() throws Exception {
    full.send(1);
    assertAllocates(
        FEW_SMALL_OBJECTS,
        () -> {
          int got =
              Select.<Integer, RuntimeException>select(
                  receive(full, v -> v),
                  receive(in, v -> v).orClosed(() -> 0),
                  send(out, 1, () -> 0));
          full.trySend(got);
        });
    Thread sender = sendToWhoWaits();
    try {
      assertAllocates(
          FEW_SMALL_OBJECTS,
          () ->
              assertEquals(
                  1,
                  Select.<Integer, RuntimeException>select(
                      receive(in, v -> v), send(out, 1, () -> 0), after(LONG, () -> 0))));
    } finally {
      sender.interrupt();
      sender.join();
    }
  }

  /** So that the others cannot pass because nothing is counted. */
  @Test
  void whatIsAllocatedIsSeen() throws Exception {
    Object[] kept = new Object[1];
    double bytes = allocated(() -> kept[0] = new byte[16]);
    assertTrue(bytes >= 32, bytes + " bytes for each operation");
    double selects =
        allocated(
            () -> {
              Select sel = Select.create();
              sel.receive(in);
              assertNull(sel.await(Duration.ZERO));
            });
    assertTrue(selects > 2 * NOTHING, selects + " bytes for each operation");
  }
}
