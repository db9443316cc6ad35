package dev.selvage.benchmarks;

import com.softwaremill.jox.Channel;
import com.softwaremill.jox.Select;
import com.softwaremill.jox.SelectClause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** The programs on Jox, which has channels and select, on plain virtual threads. */
final class JoxPrograms {
  private static final List<Object> KEPT = new ArrayList<>();

  private JoxPrograms() {}

  public static void main(String[] args) throws Exception {
    Map<String, Harness.Program> programs = new HashMap<>();
    programs.put("pingpong", JoxPrograms::pingPong);
    for (int capacity : new int[] {0, 1, 16, 100}) {
      programs.put("pipe-1x1-" + capacity, n -> pipe(1, capacity, n));
      programs.put("pipe-4x4-" + capacity, n -> pipe(4, capacity, n));
    }
    for (int cases : new int[] {2, 4, 16}) {
      programs.put("select-" + cases, n -> select(cases, cases, n));
    }
    for (int cases : new int[] {2, 50}) {
      programs.put("idle-select-" + cases, n -> select(cases, 1, n));
    }
    programs.put("skynet", JoxPrograms::skynet);
    programs.put("memory", JoxPrograms::memory);
    programs.replaceAll((name, program) -> n -> VirtualThreads.run(program, n));
    Harness.main(programs, JoxPrograms::hogs, args);
  }

  private static <T> Channel<T> channel(int capacity) {
    return capacity == 0 ? Channel.newRendezvousChannel() : Channel.newBufferedChannel(capacity);
  }

  private static void pingPong(int n) throws InterruptedException {
    Channel<Integer> ping = channel(0);
    Channel<Integer> pong = channel(0);
    VirtualThreads.start(
        () -> {
          for (int i = 0; i < n; i++) {
            pong.send(ping.receive());
          }
        });
    for (int i = 0; i < n; i++) {
      ping.send(i);
      pong.receive();
    }
  }

  private static void pipe(int pairs, int capacity, int n) throws InterruptedException {
    Channel<Integer> channel = channel(capacity);
    var end = new CountDownLatch(2 * pairs);
    for (int p = 0; p < pairs; p++) {
      VirtualThreads.start(
          () -> {
            for (int i = 0; i < n / pairs; i++) {
              channel.send(i);
            }
            end.countDown();
          });
      VirtualThreads.start(
          () -> {
            for (int i = 0; i < n / pairs; i++) {
              channel.receive();
            }
            end.countDown();
          });
    }
    end.await();
  }

  private static void select(int cases, int senders, int n) throws InterruptedException {
    List<Channel<Integer>> channels = new ArrayList<>();
    for (int c = 0; c < cases; c++) {
      channels.add(channel(0));
    }
    for (int s = 0; s < senders; s++) {
      Channel<Integer> channel = channels.get(s);
      VirtualThreads.start(
          () -> {
            for (int i = 0; i < n / senders; i++) {
              channel.send(i);
            }
          });
    }
    for (int i = 0; i < n / senders * senders; i++) {
      @SuppressWarnings({"unchecked", "rawtypes"}) // generic array
      SelectClause<Integer>[] clauses = new SelectClause[cases];
      for (int c = 0; c < cases; c++) {
        clauses[c] = channels.get(c).receiveClause();
      }
      Select.select(clauses);
    }
  }

  private static void skynet(int n) throws InterruptedException {
    Channel<Long> result = channel(0);
    VirtualThreads.start(() -> skynet(result, 0, n));
    long sum = result.receive();
    if (sum != (long) n * (n - 1) / 2) {
      throw new AssertionError("wrong sum " + sum);
    }
  }

  private static void skynet(Channel<Long> parent, long number, int size)
      throws InterruptedException {
    if (size == 1) {
      parent.send(number);
      return;
    }
    Channel<Long> channel = channel(0);
    for (int i = 0; i < 10; i++) {
      long first = number + (long) i * (size / 10);
      VirtualThreads.start(() -> skynet(channel, first, size / 10));
    }
    long sum = 0;
    for (int i = 0; i < 10; i++) {
      sum += channel.receive();
    }
    parent.send(sum);
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
    Channel<Long> channel = channel(0);
    VirtualThreads.start(
        () -> {
          while (hogs.goesOn()) {
            Thread.sleep(Duration.ofNanos(Hogs.PAUSE_NANOS));
            channel.send(System.nanoTime());
          }
        });
    VirtualThreads.start(
        () -> {
          while (hogs.goesOn()) {
            long sent = channel.receive();
            hogs.sends.note(System.nanoTime() - sent);
          }
        });
    for (int h = 0; h < hogs.hogs; h++) {
      VirtualThreads.start(hogs::compute);
    }
  }

  private static void memory(int n) throws InterruptedException {
    Channel<Integer> never = channel(0);
    var begun = new CountDownLatch(n);
    for (int t = 0; t < n; t++) {
      VirtualThreads.start(
          () -> {
            begun.countDown();
            never.receive();
          });
    }
    begun.await();
    KEPT.add(never);
  }
}
