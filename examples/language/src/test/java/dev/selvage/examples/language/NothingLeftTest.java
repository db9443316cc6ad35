package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The oracle sees what is left behind. */
class NothingLeftTest {
  private final NothingLeft left = new NothingLeft(Duration.ofMillis(200));

  @Test
  void aGoroutineThatIsLeftIsNoticed() throws Exception {
    Channel<Integer> channel = Channel.unbuffered();
    AtomicReference<Thread> sender = new AtomicReference<>();
    left.begin();
    go(
        () -> {
          sender.set(Thread.currentThread());
          channel.send(1);
        });
    // One that has not begun to wait yet is not always listed.
    for (Thread it = null; it == null || it.getState() != Thread.State.WAITING; ) {
      Thread.sleep(1);
      it = sender.get();
    }
    var e = assertThrows(AssertionError.class, left::end);
    assertTrue(String.valueOf(e.getMessage()).startsWith("goroutines left"), e::toString);
    assertEquals(1, channel.receive());
  }

  @Test
  void anExceptionThatNobodyExpectedIsNoticed() throws Exception {
    Channel<Boolean> about = Channel.unbuffered();
    left.begin();
    go(
        () -> {
          about.close();
          throw new IllegalStateException("boom");
        });
    assertEquals(null, about.receiveOrNull());
    var e = assertThrows(AssertionError.class, left::end);
    assertTrue(String.valueOf(e.getMessage()).contains("boom"), e::toString);
  }

  @Test
  void aLeakThatIsNotThereIsMissed() throws Exception {
    left.begin();
    assertThrows(
        AssertionError.class,
        () -> left.proven(UnbufferedQueue.class, "LEAK", WaitReason.CHAN_SEND, 1));
    left.end();
  }

  @Test
  void aLeakForAnotherReasonOrAtAnotherLineIsNotTakenForTheExpectedOne() throws Exception {
    var patient = new NothingLeft();
    patient.begin();
    assertEquals(Optional.empty(), Simulated.run(() -> UnbufferedQueue.wrong(List.of("a"))));
    var e =
        assertThrows(
            AssertionError.class,
            () -> patient.proven(UnbufferedQueue.class, "LEAK", WaitReason.CHAN_RECEIVE, 1));
    assertTrue(String.valueOf(e.getMessage()).contains("chan send"), e::toString);
    assertThrows(
        AssertionError.class,
        () -> left.proven(FirstAnswer.class, "LEAK", WaitReason.CHAN_SEND, 1));
    patient.proven(UnbufferedQueue.class, "LEAK", WaitReason.CHAN_SEND, 1);
    patient.end();
  }
}
