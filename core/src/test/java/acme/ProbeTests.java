package acme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.CancellableContext;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.Threads;
import dev.selvage.observe.Probe;
import dev.selvage.scheduler.Scheduler;
import dev.selvage.time.Ticker;
import dev.selvage.time.Timer;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** In a package of its own, since Selvage's own frames are left out of what is tested. */
@Timeout(20)
final class ProbeTests {
  private static final Duration LONG = Duration.ofHours(1);

  @Test
  void theProtocolIsTheSecond() {
    assertEquals(2, Probe.protocol());
  }

  @Test
  void tellsWhatTheSchedulersDo() throws Exception {
    boolean ours = Scheduler.ofThisJvm().isGmp(); // decided from here on
    Map<String, Object> before = Probe.scheduling();
    List<?> schedulers = (List<?>) Objects.requireNonNull(before.get("schedulers"));
    if (!ours) {
      assertFalse(String.valueOf(before.get("jdk")).isBlank());
      return;
    }
    assertFalse(before.containsKey("jdk"));
    Map<?, ?> first = (Map<?, ?>) schedulers.get(0);
    assertEquals(Scheduler.ofThisJvm().gomaxprocs(), first.get("gomaxprocs"));
    List<?> processors = (List<?>) Objects.requireNonNull(first.get("processors"));
    assertEquals(first.get("gomaxprocs"), processors.size());
    long ticks = ticks();
    for (int i = 0; i < 10; i++) {
      Threads.start(() -> {}).join();
    }
    Threads.until(() -> ticks() >= ticks + 10); // each was run at least once
  }

  @Test
  void measuresHowLongGoroutinesAreRunnable() throws Exception {
    if (!Scheduler.ofThisJvm().isGmp()) {
      assertEquals(0, latencies());
      return;
    }
    AutoCloseable measuring = Probe.measureLatency();
    AutoCloseable another = Probe.measureLatency();
    measuring.close();
    measuring.close(); // no effect: the other one goes on
    long before = latencies();
    Threads.start(() -> {}).join();
    Threads.until(() -> latencies() > before);
    another.close();
  }

  @Test
  void schedulersStandStillUntilTheyAreToldToGoOn() {
    boolean ours = Scheduler.ofThisJvm().isGmp(); // decided from here on
    Function<String, @Nullable Object> held = Probe.hold(Duration.ofMinutes(1).toNanos());
    var ran = new AtomicBoolean();
    try {
      Threads.until(() -> standing(held)[0] == standing(held)[1]);
      assertEquals(ours, standing(held)[0] > 0);
      if (ours) {
        Go.go(() -> ran.set(true));
        assertThrows(IllegalArgumentException.class, () -> held.apply("nonsense"));
        assertFalse(ran.get());
      }
    } finally {
      assertEquals(true, held.apply("resume"));
    }
    if (ours) {
      assertEquals(false, held.apply("resume"), "it goes on already");
      Threads.until(ran::get);
    }
  }

  private static int[] standing(Function<String, @Nullable Object> held) {
    return (int[]) Objects.requireNonNull(held.apply("standing"));
  }

  private static long latencies() {
    Object counts = Objects.requireNonNull(Probe.scheduling().get("latencies"));
    return Arrays.stream((long[]) counts).sum();
  }

  private static long ticks() {
    List<?> all = (List<?>) Objects.requireNonNull(Probe.scheduling().get("schedulers"));
    List<?> processors = (List<?>) ((Map<?, ?>) all.get(0)).get("processors");
    return Objects.requireNonNull(processors).stream()
        .mapToLong(p -> (Long) Objects.requireNonNull(((Map<?, ?>) p).get("ticks")))
        .sum();
  }

  @Test
  void tellsWhoMadeATickerAndWhoWaitsForIt() throws Exception {
    try (Ticker tick = tickerOfTheReport()) {
      Map<String, Object> map = only("tickerOfTheReport");
      assertEquals("ticker", map.get("kind"));
      assertTrue(
          String.valueOf(map.get("site"))
              .matches("acme\\.ProbeTests\\.tickerOfTheReport\\(ProbeTests\\.java:\\d+\\)"),
          map.toString());
      List<?> stack = (List<?>) Objects.requireNonNull(map.get("stack"));
      assertEquals("tickerOfTheReport", ((StackTraceElement) stack.get(0)).getMethodName());
      assertTrue(stack.size() > 1 && stack.size() <= 32);
      assertTrue((Long) Objects.requireNonNull(map.get("ageNanos")) >= 0);
      assertEquals(Thread.currentThread().getName(), map.get("creator"));
      assertEquals(false, map.get("creatorEnded"));
      assertEquals(0, map.get("waiters"));

      Thread waiting = Threads.startBlocked(() -> tick.channel().receive());
      assertEquals(1, only("tickerOfTheReport").get("waiters"));
      waiting.interrupt();
      waiting.join();
      assertEquals(0, only("tickerOfTheReport").get("waiters"));

      tick.stop();
      assertEquals(List.of(), madeIn("tickerOfTheReport"));
      tick.reset(LONG);
      assertEquals("ticker", only("tickerOfTheReport").get("kind"));
    }
    assertEquals(List.of(), madeIn("tickerOfTheReport"));
  }

  private static Ticker tickerOfTheReport() {
    return Ticker.every(LONG);
  }

  @Test
  void tellsOfTimersUntilTheyHaveFired() throws Exception {
    Timer timer = timerOfTheReport();
    Timer task = taskOfTheReport();
    assertEquals("timer", only("timerOfTheReport").get("kind"));
    assertEquals("timer", only("taskOfTheReport").get("kind"));
    timer.reset(Duration.ofMillis(1));
    timer.channel().receive();
    task.stop();
    assertEquals(List.of(), madeIn("timerOfTheReport"));
    assertEquals(List.of(), madeIn("taskOfTheReport"));
  }

  private static Timer timerOfTheReport() {
    return Timer.after(LONG);
  }

  private static Timer taskOfTheReport() {
    return Timer.afterFunc(LONG, () -> {});
  }

  @Test
  void tellsOfContextsUntilTheyAreCancelled() throws Exception {
    try (CancellableContext parent = contextOfTheReport()) {
      Context view = parent.view();
      assertEquals("context", only("contextOfTheReport").get("kind"));
      Thread waiting = Threads.startBlocked(() -> view.done().receiveOrNull());
      assertEquals(1, only("contextOfTheReport").get("waiters"));
      try (CancellableContext child = childOfTheReport(view)) {
        assertEquals("context", only("childOfTheReport").get("kind"));
        parent.cancel();
        assertTrue(child.isDone());
        assertEquals(List.of(), madeIn("childOfTheReport"));
      }
      waiting.join();
    }
    assertEquals(List.of(), madeIn("contextOfTheReport"));
  }

  private static CancellableContext contextOfTheReport() {
    return Context.background().withCancel();
  }

  private static CancellableContext childOfTheReport(Context parent) {
    return parent.withTimeout(LONG);
  }

  @Test
  void keepsNothingAlive() throws Exception {
    WeakReference<Object> ticker = new WeakReference<>(forgottenTicker().channel());
    WeakReference<Object> context = new WeakReference<>(forgottenContext());
    assertTrue(Threads.isCollected(ticker));
    assertTrue(Threads.isCollected(context));
    assertEquals(List.of(), madeIn("forgottenTicker"));
    assertEquals(List.of(), madeIn("forgottenContext"));
  }

  private static Ticker forgottenTicker() {
    return Ticker.every(LONG);
  }

  private static CancellableContext forgottenContext() {
    return Context.background().withCancel();
  }

  @Test
  void tellsWhenTheCreatorHasEnded() throws Exception {
    Ticker[] made = new Ticker[1];
    Thread thread = Threads.start(() -> made[0] = tickerOfAnEndedThread());
    thread.join();
    Map<String, Object> map = only("tickerOfAnEndedThread");
    assertEquals("#" + thread.threadId(), map.get("creator"));
    assertEquals(true, map.get("creatorEnded"));
    made[0].stop();
  }

  private static Ticker tickerOfAnEndedThread() {
    return Ticker.every(LONG);
  }

  private static Map<String, Object> only(String method) {
    List<Map<String, Object>> made = madeIn(method);
    assertEquals(1, made.size());
    return made.getFirst();
  }

  private static List<Map<String, Object>> madeIn(String method) {
    return Probe.resources().stream()
        .filter(map -> String.valueOf(map.get("site")).contains("." + method + "("))
        .toList();
  }
}
