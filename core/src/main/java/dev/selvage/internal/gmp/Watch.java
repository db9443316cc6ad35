package dev.selvage.internal.gmp;

import dev.selvage.internal.Account;
import dev.selvage.internal.Resources;
import dev.selvage.internal.Roster;
import dev.selvage.internal.Waiter;
import dev.selvage.internal.jdk.VirtualThreads;
import dev.selvage.observe.SchedulerObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** What is looked at while goroutines run, beyond counting; immutable. */
final class Watch {
  /** Null while nobody wants to know anything; read by every submission and every run. */
  @SuppressWarnings("NonFinalStaticField") // the seam
  static @Nullable Watch current;

  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();

  private static final StackWalker WALKER = StackWalker.getInstance();
  private static final int MOST_FRAMES = 64;

  /** Counts by the number of bits that the nanoseconds have. */
  static final AtomicLongArray LATENCY = new AtomicLongArray(Long.SIZE);

  // Guarded by the class.
  private static final List<SchedulerObserver> OBSERVERS = new ArrayList<>();
  private static int latencies;
  private static int accounts;

  private final SchedulerObserver[] observers;
  private final boolean latency;
  private final boolean accounting;

  private Watch(SchedulerObserver[] observers, boolean latency, boolean accounting) {
    this.observers = observers;
    this.latency = latency;
    this.accounting = accounting;
  }

  static synchronized void add(SchedulerObserver observer) {
    OBSERVERS.add(observer);
    change();
  }

  static synchronized void remove(SchedulerObserver observer) {
    OBSERVERS.remove(observer);
    change();
  }

  static synchronized void measureLatency(boolean on) {
    latencies += on ? 1 : -1;
    change();
  }

  static synchronized void account(boolean on) {
    accounts += on ? 1 : -1;
    change();
  }

  private static void change() {
    current =
        OBSERVERS.isEmpty() && latencies == 0 && accounts == 0
            ? null
            : new Watch(OBSERVERS.toArray(new SchedulerObserver[0]), latencies > 0, accounts > 0);
  }

  /** A task is about to be queued. */
  void runnable(Runnable task) {
    Thread thread = JDK.owner(task);
    if (thread == null) {
      return;
    }
    if (latency) {
      Account account = account(thread);
      if (account != null) {
        account.readyAt = System.nanoTime();
      }
    }
    if (accounting && JDK.isNew(thread)) {
      Account account = account(thread);
      if (account != null) {
        note(account);
      }
    }
    if (observers.length > 0) {
      boolean first = JDK.isNew(thread);
      Thread by = Thread.currentThread();
      for (SchedulerObserver observer : observers) {
        try {
          if (first) {
            observer.created(thread, by);
          } else {
            observer.runnable(thread, by);
          }
        } catch (Throwable e) {
          // As promised: whoever wakes a thread must not fail for it.
        }
      }
    }
  }

  /** Who starts it is noted where usage is counted, as it costs as much. */
  private static void note(Account account) {
    account.startedBy = Thread.currentThread().threadId();
    account.startedAt =
        WALKER.walk(
            frames ->
                frames
                    .limit(MOST_FRAMES)
                    .filter(frame -> Resources.isUsers(frame.getClassName()))
                    .findFirst()
                    .map(StackWalker.StackFrame::toStackTraceElement)
                    .orElse(null));
  }

  /** Runs a task. */
  void run(Runnable task, int p) {
    Thread thread = JDK.owner(task);
    Account account = thread == null || !(latency || accounting) ? null : account(thread);
    long cpu = 0;
    long allocated = 0;
    if (account != null) {
      long ready = account.readyAt;
      if (latency && ready != 0) {
        account.readyAt = 0;
        long waited = Math.max(0, System.nanoTime() - ready);
        LATENCY.incrementAndGet(Long.SIZE - Long.numberOfLeadingZeros(waited));
      }
      if (accounting) {
        cpu = JDK.cpuNanos();
        allocated = JDK.allocatedBytes();
      }
    }
    if (thread != null) {
      running(thread, p);
    }
    try {
      task.run();
    } finally {
      if (account != null && accounting) {
        account.mounts++;
        account.cpuNanos += JDK.cpuNanos() - cpu;
        account.allocatedBytes += JDK.allocatedBytes() - allocated;
      }
      if (thread != null) {
        stopped(thread, p);
      }
    }
  }

  private void running(Thread thread, int p) {
    for (SchedulerObserver observer : observers) {
      try {
        observer.running(thread, p);
      } catch (Throwable e) {
        // As promised.
      }
    }
  }

  private void stopped(Thread thread, int p) {
    if (observers.length == 0) {
      return;
    }
    boolean ended = thread.getState() == Thread.State.TERMINATED;
    Object blocker = ended ? null : LockSupport.getBlocker(thread);
    Object reason = blocker instanceof Waiter waiter ? waiter.reason() : blocker;
    for (SchedulerObserver observer : observers) {
      try {
        if (ended) {
          observer.ended(thread, p);
        } else {
          observer.blocked(thread, p, reason);
        }
      } catch (Throwable e) {
        // As promised.
      }
    }
  }

  /** A P was taken away from what runs on it. */
  void takenAway(Thread thread, Thread carrier, int p, String why) {
    for (SchedulerObserver observer : observers) {
      try {
        observer.takenAway(thread, carrier, p, why);
      } catch (Throwable e) {
        // As promised.
      }
    }
  }

  private static @Nullable Account account(Thread thread) {
    Roster.Member member = Roster.member(thread);
    if (member == null) {
      return null;
    }
    Account account = member.account;
    if (account == null) {
      account = new Account();
      member.account = account;
    }
    return account;
  }
}
