package dev.selvage.time;

import static dev.selvage.Threads.startBlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class TimerTests {
  private static final Duration SHORT = Duration.ofMillis(2);
  private static final Duration LONG = Duration.ofHours(1);

  @Test
  void firesOnce() throws Exception {
    Instant before = Instant.now();
    Timer timer = Timer.after(SHORT);
    Instant fired = timer.channel().receive();
    assertFalse(fired.isBefore(before.plus(SHORT).minusMillis(1)));
    assertEquals(Optional.empty(), timer.channel().receive(SHORT));
    assertFalse(timer.stop());
  }

  @Test
  void stoppingTellsWhetherTheTimeWasStillToBeReceived() throws Exception {
    Timer ahead = Timer.after(LONG);
    assertTrue(ahead.stop());
    assertFalse(ahead.stop());
    Timer due = Timer.after(Duration.ZERO);
    Thread.sleep(2);
    assertTrue(due.stop());
    assertEquals(Optional.empty(), due.channel().tryReceive());
  }

  @Test
  void resettingSetsAnotherTime() throws Exception {
    Timer timer = Timer.after(LONG);
    Thread waiting = startBlocked(() -> timer.channel().receive());
    assertTrue(timer.reset(SHORT));
    waiting.join();
    assertFalse(timer.reset(SHORT));
    timer.channel().receive();
    timer.stop();
    timer.reset(SHORT);
    timer.channel().receive();
  }

  @Test
  void aTimeInThePastIsDueAtOnce() throws Exception {
    assertTrue(Timer.after(Duration.ofSeconds(-1)).channel().tryReceive().isPresent());
  }

  @Test
  void runsATask() throws Exception {
    Channel<Thread> ran = Channel.buffered(1);
    Timer timer = Timer.afterFunc(SHORT, () -> ran.send(Thread.currentThread()));
    Thread thread = ran.receive();
    assertTrue(thread.isVirtual());
    assertSame(Thread.currentThread().getContextClassLoader(), thread.getContextClassLoader());
    assertFalse(timer.stop());
    assertFalse(timer.reset(SHORT));
    ran.receive();
    assertThrows(IllegalStateException.class, timer::channel);
  }

  @Test
  void aStoppedTaskDoesNotRun() throws Exception {
    Channel<Integer> ran = Channel.buffered(1);
    try (Timer timer = Timer.afterFunc(Duration.ofMillis(300), () -> ran.send(1))) {
      assertTrue(timer.stop());
      assertFalse(timer.stop());
    }
    assertEquals(Optional.empty(), ran.receive(Duration.ofMillis(350)));
  }

  @Test
  void aTaskThatBlocksHoldsUpNoOtherTimer() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    for (int i = 0; i < 3; i++) {
      Timer.afterFunc(Duration.ZERO, () -> ch.send(1));
    }
    Timer.after(SHORT).channel().receive();
    for (int i = 0; i < 3; i++) {
      ch.receive();
    }
  }
}
