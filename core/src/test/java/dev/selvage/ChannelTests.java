package dev.selvage;

import static dev.selvage.Go.go;
import static dev.selvage.Threads.startBlocked;
import static dev.selvage.Threads.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class ChannelTests {
  private static final Duration SHORT = Duration.ofMillis(1);
  private static final Duration LONG = Duration.ofHours(1);

  // --------------- Blocking and waking ---------------

  @Test
  void anUnbufferedSendEndsWhenItIsReceived() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Thread sender = startBlocked(() -> ch.send(1));
    assertEquals(1, ch.senderCount());
    assertEquals(1, ch.receive());
    sender.join();
    assertEquals(0, ch.senderCount());
  }

  @Test
  void aReceiverWaitsForItsSender() throws Exception {
    Channel<Integer> ch = Channel.buffered(5);
    AtomicReference<@Nullable Integer> got = new AtomicReference<>();
    Thread receiver = startBlocked(() -> got.set(ch.receive()));
    ch.send(3);
    assertEquals(0, ch.len()); // handed over, never in the buffer
    receiver.join();
    assertEquals(3, got.get());
  }

  @Test
  void aBufferedChannelKeepsTheOrderPastBlockedSenders() throws Exception {
    Channel<Integer> ch = Channel.buffered(3);
    for (int i = 0; i < 3; i++) {
      ch.send(i);
    }
    for (int i = 3; i < 6; i++) {
      int value = i;
      startBlocked(() -> ch.send(value));
    }
    assertEquals(3, ch.len());
    assertEquals(3, ch.cap());
    for (int i = 0; i < 6; i++) {
      assertEquals(i, ch.receive());
      assertEquals(Math.min(3, 5 - i), ch.len());
    }
    assertEquals(Optional.empty(), ch.tryReceive());
  }

  @Test
  void blockedReceiversAreServedInTheOrderOfTheirComing() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < 5; i++) {
      int n = i;
      startBlocked(() -> order.add(n + " got " + ch.receive()));
    }
    for (int i = 0; i < 5; i++) {
      ch.send(10 + i);
      int size = i + 1;
      until(() -> order.size() == size);
    }
    assertEquals(List.of("0 got 10", "1 got 11", "2 got 12", "3 got 13", "4 got 14"), order);
  }

  @Test
  void worksBetweenPlatformThreads() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Thread sender =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    for (int i = 0; i < 100; i++) {
                      ch.send(i);
                    }
                    ch.close();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                });
    int sum = 0;
    for (int v : ch) {
      sum += v;
    }
    sender.join();
    assertEquals(4950, sum);
  }

  // --------------- Closing ---------------

  @Test
  void whatWasSentBeforeClosingIsReceived() throws Exception {
    Channel<String> ch = Channel.buffered(2);
    ch.send("a");
    ch.send("b");
    ch.close();
    assertEquals(2, ch.len());
    assertEquals("a", ch.receive());
    assertEquals("b", ch.receiveOrNull());
    assertNull(ch.receiveOrNull());
    assertNull(ch.receiveOrNull());
  }

  @Test
  void closingWakesEveryBlockedReceiver() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    List<Object> outcomes = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      threads.add(startBlocked(() -> outcomes.add(String.valueOf(ch.receiveOrNull()))));
    }
    threads.add(startBlocked(() -> outcomes.add(failure(ch::receive))));
    threads.add(startBlocked(() -> outcomes.add(failure(() -> ch.receive(LONG)))));
    threads.add(startBlocked(() -> outcomes.add(String.valueOf(ch.iterator().hasNext()))));
    ch.close();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(3, Collections.frequency(outcomes, "null"));
    assertEquals(2, Collections.frequency(outcomes, "receive from closed channel"));
    assertEquals(1, Collections.frequency(outcomes, "false"));
  }

  @Test
  void closingFailsEveryBlockedSender() throws Exception {
    Channel<Integer> ch = Channel.buffered(1);
    ch.send(0);
    List<Object> outcomes = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    threads.add(startBlocked(() -> outcomes.add(failure(() -> ch.send(1)))));
    threads.add(startBlocked(() -> outcomes.add(failure(() -> ch.send(2, LONG)))));
    ch.close();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of("send on closed channel", "send on closed channel"), outcomes);
    assertEquals(0, ch.receive());
    assertNull(ch.receiveOrNull());
  }

  private static String failure(Go.Action action) {
    Throwable thrown = assertThrows(ClosedChannelException.class, action::run);
    return String.valueOf(thrown.getMessage());
  }

  // --------------- Ranging ---------------

  @Test
  void aLoopEndsWhenTheChannelIsClosedAndDrained() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    go(
        () -> {
          for (int i = 0; i < 10; i++) {
            ch.send(i);
          }
          ch.close();
        });
    int next = 0;
    for (int v : ch) {
      assertEquals(next++, v);
    }
    assertEquals(10, next);
    assertThrows(NoSuchElementException.class, () -> ch.iterator().next());
  }

  @Test
  void anInterruptedLoopKeepsTheFlagAndIsCancelled() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Channel<Boolean> flag = Channel.buffered(1);
    Thread thread =
        startBlocked(
            () -> {
              try {
                for (int v : ch) {
                  throw new AssertionError(v);
                }
              } catch (CancellationException e) {
                assertInstanceOf(InterruptedException.class, e.getCause());
                flag.trySend(Thread.currentThread().isInterrupted());
              }
            });
    thread.interrupt();
    assertTrue(flag.receive());
  }

  // --------------- Interrupts ---------------

  @Test
  void anInterruptedOperationDidNotHappen() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Channel<String> outcome = Channel.buffered(1);
    Thread sender =
        startBlocked(
            () -> {
              try {
                ch.send(1);
              } catch (InterruptedException e) {
                outcome.trySend("interrupted, flag " + Thread.currentThread().isInterrupted());
              }
            });
    sender.interrupt();
    assertEquals("interrupted, flag false", outcome.receive());
    assertEquals(0, ch.senderCount());
    assertEquals(Optional.empty(), ch.tryReceive());
  }

  @Test
  void whoIsInterruptedBeforeDoesNotBegin() throws Exception {
    Channel<Integer> ch = Channel.buffered(1);
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> ch.send(1));
    assertEquals(0, ch.len());
    Thread.currentThread().interrupt();
    assertTrue(ch.trySend(1)); // does not look
    assertTrue(Thread.interrupted());
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, ch::receive);
    assertEquals(1, ch.len());
  }

  // --------------- Views and misuse ---------------

  @Test
  void viewsCannotBeCastBack() throws Exception {
    Channel<Integer> ch = Channel.buffered(1);
    SendChannel<Integer> out = ch.sendOnly();
    ReceiveChannel<Integer> in = ch.receiveOnly();
    assertFalse(((Object) out) instanceof ReceiveChannel);
    assertFalse(((Object) in) instanceof SendChannel);
    out.send(1);
    assertEquals(1, in.len());
    assertEquals(1, in.receive());
    assertTrue(out.trySend(2));
    assertFalse(out.send(3, SHORT));
    assertEquals(Optional.of(2), in.tryReceive());
    assertEquals(Optional.empty(), in.receive(SHORT));
    out.close();
    assertNull(in.receiveOrNull());
  }

  @Test
  @SuppressWarnings("NullAway") // this is what it is about
  void nullIsNoValue() {
    Channel<Integer> ch = Channel.buffered(1);
    assertThrows(NullPointerException.class, () -> ch.send(null));
    assertThrows(NullPointerException.class, () -> ch.trySend(null));
    assertEquals(0, ch.len());
  }

  @Test
  void aCapacityIsNotNegative() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Channel.buffered(-1));
    assertEquals("makechan: size out of range: -1", e.getMessage());
    assertEquals(0, Channel.buffered(0).cap());
  }

  @Test
  void saysWhatItIs() throws Exception {
    Channel<Integer> ch = Channel.buffered(2);
    ch.send(1);
    assertEquals("chan(1/2)", ch.toString());
    ch.close();
    assertEquals("chan(closed, 1/2)", ch.toString());
    assertEquals("chan(never)", Channel.never().toString());
  }
}
