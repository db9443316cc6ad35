package dev.selvage;

import static dev.selvage.Go.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Channels as streams, and streams into channels. */
@Timeout(20)
final class StreamTests {
  @AfterEach
  void noFlagIsLeftOver() {
    assertFalse(Thread.interrupted());
  }

  private static Channel<Integer> filled(int n) throws InterruptedException {
    Channel<Integer> ch = Channel.buffered(n);
    for (int i = 0; i < n; i++) {
      ch.send(i);
    }
    return ch;
  }

  @Test
  void endsWhenClosedAndDrained() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    go(
        () -> {
          for (int i = 0; i < 100; i++) {
            ch.send(i);
          }
          ch.close();
        });
    assertEquals(4950, ch.receiveOnly().stream().mapToInt(i -> i).sum());
    assertEquals(List.of(), ch.stream().toList());
  }

  @Test
  void receivesNoneAhead() throws Exception {
    Channel<Integer> ch = filled(10);
    assertEquals(List.of(0, 1, 2), ch.stream().limit(3).toList());
    assertEquals(7, ch.len());
    assertEquals(3, ch.stream().findFirst().orElseThrow());
    assertEquals(6, ch.len());
    try (Stream<Integer> never = ch.stream()) {
      assertNotNull(never);
    }
    assertEquals(6, ch.len());
  }

  @Test
  void receivesNoneAheadAlsoIfMadeParallel() throws Exception {
    Channel<Integer> ch = filled(10);
    ch.close();
    assertEquals(
        IntStream.range(0, 10).boxed().toList(), ch.stream().parallel().map(i -> i).toList());
    assertNull(ch.spliterator().trySplit());
    assertTrue(ch.spliterator().hasCharacteristics(Spliterator.ORDERED | Spliterator.NONNULL));
    assertEquals(Long.MAX_VALUE, ch.spliterator().estimateSize());
  }

  @Test
  void anInterruptIsACancellation() throws Exception {
    Channel<Integer> ch = filled(1);
    Channel<Throwable> told = Channel.buffered(1);
    Thread thread =
        Threads.startBlocked(
            () -> {
              Throwable e =
                  assertThrows(CancellationException.class, () -> ch.stream().forEach(i -> {}));
              assertTrue(Thread.interrupted(), "the flag is restored");
              told.send(e);
            });
    thread.interrupt();
    assertInstanceOf(InterruptedException.class, told.receive().getCause());
  }

  @Test
  void aCollectionIsSentAndTheChannelStaysOpen() throws Exception {
    Channel<Number> ch = Channel.buffered(3);
    ch.sendOnly().sendAll(List.of(1, 2, 3));
    assertEquals(3, ch.len());
    ch.close();
    assertEquals(List.of(1, 2, 3), ch.stream().toList());
  }

  @Test
  void aStreamIsSentAsItComesUpAndClosed() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    AtomicBoolean closed = new AtomicBoolean();
    go(
        () -> {
          try {
            ch.sendAll(Stream.iterate(1, i -> i * 2).limit(5).onClose(() -> closed.set(true)));
          } finally {
            ch.close();
          }
        });
    assertEquals(List.of(1, 2, 4, 8, 16), ch.stream().toList());
    assertTrue(closed.get());
  }

  @Test
  void oneChannelIsPouredIntoAnother() throws Exception {
    Channel<Integer> from = filled(4);
    from.close();
    Channel<Integer> to = Channel.buffered(4);
    to.sendAll(from.receiveOnly());
    to.close();
    assertEquals(List.of(0, 1, 2, 3), to.stream().toList());
  }

  @Test
  void whoSendsAllCanBeInterrupted() throws Exception {
    Channel<Integer> ch = Channel.buffered(2);
    AtomicBoolean closed = new AtomicBoolean();
    Channel<Throwable> told = Channel.buffered(2);
    Thread stream =
        Threads.startBlocked(
            () ->
                told.send(
                    assertThrows(
                        InterruptedException.class,
                        () ->
                            ch.sendAll(
                                Stream.iterate(1, i -> i + 1).onClose(() -> closed.set(true))))));
    stream.interrupt();
    assertInstanceOf(InterruptedException.class, told.receive());
    assertTrue(closed.get());
    assertEquals(1, ch.receive());
    assertEquals(2, ch.receive());
    assertEquals(0, ch.len());
  }

  @Test
  void sendingAllToAClosedChannelFails() {
    Channel<Integer> ch = Channel.buffered(2);
    ch.close();
    AtomicBoolean closed = new AtomicBoolean();
    assertThrows(ClosedChannelException.class, () -> ch.sendAll(List.of(1)));
    assertThrows(
        ClosedChannelException.class,
        () -> ch.sendAll(Stream.of(1).onClose(() -> closed.set(true))));
    assertTrue(closed.get());
  }
}
