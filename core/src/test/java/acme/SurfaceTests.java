package acme;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.done;
import static dev.selvage.Select.otherwise;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.ClosedChannelException;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.ReceiveChannel;
import dev.selvage.Scope;
import dev.selvage.Select;
import dev.selvage.SendChannel;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.Once;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
import dev.selvage.time.ManualClock;
import dev.selvage.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The language as a program in another package writes it: what is promised to compile, compiles as
 * it stands here, and does what it says.
 */
@Timeout(20)
@SuppressWarnings("UnusedVariable") // a shape, not a program
final class SurfaceTests {
  private final List<Object> used = Collections.synchronizedList(new ArrayList<>());
  private int count;

  private void use(Object o) {
    used.add(o);
  }

  @Test
  void channels() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    go(
        () -> {
          for (int i = 0; i < 10; i++) ch.send(i);
          ch.close();
        });
    int first = ch.receive();
    Integer second = ch.receiveOrNull();
    for (int v : ch) use(v);
    assertEquals(0, first);
    assertEquals(1, second);
    assertEquals(List.of(2, 3, 4, 5, 6, 7, 8, 9), used);
    assertThrows(ClosedChannelException.class, ch::receive);

    Channel<Integer> other = Channel.buffered(100);
    other.sendAll(List.of(1, 2, 3));
    assertEquals(3, other.len());
    assertEquals(100, other.cap());
    assertTrue(other.trySend(4));
    assertTrue(other.send(5, Duration.ofSeconds(1)));
    assertEquals(1, other.tryReceive().orElseThrow());
    assertEquals(2, other.receive(Duration.ofSeconds(1)).orElseThrow());
    other.close();
    used.clear();
    for (Integer v; (v = other.receiveOrNull()) != null; ) use(v);
    assertEquals(List.of(3, 4, 5), used);
    assertTrue(Channel.never().tryReceive().isEmpty());
    SendChannel<Integer> in = ch.sendOnly();
    ReceiveChannel<Integer> out = ch.receiveOnly();
    assertSame(ch.len(), in.len() + out.len());
  }

  @Test
  void severalWritersAndOneWhoCloses() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    var wg = new WaitGroup();
    for (int n = 0; n < 3; n++) {
      int from = n * 10;
      wg.go(
          () -> {
            for (int i = 0; i < 10; i++) ch.send(from + i);
          });
    }
    go(
        () -> {
          wg.await();
          ch.close();
        });
    assertEquals(435, ch.stream().mapToInt(v -> v).sum());
  }

  @Test
  void selects() throws Exception {
    Channel<String> data = Channel.buffered(1);
    Channel<Integer> out = Channel.unbuffered();
    try (var ctx = Context.background().withCancel()) {
      for (String expected : List.of("got it", "closed", "nothing ready")) {
        if (expected.equals("got it")) {
          data.send("it");
        }
        String s =
            select(
                receive(data, v -> "got " + v).orClosed(() -> "closed"),
                send(out, 42, () -> "sent"),
                done(ctx, cause -> "cancelled: " + cause),
                after(Duration.ofSeconds(2), () -> "timeout"));
        assertEquals(expected.equals("nothing ready") ? "closed" : expected, s);
        if (expected.equals("got it")) {
          data.close();
        }
      }
      String s = select(send(out, 42, () -> "sent"), otherwise(() -> "nothing ready"));
      assertEquals("nothing ready", s);
    }
  }

  @Test
  void aSelectPassesOnWhatItsCasesThrow() {
    Channel<String> data = Channel.buffered(1);
    assertTrue(data.trySend("it"));
    assertThrows(
        IOException.class,
        () -> {
          int n = select(receive(data, v -> parse(v)));
        });
  }

  private static int parse(String v) throws IOException {
    throw new IOException(v);
  }

  @Test
  void aSelectForAHotLoop() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    go(
        () -> {
          ch.send(1);
          ch.send(2);
          ch.close();
        });
    try (var ctx = Context.background().withCancel()) {
      var sel = Select.create();
      var in = sel.receive(ch);
      var stop = sel.receive(ctx.done());
      for (; ; ) {
        var hit = sel.await();
        if (hit == stop || in.closed()) break;
        use(in.value());
      }
    }
    assertEquals(List.of(1, 2), used);
  }

  @Test
  void scopes() throws Exception {
    assertEquals("7 of 8", combined());
  }

  private static String combined() throws InterruptedException {
    try (var ctx = Context.background().withTimeout(Duration.ofSeconds(20))) {
      try (var scope = Scope.open(ctx)) {
        var price = scope.fork(() -> quote(ctx));
        var stock = scope.fork(() -> stock(ctx));
        scope.join();
        return combine(price.get(), stock.get());
      }
    }
  }

  private static int quote(Context ctx) throws IOException {
    if (ctx.isDone()) {
      throw new IOException("too late");
    }
    return 7;
  }

  private static long stock(Context ctx) throws InterruptedException {
    Go.yield();
    return ctx.isDone() ? 0 : 8;
  }

  private static String combine(int price, long stock) {
    return price + " of " + stock;
  }

  @Test
  void groupsAndLocks() throws Exception {
    var mutex = new Mutex();
    var wg = new WaitGroup();
    wg.go(() -> mutex.withLock(() -> count++));
    wg.await();
    wg.add(1);
    go(
        () -> {
          mutex.withLock(() -> count++);
          wg.done();
        });
    wg.await();
    assertEquals(2, count);
    var group = ErrorGroup.withContext(Context.background());
    group.setLimit(2);
    for (int i = 0; i < 5; i++) group.go(() -> mutex.withLock(() -> count++));
    group.await();
    assertEquals(7, count);
    var once = new Once();
    once.run(() -> count++);
    once.run(() -> count++);
    assertEquals(8, count);
    var answer = Once.value(() -> 42);
    int n = answer.get() + answer.get();
    assertEquals(84, n);
    var flight = new SingleFlight<String, Integer>();
    int one = flight.run("key", () -> 1).value();
    assertEquals(1, one);
    assertFalse(flight.runChan("key", () -> 2).receive().shared());
  }

  @Test
  void argumentsAreFrozen() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    int shared = 1;
    go(n -> ch.send(n), shared);
    shared = 2;
    go("second-1", n -> ch.send(n), shared);
    assertEquals(3, ch.receive() + ch.receive());
  }

  @Test
  void tickers() throws Exception {
    ManualClock clock = ManualClock.create();
    AtomicInteger reports = new AtomicInteger();
    clock.run(
        () ->
            go(
                () -> {
                  try (var tick = Ticker.every(Duration.ofSeconds(1))) {
                    for (Instant t : tick.channel()) reports.incrementAndGet();
                  }
                }));
    clock.advance(Duration.ofSeconds(3));
    assertEquals(3, reports.get());
  }

  @Test
  void cleaningUp() throws Exception {
    Channel<String> results = Channel.buffered(1);
    try (var scope = Scope.open(Context.background())) {
      scope.go(
          () -> {
            try {
              Channel.never().receive();
            } finally {
              Go.uninterruptibly(() -> results.send("partial"));
            }
          });
      scope.cancel();
    }
    assertEquals("partial", results.receive());
  }
}
