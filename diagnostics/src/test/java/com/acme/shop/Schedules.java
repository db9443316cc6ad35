package com.acme.shop;

import java.util.ArrayList;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Tasks given to the JDK's schedulers: for ever, and for a while. */
public final class Schedules {
  private Schedules() {}

  /** A heartbeat for each user, which nobody cancels. */
  public static void heartbeat(ScheduledExecutorService scheduler, String user) {
    ScheduledFuture<?> unused =
        scheduler.scheduleAtFixedRate(() -> beat(user), 1, 1, TimeUnit.HOURS);
  }

  private static void beat(String user) {
    Thread.currentThread().setName(user);
  }

  /** Beats once a day. */
  public static final class DailyTask extends TimerTask {
    @Override
    public void run() {
      beat("daily");
    }
  }

  public static void daily(Timer timer) {
    timer.schedule(new DailyTask(), 86_400_000, 86_400_000);
  }

  /** A heartbeat that is cancelled with the next one. */
  public static final class Careful {
    private final List<ScheduledFuture<?>> last = new ArrayList<>();

    public void heartbeat(ScheduledExecutorService scheduler) {
      last.forEach(future -> future.cancel(false));
      last.clear();
      last.add(scheduler.scheduleAtFixedRate(() -> beat("careful"), 1, 1, TimeUnit.HOURS));
    }
  }

  /** A timeout of a second. */
  public static void timeout(ScheduledExecutorService scheduler) {
    ScheduledFuture<?> unused = scheduler.schedule(() -> beat("late"), 1, TimeUnit.SECONDS);
  }
}
