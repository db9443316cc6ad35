package dev.selvage.time;

import dev.selvage.Go;
import dev.selvage.ReceiveChannel;
import dev.selvage.internal.Alarms;
import dev.selvage.internal.Pulse;
import dev.selvage.internal.Resources;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something that happens once, after a time: the time comes on a channel, or a function is run in a
 * goroutine of its own. Thread-safe; only receiving blocks.
 *
 * <p>A timer with a channel that nobody can reach any more costs nothing, stopped or not. One with
 * a function keeps it, and what it refers to, until it has fired or is stopped.
 */
public final class Timer implements AutoCloseable {
  private final @Nullable Pulse<ReceiveChannel<Instant>> pulse;
  private final @Nullable Call call;
  private final Resources.Entry entry;

  private Timer(Pulse<ReceiveChannel<Instant>> pulse) {
    this.pulse = pulse;
    this.call = null;
    this.entry = Resources.register(pulse, "timer");
  }

  private Timer(Call call) {
    this.pulse = null;
    this.call = call;
    this.entry = Resources.register(call, "timer");
  }

  /** Creates a timer whose channel yields the time once, after that time. */
  public static Timer after(Duration time) {
    Timer timer = new Timer(TimerChannel.create());
    timer.start(time);
    return timer;
  }

  /** Creates a timer that runs a task in a goroutine of its own, once, after that time. */
  public static Timer afterFunc(Duration time, Go.Action task) {
    Timer timer = new Timer(new Call(Objects.requireNonNull(task, "task")));
    timer.start(time);
    return timer;
  }

  /**
   * The channel on which the time comes.
   *
   * @throws IllegalStateException when the timer runs a task instead
   */
  public ReceiveChannel<Instant> channel() {
    if (pulse == null) {
      throw new IllegalStateException("a timer that runs a task has no channel");
    }
    return pulse.channel();
  }

  /**
   * Prevents the timer from firing. Does not wait for a task that runs already.
   *
   * @return whether it prevented anything: for a channel, whether the time had not been received
   *     yet; for a task, whether it had not been started
   */
  public boolean stop() {
    entry.remove();
    return pulse != null ? pulse.stop() : call().stop();
  }

  /** The same as {@link #stop()}. */
  @Override
  public void close() {
    stop();
  }

  /**
   * Lets the timer fire after that time from now, whatever it did before. A time that was not
   * received is dropped.
   *
   * @return what {@link #stop()} would have returned
   */
  public boolean reset(Duration time) {
    entry.add();
    return start(time);
  }

  private boolean start(Duration time) {
    long nanos = Math.max(0, Alarms.nanos(time));
    return pulse != null ? pulse.start(nanos, 0) : call().start(nanos);
  }

  private Call call() {
    return Objects.requireNonNull(call, "a timer has a channel or a task");
  }

  /** The task of a timer. The alarm queue holds it while it is to come. */
  private static final class Call extends Alarms.Alarm implements Resources.Resource {
    private final Go.Action task;
    // The thread that starts the goroutine has no class loader to inherit that would mean anything.
    private final @Nullable ClassLoader loader = Thread.currentThread().getContextClassLoader();

    Call(Go.Action task) {
      this.task = task;
    }

    boolean start(long nanos) {
      return Alarms.schedule(this, Alarms.after(this, nanos));
    }

    boolean stop() {
      return Alarms.cancel(this);
    }

    @Override
    protected void ring() {
      Go.go(
          () -> {
            Thread.currentThread().setContextClassLoader(loader);
            task.run();
          });
    }

    @Override
    public boolean active() {
      return Alarms.isScheduled(this);
    }

    @Override
    public int waiters() {
      return 0;
    }
  }
}
