package dev.selvage.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Threads;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Exactly one event ends a wait, step by step. */
@Timeout(60)
final class WaiterTests {
  /** What came of a wait. */
  private record Outcome(boolean finished, boolean flag, @Nullable Object winner) {}

  private final Channel<Outcome> outcome = Channel.buffered(1);
  private final AtomicReference<@Nullable Waiter> made = new AtomicReference<>();

  /** Starts a thread that waits, and returns it. */
  private Thread start(Threads.Kind kind) {
    Thread thread =
        Threads.start(
            kind,
            () -> {
              Waiter waiter = new Waiter("test");
              made.set(waiter);
              boolean finished = waiter.await();
              assertTrue(
                  outcome.trySend(new Outcome(finished, Thread.interrupted(), waiter.winner())));
            });
    Threads.untilBlocked(thread);
    return thread;
  }

  private Waiter waiter() {
    Waiter waiter = made.get();
    if (waiter == null) {
      throw new AssertionError("it waits already");
    }
    return waiter;
  }

  @ParameterizedTest
  @EnumSource
  void anInterruptThatComesTooLateIsInTheFlagAfterwards(Threads.Kind kind) throws Exception {
    Thread thread = start(kind);
    assertTrue(waiter().claim());
    thread.interrupt();
    // The wait takes the flag down, cannot be the winner any more, and waits for who is.
    Threads.until(() -> !thread.isInterrupted());
    Threads.untilBlocked(thread);
    assertEquals(0, outcome.len());
    waiter().finish(this);
    Outcome came = outcome.receive();
    assertTrue(came.finished());
    assertTrue(came.flag());
    assertSame(this, came.winner());
  }

  @ParameterizedTest
  @EnumSource
  void whoIsInterruptedFirstHasWonAndNobodyElseCan(Threads.Kind kind) throws Exception {
    start(kind).interrupt();
    assertEquals(new Outcome(false, false, null), outcome.receive());
    assertFalse(waiter().claim());
  }

  @ParameterizedTest
  @EnumSource
  void whoIsNotInterruptedHasNoFlag(Threads.Kind kind) throws Exception {
    start(kind);
    assertTrue(waiter().claim());
    assertFalse(waiter().claim());
    waiter().finish(this);
    assertEquals(new Outcome(true, false, this), outcome.receive());
    assertFalse(waiter().claim());
  }

  private static final int ROUNDS = 100_000;

  /** On a machine with other work it makes do with fewer. */
  private static final long MOST_NANOS = 2_000_000_000;

  /** Two that come at the same moment, again and again. */
  @Test
  void onlyOneOfTwoClaims() throws Exception {
    Waiter[] waiters = new Waiter[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      waiters[i] = new Waiter("test");
    }
    AtomicIntegerArray claimed = new AtomicIntegerArray(ROUNDS);
    AtomicIntegerArray come = new AtomicIntegerArray(2);
    AtomicBoolean over = new AtomicBoolean();
    long begun = System.nanoTime();
    Thread other =
        Threads.start(
            Threads.Kind.PLATFORM,
            () -> {
              for (int i = 0; i < ROUNDS; i++) {
                come.set(1, i + 1);
                meet(come, 0, i);
                if (over.get()) {
                  break;
                }
                claim(waiters, claimed, i);
              }
            });
    for (int i = 0; i < ROUNDS && !over.get(); i++) {
      // Said before it comes to its last round, for which it does not wait.
      over.set(System.nanoTime() - begun > MOST_NANOS);
      come.set(0, i + 1);
      if (!over.get()) {
        meet(come, 1, i);
      }
      claim(waiters, claimed, i);
    }
    other.join();
    for (int i = 0; i < ROUNDS; i++) {
      assertEquals(i < come.get(0) ? 1 : 0, claimed.get(i), "who claimed number " + i);
    }
  }

  /** Waits until the other has come to a round, too. */
  private static void meet(AtomicIntegerArray come, int other, int round) {
    for (int looks = 0; come.get(other) <= round; looks++) {
      Backoff.pause(looks); // it may have no processor
    }
  }

  private static void claim(Waiter[] waiters, AtomicIntegerArray claimed, int round) {
    if (waiters[round].claim()) {
      claimed.incrementAndGet(round);
    }
  }
}
