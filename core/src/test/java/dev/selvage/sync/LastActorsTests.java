package dev.selvage.sync;

import static dev.selvage.Threads.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.Select;
import dev.selvage.Threads;
import dev.selvage.observe.Probe;
import dev.selvage.time.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who last could have woken a thread is told, also when that one has ended long ago. */
@Timeout(60)
final class LastActorsTests {
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(1);

  @RegisterExtension final BlockedThreads threads = new BlockedThreads();

  private Thread blocked(Go.Action task) {
    return threads.start(task);
  }

  /** Does something in a thread that ends, and returns the thread's identifier. */
  private static long ended(Threads.Kind kind, Go.Action task) throws InterruptedException {
    Thread thread = start(kind, task);
    assertTrue(thread.join(LONG));
    return thread.threadId();
  }

  private static long ended(Go.Action task) throws InterruptedException {
    return ended(Threads.Kind.GOROUTINE, task);
  }

  /** As {@code last receiver 31}; what it is on is asked for elsewhere. */
  private static List<String> last(Thread waits) {
    return Probe.lastActors(waits).stream().map(m -> m.get("did") + " " + m.get("thread")).toList();
  }

  private static void assertLast(Thread waits, String did, long thread) {
    assertEquals(List.of(did + " " + thread), last(waits));
  }

  // --------------- Channels ---------------

  @ParameterizedTest
  @EnumSource
  void senderIsToldWhoCameLastToReceiveAndGaveUp(Threads.Kind kind) throws Exception {
    Channel<Integer> channel = Channel.unbuffered();
    List<Go.Action> ways = new ArrayList<>();
    ways.add(() -> assertTrue(channel.receive(SHORT).isEmpty()));
    ways.add(() -> assertTrue(channel.tryReceive().isEmpty()));
    ways.add(() -> Select.select(Select.receive(channel, v -> v), Select.after(SHORT, () -> 0)));
    for (Go.Action receive : ways) {
      long receiver = ended(kind, receive);
      Thread sends = blocked(() -> channel.send(1));
      assertLast(sends, "last receiver", receiver);
      sends.interrupt();
      assertTrue(sends.join(LONG));
    }
  }

  @Test
  void receiverIsToldWhoSentLast() throws Exception {
    Channel<Integer> channel = Channel.buffered(3);
    List<Go.Action> ways = new ArrayList<>();
    ways.add(() -> channel.send(1));
    ways.add(() -> assertTrue(channel.trySend(1)));
    ways.add(() -> Select.select(Select.send(channel, 1, () -> 1)));
    for (Go.Action send : ways) {
      long sender = ended(send);
      assertEquals(1, channel.receive());
      Thread receives = blocked(channel::receive);
      assertLast(receives, "last sender", sender);
      receives.interrupt();
      assertTrue(receives.join(LONG));
    }
  }

  @Test
  void partnerThatHadWaitedIsToldAsWell() throws Exception {
    Channel<Integer> channel = Channel.unbuffered();
    Thread receives = start(channel::receive);
    channel.send(1);
    assertTrue(receives.join(LONG));
    assertLast(blocked(() -> channel.send(2)), "last receiver", receives.threadId());
  }

  @Test
  void nobodyIsToldWhereNobodyCame() {
    Channel<Integer> channel = Channel.unbuffered();
    Thread sends = blocked(() -> channel.send(1));
    assertLast(sends, "last receiver", 0);
    String what = String.valueOf(Probe.lastActors(sends).getFirst().get("what"));
    assertEquals("chan(0/0)@" + Integer.toHexString(System.identityHashCode(channel)), what);
  }

  @Test
  void selectIsToldOfEachOfItsCases() throws Exception {
    Channel<Integer> in = Channel.unbuffered();
    Channel<Integer> out = Channel.unbuffered();
    long sender = ended(() -> assertFalse(in.trySend(1)));
    long receiver = ended(() -> assertTrue(out.tryReceive().isEmpty()));
    try (CancellableContext context = Context.background().withCancel()) {
      Thread selects =
          blocked(
              () ->
                  Select.select(
                      Select.receive(in, v -> v),
                      Select.send(out, 1, () -> 1),
                      Select.done(context, cause -> 2),
                      Select.receive(Channel.<Integer>never(), v -> v)));
      assertEquals(
          List.of(
              "last sender " + sender,
              "last receiver " + receiver,
              "context made by " + Thread.currentThread().threadId()),
          last(selects));
    }
  }

  @Test
  void ofTimersAndOfWhatIsNeverReadyNothingIsTold() throws Exception {
    try (Ticker ticker = Ticker.every(LONG)) {
      assertEquals(List.of(), last(blocked(() -> ticker.channel().receive())));
    }
    assertEquals(List.of(), last(blocked(() -> Channel.never().receive())));
    assertEquals(List.of(), last(blocked(() -> Select.select())));
    assertEquals(List.of(), last(Thread.currentThread()));
  }

  @Test
  void whoWaitsForContextIsToldWhoMadeIt() throws Exception {
    AtomicReference<@Nullable CancellableContext> made = new AtomicReference<>();
    long maker = ended(() -> made.set(Context.background().withTimeout(LONG)));
    try (CancellableContext context = made.get()) {
      assertNotNull(context);
      assertLast(blocked(() -> context.view().done().receiveOrNull()), "context made by", maker);
    }
  }

  // --------------- The others ---------------

  @Test
  void whoWaitsForGroupIsToldWhoCountedDownLast() throws Exception {
    WaitGroup group = new WaitGroup();
    group.add(3);
    Thread waits = blocked(group::await);
    // Who counts what `go` has started is told besides, and elsewhere.
    assertLast(waits, "last to count down", 0);
    ended(group::done);
    long last = ended(() -> group.add(-1));
    assertLast(waits, "last to count down", last);
    ended(() -> group.add(5)); // which counts up
    assertLast(waits, "last to count down", last);
    Map<String, Object> told = Probe.lastActors(waits).getFirst();
    assertTrue(String.valueOf(told.get("what")).startsWith("WaitGroup(6)@"), told::toString);
  }

  @Test
  void whoWaitsForPermitIsToldWhoTookAndWhoGaveBackLast() throws Exception {
    Semaphore semaphore = new Semaphore(2);
    long first = ended(() -> semaphore.acquire(2));
    Thread waits = blocked(() -> semaphore.acquire(2));
    assertEquals(List.of("last to acquire " + first, "last to release 0"), last(waits));
    long releaser = ended(() -> semaphore.release(1));
    assertEquals(List.of("last to acquire " + first, "last to release " + releaser), last(waits));
    semaphore.release(1);
    assertTrue(waits.join(LONG)); // it was given them, and noted that itself
    Thread next = blocked(() -> semaphore.acquire(1));
    assertEquals("last to acquire " + waits.threadId(), last(next).getFirst());
  }

  @Test
  void whoWasGrantedPermitsInSelectIsToldToo() throws Exception {
    Semaphore semaphore = new Semaphore(1);
    semaphore.acquire();
    try (CancellableContext context = Context.background().withCancel()) {
      Thread takes = blocked(() -> semaphore.acquire(context, 1));
      Thread gives = blockedUntilCancelled(semaphore, context);
      semaphore.release();
      assertTrue(takes.join(LONG));
      context.cancel();
      assertTrue(gives.join(LONG));
      Thread waits = blocked(() -> semaphore.acquire());
      assertEquals("last to acquire " + takes.threadId(), last(waits).getFirst());
    }
  }

  /** One that gives up has taken nothing. */
  private Thread blockedUntilCancelled(Semaphore semaphore, Context context) {
    return blocked(
        () -> {
          try {
            semaphore.acquire(context, 1);
          } catch (CancellationException e) {
            // as the test wants it
          }
        });
  }

  @Test
  void signalThatNobodyWaitedForIsTold() throws Exception {
    Mutex mutex = new Mutex();
    Cond cond = new Cond(mutex);
    Go.Action await = () -> mutex.withLock(() -> cond.await());
    Thread before = blocked(await);
    assertLast(before, "last to signal", 0);
    before.interrupt();
    assertTrue(before.join(LONG));
    long signaller = ended(cond::signal);
    Thread waits = blocked(await);
    assertLast(waits, "last to signal", signaller);
    waits.interrupt();
    assertTrue(waits.join(LONG));
    long broadcaster = ended(cond::broadcast);
    assertLast(blocked(await), "last to signal", broadcaster);
  }
}
