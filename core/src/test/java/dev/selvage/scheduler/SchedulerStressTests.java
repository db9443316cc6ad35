package dev.selvage.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.observe.Probe;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.io.RandomAccessFile;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goroutines that do everything at random, on a scheduler whose Ps come and go, or that is closed
 * under them: each must run to its end exactly once. The system property {@code
 * selvage.stress.seconds} says for how long each test goes on; a second without it, two minutes
 * with the profile {@code long}, and N seconds with {@code -Dstress.seconds=N}.
 */
@Timeout(value = 1800, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SchedulerStressTests {
  private static final int BATCH = 10_000;
  private static final int FEW = 1_000;
  private static final long NANOS = Long.getLong("selvage.stress.seconds", 1) * 1_000_000_000;

  private final Path directory;

  SchedulerStressTests(@TempDir Path directory) {
    this.directory = directory;
  }

  @BeforeEach
  void isOpen() {
    assumeTrue(Go.runtime().missing().isEmpty(), "not all packages are open");
  }

  @Test
  void everyGoroutineRunsToItsEndOnce() throws Exception {
    Path file = Files.write(directory.resolve("file"), new byte[4096]);
    try (Scheduler scheduler = Scheduler.create(2)) {
      var stop = new AtomicBoolean();
      var changes = new AtomicInteger();
      Thread changer =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    while (!stop.get()) {
                      scheduler.setGomaxprocs(1 + ThreadLocalRandom.current().nextInt(4));
                      changes.incrementAndGet();
                      LockSupport.parkNanos(500_000);
                    }
                  });
      var holds = new AtomicInteger();
      Thread holder = holder(stop, holds);
      long begun = System.nanoTime();
      long total = 0;
      do {
        var batch = new Batch(BATCH, file);
        batch.start(scheduler);
        batch.check();
        total += BATCH;
      } while (System.nanoTime() - begun < NANOS);
      stop.set(true);
      changer.join();
      holder.join();
      System.out.printf(
          "%,d goroutines, GOMAXPROCS changed %,d times, held %,d times, %s%n",
          total, changes.get(), holds.get(), scheduler.stats().handOffs());
    }
  }

  /** Holds all schedulers again and again, for short; every other time until that is over. */
  private static Thread holder(AtomicBoolean stop, AtomicInteger holds) {
    return Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              while (!stop.get()) {
                boolean lapse = holds.incrementAndGet() % 2 == 0;
                Function<String, ?> held = Probe.hold(lapse ? 300_000 : 60_000_000_000L);
                LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(500_000));
                if (lapse) {
                  LockSupport.parkNanos(1_000_000);
                } else {
                  Object _ = held.apply("resume");
                }
                LockSupport.parkNanos(2_000_000);
              }
            });
  }

  @Test
  void nobodyIsLostWhenTheirSchedulerIsClosed() throws Exception {
    Path file = Files.write(directory.resolve("file"), new byte[4096]);
    var stop = new AtomicBoolean();
    Thread holder = holder(stop, new AtomicInteger());
    long begun = System.nanoTime();
    int closed = 0;
    do {
      var batch = new Batch(FEW, file);
      try (Scheduler scheduler = Scheduler.create(1 + closed % 3)) {
        batch.start(scheduler);
        LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(3_000_000));
      }
      batch.check();
      closed++;
    } while (System.nanoTime() - begun < NANOS);
    stop.set(true);
    holder.join();
    System.out.printf("%,d schedulers closed under their goroutines%n", closed);
  }

  /** Goroutines that are started together, half of them by others, and what they share. */
  private static final class Batch {
    private static final Method PIN = continuation("pin");
    private static final Method UNPIN = continuation("unpin");

    private final int size;
    private final Path file;
    private final AtomicIntegerArray ran;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final WaitGroup wg = new WaitGroup();
    private final Channel<Integer> unbuffered = Channel.unbuffered();
    private final Channel<Integer> buffered = Channel.buffered(16);
    private final LinkedTransferQueue<Integer> transfer = new LinkedTransferQueue<>();
    private final Mutex mutex = new Mutex();
    private final ReentrantLock lock = new ReentrantLock();
    private final Object monitor = new Object();

    Batch(int size, Path file) {
      this.size = size;
      this.file = file;
      this.ran = new AtomicIntegerArray(size);
      wg.add(size);
    }

    private static Method continuation(String name) {
      try {
        Method method = Class.forName("jdk.internal.vm.Continuation").getMethod(name);
        method.setAccessible(true);
        return method;
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    void start(Scheduler scheduler) {
      for (int g = 0; g < size; g += 2) {
        int id = g;
        scheduler.go(
            () -> {
              int kind = ThreadLocalRandom.current().nextInt(14);
              Go.go(() -> live(id + 1, kind, false));
              live(id, kind, true);
            });
      }
    }

    /** Waits for all of them. */
    void check() throws InterruptedException {
      wg.await();
      for (int g = 0; g < size; g++) {
        assertEquals(1, ran.get(g), "goroutine " + g);
      }
      if (failure.get() != null) {
        throw new AssertionError("a goroutine failed", failure.get());
      }
    }

    /** What one of a pair does; both do the same kind of thing, one to the other. */
    private void live(int id, int kind, boolean first) {
      try {
        act(id, kind, first);
      } catch (ArithmeticException e) {
        // as intended
      } catch (Throwable e) {
        failure.set(e);
      } finally {
        ran.incrementAndGet(id);
        wg.done();
      }
    }

    @SuppressWarnings({
      "ThreadPriorityCheck",
      "WaitNotInLoop"
    }) // that it yields and waits is what counts
    private void act(int id, int kind, boolean first) throws Exception {
      switch (kind) {
        case 0 -> {
          if (first) {
            unbuffered.send(id);
          } else {
            unbuffered.receive();
          }
        }
        case 1 -> {
          if (first) {
            buffered.send(id);
          } else {
            buffered.receive();
          }
        }
        case 2 -> {
          if (first) {
            transfer.transfer(id);
          } else {
            transfer.take();
          }
        }
        case 3 -> {
          for (int i = 0; i < 5; i++) {
            Thread.yield();
          }
        }
        case 4 -> mutex.withLock(() -> Thread.yield());
        case 5 -> {
          lock.lock();
          try {
            Thread.yield();
          } finally {
            lock.unlock();
          }
          Thread inner = Thread.startVirtualThread(Thread::yield);
          inner.join();
        }
        case 6 -> {
          synchronized (monitor) {
            if (isOneOf(50)) {
              monitor.wait(1);
            }
            Thread.yield();
          }
        }
        case 7 -> Thread.sleep(Duration.ofNanos(1 + ThreadLocalRandom.current().nextInt(200_000)));
        case 8 -> {
          PIN.invoke(null);
          try {
            LockSupport.parkNanos(isOneOf(50) ? 12_000_000 : 10_000);
          } finally {
            UNPIN.invoke(null);
          }
        }
        case 9 -> {
          if (isOneOf(10)) {
            try (var random = new RandomAccessFile(file.toFile(), "rw")) {
              random.seek(ThreadLocalRandom.current().nextInt(4096));
              random.write(id);
            }
          }
        }
        case 10 -> {
          if (isOneOf(20)) {
            throughAPipe(id);
          }
        }
        case 11 -> interrupted();
        case 12 -> uncaught();
        default -> {
          if (isOneOf(20)) {
            Go.sleep(Duration.ofNanos(200_000));
          } else if (isOneOf(200)) {
            long until = System.nanoTime() + 12_000_000;
            while (System.nanoTime() < until) {
              Thread.onSpinWait();
            }
          } else {
            throw new ArithmeticException("caught by whoever runs it");
          }
        }
      }
    }

    private static boolean isOneOf(int n) {
      return ThreadLocalRandom.current().nextInt(n) == 0;
    }

    /** Waits for input, by the JDK's pollers. */
    private static void throughAPipe(int id) throws Exception {
      Pipe pipe = Pipe.open();
      try (var source = pipe.source();
          var sink = pipe.sink()) {
        Thread writer =
            Thread.startVirtualThread(
                () -> {
                  try {
                    sink.write(ByteBuffer.allocate(4).putInt(id).flip());
                  } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                });
        ByteBuffer read = ByteBuffer.allocate(4);
        while (read.hasRemaining()) {
          source.read(read);
        }
        assertEquals(id, read.flip().getInt());
        writer.join();
      }
    }

    private static void interrupted() throws InterruptedException {
      var told = new AtomicBoolean();
      Thread sleeper =
          Thread.startVirtualThread(
              () -> {
                try {
                  Thread.sleep(Duration.ofHours(1));
                } catch (InterruptedException e) {
                  told.set(true);
                }
              });
      sleeper.interrupt();
      sleeper.join();
      assertTrue(told.get());
    }

    private static void uncaught() throws InterruptedException {
      var told = new AtomicReference<@Nullable Throwable>();
      var thrown = new IllegalStateException("thrown");
      Thread thrower =
          Thread.ofVirtual()
              .uncaughtExceptionHandler((_, e) -> told.set(e))
              .start(
                  () -> {
                    throw thrown;
                  });
      thrower.join();
      assertEquals(thrown, told.get());
    }
  }
}
