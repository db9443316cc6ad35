package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static dev.selvage.Go.uninterruptibly;
import static dev.selvage.Select.after;
import static dev.selvage.Select.done;
import static dev.selvage.Select.otherwise;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.ClosedChannelException;
import dev.selvage.Context;
import dev.selvage.ContextCanceledException;
import dev.selvage.DeadlineExceededException;
import dev.selvage.Go;
import dev.selvage.Goroutine;
import dev.selvage.ReceiveChannel;
import dev.selvage.Scope;
import dev.selvage.Select;
import dev.selvage.SendChannel;
import dev.selvage.TaskFailedException;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.observe.WaitReason;
import dev.selvage.sync.Cond;
import dev.selvage.sync.Locker;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.Semaphore;
import dev.selvage.sync.WaitGroup;
import dev.selvage.time.Clock;
import dev.selvage.time.ManualClock;
import dev.selvage.time.Ticker;
import dev.selvage.time.Timer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the guide "Go to Selvage" shows of Selvage, run. */
class GoToSelvageTest {
  @RegisterExtension final NothingLeft left = new NothingLeft();

  // --------------- Goroutines and channels ---------------

  @Test
  void goroutines() throws Exception {
    Channel<Integer> results = Channel.buffered(4);
    Go.Action work = () -> results.send(1);
    int i = 2;
    // snippet: goroutines
    go(work);
    go(n -> results.send(n), i); // i as it is now
    go(
        () -> {
          results.send(3);
        });
    go("counter-1", () -> results.send(4)); // with a name, for dumps and reports
    // end
    int sum = 0;
    for (int n = 0; n < 4; n++) {
      sum += results.receive();
    }
    assertEquals(10, sum);
  }

  @Test
  void channels() throws Exception {
    // snippet: channels
    Channel<String> meeting = Channel.unbuffered();
    Channel<String> mailbox = Channel.buffered(2);

    go(() -> meeting.send("hello"));
    String heard = meeting.receive();

    mailbox.send("one");
    mailbox.send("two");
    int waiting = mailbox.len();
    int room = mailbox.cap();
    mailbox.close();

    List<String> read = new ArrayList<>();
    for (String letter : mailbox) {
      read.add(letter);
    }
    String letter = mailbox.receiveOrNull(); // null: closed and drained
    // end
    assertEquals("hello", heard);
    assertEquals(2, waiting);
    assertEquals(2, room);
    assertEquals(List.of("one", "two"), read);
    assertNull(letter);
    assertThrows(ClosedChannelException.class, mailbox::receive);
  }

  @Test
  void signalsAndAnswers() throws Exception {
    // snippet: channels-more
    Channel<Void> started = Channel.unbuffered(); // carries nothing: its close is the message
    go(() -> started.close());
    started.receiveOrNull();

    record Question(String item, SendChannel<Integer> answer) {}
    Channel<Question> questions = Channel.unbuffered();
    go(
        () -> {
          for (Question q : questions) {
            q.answer().send(q.item().length());
          }
        });
    Channel<Integer> answer = Channel.buffered(1);
    questions.send(new Question("yarn", answer));
    int price = answer.receive();
    questions.close();

    Channel<Integer> again = answer;
    boolean same = again == answer; // whether it is the same channel
    // end
    assertEquals(4, price);
    assertTrue(same);
  }

  @Test
  void formsWithATimeLimitAndWithoutWaiting() throws Exception {
    // snippet: timed
    Channel<Integer> numbers = Channel.buffered(1);
    boolean sent = numbers.trySend(1); // true
    boolean sentToo = numbers.send(2, Duration.ofMillis(10)); // false: no room in time
    Optional<Integer> one = numbers.tryReceive(); // 1
    Optional<Integer> none = numbers.receive(Duration.ofMillis(10)); // empty: nothing came in time
    // end
    assertTrue(sent);
    assertFalse(sentToo);
    assertEquals(Optional.of(1), one);
    assertEquals(Optional.empty(), none);
  }

  // snippet: directions
  static void produce(SendChannel<Integer> out) throws InterruptedException {
    try {
      for (int n = 1; n <= 3; n++) {
        out.send(n);
      }
    } finally {
      out.close();
    }
  }

  static int sum(ReceiveChannel<Integer> in) {
    int total = 0;
    for (int n : in) {
      total += n;
    }
    return total;
  }

  // end

  @Test
  void directions() {
    Channel<Integer> numbers = Channel.unbuffered();
    go(() -> produce(numbers.sendOnly()));
    assertEquals(6, sum(numbers.receiveOnly()));
  }

  @Test
  void theChannelThatIsNeverReady() {
    // snippet: never
    Channel<String> never = Channel.never();
    Optional<String> nothing = never.tryReceive(); // empty, always
    // end
    assertEquals(Optional.empty(), nothing);
  }

  // --------------- Select ---------------

  @Test
  void selects() throws Exception {
    Channel<Integer> data = Channel.buffered(1);
    Channel<Integer> out = Channel.buffered(1);
    data.send(1);
    out.send(0);
    Context ctx = Context.background();
    // snippet: select
    String said =
        select(
            receive(data, v -> "got a value").orClosed(() -> "closed"),
            send(out, 42, () -> "sent"),
            done(ctx, cause -> "cancelled"),
            after(Duration.ofSeconds(2), () -> "timeout"));
    // end
    assertEquals("got a value", said);

    // snippet: select-default
    boolean ready = select(receive(data, v -> true), otherwise(() -> false));
    // end
    assertFalse(ready);
  }

  // snippet: select-loop
  static void relay(ReceiveChannel<Integer> in, SendChannel<Integer> out, Context ctx)
      throws InterruptedException {
    var select = Select.create();
    var incoming = select.receive(in);
    var outgoing = select.send(out, 0);
    var stop = select.receive(ctx.done());
    outgoing.enable(false); // nothing to send yet
    while (true) {
      var hit = select.await();
      if (hit == stop || incoming.closed()) {
        return;
      }
      if (hit == incoming) {
        outgoing.next(incoming.value());
      }
      outgoing.enable(hit == incoming);
    }
  }

  // end

  @Test
  void selectLoop() throws Exception {
    Channel<Integer> in = Channel.unbuffered();
    Channel<Integer> out = Channel.unbuffered();
    go(() -> relay(in, out, Context.background()));
    in.send(7);
    assertEquals(7, out.receive());
    in.close();
  }

  @Test
  void selectWithoutCases() throws Exception {
    // snippet: select-empty
    Go.Action idle =
        () -> {
          Go.parkedForever("keeps the shop open", () -> select()); // for ever, on purpose
        };
    // end
    try (var scope = Scope.collecting(Context.background())) {
      scope.go("idle", idle);
      awaitWaiting(WaitReason.SELECT_NO_CASES);
      scope.cancel();
      scope.join();
    }
  }

  /** Waits until a goroutine does for that reason. */
  private static void awaitWaiting(WaitReason reason) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (Prover.ofThisJvm().goroutines().stream().noneMatch(g -> g.waitReason() == reason)) {
      assertTrue(System.nanoTime() < deadline, () -> "nobody waits in " + reason);
      Thread.sleep(5);
    }
  }

  @Test
  void leavingALoopFromASelect() throws Exception {
    Channel<Integer> values = Channel.buffered(3);
    Channel<Void> stop = Channel.unbuffered();
    values.send(1);
    values.send(2);
    stop.close();
    // snippet: select-break
    int total = 0;
    var select = Select.create();
    var incoming = select.receive(values);
    var end = select.receive(stop);
    while (select.await() != end) {
      total += incoming.value();
    }
    // end
    assertTrue(total <= 3, () -> "1 and 2 are all there is");
  }

  // --------------- sync ---------------

  private int count;

  @Test
  void mutex() throws Exception {
    // snippet: mutex
    var mutex = new Mutex();
    mutex.withLock(() -> count++);

    if (mutex.tryLock()) {
      try {
        count++;
      } finally {
        mutex.unlock();
      }
    }
    // end
    assertEquals(2, count);
  }

  // snippet: rwmutex
  static final class Prices {
    private final RWMutex mutex = new RWMutex();
    private final Map<String, Integer> prices = new HashMap<>();

    @Nullable Integer read(String item) throws InterruptedException {
      return mutex.callWithRLock(() -> prices.get(item));
    }

    void write(String item, int price) throws InterruptedException {
      mutex.withLock(() -> prices.put(item, price));
    }
  }

  // end

  @Test
  void rwmutex() throws Exception {
    var prices = new Prices();
    prices.write("thread", 3);
    assertEquals(3, prices.read("thread"));
  }

  @Test
  void eitherSideOfAnRWMutex() throws Exception {
    Map<String, Integer> prices = new HashMap<>();
    int known = -1;
    // snippet: rwmutex-try
    var mutex = new RWMutex();
    if (mutex.tryRLock()) {
      try {
        known = prices.size();
      } finally {
        mutex.rUnlock();
      }
    }
    if (mutex.tryLock()) { // the writer's side
      try {
        prices.put("thread", 4);
      } finally {
        mutex.unlock();
      }
    }
    Locker readers = mutex.rLocker(); // takes the readers' side
    // end
    assertEquals(0, known);
    assertEquals(4, prices.get("thread"));
    readers.lock();
    assertTrue(mutex.tryRLock());
    assertFalse(mutex.tryLock());
    mutex.rUnlock();
    readers.unlock();
    assertTrue(mutex.tryLock());
  }

  @Test
  void waitgroup() throws Exception {
    var fetched = new LongAdder();
    List<Integer> pages = List.of(1, 2, 3);
    // snippet: waitgroup
    var group = new WaitGroup();
    for (int page : pages) {
      group.go(() -> fetched.add(page));
    }
    group.await();
    // end
    assertEquals(6, fetched.sum());
  }

  @Test
  void cond() throws Exception {
    // snippet: cond
    var mutex = new Mutex();
    var filled = new Cond(mutex);
    List<String> items = new ArrayList<>();

    go(
        () -> {
          mutex.withLock(() -> items.add("yarn"));
          filled.signal();
        });

    String first =
        mutex.callWithLock(
            () -> {
              while (items.isEmpty()) {
                filled.await();
              }
              return items.getFirst();
            });
    // end
    assertEquals("yarn", first);
  }

  private boolean open;

  @Test
  void broadcast() throws Exception {
    var visitors = new WaitGroup();
    // snippet: cond-broadcast
    var mutex = new Mutex();
    var opened = new Cond(mutex);
    Go.Action visit =
        () ->
            mutex.withLock(
                () -> {
                  while (!open) {
                    opened.await();
                  }
                });
    for (int i = 0; i < 3; i++) {
      visitors.go(visit);
    }

    mutex.withLock(() -> open = true);
    opened.broadcast(); // wakes all who wait
    // end
    visitors.await();
  }

  @Test
  void semaphore() throws Exception {
    Context ctx = Context.background();
    // snippet: semaphore
    var memory = new Semaphore(100);
    memory.acquire(ctx, 60); // or acquire(60), acquire(60, Duration.ofSeconds(1))
    boolean more = memory.tryAcquire(60);
    memory.release(60);
    // end
    assertFalse(more);
  }

  // --------------- Context ---------------

  // snippet: context-key
  private static final Context.Key<String> USER = Context.Key.of("user");

  // end

  @Test
  void contexts() throws Exception {
    Context parent = Context.background();
    Channel<CancellationException> ended = Channel.buffered(1);
    // snippet: context
    String name;
    try (var ctx = parent.withTimeout(Duration.ofSeconds(2))) {
      Context user = ctx.withValue(USER, "ada");
      name = user.value(USER);

      go(
          () -> {
            user.done().receiveOrNull();
            ended.send(user.error());
          });
    } // cancelled here, on every path
    // end
    assertEquals("ada", name);
    assertEquals("context canceled", ended.receive().getMessage());

    // snippet: context-cause
    var busy = new IllegalStateException("too busy");
    var work = parent.withCancel();
    work.cancel(busy);
    // work.error() is a ContextCanceledException, work.cause() is busy
    // end
    assertInstanceOf(ContextCanceledException.class, work.error());
    assertSame(busy, work.cause());

    Channel<Boolean> cleaned = Channel.buffered(1);
    // snippet: context-more
    Instant deadline = Instant.now().plusSeconds(60);
    var slow = new IllegalStateException("too slow");
    try (var until = parent.withDeadline(deadline);
        var timed = parent.withTimeout(Duration.ofMinutes(1), slow);
        var late = parent.withDeadline(deadline, slow)) {
      Context audit = work.withoutCancel(); // not done, though work is

      var cleaning = work.afterFunc(() -> cleaned.send(true));
      boolean prevented = cleaning.stop(); // false: it was started, as work is done
      // end
      assertFalse(until.isDone());
      assertFalse(timed.isDone());
      assertFalse(late.isDone());
      assertFalse(audit.isDone());
      assertFalse(prevented);
    }
    assertTrue(cleaned.receive());
  }

  @Test
  void aContextThatGoesWithTheGoroutine() throws Exception {
    Channel<String> names = Channel.buffered(1);
    // snippet: context-bound
    Context request = Context.background().withValue(USER, "ada");
    Go.withContext(
        request,
        () -> {
          go(() -> names.send(Context.current().value(USER)));
        });
    // end
    assertEquals("ada", names.receive());
  }

  // --------------- Time ---------------

  @Test
  void time() throws Exception {
    List<String> reports =
        Simulated.run(
                () -> {
                  Channel<String> log = Channel.buffered(10);
                  // snippet: time
                  Go.sleep(Duration.ofSeconds(1));
                  Instant now = Timer.after(Duration.ofSeconds(1)).channel().receive();

                  Timer later = Timer.afterFunc(Duration.ofMinutes(1), () -> log.send("later"));
                  boolean prevented = later.stop();

                  Timer timer = Timer.after(Duration.ofHours(1));
                  timer.reset(Duration.ofSeconds(1));
                  Instant then = timer.channel().receive();
                  // end
                  assertTrue(prevented);
                  assertEquals(Duration.ofSeconds(1), Duration.between(now, then));
                  log.close();
                  return Gather.all(log);
                })
            .orElseThrow();
    assertEquals(List.of(), reports);
  }

  @Test
  void ticker() throws Exception {
    List<String> reports =
        Simulated.run(
                () -> {
                  Channel<String> log = Channel.buffered(10);
                  Channel<Boolean> done = Channel.unbuffered();
                  go(
                      () -> {
                        Go.sleep(Duration.ofMillis(3500));
                        done.close();
                      });
                  // snippet: ticker
                  try (var ticker = Ticker.every(Duration.ofSeconds(1))) {
                    boolean running = true;
                    while (running) {
                      running =
                          select(
                              receive(ticker.channel(), time -> log.trySend("tick")),
                              receive(done, v -> false).orClosed(() -> false));
                    }
                  }
                  // end
                  log.close();
                  return Gather.all(log);
                })
            .orElseThrow();
    assertEquals(List.of("tick", "tick", "tick"), reports);
  }

  @Test
  void tick() throws Exception {
    Duration slept =
        Simulated.run(
                () -> {
                  // snippet: tick
                  int ticks = 0;
                  for (Instant _ : Ticker.every(Duration.ofSeconds(1)).channel()) {
                    if (++ticks == 3) {
                      break;
                    }
                  }
                  Instant begun = Clock.current().instant();
                  Go.sleep(Duration.ofSeconds(1));
                  Duration took = Duration.between(begun, Clock.current().instant());
                  // end
                  assertEquals(3, ticks);
                  return took;
                })
            .orElseThrow();
    assertEquals(Duration.ofSeconds(1), slept);
  }

  // --------------- Ends: defer, panic, interrupt ---------------

  @Test
  void defer() throws IOException {
    var closed = new LongAdder();
    // snippet: defer
    try (var file = new Resource(closed)) {
      file.use();
    }
    // end
    assertEquals(1, closed.sum());
  }

  private record Resource(LongAdder closed) implements AutoCloseable {
    void use() throws IOException {
      if (closed.sum() > 0) {
        throw new IOException("closed");
      }
    }

    @Override
    public void close() {
      closed.increment();
    }
  }

  @Test
  void recover() {
    Throwable failure = null;
    // snippet: recover
    try {
      throw new IllegalStateException("boom");
    } catch (RuntimeException e) {
      failure = e;
    }
    // end
    assertEquals("boom", failure.getMessage());
  }

  @Test
  void uncaught() throws Exception {
    // snippet: uncaught
    go(
        () -> {
          throw new IllegalStateException("boom"); // ends this goroutine, not the JVM
        });
    // end
    assertEquals("boom", left.uncaught().getMessage());
  }

  @Test
  void interrupt() throws Exception {
    Channel<String> results = Channel.buffered(1);
    Channel<Integer> work = Channel.unbuffered();
    // snippet: interrupt
    Go.Action worker =
        () -> {
          String partial = "nothing";
          try {
            partial = "got " + work.receive(); // an interrupt ends this wait
          } finally {
            String result = partial;
            uninterruptibly(() -> results.send(result)); // and not this one
          }
        };
    try (var scope = Scope.collecting(Context.background())) {
      scope.go(worker);
      scope.cancel(); // interrupts its children
      scope.join();
    }
    // end
    assertEquals(Optional.of("nothing"), results.tryReceive());
  }

  // --------------- Scopes ---------------

  @Test
  void scope() throws Exception {
    Context ctx = Context.background();
    // snippet: scope
    int total;
    try (var scope = Scope.open(ctx, Duration.ofSeconds(2))) {
      var price = scope.fork(() -> 40);
      var postage = scope.fork(() -> 2);
      scope.join(); // throws the first failure, after cancelling the others
      total = price.get() + postage.get();
    } // left only when all children have ended
    // end
    assertEquals(42, total);
    try (var scope = Scope.open(ctx)) {
      scope.go(
          () -> {
            throw new IOException("no price");
          });
      assertThrows(TaskFailedException.class, scope::join);
    }
  }

  // --------------- Labels, tests, signals ---------------

  @Test
  void labels() throws Exception {
    Channel<Map<String, String>> labels = Channel.buffered(1);
    // snippet: labels
    Go.labelled(
        "handler",
        "quote",
        () -> {
          go(
              () -> {
                Goroutine self = Goroutine.current(); // null in other threads
                if (self != null) {
                  labels.send(self.labels());
                }
              });
        });
    // end
    assertEquals(Map.of("handler", "quote"), labels.receive());
  }

  // snippet: synctest
  @Test
  void aContextIsDoneAfterItsTime() throws Exception {
    var clock = ManualClock.create();
    var ctx = clock.call(() -> Context.background().withTimeout(Duration.ofHours(1)));
    clock.advance(Duration.ofHours(1)); // returns at once
    assertInstanceOf(DeadlineExceededException.class, ctx.error());
  }

  // end

  @Test
  void goleak() {
    // snippet: goleak
    Leaks leaks = Prover.ofThisJvm(); // dev.selvage.diagnostics
    Report report = leaks.find(Leaks.Mode.NOW);
    List<Finding> findings = report.findings(); // each with the line that blocks, and why
    List<GoroutineInfo> all = leaks.goroutines();
    // end
    assertTrue(report.proof().canary(), report::toString);
    assertNotNull(findings);
    assertNotNull(all);
  }

  // --------------- Beside the JDK ---------------

  @Test
  void besideTheJdk() throws Exception {
    Channel<String> answers = Channel.buffered(4);
    // snippet: jdk
    var seen = new ConcurrentHashMap<String, Integer>();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      executor.submit(() -> seen.merge("executor", 1, Integer::sum)).get();
      executor.execute(() -> answers.trySend("from an executor")); // any thread may use a channel
    }
    Thread.startVirtualThread(() -> answers.trySend("from a virtual thread")).join();
    var future = CompletableFuture.supplyAsync(() -> "from a future");
    go(() -> answers.send(future.get())); // a goroutine may wait for anything
    // end
    List<String> got = List.of(answers.receive(), answers.receive(), answers.receive());
    assertTrue(got.contains("from a future"), got::toString);
    assertEquals(1, seen.get("executor"));
  }
}
