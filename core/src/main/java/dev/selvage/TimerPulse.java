package dev.selvage;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.Pulse;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What fills the channel of a timer or ticker. */
final class TimerPulse extends Alarms.Alarm implements Pulse<ReceiveChannel<Instant>> {
  /*
   * As in Go since 1.23 the alarm queue holds a pulse only while somebody waits on its channel and
   * a time lies ahead. Otherwise time passes unseen, and who comes to receive finds out what has
   * become due. So a timer that nobody can reach is garbage, stopped or not, and one that somebody
   * waits for is held by the queue, which will wake him.
   *
   * Invariant, whenever the channel's lock is free: this is in the queue, at time next, exactly if
   * next != NEVER and the channel is watched; except between the queue's taking it out and ring().
   */
  private final Channel<Instant> channel = new Channel<>(1, this);
  private final ReceiveChannel<Instant> view = channel.receiveOnly();

  // Guarded by the channel's lock.
  private long next = Alarms.NEVER;
  private long period;

  @Override
  public ReceiveChannel<Instant> channel() {
    return view;
  }

  @Override
  public boolean start(long after, long period) {
    channel.lock.lock();
    try {
      boolean pending = forget();
      this.next = Alarms.after(this, after);
      this.period = period;
      watch();
      return pending;
    } finally {
      channel.lock.unlock();
    }
  }

  @Override
  public boolean stop() {
    channel.lock.lock();
    try {
      boolean pending = forget();
      next = Alarms.NEVER;
      watch();
      return pending;
    } finally {
      channel.lock.unlock();
    }
  }

  private boolean forget() {
    boolean ready = channel.forget();
    return ready || next != Alarms.NEVER;
  }

  @Override
  public boolean active() {
    channel.lock.lock();
    try {
      return next != Alarms.NEVER && (period > 0 || next > Alarms.now(this));
    } finally {
      channel.lock.unlock();
    }
  }

  @Override
  public int waiters() {
    return channel.receiverCount();
  }

  /** Brings this into the alarm queue, or out of it. Under the channel's lock. */
  void watch() {
    Alarms.schedule(this, channel.isWatched() ? next : Alarms.NEVER);
  }

  /** Fills the channel for somebody who has come to receive. Under the channel's lock. */
  void runIfDue() {
    Node receiver = tickIfDue();
    if (receiver != null) {
      receiver.wake(); // another, who came before
      watch();
    }
  }

  private @Nullable Node tickIfDue() {
    long now = Alarms.now(this);
    if (next > now) {
      return null;
    }
    long late = now - next;
    Instant due = Alarms.instant(this).minusNanos(late); // before all else: it needs memory
    if (period == 0) {
      next = Alarms.NEVER;
    } else {
      // Ticks that nobody came for in time are dropped; the rhythm stays.
      long ahead = period - late % period;
      next = ahead < Alarms.NEVER - now ? now + ahead : Alarms.NEVER;
    }
    return channel.pulse(due);
  }

  @Override
  protected void ring() {
    Node receiver;
    channel.lock.lock();
    try {
      receiver = tickIfDue();
      watch();
    } finally {
      channel.lock.unlock();
    }
    if (receiver != null) {
      receiver.wake();
    }
  }
}
