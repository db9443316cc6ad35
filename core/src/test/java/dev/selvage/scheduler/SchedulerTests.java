package dev.selvage.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.Goroutine;
import dev.selvage.Threads;
import dev.selvage.observe.SchedulerObserver;
import dev.selvage.observe.WaitReason;
import dev.selvage.sync.WaitGroup;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the scheduler of our own must do, where it can be had. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SchedulerTests {
  private Scheduler scheduler = Scheduler.ofThisJvm();

  @BeforeEach
  void create() {
    assumeTrue(
        Go.runtime().missing().stream().noneMatch(m -> m.open().equals("java.base/java.lang")),
        "java.base/java.lang is not open");
    scheduler = Scheduler.create(2);
  }

  @AfterEach
  void close() {
    if (scheduler != Scheduler.ofThisJvm()) {
      scheduler.close();
    }
  }

  /** Runs something in a goroutine of the scheduler, and throws what it throws. */
  private void run(Go.Action action) throws Exception {
    run(scheduler, action);
  }

  private static void run(Scheduler on, Go.Action action) throws Exception {
    var failure = new AtomicReference<@Nullable Throwable>();
    var end = new CountDownLatch(1);
    on.go(
        () -> {
          try {
            action.run();
          } catch (Throwable e) {
            failure.set(e);
          } finally {
            end.countDown();
          }
        });
    end.await();
    if (failure.get() != null) {
      throw new AssertionError(failure.get());
    }
  }

  /** The thread on which the current virtual thread runs, from its text. */
  private static String carrier() {
    String text = Thread.currentThread().toString();
    return text.substring(text.indexOf('@') + 1);
  }

  private static boolean isOurs(String carrier) {
    return carrier.startsWith("selvage-");
  }

  // --------------- Who runs where ---------------

  @Test
  void goroutinesAndTheVirtualThreadsTheyStartRunHere() throws Exception {
    List<String> carriers = new ArrayList<>();
    run(
        () -> {
          carriers.add(carrier());
          Thread plain = Thread.startVirtualThread(() -> carriers.add(carrier()));
          plain.join();
          var wg = new WaitGroup();
          wg.go(
              () -> {
                Go.yield();
                carriers.add(carrier());
              });
          wg.await();
        });
    assertEquals(3, carriers.size());
    assertTrue(carriers.stream().allMatch(SchedulerTests::isOurs), carriers.toString());
  }

  @Test
  void twoSchedulersStayApart() throws Exception {
    try (Scheduler other = Scheduler.create(1)) {
      Channel<String> ours = Channel.unbuffered();
      Channel<String> theirs = Channel.unbuffered();
      List<String> here = new ArrayList<>();
      List<String> there = new ArrayList<>();
      var wg = new WaitGroup();
      wg.add(2);
      scheduler.go(
          () -> {
            for (int i = 0; i < 500; i++) {
              ours.send("");
              theirs.receive();
              here.add(carrier());
            }
            wg.done();
          });
      other.go(
          () -> {
            for (int i = 0; i < 500; i++) {
              ours.receive();
              theirs.send("");
              there.add(carrier());
            }
            wg.done();
          });
      wg.await();
      assertTrue(Set.copyOf(here).stream().noneMatch(Set.copyOf(there)::contains));
      assertEquals(1, other.stats().gomaxprocs());
    }
  }

  @Test
  void aParkedGoroutineIsHeldOnlyByWhatCanWakeIt() throws Exception {
    assumeTrue(Go.runtime().missing().isEmpty(), "jdk.internal.vm is not open");
    List<WeakReference<Thread>> leaked = new ArrayList<>();
    List<Goroutine> kept = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      leaked.add(leak(i % 2 == 0, kept));
    }
    for (WeakReference<Thread> reference : leaked) {
      assertTrue(Threads.isCollected(reference));
    }
    assertEquals(20, kept.size()); // who has a Goroutine does not hold its thread
  }

  private WeakReference<Thread> leak(boolean ofJdk, List<Goroutine> kept) throws Exception {
    var thread = new AtomicReference<@Nullable Thread>();
    scheduler.go(
        () -> {
          synchronized (kept) {
            kept.add(Goroutine.current());
          }
          Channel<Integer> nobody = Channel.unbuffered();
          // A child that outlives it holds the executor that it inherited, not the thread.
          Thread.startVirtualThread(() -> LockSupport.parkNanos(TimeUnit.HOURS.toNanos(1)));
          thread.set(Thread.currentThread());
          if (ofJdk) {
            new SynchronousQueue<Integer>().take();
          } else {
            nobody.receive();
          }
        });
    Threads.until(() -> thread.get() != null);
    Thread t = thread.get();
    if (t == null) {
      throw new AssertionError("it was there");
    }
    Threads.untilBlocked(t);
    return new WeakReference<>(t);
  }

  @Test
  void theDumpOfTheJdkListsGoroutines(@TempDir Path directory) throws Exception {
    assumeTrue(Go.runtime().missing().isEmpty(), "jdk.internal.vm is not open");
    Channel<Integer> channel = Channel.unbuffered();
    var queue = new LinkedBlockingQueue<Integer>();
    var stop = new AtomicBoolean();
    var started = new CountDownLatch(3);
    scheduler.go(
        "dump-ours",
        () -> {
          started.countDown();
          channel.receive();
        });
    scheduler.go(
        "dump-jdks",
        () -> {
          started.countDown();
          queue.take();
        });
    scheduler.go(
        "dump-running",
        () -> {
          started.countDown();
          while (!stop.get()) {
            Thread.onSpinWait();
          }
        });
    started.await();
    Threads.until(() -> scheduler.stats().queued() == 0);
    try {
      for (int i = 0; ; i++) {
        String dump = dump(directory.resolve("dump-" + i + ".txt"));
        if (dump.contains("dump-ours")
            && dump.contains("dump-jdks")
            && dump.contains("dump-running")) {
          break;
        }
        Thread.sleep(10);
      }
    } finally {
      stop.set(true);
      channel.send(1);
      queue.add(1);
    }
  }

  /** As {@code jcmd Thread.dump_to_file}; by reflection, as this module needs java.base only. */
  private static String dump(Path file) throws Exception {
    Class<?> dumper = Class.forName("jdk.internal.vm.ThreadDumper");
    var method = dumper.getDeclaredMethod("dumpThreads", String.class, boolean.class);
    method.setAccessible(true);
    method.invoke(null, file.toString(), false);
    return Files.readString(file);
  }

  // --------------- What the JDK promises of virtual threads ---------------

  @Test
  @SuppressWarnings("WaitNotInLoop") // nobody looks at what it waits for
  void whatVirtualThreadsCanDoTheyCanDoHere() throws Exception {
    ThreadLocal<String> local = ThreadLocal.withInitial(() -> "initial");
    ScopedValue<String> scoped = ScopedValue.newInstance();
    Object monitor = new Object();
    run(
        () -> {
          local.set("mine");
          ScopedValue.where(scoped, "bound")
              .call(
                  () -> {
                    for (int i = 0; i < 100; i++) {
                      Go.yield();
                      assertEquals("mine", local.get());
                      assertEquals("bound", scoped.get());
                    }
                    return true;
                  });
          Thread self = Thread.currentThread();
          assertTrue(self.isVirtual());
          Thread waiter =
              Thread.startVirtualThread(
                  () -> {
                    synchronized (monitor) {
                      try {
                        monitor.wait();
                      } catch (InterruptedException e) {
                        self.interrupt();
                      }
                    }
                  });
          Threads.until(() -> waiter.getState() == Thread.State.WAITING);
          synchronized (monitor) {
            Thread blocked =
                Thread.startVirtualThread(
                    () -> {
                      synchronized (monitor) {
                        monitor.notifyAll();
                      }
                    });
            Threads.until(() -> blocked.getState() == Thread.State.BLOCKED);
          }
          waiter.join();
          assertFalse(Thread.interrupted());
          var woken = new AtomicBoolean();
          Thread sleeper =
              Thread.startVirtualThread(
                  () -> {
                    try {
                      Thread.sleep(Duration.ofHours(1));
                    } catch (InterruptedException e) {
                      woken.set(true);
                    }
                  });
          Threads.until(() -> sleeper.getState() == Thread.State.TIMED_WAITING);
          sleeper.interrupt();
          sleeper.join();
          assertTrue(woken.get());
          // An interrupt that is there before the wait ends it as well.
          self.interrupt();
          assertThrows(InterruptedException.class, () -> Thread.sleep(1));
        });
  }

  @Test
  void socketsPipesSelectorsAndFilesWork(@TempDir Path directory) throws Exception {
    run(
        () -> {
          try (var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread client =
                Thread.startVirtualThread(
                    () -> {
                      try (var socket = new Socket()) {
                        socket.connect(
                            new InetSocketAddress(
                                InetAddress.getLoopbackAddress(), server.getLocalPort()));
                        for (int i = 0; i < 100; i++) {
                          socket.getOutputStream().write(i);
                          assertEquals(i, socket.getInputStream().read());
                        }
                      } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                      }
                    });
            try (Socket socket = server.accept()) {
              for (int b; (b = socket.getInputStream().read()) >= 0; ) {
                socket.getOutputStream().write(b);
              }
            }
            client.join();
          }
          Pipe pipe = Pipe.open();
          pipe.source().configureBlocking(false);
          try (Selector selector = Selector.open()) {
            pipe.source().register(selector, SelectionKey.OP_READ);
            Go.go(
                () -> {
                  Go.sleep(Duration.ofMillis(1));
                  pipe.sink().write(ByteBuffer.wrap(new byte[] {7}));
                });
            assertEquals(1, selector.select());
          }
          Path file = directory.resolve("file");
          Files.writeString(file, "content");
          assertEquals("content", Files.readString(file));
        });
  }

  @Test
  void whatAGoroutineThrowsEndsItAlone() throws Exception {
    var told = new LinkedBlockingQueue<Throwable>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> told.add(e));
    try {
      List<Throwable> all =
          List.of(new IllegalStateException("a"), new StackOverflowError("b"), new Exception("c"));
      for (Throwable e : all) {
        scheduler.go(
            () -> {
              throw e;
            });
      }
      for (int i = 0; i < all.size(); i++) {
        assertTrue(all.contains(told.take()));
      }
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    run(() -> {});
  }

  // --------------- Hogs ---------------

  @Test
  void hogsDoNotStarveTheOthers() throws Exception {
    var stop = new AtomicBoolean();
    var hogs = new CountDownLatch(6);
    for (int i = 0; i < 6; i++) {
      scheduler.go(
          () -> {
            hogs.countDown();
            while (!stop.get()) {
              Thread.onSpinWait();
            }
          });
    }
    hogs.await(); // the third runs only once a P was taken from one of the others
    run(
        () -> {
          for (int i = 0; i < 20; i++) {
            Go.sleep(Duration.ofMillis(1));
          }
        });
    assertTrue(scheduler.stats().handOffs().computing() >= 4, () -> "" + scheduler.stats());
    stop.set(true);
    Threads.until(() -> scheduler.stats().idle() == 2 && scheduler.stats().spare() >= 4);
    Threads.until(
        () -> {
          SchedulerStats stats = scheduler.stats();
          return stats.handOffs().total()
              == stats.processors().stream().mapToLong(p -> p.counts().takenAway()).sum();
        });
  }

  @Test
  void pinnedGoroutinesDoNotStarveTheOthers() throws Exception {
    var pinned = new CountDownLatch(4);
    var release = new CountDownLatch(1);
    for (int i = 0; i < 4; i++) {
      scheduler.go(
          () -> {
            // While a class is initialised a virtual thread cannot leave its carrier.
            pin(
                () -> {
                  pinned.countDown();
                  try {
                    release.await();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                });
          });
    }
    pinned.await();
    run(Go::yield);
    assertTrue(scheduler.stats().handOffs().blocked() >= 3, () -> "" + scheduler.stats());
    release.countDown();
    Threads.until(() -> scheduler.stats().idle() == 2);
  }

  /** Calls back from a frame that pins: from native code, which the sorting of arrays is not. */
  private static void pin(Runnable action) throws ReflectiveOperationException {
    Class<?> continuation = Class.forName("jdk.internal.vm.Continuation");
    var pin = continuation.getMethod("pin");
    var unpin = continuation.getMethod("unpin");
    pin.setAccessible(true);
    unpin.setAccessible(true);
    pin.invoke(null);
    try {
      action.run();
    } finally {
      unpin.invoke(null);
    }
  }

  /** Opening a named pipe is a system call that returns when somebody opens the other end. */
  @Test
  void goroutinesInNativeCodeDoNotStarveTheOthers(@TempDir Path directory) throws Exception {
    scheduler.setGomaxprocs(1);
    int tries = 0;
    do {
      Path pipe = directory.resolve("pipe-" + tries);
      assumeTrue(makePipe(pipe), "there is no mkfifo");
      var inside = new CountDownLatch(1);
      var read = new LinkedBlockingQueue<Integer>();
      scheduler.go(
          () -> {
            inside.countDown();
            try (var in = new FileInputStream(pipe.toFile())) {
              read.add(in.read());
            }
          });
      inside.await();
      run(Go::yield); // which is possible only once the P was taken away
      try (var out = new FileOutputStream(pipe.toFile())) {
        out.write(7);
      }
      assertEquals(7, read.take());
      // It may have been taken away before it got that far, on a busy machine: then once more.
    } while (scheduler.stats().handOffs().inNative() == 0 && ++tries < 50);
    assertTrue(scheduler.stats().handOffs().inNative() > 0, () -> "" + scheduler.stats());
  }

  private static boolean makePipe(Path pipe) throws InterruptedException {
    try {
      return new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aHogMayStillStartAndWakeOthers() throws Exception {
    var stop = new AtomicBoolean();
    var ran = new AtomicInteger();
    Channel<Integer> channel = Channel.unbuffered();
    scheduler.setGomaxprocs(1);
    scheduler.go(
        () -> {
          for (int v : channel) {
            ran.addAndGet(v);
          }
        });
    scheduler.go(
        () -> {
          while (!stop.get()) {
            Go.go(ran::incrementAndGet);
            long until = System.nanoTime() + 15_000_000;
            while (System.nanoTime() < until) {
              Thread.onSpinWait();
            }
          }
          channel.close();
        });
    Threads.until(() -> ran.get() >= 10);
    stop.set(true);
    Threads.until(() -> scheduler.stats().idle() == 1);
  }

  /**
   * Two that hand something back and forth teach their P to wake nobody for whom they wake. When
   * one goes on all the same the monitor finds the other, and leaves the P where it is.
   */
  @Test
  void whoIsWokenByOneThatGoesOnRunsElsewhere() throws Exception {
    Channel<Integer> there = Channel.unbuffered();
    Channel<Integer> back = Channel.unbuffered();
    var last = new AtomicInteger();
    scheduler.go(
        () -> {
          for (int v : there) {
            last.set(v);
            if (v >= 0) {
              back.send(v);
            }
          }
        });
    int tries = 20;
    run(
        () -> {
          for (int i = 1; i <= tries; i++) {
            for (int k = 0; k < 20_000; k++) {
              there.send(k);
              back.receive();
            }
            there.send(-i);
            while (last.get() != -i) {
              Thread.onSpinWait();
            }
          }
          there.close();
        });
    long taken = scheduler.stats().handOffs().computing();
    assertTrue(taken < tries, () -> "" + scheduler.stats());
  }

  // --------------- GOMAXPROCS ---------------

  @Test
  void gomaxprocsIsHowManyRunAtTheSameTime() throws Exception {
    for (int n : new int[] {1, 3, 2}) {
      assertEquals(n, scheduler.setGomaxprocs(n));
      assertEquals(n, scheduler.gomaxprocs());
      var inside = new AtomicInteger();
      var most = new AtomicInteger();
      var wg = new WaitGroup();
      wg.add(200);
      for (int g = 0; g < 200; g++) {
        scheduler.go(
            () -> {
              for (int i = 0; i < 20; i++) {
                int now = inside.incrementAndGet();
                most.accumulateAndGet(now, Math::max);
                inside.decrementAndGet();
                Go.yield();
              }
              wg.done();
            });
      }
      wg.await();
      Threads.until(() -> scheduler.stats().idle() == n);
      // What was taken away from an M counts for as long as it has not come back.
      assertTrue(most.get() <= n + scheduler.stats().handOffs().total(), "at once: " + most);
    }
    assertThrows(IllegalArgumentException.class, () -> scheduler.setGomaxprocs(0));
    assertThrows(IllegalArgumentException.class, () -> Scheduler.create(0));
  }

  @Test
  void theDefaultIsWhatMachineAndContainerAllow() {
    int n = scheduler.setDefaultGomaxprocs();
    assertTrue(n >= 1 && n <= Math.max(2, Runtime.getRuntime().availableProcessors()));
  }

  // --------------- The end ---------------

  @Test
  void whenItIsClosedItsGoroutinesRunOnElsewhere() throws Exception {
    Channel<Integer> channel = Channel.unbuffered();
    var carriers = new LinkedBlockingQueue<String>();
    var wg = new WaitGroup();
    wg.add(50);
    for (int i = 0; i < 50; i++) {
      scheduler.go(
          () -> {
            channel.receive();
            Go.yield();
            carriers.add(carrier());
            wg.done();
          });
    }
    scheduler.close();
    scheduler.close();
    for (int i = 0; i < 50; i++) {
      channel.send(i);
    }
    wg.await();
    assertTrue(carriers.stream().noneMatch(SchedulerTests::isOurs), carriers.toString());
    scheduler.go(() -> carriers.add("new " + carrier()));
    Threads.until(() -> carriers.stream().anyMatch(c -> c.startsWith("new ForkJoinPool")));
    assertThrows(UnsupportedOperationException.class, () -> Scheduler.ofThisJvm().close());
  }

  // --------------- Looking ---------------

  @Test
  void whoWantsToKnowIsTold() throws Exception {
    Map<String, List<String>> events = new ConcurrentHashMap<>();
    var observer =
        new SchedulerObserver() {
          private void add(Thread thread, String event) {
            if (thread.getName().startsWith("told")) {
              events.computeIfAbsent(thread.getName(), _ -> new ArrayList<>()).add(event);
            }
          }

          @Override
          public void created(Thread goroutine, Thread by) {
            add(goroutine, "created by " + by.getName());
          }

          @Override
          public void runnable(Thread goroutine, Thread by) {
            add(goroutine, "runnable by " + by.getName());
          }

          @Override
          public void running(Thread goroutine, int p) {
            add(goroutine, "running on " + p);
          }

          @Override
          public void blocked(Thread goroutine, int p, @Nullable Object reason) {
            add(goroutine, "blocked on " + reason);
          }

          @Override
          public void ended(Thread goroutine, int p) {
            add(goroutine, "ended");
            throw new IllegalStateException("nobody must be hurt by that");
          }
        };
    scheduler.setGomaxprocs(1);
    Channel<Integer> channel = Channel.unbuffered();
    try (var _ = Scheduler.observe(observer)) {
      scheduler.go("told-1", () -> Go.go("told-2", channel::receive));
      Threads.until(() -> events.getOrDefault("told-2", List.of()).size() >= 3);
      scheduler.go("told-3", () -> channel.send(1));
      Threads.until(() -> events.getOrDefault("told-2", List.of()).contains("ended"));
    }
    assertEquals(
        List.of(
            "created by told-1",
            "running on 0",
            "blocked on " + WaitReason.CHAN_RECEIVE,
            "runnable by told-3",
            "running on 0",
            "ended"),
        events.get("told-2"));
    int before = events.size();
    run(() -> Go.go("told-4", () -> {}));
    assertEquals(before, events.size());
  }

  @Test
  void whatAGoroutineUsesIsCountedOnDemand() throws Exception {
    try (var _ = Scheduler.countUsage();
        var _ = Scheduler.measureLatency()) {
      run(
          () -> {
            Thread self = Thread.currentThread();
            byte[][] kept = new byte[64][];
            for (int i = 0; i < 64; i++) {
              kept[i] = new byte[10_000];
              Go.yield();
            }
            assertNotNull(kept[63]);
            Usage usage = Scheduler.usage(self).orElseThrow();
            assertTrue(usage.mounts() >= 63, usage.toString());
            assertTrue(usage.allocatedBytes() >= 600_000, usage.toString());
            assertTrue(usage.cpuNanos() > 0, usage.toString());
          });
    }
    long measured = 0;
    for (long count : Scheduler.latencies()) {
      measured += count;
    }
    assertTrue(measured >= 64);
    run(() -> assertTrue(Scheduler.usage(Thread.currentThread()).isEmpty()));
  }

  @Test
  void theStatisticsAddUp() throws Exception {
    int n = 5_000;
    var wg = new WaitGroup();
    wg.add(n);
    run(
        () -> {
          for (int i = 0; i < n; i++) {
            Go.go(wg::done);
          }
        });
    wg.await();
    Threads.until(() -> scheduler.stats().idle() == 2);
    SchedulerStats stats = scheduler.stats();
    long ticks =
        stats.processors().stream().mapToLong(p -> p.counts().ticks()).sum()
            + stats.retired().ticks();
    assertTrue(ticks > n, stats.toString());
    assertEquals(2, stats.processors().size());
    assertEquals(0, stats.queued());
    assertEquals(0, stats.spinning());
    assertTrue(stats.threads() >= 2);
    assertTrue(stats.processors().stream().allMatch(p -> p.idle() && p.queued() == 0));
  }
}
