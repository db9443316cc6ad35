package dev.selvage;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.Resources;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The means to cancel one context. Thread-safe; nothing here blocks. See {@link Context}. */
final class Cancellation implements Resources.Resource {
  /*
   * Cancelling sets the outcome, then closes the channel, then cancels the derived ones. Deriving
   * adds to the set first and looks at the outcome afterwards. So a derived one is seen by one of
   * the two, and being cancelled twice does nothing.
   */
  private final Outcome outcome = new Outcome();
  private final Link link = new Link(this);
  private final @Nullable Link parent;
  private final Channel<Void> channel = Channel.unbuffered();
  private final ReceiveChannel<Void> done = channel.receiveOnly();
  private final Set<Cancellation> derived = ConcurrentHashMap.newKeySet();
  // Written before the context is handed out, or by the alarm's own thread after it was set.
  private volatile Resources.@Nullable Entry entry;
  private volatile @Nullable Deadline deadline;

  Cancellation(@Nullable Cancellation parent) {
    this.parent = parent == null ? null : parent.link;
  }

  /** Whether and why it was cancelled: what remains when the means to cancel are gone. */
  static final class Outcome {
    private static final VarHandle CAUSE;

    static {
      try {
        CAUSE = MethodHandles.lookup().findVarHandle(Outcome.class, "cause", Throwable.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private volatile @Nullable Throwable cause;

    @Nullable Throwable cause() {
      return cause;
    }

    private boolean set(Throwable cause) {
      return CAUSE.compareAndSet(this, null, cause);
    }
  }

  /** The way from those who may not cancel. */
  static final class Link extends WeakReference<Cancellation> {
    private Link(Cancellation cancellation) {
      super(cancellation);
    }
  }

  private static final class Deadline extends Alarms.Alarm {
    private final Cancellation cancellation;

    Deadline(Cancellation cancellation) {
      this.cancellation = cancellation;
    }

    @Override
    protected void ring() {
      cancellation.cancel(new DeadlineExceededException());
    }
  }

  Outcome outcome() {
    return outcome;
  }

  Link link() {
    return link;
  }

  ReceiveChannel<Void> done() {
    return done;
  }

  void list(Resources.Entry entry) {
    this.entry = entry;
  }

  /** Cancels a derived one when this is cancelled, or now if it has been. */
  void add(Cancellation child) {
    derived.add(child);
    Throwable cause = outcome.cause();
    if (cause != null) {
      child.cancel(cause);
    }
  }

  void cancelAt(Instant time) {
    long nanos = Alarms.nanos(between(Instant.now(), time));
    if (nanos <= 0) {
      cancel(new DeadlineExceededException());
      return;
    }
    Deadline alarm = new Deadline(this);
    deadline = alarm;
    Alarms.schedule(alarm, Alarms.after(nanos));
    if (outcome.cause() != null) {
      Alarms.cancel(alarm); // the parent was cancelled just now
    }
  }

  private static Duration between(Instant from, Instant to) {
    return Duration.between(from, to);
  }

  void cancel(Throwable cause) {
    Objects.requireNonNull(cause, "a cancellation needs a cause");
    if (!outcome.set(cause)) {
      return;
    }
    channel.close();
    for (Cancellation child : derived) {
      child.cancel(cause);
    }
    derived.clear();
    Deadline alarm = deadline;
    if (alarm != null) {
      Alarms.cancel(alarm);
    }
    Resources.Entry e = entry;
    if (e != null) {
      e.remove();
    }
    Cancellation p = parent == null ? null : parent.get();
    if (p != null) {
      p.derived.remove(this);
    }
  }

  @Override
  public boolean active() {
    return outcome.cause() == null;
  }

  @Override
  public int waiters() {
    return channel.receiverCount();
  }
}
