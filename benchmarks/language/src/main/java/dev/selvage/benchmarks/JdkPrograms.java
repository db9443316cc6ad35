package dev.selvage.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The programs on virtual threads and what {@code java.util.concurrent} has. Without a buffer it
 * has two queues: {@code SynchronousQueue}, and {@code LinkedTransferQueue} as its variant.
 */
final class JdkPrograms {
  private static final boolean TRANSFER = Boolean.getBoolean("selvage.benchmarks.transfer");
  private static final List<Object> KEPT = new ArrayList<>();

  private JdkPrograms() {}

  public static void main(String[] args) throws Exception {
    Map<String, Harness.Program> programs = new HashMap<>();
    programs.put("pingpong", JdkPrograms::pingPong);
    programs.put("pipe-1x1-0", n -> pipe(1, rendezvous(), n));
    programs.put("pipe-4x4-0", n -> pipe(4, rendezvous(), n));
    programs.put("skynet", JdkPrograms::skynet);
    if (!TRANSFER) {
      for (int capacity : new int[] {1, 16, 100}) {
        programs.put(
            "pipe-1x1-" + capacity, n -> pipe(1, new Put<>(new ArrayBlockingQueue<>(capacity)), n));
        programs.put(
            "pipe-4x4-" + capacity, n -> pipe(4, new Put<>(new ArrayBlockingQueue<>(capacity)), n));
      }
      programs.put("mutex-1", n -> mutex(1, n));
      programs.put("mutex-4", n -> mutex(4, n));
      programs.put("fan", JdkPrograms::fan);
      programs.put("spawn", JdkPrograms::spawn);
      programs.put("sleep", JdkPrograms::sleep);
      programs.put("naps", JdkPrograms::naps);
      programs.put("reset", JdkPrograms::reset);
      programs.put("memory", JdkPrograms::memory);
    }
    programs.replaceAll((name, program) -> n -> VirtualThreads.run(program, n));
    Harness.main(programs, JdkPrograms::hogs, args);
  }

  /** A queue as a channel. */
  private interface Pipe<T> {
    void send(T value) throws InterruptedException;

    T receive() throws InterruptedException;
  }

  private record Put<T>(BlockingQueue<T> queue) implements Pipe<T> {
    @Override
    public void send(T value) throws InterruptedException {
      queue.put(value);
    }

    @Override
    public T receive() throws InterruptedException {
      return queue.take();
    }
  }

  private record Transfer<T>(LinkedTransferQueue<T> queue) implements Pipe<T> {
    @Override
    public void send(T value) throws InterruptedException {
      queue.transfer(value);
    }

    @Override
    public T receive() throws InterruptedException {
      return queue.take();
    }
  }

  private static <T> Pipe<T> rendezvous() {
    return TRANSFER ? new Transfer<>(new LinkedTransferQueue<>()) : new Put<>(queue());
  }

  private static <T> BlockingQueue<T> queue() {
    return new SynchronousQueue<>();
  }

  private static void pingPong(int n) throws InterruptedException {
    Pipe<Integer> ping = rendezvous();
    Pipe<Integer> pong = rendezvous();
    VirtualThreads.start(
        () -> {
          for (int i = 0; i < n; i++) {
            pong.send(ping.receive());
          }
        });
    for (int i = 0; i < n; i++) {
      ping.send(i);
      var unused = pong.receive();
    }
  }

  private static void pipe(int pairs, Pipe<Integer> pipe, int n) throws InterruptedException {
    var end = new CountDownLatch(2 * pairs);
    for (int p = 0; p < pairs; p++) {
      VirtualThreads.start(
          () -> {
            for (int i = 0; i < n / pairs; i++) {
              pipe.send(i);
            }
            end.countDown();
          });
      VirtualThreads.start(
          () -> {
            for (int i = 0; i < n / pairs; i++) {
              var unused = pipe.receive();
            }
            end.countDown();
          });
    }
    end.await();
  }

  private static void mutex(int threads, int n) throws InterruptedException {
    var mutex = new ReentrantLock();
    var end = new CountDownLatch(threads);
    int[] count = {0};
    for (int t = 0; t < threads; t++) {
      VirtualThreads.start(
          () -> {
            for (int i = 0; i < n / threads; i++) {
              mutex.lockInterruptibly();
              try {
                count[0]++;
              } finally {
                mutex.unlock();
              }
            }
            end.countDown();
          });
    }
    end.await();
  }

  private static void fan(int n) throws InterruptedException {
    for (int i = 0; i < n; i += 100) {
      spawn(100);
    }
  }

  private static void spawn(int n) throws InterruptedException {
    var end = new CountDownLatch(n);
    for (int t = 0; t < n; t++) {
      Thread.startVirtualThread(end::countDown);
    }
    end.await();
  }

  private static void skynet(int n) throws InterruptedException {
    Pipe<Long> result = rendezvous();
    VirtualThreads.start(() -> skynet(result, 0, n));
    long sum = result.receive();
    if (sum != (long) n * (n - 1) / 2) {
      throw new AssertionError("wrong sum " + sum);
    }
  }

  private static void skynet(Pipe<Long> parent, long number, int size) throws InterruptedException {
    if (size == 1) {
      parent.send(number);
      return;
    }
    Pipe<Long> pipe = rendezvous();
    for (int i = 0; i < 10; i++) {
      long first = number + (long) i * (size / 10);
      VirtualThreads.start(() -> skynet(pipe, first, size / 10));
    }
    long sum = 0;
    for (int i = 0; i < 10; i++) {
      sum += pipe.receive();
    }
    parent.send(sum);
  }

  private static void sleep(int n) throws InterruptedException {
    var end = new CountDownLatch(n);
    for (int t = 0; t < n; t++) {
      VirtualThreads.start(
          () -> {
            Thread.sleep(1000);
            end.countDown();
          });
    }
    end.await();
  }

  private static void naps(int n) throws InterruptedException {
    var end = new CountDownLatch(10_000);
    for (int t = 0; t < 10_000; t++) {
      VirtualThreads.start(
          () -> {
            for (int i = 0; i < n / 10_000; i++) {
              Thread.sleep(1);
            }
            end.countDown();
          });
    }
    end.await();
  }

  private static void reset(int n) {
    try (var timer = new ScheduledThreadPoolExecutor(1)) {
      timer.setRemoveOnCancelPolicy(true);
      List<ScheduledFuture<?>> timers = new ArrayList<>();
      for (int t = 0; t < 1000; t++) {
        timers.add(timer.schedule(() -> {}, 1, TimeUnit.HOURS));
      }
      for (int i = 0; i < n; i++) {
        timers.get(i % 1000).cancel(false);
        timers.set(i % 1000, timer.schedule(() -> {}, 60 + i % 60, TimeUnit.MINUTES));
      }
      timer.shutdownNow();
    }
  }

  private static void hogs(Hogs hogs) {
    for (int s = 0; s < Hogs.SLEEPERS; s++) {
      long nap = Hogs.napNanos(s);
      VirtualThreads.start(
          () -> {
            while (hogs.goesOn()) {
              long due = System.nanoTime() + nap;
              Thread.sleep(Duration.ofNanos(nap));
              hogs.sleeps.note(System.nanoTime() - due);
            }
          });
    }
    Pipe<Long> pipe = rendezvous();
    VirtualThreads.start(
        () -> {
          while (hogs.goesOn()) {
            Thread.sleep(Duration.ofNanos(Hogs.PAUSE_NANOS));
            pipe.send(System.nanoTime());
          }
        });
    VirtualThreads.start(
        () -> {
          while (hogs.goesOn()) {
            long sent = pipe.receive();
            hogs.sends.note(System.nanoTime() - sent);
          }
        });
    for (int h = 0; h < hogs.hogs; h++) {
      VirtualThreads.start(hogs::compute);
    }
  }

  private static void memory(int n) throws InterruptedException {
    var never = new LinkedTransferQueue<Integer>();
    var begun = new CountDownLatch(n);
    for (int t = 0; t < n; t++) {
      VirtualThreads.start(
          () -> {
            begun.countDown();
            var unused = never.take();
          });
    }
    begun.await();
    KEPT.add(never);
  }
}
