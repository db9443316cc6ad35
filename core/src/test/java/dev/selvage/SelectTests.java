package dev.selvage;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.done;
import static dev.selvage.Select.otherwise;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class SelectTests {
  private final Channel<Integer> one = Channel.buffered(1);
  private final Channel<Integer> two = Channel.buffered(1);

  @Test
  void yieldsWhatTheReadyCaseYields() throws Exception {
    one.send(7);
    try (var ctx = Context.background().withCancel()) {
      String s =
          select(
              receive(one, v -> "got " + v).orClosed(() -> "closed"),
              done(ctx, cause -> "cancelled: " + cause),
              after(Duration.ofHours(1), () -> "timeout"));
      assertEquals("got 7", s);
    }
  }

  @Test
  void sendsWhenThereIsRoom() throws Exception {
    String s = select(send(one, 42, () -> "sent"), otherwise(() -> "nothing ready"));
    assertEquals("sent", s);
    assertEquals(42, one.receive());
  }

  @Test
  void takesOtherwiseWhenNothingIsReady() throws Exception {
    one.send(1);
    String s =
        select(
            send(one, 42, () -> "sent"),
            receive(two, v -> "got"),
            receive(Channel.<String>never(), v -> v),
            otherwise(() -> "nothing ready"));
    assertEquals("nothing ready", s);
    assertEquals(1, one.len());
  }

  @Test
  void aClosedChannelIsReady() throws Exception {
    one.close();
    assertEquals("closed", select(receive(one, v -> "got " + v).orClosed(() -> "closed")));
    ClosedChannelException onReceive =
        assertThrows(ClosedChannelException.class, () -> select(receive(one, v -> "got " + v)));
    assertEquals("receive from closed channel", onReceive.getMessage());
    ClosedChannelException onSend =
        assertThrows(ClosedChannelException.class, () -> select(send(one, 1, () -> "sent")));
    assertEquals("send on closed channel", onSend.getMessage());
  }

  @Test
  void timesOut() throws Exception {
    assertEquals(
        "timeout",
        select(
            receive(one, v -> "got " + v),
            after(Duration.ofHours(1), () -> "later"),
            after(Duration.ofMillis(1), () -> "timeout")));
    assertEquals(0, one.receiverCount());
    assertEquals(
        "timeout", select(receive(one, v -> "got"), after(Duration.ZERO, () -> "timeout")));
  }

  @Test
  void passesOnTheCheckedExceptionsOfItsLambdas() throws Exception {
    one.send(1);
    IOException thrown =
        assertThrows(
            IOException.class,
            () ->
                select(
                    receive(
                        one,
                        v -> {
                          throw new IOException("for " + v);
                        })));
    assertEquals("for 1", thrown.getMessage());
  }

  /** Compiles only if one type is inferred for exceptions and results of all cases. */
  private Number mixed() throws Exception {
    return select(
        receive(
            one,
            v -> {
              if (v > 1) {
                throw new IOException();
              }
              return v;
            }),
        receive(
            two,
            v -> {
              if (v > 1) {
                throw new TimeoutException();
              }
              return 2.5;
            }));
  }

  /** Compiles only if nothing is inferred to be thrown besides the interrupt. */
  private String unchecked() throws InterruptedException {
    return select(
        receive(one, v -> "got " + v).orClosed(() -> "closed"),
        send(two, 1, () -> "sent"),
        done(Context.background(), cause -> "cancelled: " + cause),
        after(Duration.ofSeconds(2), () -> "timeout"));
  }

  @Test
  void infersResultsAndExceptions() throws Exception {
    one.send(1);
    assertEquals(1, mixed());
    assertEquals("sent", unchecked());
  }

  @Test
  void hasOnlyOneOtherwise() {
    assertThrows(
        IllegalArgumentException.class, () -> select(otherwise(() -> 1), otherwise(() -> 2)));
  }

  @Test
  void choosesEvenlyAmongTheReady() throws Exception {
    int rounds = 40_000;
    int[] hits = new int[4];
    Channel<Integer> closed = Channel.unbuffered();
    closed.close();
    for (int i = 0; i < rounds; i++) {
      one.trySend(1);
      two.tryReceive();
      int hit =
          select(
              receive(one, v -> 0),
              send(two, 1, () -> 1),
              receive(closed, v -> -1).orClosed(() -> 2),
              receive(closed, v -> -1).orClosed(() -> 3),
              receive(Channel.never(), v -> -1));
      hits[hit]++;
    }
    assertFair(hits, rounds);
  }

  /** Four cases were as likely. */
  private static void assertFair(int[] hits, int rounds) {
    for (int hit : hits) {
      // Eight standard deviations of a fair choice.
      assertTrue(Math.abs(hit - rounds / 4) < 8 * 87, Arrays.toString(hits));
    }
  }

  /** It goes through its cases in an order that it keeps from one wait to the next. */
  @Test
  void theReusableFormChoosesEvenlyAndWithoutRegardToTheChoiceBefore() throws Exception {
    int rounds = 40_000;
    Channel<Integer> closed = Channel.unbuffered();
    closed.close();
    Select sel = Select.create();
    sel.receive(closed).enable(false);
    List<Select.Arm> arms = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      arms.add(sel.receive(closed));
    }
    sel.receive(two);
    int[] hits = new int[4];
    int[] after = new int[4]; // by how many cases further than the one before
    int before = 0;
    for (int i = 0; i < rounds; i++) {
      int hit = arms.indexOf(sel.await());
      hits[hit]++;
      after[(hit - before + 4) % 4]++;
      before = hit;
    }
    assertFair(hits, rounds);
    assertFair(after, rounds);
  }

  @Test
  void waitsOnBothSidesOfTheSameChannel() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Channel<String> results = Channel.unbuffered();
    go(() -> results.send(select(receive(ch, v -> "got " + v), send(ch, 1, () -> "sent"))));
    while (ch.receiverCount() == 0) {
      Thread.onSpinWait();
    }
    ch.send(5);
    assertEquals("got 5", results.receive());
    assertEquals(0, ch.receiverCount() + ch.senderCount());

    go(() -> results.send(select(receive(ch, v -> "got " + v), send(ch, 6, () -> "sent"))));
    assertEquals(6, ch.receive());
    assertEquals("sent", results.receive());
    assertEquals(0, ch.receiverCount() + ch.senderCount());
  }

  @Test
  void twoSelectsMeet() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Channel<Integer> results = Channel.unbuffered();
    for (int i = 0; i < 1000; i++) {
      int value = i;
      go(() -> select(send(ch, value, () -> 0), receive(Channel.<Integer>never(), v -> v)));
      go(() -> results.send(select(receive(one, v -> v), receive(ch, v -> v))));
      assertEquals(value, results.receive());
    }
  }

  @Test
  void anInterruptLeavesNothingBehind() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Channel<Thread> who = Channel.buffered(1);
    Channel<Boolean> results = Channel.unbuffered();
    go(
        () -> {
          who.send(Thread.currentThread());
          try {
            select(receive(ch, v -> v), send(ch, 1, () -> 1));
            results.send(false);
          } catch (InterruptedException e) {
            results.send(!Thread.currentThread().isInterrupted());
          }
        });
    Thread thread = who.receive();
    while (ch.receiverCount() == 0) {
      Thread.onSpinWait();
    }
    thread.interrupt();
    assertTrue(results.receive());
    assertEquals(0, ch.receiverCount() + ch.senderCount());
  }

  @Test
  void theReusableFormServesALoop() throws Exception {
    Channel<Integer> in = Channel.unbuffered();
    Set<Integer> seen = new HashSet<>();
    try (var ctx = Context.background().withCancel()) {
      go(
          () -> {
            for (int i = 0; i < 1000; i++) {
              in.send(i);
            }
            in.close();
          });
      Select sel = Select.create();
      Select.Receiving<Integer> next = sel.receive(in);
      Select.Receiving<Void> stop = sel.receive(ctx.done());
      for (; ; ) {
        Select.Arm hit = sel.await();
        assertSame(next, hit);
        if (next.closed()) {
          break;
        }
        seen.add(next.value());
      }
      assertEquals(1000, seen.size());
      next.enable(false);
      assertNull(sel.await(Duration.ZERO));
      assertNull(sel.await(Duration.ofMillis(1)));
      ctx.cancel();
      assertSame(stop, sel.await());
      assertTrue(stop.closed());
    }
  }

  /** The time limit is used again, so what it does late must not end the wait that comes next. */
  @Test
  void aTimeLimitThatRingsLateEndsNoLaterWait() throws Exception {
    Channel<Integer> in = Channel.unbuffered();
    Channel<Integer> out = Channel.unbuffered();
    go(
        () -> {
          for (int i = 0; i < 5_000; i++) {
            in.send(i);
            Thread.onSpinWait();
            out.receive();
          }
          in.close();
        });
    Select sel = Select.create();
    Select.Receiving<Integer> next = sel.receive(in);
    Select.Sending<Integer> answer = sel.send(out, 0);
    answer.enable(false);
    java.util.Random random = new java.util.Random(4);
    for (int i = 0; ; i++) {
      Select.Arm hit = sel.await(Duration.ofNanos(1 + random.nextInt(30_000)));
      // Whether that was in time or not: this has an hour.
      if (hit == null) {
        hit = sel.await(Duration.ofHours(1));
      }
      assertSame(next, hit);
      if (next.closed()) {
        assertEquals(5_000, i);
        break;
      }
      assertEquals(i, next.value());
      next.enable(false);
      answer.enable(true);
      assertSame(answer, sel.await());
      next.enable(true);
      answer.enable(false);
    }
  }

  @Test
  void theReusableFormSendsOneValueAfterTheOther() throws Exception {
    Channel<Integer> out = Channel.unbuffered();
    Channel<Integer> sum = Channel.unbuffered();
    go(
        () -> {
          int s = 0;
          for (int v : out) {
            s += v;
          }
          sum.send(s);
        });
    Select sel = Select.create();
    Select.Sending<Integer> sending = sel.send(out, 0);
    for (int i = 0; i < 100; i++) {
      sending.next(i);
      assertSame(sending, sel.await());
    }
    out.close();
    assertEquals(4950, sum.receive());
    assertThrows(ClosedChannelException.class, sel::await);
  }

  @Test
  void anArmThatWasNotChosenHasNoValue() throws Exception {
    Select sel = Select.create();
    Select.Receiving<Integer> a = sel.receive(one);
    Select.Receiving<Integer> b = sel.receive(two);
    two.send(3);
    assertSame(b, sel.await());
    assertEquals(3, b.value());
    assertFalse(a.closed());
    assertThrows(IllegalStateException.class, a::value);
  }
}
