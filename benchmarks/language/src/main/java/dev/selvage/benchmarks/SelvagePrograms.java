package dev.selvage.benchmarks;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.Select;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import dev.selvage.time.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The programs on Selvage. */
final class SelvagePrograms {
  private SelvagePrograms() {}

  public static void main(String[] args) throws Exception {
    boolean reused = Boolean.getBoolean("selvage.benchmarks.reused");
    Map<String, Harness.Program> programs = new HashMap<>();
    for (int cases : new int[] {2, 4, 16}) {
      programs.put("select-" + cases, n -> select(cases, cases, n, reused));
    }
    for (int cases : new int[] {2, 50}) {
      programs.put("idle-select-" + cases, n -> select(cases, 1, n, reused));
    }
    if (!reused) {
      programs.put("pingpong", SelvagePrograms::pingPong);
      for (int capacity : new int[] {0, 1, 16, 100}) {
        programs.put("pipe-1x1-" + capacity, n -> pipe(1, capacity, n));
        programs.put("pipe-4x4-" + capacity, n -> pipe(4, capacity, n));
      }
      programs.put("mutex-1", n -> mutex(1, n));
      programs.put("mutex-4", n -> mutex(4, n));
      programs.put("fan", SelvagePrograms::fan);
      programs.put("spawn", SelvagePrograms::spawn);
      programs.put("skynet", SelvagePrograms::skynet);
      programs.put("sleep", SelvagePrograms::sleep);
      programs.put("naps", SelvagePrograms::naps);
      programs.put("reset", SelvagePrograms::reset);
      programs.put("memory", SelvagePrograms::memory);
    }
    programs.replaceAll((name, program) -> n -> inGoroutine(program, n));
    Harness.main(programs, SelvagePrograms::hogs, args);
  }

  private static void inGoroutine(Harness.Program program, int n) throws Exception {
    var end = new CompletableFuture<@Nullable Void>();
    go(
        () -> {
          try {
            program.run(n);
            end.complete(null);
          } catch (Throwable e) {
            end.completeExceptionally(e);
          }
        });
    end.get();
  }

  private static void pingPong(int n) throws InterruptedException {
    Channel<Integer> ping = Channel.unbuffered();
    Channel<Integer> pong = Channel.unbuffered();
    go(
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
    Channel<Integer> channel = Channel.buffered(capacity);
    var wg = new WaitGroup();
    for (int p = 0; p < pairs; p++) {
      wg.go(
          () -> {
            for (int i = 0; i < n / pairs; i++) {
              channel.send(i);
            }
          });
      wg.go(
          () -> {
            for (int i = 0; i < n / pairs; i++) {
              channel.receive();
            }
          });
    }
    wg.await();
  }

  private static void select(int cases, int senders, int n, boolean reused)
      throws InterruptedException {
    List<Channel<Integer>> channels = new ArrayList<>();
    for (int c = 0; c < cases; c++) {
      channels.add(Channel.unbuffered());
    }
    for (int s = 0; s < senders; s++) {
      Channel<Integer> channel = channels.get(s);
      go(
          () -> {
            for (int i = 0; i < n / senders; i++) {
              channel.send(i);
            }
          });
    }
    if (reused) {
      var sel = Select.create();
      for (var channel : channels) {
        var unused = sel.receive(channel);
      }
      for (int i = 0; i < n / senders * senders; i++) {
        var unused = sel.await();
      }
    } else {
      for (int i = 0; i < n / senders * senders; i++) {
        var unused = select(channels);
      }
    }
  }

  private static int select(List<Channel<Integer>> channels) throws InterruptedException {
    @SuppressWarnings({"unchecked", "rawtypes"}) // generic array
    Select.Case<Integer, RuntimeException>[] cases = new Select.Case[channels.size()];
    for (int c = 0; c < cases.length; c++) {
      cases[c] = Select.receive(channels.get(c), v -> v);
    }
    return Select.select(cases);
  }

  private static void mutex(int goroutines, int n) throws InterruptedException {
    var mutex = new Mutex();
    var wg = new WaitGroup();
    int[] count = {0};
    for (int g = 0; g < goroutines; g++) {
      wg.go(
          () -> {
            for (int i = 0; i < n / goroutines; i++) {
              mutex.lock();
              count[0]++;
              mutex.unlock();
            }
          });
    }
    wg.await();
  }

  private static void fan(int n) throws InterruptedException {
    for (int i = 0; i < n; i += 100) {
      var wg = new WaitGroup();
      for (int g = 0; g < 100; g++) {
        wg.go(() -> {});
      }
      wg.await();
    }
  }

  private static void spawn(int n) throws InterruptedException {
    var wg = new WaitGroup();
    for (int g = 0; g < n; g++) {
      wg.go(() -> {});
    }
    wg.await();
  }

  private static void skynet(int n) throws InterruptedException {
    Channel<Long> result = Channel.unbuffered();
    go(() -> skynet(result, 0, n));
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
    Channel<Long> channel = Channel.unbuffered();
    for (int i = 0; i < 10; i++) {
      long first = number + (long) i * (size / 10);
      go(() -> skynet(channel, first, size / 10));
    }
    long sum = 0;
    for (int i = 0; i < 10; i++) {
      sum += channel.receive();
    }
    parent.send(sum);
  }

  private static void sleep(int n) throws InterruptedException {
    var wg = new WaitGroup();
    for (int g = 0; g < n; g++) {
      wg.go(() -> Go.sleep(Duration.ofSeconds(1)));
    }
    wg.await();
  }

  private static void naps(int n) throws InterruptedException {
    var wg = new WaitGroup();
    for (int g = 0; g < 10_000; g++) {
      wg.go(
          () -> {
            for (int i = 0; i < n / 10_000; i++) {
              Go.sleep(Duration.ofMillis(1));
            }
          });
    }
    wg.await();
  }

  private static void reset(int n) {
    Timer[] timers = new Timer[1000];
    for (int t = 0; t < timers.length; t++) {
      timers[t] = Timer.afterFunc(Duration.ofHours(1), () -> {});
    }
    for (int i = 0; i < n; i++) {
      timers[i % timers.length].reset(Duration.ofMinutes(60 + i % 60));
    }
    for (Timer timer : timers) {
      timer.stop();
    }
  }

  private static void hogs(Hogs hogs) {
    for (int s = 0; s < Hogs.SLEEPERS; s++) {
      long nap = Hogs.napNanos(s);
      go(
          () -> {
            while (hogs.goesOn()) {
              long due = System.nanoTime() + nap;
              Go.sleep(Duration.ofNanos(nap));
              hogs.sleeps.note(System.nanoTime() - due);
            }
          });
    }
    Channel<Long> channel = Channel.unbuffered();
    go(
        () -> {
          while (hogs.goesOn()) {
            Go.sleep(Duration.ofNanos(Hogs.PAUSE_NANOS));
            channel.send(System.nanoTime());
          }
        });
    go(
        () -> {
          for (long sent : channel) {
            hogs.sends.note(System.nanoTime() - sent);
          }
        });
    for (int h = 0; h < hogs.hogs; h++) {
      go(hogs::compute);
    }
  }

  private static void memory(int n) throws InterruptedException {
    Channel<Integer> never = Channel.unbuffered();
    var wg = new WaitGroup();
    wg.add(n);
    for (int g = 0; g < n; g++) {
      go(
          () -> {
            wg.done();
            never.receive();
          });
    }
    wg.await();
    KEPT.add(never);
  }

  private static final List<Channel<Integer>> KEPT = new ArrayList<>();
}
