package dev.selvage.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.Scope;
import dev.selvage.Select;
import dev.selvage.Threads;
import dev.selvage.sync.Cond;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.Semaphore;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class GoroutinesTests {
  private static final Duration LONG = Duration.ofHours(1);

  private record Waits(WaitReason reason, Go.Action action, List<Object> on) {
    Waits(WaitReason reason, Go.Action action, Object... on) {
      this(reason, action, List.of(on));
    }
  }

  /** Every way to wait, with what it must say. */
  private static List<Waits> everyWait() throws InterruptedException {
    Channel<Integer> ch = Channel.unbuffered();
    Channel<Integer> full = Channel.buffered(1);
    full.send(1);
    Mutex mutex = new Mutex();
    mutex.lock();
    RWMutex written = new RWMutex();
    written.lock();
    RWMutex read = new RWMutex();
    read.rLock();
    WaitGroup wg = new WaitGroup();
    wg.add(1);
    ErrorGroup group = new ErrorGroup();
    group.go(ch::receive);
    SingleFlight<String, Integer> flight = new SingleFlight<>();
    Threads.startBlocked(() -> flight.run("key", ch::receive));
    Mutex ofCond = new Mutex();
    Cond cond = new Cond(ofCond);
    Semaphore none = new Semaphore(1);
    none.acquire();
    return List.of(
        new Waits(WaitReason.CHAN_RECEIVE, ch::receive, ch),
        new Waits(WaitReason.CHAN_RECEIVE, () -> ch.receive(LONG), ch),
        new Waits(WaitReason.CHAN_RECEIVE, () -> ch.receiveOnly().receiveOrNull(), ch),
        new Waits(WaitReason.CHAN_SEND, () -> full.send(2), full),
        new Waits(WaitReason.CHAN_SEND, () -> full.send(2, LONG), full),
        new Waits(WaitReason.CHAN_RECEIVE_NIL, () -> Channel.never().receive(), Channel.never()),
        new Waits(WaitReason.CHAN_SEND_NIL, () -> Channel.never().send(1), Channel.never()),
        new Waits(
            WaitReason.SELECT,
            () ->
                Select.select(
                    Select.receive(ch, v -> v),
                    Select.send(full, 2, () -> 2),
                    Select.after(LONG, () -> 3)),
            ch,
            full),
        new Waits(WaitReason.SELECT, reusableOnItsOwn(ch), ch),
        new Waits(WaitReason.SELECT_NO_CASES, () -> Select.<Object, RuntimeException>select()),
        new Waits(WaitReason.MUTEX_LOCK, mutex::lock, mutex),
        new Waits(WaitReason.MUTEX_LOCK, () -> mutex.lock(LONG), mutex),
        new Waits(WaitReason.RWMUTEX_RLOCK, written::rLock, written),
        new Waits(WaitReason.RWMUTEX_LOCK, written::lock, written),
        new Waits(WaitReason.RWMUTEX_LOCK, read::lock, read),
        new Waits(WaitReason.WAIT_GROUP_WAIT, wg::await, wg),
        new Waits(WaitReason.ERROR_GROUP_WAIT, group::await, group),
        new Waits(WaitReason.ERROR_GROUP_WAIT, () -> group.await(LONG), group),
        new Waits(WaitReason.SINGLE_FLIGHT_DO, () -> flight.run("key", ch::receive), flight),
        new Waits(
            WaitReason.COND_WAIT,
            () -> {
              ofCond.lock();
              cond.await();
            },
            cond),
        new Waits(WaitReason.SEMACQUIRE, none::acquire, none),
        new Waits(WaitReason.SLEEP, () -> Go.sleep(LONG)),
        scopeThatWaits());
  }

  private static Go.Action reusableOnItsOwn(Channel<Integer> ch) {
    return () -> {
      Select select = Select.create();
      select.receive(ch);
      select.receive(ch);
      select.send(Channel.<Integer>unbuffered(), 3).enable(false);
      assertNull(select.await(LONG));
    };
  }

  private static Waits scopeThatWaits() {
    Scope scope = Scope.component(Context.background());
    scope.go(() -> Go.sleep(LONG));
    return new Waits(WaitReason.SCOPE, scope::join, scope);
  }

  @Test
  void everyWaitTellsWhyAndSinceWhenAndOnWhat() throws Exception {
    for (Waits waits : everyWait()) {
      long before = System.nanoTime();
      Thread thread = Threads.startBlocked(waits.action);
      GoroutineInfo info = GoroutineInfo.of(thread);
      assertEquals(Optional.of(waits.reason), info.waitReason());
      long nanos = info.waitTime().orElseThrow().toNanos();
      assertTrue(nanos >= 0 && nanos <= System.nanoTime() - before, waits.reason.text());
      assertEquals(
          waits.on.stream().map(GoroutinesTests::seen).toList(),
          info.waitObjects(),
          waits.reason.text());
      assertFalse(info.stack().isEmpty());

      Map<String, Object> map = Objects.requireNonNull(Probe.waitOf(thread));
      assertEquals(waits.reason.text(), map.get("reason"));
      assertTrue((Long) Objects.requireNonNull(map.get("waitNanos")) >= nanos);
      List<Object> expected = new ArrayList<>();
      for (Object on : waits.on) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("class", on.getClass().getName());
        object.put("identity", System.identityHashCode(on));
        object.put("text", on.toString());
        expected.add(object);
      }
      assertEquals(expected, map.get("objects"), waits.reason.text());

      thread.interrupt();
      thread.join();
      assertNull(Probe.waitOf(thread));
    }
  }

  private static GoroutineInfo.WaitObject seen(Object object) {
    return new GoroutineInfo.WaitObject(
        object.getClass().getName(), System.identityHashCode(object), object.toString());
  }

  @Test
  void theTimeIsThatOfThisWaitAndNotOfAnEarlierOneWithTheSameSelect() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Select[] made = new Select[1];
    Thread thread =
        Threads.start(
            () -> {
              Select select = Select.create();
              made[0] = select;
              select.receive(ch);
              select.await();
              select.await();
            });
    Threads.untilBlocked(thread);
    Threads.until(() -> waited(thread) >= 20_000_000);
    long sent = System.nanoTime();
    ch.send(1);
    Threads.until(() -> waited(thread) >= 0);
    assertTrue(waited(thread) <= System.nanoTime() - sent);
    thread.interrupt();
    thread.join();
  }

  private static long waited(Thread thread) {
    return GoroutineInfo.of(thread).waitTime().map(Duration::toNanos).orElse(-1L);
  }

  @Test
  void aThreadThatWaitsElsewhereOrNotAtAllSaysNothing() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    Thread parked = Threads.startBlocked(LockSupport::park);
    Thread busy =
        Threads.start(
            () -> {
              while (!stop.get()) {
                Thread.onSpinWait();
              }
            });
    for (Thread thread : List.of(parked, busy, Thread.currentThread())) {
      GoroutineInfo info = GoroutineInfo.of(thread);
      assertTrue(info.waitReason().isEmpty());
      assertTrue(info.waitTime().isEmpty());
      assertTrue(info.waitObjects().isEmpty());
      assertNull(Probe.waitOf(thread));
    }
    stop.set(true);
    LockSupport.unpark(parked);
    parked.join();
    busy.join();
  }

  @Test
  void listsWhoWaitsWithNameAndLabelsAndNobodyWhoHasEnded() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Thread[] threads = new Thread[2];
    Go.labelled(
        "shop",
        "north",
        () -> {
          threads[0] = Threads.startBlocked(ch::receive);
        });
    threads[1] =
        Thread.ofVirtual()
            .name("foreign-1")
            .start(
                () -> {
                  try {
                    ch.receive();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                });
    Threads.untilBlocked(threads[1]);
    assertEquals(Map.of("shop", "north"), listed(threads[0]).getFirst().labels());
    assertEquals(1, listed(threads[0]).size());
    assertEquals("foreign-1", listed(threads[1]).getFirst().name());
    String text = "goroutine " + threads[1].threadId() + " [chan receive, chan(0/0)@";
    assertTrue(listed(threads[1]).getFirst().toString().startsWith(text));

    List<Map<String, Object>> maps = new ArrayList<>();
    Probe.goroutines(
        map -> {
          if (Objects.equals(map.get("id"), threads[0].threadId())) {
            maps.add(map);
          }
        });
    assertEquals(1, maps.size());
    assertEquals("chan receive", maps.getFirst().get("reason"));
    assertEquals(Map.of("shop", "north"), maps.getFirst().get("labels"));
    assertEquals("WAITING", maps.getFirst().get("state"));

    ch.send(1);
    ch.send(2);
    for (Thread thread : threads) {
      thread.join();
      assertEquals(List.of(), listed(thread));
    }
  }

  private static List<GoroutineInfo> listed(Thread thread) {
    return Goroutines.all().filter(info -> info.id() == thread.threadId()).toList();
  }

  @Test
  void whatIsKeptOfAGoroutineKeepsNeitherItNorWhatItWaitsOn() throws Exception {
    assertEquals("false", System.getProperty("jdk.trackAllThreads"));
    List<Object> kept = new ArrayList<>();
    List<WeakReference<?>> gone = observed(kept);
    for (WeakReference<?> reference : gone) {
      assertTrue(Threads.isCollected(reference));
    }
    assertEquals(3, kept.size());
    assertEquals(List.of(), ((GoroutineInfo) kept.getFirst()).stack());
  }

  private static List<WeakReference<?>> observed(List<Object> kept) {
    Channel<Integer> ch = Channel.unbuffered();
    Thread thread = Threads.startBlocked(ch::receive);
    GoroutineInfo info = GoroutineInfo.of(thread);
    assertEquals(1, info.waitObjects().size());
    kept.add(info);
    kept.add(Objects.requireNonNull(Probe.waitOf(thread)));
    kept.add(listed(thread));
    return List.of(new WeakReference<>(ch), new WeakReference<>(thread));
  }
}
