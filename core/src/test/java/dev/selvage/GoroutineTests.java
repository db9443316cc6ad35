package dev.selvage;

import static dev.selvage.Go.go;
import static dev.selvage.Go.labelled;
import static dev.selvage.Go.withContext;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.observe.WaitReason;
import dev.selvage.sync.WaitGroup;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class GoroutineTests {
  private static final Context.Key<String> USER = Context.Key.of("user");

  /** What a goroutine finds that is started here and now. */
  private static <T> T inGoroutine(Go.Body<T, Exception> look) throws Exception {
    Channel<T> found = Channel.unbuffered();
    Channel<Throwable> failed = Channel.unbuffered();
    go(
        () -> {
          T value;
          try {
            value = look.run();
          } catch (Exception | AssertionError e) {
            failed.send(e);
            return;
          }
          found.send(value);
        });
    return Select.<T, Exception>select(
        Select.receive(found, v -> v),
        Select.receive(
            failed,
            e -> {
              throw new AssertionError("the goroutine failed", e);
            }));
  }

  private static Goroutine self() {
    return Objects.requireNonNull(Goroutine.current(), "not a goroutine");
  }

  // --------------- Who it is ---------------

  @Test
  void aGoroutineKnowsItself() throws Exception {
    Channel<Goroutine> ch = Channel.unbuffered();
    Channel<Thread> threads = Channel.unbuffered();
    go(
        "quote-1",
        () -> {
          ch.send(self());
          threads.send(Thread.currentThread());
        });
    Goroutine goroutine = ch.receive();
    Threads.until(
        () -> goroutine.waitReason().isPresent() && goroutine.state() == Thread.State.WAITING);
    assertEquals("quote-1", goroutine.name());
    assertEquals(Optional.of(WaitReason.CHAN_SEND), goroutine.waitReason());
    Threads.until(() -> goroutine.state() == Thread.State.WAITING); // it says why before it parks
    assertEquals("goroutine " + goroutine.id() + " quote-1", goroutine.toString());
    Thread thread = threads.receive();
    assertEquals(thread.threadId(), goroutine.id());
    thread.join();
    assertEquals(Thread.State.TERMINATED, goroutine.state());
    assertEquals(Optional.empty(), goroutine.waitReason());
    assertNull(Goroutine.of(thread));
  }

  @Test
  void twoOfTheSameThreadAreEqual() throws Exception {
    List<Goroutine> two = inGoroutine(() -> List.of(self(), self()));
    assertEquals(two.get(0), two.get(1));
    assertEquals(two.get(0).hashCode(), two.get(1).hashCode());
    assertNotEquals(two.get(0), inGoroutine(GoroutineTests::self));
    assertEquals("", two.get(0).name());
  }

  @Test
  void otherThreadsAreNone() throws Exception {
    assertNull(Goroutine.current());
    AtomicInteger none = new AtomicInteger();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  if (Goroutine.current() == null) {
                    none.incrementAndGet();
                  }
                });
    thread.join();
    assertEquals(1, none.get());
    assertNull(Goroutine.of(thread));
  }

  @Test
  void whoKeepsAGoroutineDoesNotKeepWhatItDoes() throws Exception {
    Goroutine[] kept = new Goroutine[1];
    WeakReference<Object> blocked = blockForEver(kept);
    assertTrue(Threads.isCollected(blocked));
    assertEquals(Thread.State.TERMINATED, kept[0].state());
    assertEquals("", kept[0].name());
  }

  private static WeakReference<Object> blockForEver(Goroutine[] kept) {
    Channel<Object> channel = Channel.unbuffered();
    Threads.startBlocked(
        () -> {
          kept[0] = self();
          channel.receive();
        });
    return new WeakReference<>(channel);
  }

  // --------------- Labels ---------------

  @Test
  void childrenHaveTheLabelsOfTheMomentTheyWereStarted() throws Exception {
    labelled(
        "request",
        "7",
        () -> {
          Map<String, String> found =
              inGoroutine(
                  () ->
                      labelled(
                          "part",
                          "price",
                          () -> inGoroutine(() -> inGoroutine(() -> self().labels()))));
          assertEquals(Map.of("request", "7", "part", "price"), found);
          assertEquals(List.of("part", "request"), List.copyOf(found.keySet()));
          assertThrows(UnsupportedOperationException.class, () -> found.put("a", "b"));
        });
    assertEquals(Map.of(), inGoroutine(() -> self().labels()));
  }

  @Test
  void aLabelEndsWithItsBlockHoweverThatEnds() throws Exception {
    Goroutine[] kept = new Goroutine[1];
    inGoroutine(
        () -> {
          kept[0] = self();
          assertThrows(
              IOException.class,
              () ->
                  labelled(
                      "k",
                      "1",
                      () -> {
                        assertEquals("1", self().labels().get("k"));
                        assertEquals("2", labelled("k", "2", () -> self().labels()).get("k"));
                        assertEquals("1", self().labels().get("k"));
                        throw new IOException("out");
                      }));
          assertEquals(Map.of(), self().labels());
          return true;
        });
    Goroutine ended = Objects.requireNonNull(kept[0]);
    assertEquals(Map.of(), ended.labels());
  }

  @Test
  void aThreadOfAPoolDoesNotKeepALabel() throws Exception {
    try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
      assertEquals(
          Map.of("k", "v"),
          pool.submit(() -> labelled("k", "v", () -> inGoroutine(() -> self().labels()))).get());
      assertEquals(Map.of(), pool.submit(() -> inGoroutine(() -> self().labels())).get());
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what a program without null checks would pass
  void badLabelsAreRefused() {
    assertThrows(NullPointerException.class, () -> labelled(null, "v", () -> 1));
    assertThrows(NullPointerException.class, () -> labelled("k", null, () -> 1));
    assertThrows(NullPointerException.class, () -> withContext(null, () -> 1));
  }

  // --------------- Context ---------------

  @Test
  void theContextIsTheBackgroundUnlessOneIsBound() throws Exception {
    assertSame(Context.background(), Context.current());
    assertSame(Context.background(), inGoroutine(Context::current));
    assertSame(
        Context.background(),
        withContext(Context.background(), () -> inGoroutine(Context::current)));
  }

  @Test
  void childrenHaveTheContextThatIsBound() throws Exception {
    Context ctx = Context.background().withValue(USER, "ann");
    withContext(
        ctx,
        () -> {
          assertSame(ctx, Context.current());
          assertSame(ctx, inGoroutine(() -> inGoroutine(Context::current)));
          assertSame(ctx, inGoroutine(() -> self().context()));
          assertSame(
              ctx, labelled("k", "v", () -> inGoroutine(() -> inGoroutine(Context::current))));
          Map<String, String> labels =
              labelled(
                  "k", "v", () -> withContext(Context.background(), () -> inGoroutine(this::all)));
          assertEquals(Map.of("k", "v"), labels);
        });
    assertSame(Context.background(), Context.current());
  }

  private Map<String, String> all() {
    assertSame(Context.background(), Context.current());
    return self().labels();
  }

  @Test
  void aGoroutineStartedWithAContextKeepsTheLabels() throws Exception {
    Context ctx = Context.background().withValue(USER, "ann");
    Channel<Map<String, String>> ch = Channel.unbuffered();
    Thread thread =
        labelled(
            "k",
            "v",
            () ->
                Routine.start(
                    "child",
                    ctx,
                    () -> {
                      assertSame(ctx, Context.current());
                      ch.send(self().labels());
                    }));
    assertEquals(Map.of("k", "v"), ch.receive());
    assertEquals("child", thread.getName());
    thread.join();
  }

  @Test
  void aContextIsBoundWithoutTheMeansToCancelIt() throws Exception {
    try (CancellableContext ctx = Context.background().withCancel()) {
      assertSame(ctx.view(), withContext(ctx, Context::current));
      assertSame(ctx.view(), withContext(ctx, () -> inGoroutine(Context::current)));
    }
  }

  /** The goroutine is bound to the very context that it waits for, and stays garbage. */
  @Test
  void whatIsBoundDoesNotHideThatNobodyCanCancel() throws Exception {
    WeakReference<Thread> thread = waitForAForgottenContext();
    assertTrue(Threads.isCollected(thread));
  }

  private static WeakReference<Thread> waitForAForgottenContext() throws Exception {
    @SuppressWarnings("resource") // that nobody cancels it is the point
    CancellableContext forgotten = Context.background().withCancel();
    return withContext(
        forgotten, () -> Threads.leak(() -> Context.current().done().receiveOrNull()));
  }

  // --------------- Inheritance ---------------

  /** A thread-local value as a logging library has it. */
  private static final class Mdc implements Inheritance<String> {
    final ThreadLocal<@Nullable String> value = new ThreadLocal<>();
    final List<String> removed = new ArrayList<>();
    final AtomicInteger captures = new AtomicInteger();

    String get() {
      return Objects.requireNonNull(value.get(), "nothing was carried");
    }

    @Override
    public @Nullable String capture() {
      captures.incrementAndGet();
      return value.get();
    }

    @Override
    public void install(String captured) {
      value.set(captured);
    }

    @Override
    public void remove(String captured) {
      value.remove();
      synchronized (removed) {
        removed.add(captured);
      }
    }
  }

  @Test
  void anInheritanceCarriesAValueToChildrenAndTheirs() throws Exception {
    Mdc mdc = new Mdc();
    try (Inheritance.Registration r = Inheritance.register(mdc)) {
      assertNotNull(r);
      mdc.value.set("request 7");
      assertEquals("request 7", inGoroutine(() -> inGoroutine(mdc::get)));
      Channel<String> ch = Channel.buffered(1);
      WaitGroup wg = new WaitGroup();
      wg.go(() -> ch.send(mdc.get()));
      wg.await();
      assertEquals("request 7", ch.receive());
      mdc.value.remove();
      assertEquals(true, inGoroutine(() -> mdc.value.get() == null));
      Threads.until(
          () -> {
            synchronized (mdc.removed) {
              return mdc.removed.size() == 3;
            }
          });
    }
    int before = mdc.captures.get();
    mdc.value.set("late");
    assertEquals(true, inGoroutine(() -> mdc.value.get() == null));
    assertEquals(before, mdc.captures.get());
  }

  /** Writes down what happens to it. */
  private record Noted(String name, List<String> notes) implements Inheritance<String> {
    @Override
    public String capture() {
      return name;
    }

    @Override
    public void install(String captured) {
      notes.add("install " + captured);
    }

    @Override
    public void remove(String captured) {
      notes.add("remove " + captured);
      throw new IllegalStateException(captured);
    }
  }

  @Test
  void severalAreRemovedInTheOppositeOrderWhateverFails() throws Exception {
    List<String> notes = new ArrayList<>();
    Channel<Throwable> told = Channel.buffered(1);
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> told.trySend(e));
    try (Inheritance.Registration a = Inheritance.register(new Noted("a", notes));
        Inheritance.Registration b = Inheritance.register(new Noted("b", notes))) {
      assertNotEquals(a, b);
      go(
          () -> {
            notes.add("task");
            throw new IOException("boom");
          });
      Throwable e = told.receive();
      assertEquals("boom", e.getMessage());
      assertEquals(2, e.getSuppressed().length);
      assertEquals(List.of("install a", "install b", "task", "remove b", "remove a"), notes);
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  @Test
  void nothingIsStartedIfCapturingFails() {
    Inheritance<String> bad =
        new Inheritance<>() {
          @Override
          public String capture() {
            throw new NoSuchElementException("no span");
          }

          @Override
          public void install(String captured) {}

          @Override
          public void remove(String captured) {}
        };
    AtomicInteger runs = new AtomicInteger();
    try (Inheritance.Registration r = Inheritance.register(bad)) {
      assertNotNull(r);
      assertThrows(NoSuchElementException.class, () -> go(runs::incrementAndGet));
    }
    assertEquals(0, runs.get());
  }

  // --------------- Scoped values ---------------

  private static final ScopedValue<String> SCOPED = ScopedValue.newInstance();

  @Test
  void scopedValuesWorkInsideButAreNotInherited() throws Exception {
    ScopedValue.where(SCOPED, "outer")
        .call(
            () -> {
              assertFalse(inGoroutine(SCOPED::isBound));
              String read = SCOPED.get();
              assertEquals(
                  "outer",
                  inGoroutine(() -> ScopedValue.where(SCOPED, read).call(() -> SCOPED.get())));
              assertEquals("outer", labelled("k", "v", () -> SCOPED.get()));
              assertEquals("outer", withContext(Context.background(), () -> SCOPED.get()));
              return 0;
            });
  }

  // --------------- Its handler of uncaught exceptions ---------------

  @Test
  void aHandlerOfItsOwnIsToldAndEndsBeingAGoroutine() throws Exception {
    Channel<String> told = Channel.buffered(1);
    go(
        () -> {
          Thread.currentThread()
              .setUncaughtExceptionHandler(
                  (thread, e) -> told.trySend(e.getMessage() + " " + Goroutine.current()));
          throw new IOException("boom");
        });
    assertEquals("boom null", told.receive());
  }

  // --------------- Yielding ---------------

  @Test
  void yieldingIsACheckpoint() throws Exception {
    Go.yield();
    assertEquals(
        true,
        inGoroutine(
            () -> {
              Go.yield();
              Thread.currentThread().interrupt();
              assertThrows(InterruptedException.class, Go::yield);
              return !Thread.currentThread().isInterrupted();
            }));
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, Go::yield);
  }
}
