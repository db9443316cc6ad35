package dev.selvage;

import static dev.selvage.Select.after;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.internal.Alarms;
import dev.selvage.sync.Mutex;
import dev.selvage.time.Timer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Time limits have no threads of their own: there is one for all of them (or a few). */
@Timeout(60)
final class TimeoutThreadsTests {
  private static final Duration LONG = Duration.ofHours(1);
  private static final int MANY = 10_000;

  /** Carriers or Ms that come meanwhile; nothing that grows with the number of time limits. */
  private static final int SOME = 16;

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final Channel<Integer> silent = Channel.unbuffered();
  private final Mutex taken = new Mutex();

  private List<Go.Action> limited() {
    return List.of(
        () -> select(receive(silent, v -> v), after(LONG, () -> 0)),
        () -> select(after(LONG, () -> 0)),
        () -> {
          Select sel = Select.create();
          sel.receive(silent);
          sel.await(LONG);
        },
        () -> silent.receive(LONG),
        () -> taken.lock(LONG),
        () -> Go.sleep(LONG));
  }

  @Test
  void tenThousandSelectsWithATimeLimitNeedNoMoreThreadsThanOne() throws Exception {
    taken.lock();
    List<Go.Action> ways = limited();
    try (var scope = Scope.component(Context.background())) {
      scope.go(ways.getFirst());
      Threads.until(() -> silent.receiverCount() == 1); // whoever is needed for one is there now
      int alarms = Alarms.pending();
      threads.resetPeakThreadCount();
      int before = threads.getThreadCount();
      for (int i = 0; i < MANY; i++) {
        scope.go(ways.get(i % ways.size()));
      }
      Threads.until(() -> Alarms.pending() >= alarms + MANY);
      assertFewer(before);
    }
  }

  @Test
  void tenThousandTimersNeedNoThreadsEither() throws Exception {
    Timer.after(Duration.ZERO).channel().receive();
    List<Timer> timers = new ArrayList<>();
    List<CancellableContext> contexts = new ArrayList<>();
    threads.resetPeakThreadCount();
    int before = threads.getThreadCount();
    for (int i = 0; i < MANY / 2; i++) {
      timers.add(Timer.afterFunc(LONG, () -> {}));
      contexts.add(Context.background().withTimeout(LONG));
    }
    assertTrue(Alarms.pending() >= MANY, () -> Alarms.pending() + " alarms");
    assertFewer(before);
    timers.forEach(Timer::stop);
    contexts.forEach(CancellableContext::close);
  }

  private void assertFewer(int before) {
    int most = threads.getPeakThreadCount();
    assertTrue(most <= before + SOME, most + " platform threads, where there were " + before);
  }
}
