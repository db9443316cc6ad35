package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.TaskFailedException;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Once;
import dev.selvage.sync.SingleFlight;
import java.io.FileNotFoundException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the guide shows of {@code Once}, {@code ErrorGroup}, {@code SingleFlight} and streams. */
class GoToSelvageSyncTest {
  @RegisterExtension final NothingLeft left = new NothingLeft();

  private final AtomicInteger opened = new AtomicInteger();

  private String open() {
    opened.incrementAndGet();
    return "connection";
  }

  @Test
  void once() throws Exception {
    // snippet: once
    var once = new Once();
    once.run(() -> open());
    once.run(() -> open()); // does nothing

    var connection = Once.value(() -> open());
    String first = connection.get();
    String second = connection.get();
    // end
    assertEquals(2, opened.get());
    assertEquals(first, second);

    // snippet: once-more
    var setUp = Once.func(() -> open());
    setUp.run();
    setUp.run(); // does nothing

    record Connected(String name, boolean secure) {}
    var connected = Once.value(() -> new Connected(open(), true));
    String name = connected.get().name();
    // end
    assertEquals(4, opened.get());
    assertEquals("connection", name);
  }

  private static void fetch(Context ctx, int page) throws Exception {
    if (page == 2 && !ctx.isDone()) {
      throw new FileNotFoundException("no page 2");
    }
  }

  @Test
  void errorGroup() throws Exception {
    Context ctx = Context.background();
    List<Integer> pages = List.of(1, 2, 3);
    Throwable failure = null;
    // snippet: errgroup
    var group = ErrorGroup.withContext(ctx);
    group.setLimit(8);
    for (int page : pages) {
      group.go(() -> fetch(group.context(), page));
    }
    try {
      group.await();
    } catch (TaskFailedException e) {
      failure = e.getCause(); // the first; the others are suppressed in e
    }
    // end
    assertInstanceOf(FileNotFoundException.class, failure);
  }

  @Test
  void errorGroupWithALimit() throws Exception {
    Channel<Void> release = Channel.unbuffered();
    // snippet: errgroup-try
    var group = new ErrorGroup(); // without a context
    group.setLimit(1);
    boolean first = group.tryGo(() -> release.receiveOrNull());
    boolean second = group.tryGo(() -> {}); // false: the limit is reached
    release.close();
    group.await();
    group.setLimit(-1); // no limit
    // end
    assertTrue(first);
    assertFalse(second);
  }

  private static String load(String key) {
    return "value of " + key;
  }

  @Test
  void singleFlight() throws Exception {
    // snippet: singleflight
    var flights = new SingleFlight<String, String>();
    var result = flights.run("a", () -> load("a"));
    String value = result.value();
    boolean shared = result.shared();
    // end
    assertEquals("value of a", value);
    assertFalse(shared);
  }

  @Test
  void singleFlightChan() throws Exception {
    var flights = new SingleFlight<String, String>();
    // snippet: singleflight-chan
    var result = flights.runChan("a", () -> load("a")).receive();
    String loaded = result.value();
    Throwable failure = result.exception();
    flights.forget("a"); // who asks now does not share what is under way
    // end
    assertEquals("value of a", loaded);
    assertNull(failure);
  }

  @Test
  void streams() {
    Channel<Integer> ch = Channel.unbuffered();
    // snippet: stream
    go(
        () -> {
          try {
            ch.sendAll(Stream.of(1, 2, 3));
          } finally {
            ch.close();
          }
        });
    List<Integer> squares = ch.stream().map(n -> n * n).toList();
    // end
    assertEquals(List.of(1, 4, 9), squares);
  }
}
