package dev.selvage;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.Log;
import dev.selvage.internal.Resources;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The means to cancel one context. Thread-safe; nothing here blocks. See {@link Context}. */
final class Cancellation implements Resources.Resource, Dependent {
  /*
   * Cancelling sets the outcome, then closes the channel, then tells the dependents. Becoming a
   * dependent adds to the set first and looks at the outcome afterwards. So each is told by one of
   * the two, or by both, and being told twice does nothing.
   *
   * Whoever sees the outcome finds the channel closed: between the two he closes it himself.
   *
   *   who cancels                         who asks
   *   outcome.ending = e
   *                                       ending != null, not told yet: tell()
   *   tell(): closed already
   *                                       done() is ready
   */
  private final Outcome outcome = new Outcome();
  private final Link link = new Link(this);
  private final @Nullable Link parent;
  private final Channel<Void> channel = Channel.ofContext();
  private final ReceiveChannel<Void> done = new DoneChannel(channel);
  private final Set<Dependent> dependents = ConcurrentHashMap.newKeySet();
  // Written before the context is handed out, or by the alarm's own thread after it was set.
  private volatile Resources.@Nullable Entry entry;
  private volatile @Nullable Deadline deadline;

  Cancellation(@Nullable Cancellation parent) {
    this.parent = parent == null ? null : parent.link;
  }

  /**
   * How a context ended.
   *
   * @param error a {@link ContextCanceledException} or a {@link DeadlineExceededException}
   * @param cause what was given as the cause, or the error itself
   */
  record Ending(CancellationException error, Throwable cause) {}

  /** Whether and how it was cancelled: what remains when the means to cancel are gone. */
  static final class Outcome {
    private static final VarHandle ENDING;

    static {
      try {
        ENDING = MethodHandles.lookup().findVarHandle(Outcome.class, "ending", Ending.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private volatile @Nullable Ending ending;
    private volatile boolean told;

    /** The first step of cancelling. */
    boolean set(Ending ending) {
      return ENDING.compareAndSet(this, null, ending);
    }
  }

  /** The way from those who may not cancel. */
  static final class Link extends WeakReference<Cancellation> {
    private Link(Cancellation cancellation) {
      super(cancellation);
    }

    /** Takes a dependent out of the set, as it does not need to be told any more. */
    void forget(Dependent dependent) {
      Cancellation cancellation = get();
      if (cancellation != null) {
        cancellation.dependents.remove(dependent);
      }
    }
  }

  private static final class Deadline extends Alarms.Alarm {
    private final Cancellation cancellation;
    private final @Nullable Throwable cause;

    Deadline(Cancellation cancellation, @Nullable Throwable cause) {
      this.cancellation = cancellation;
      this.cause = cause;
    }

    @Override
    protected void ring() {
      cancellation.expire(cause);
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

  /** How it ended, or null; its channel is closed if it has. */
  static @Nullable Ending ending(Outcome outcome, Link link) {
    Ending ending = outcome.ending;
    if (ending != null && !outcome.told) {
      Cancellation cancellation = link.get();
      if (cancellation != null) {
        cancellation.tell();
      }
    }
    return ending;
  }

  /** Tells a dependent when this is cancelled, or now if it has been. */
  void add(Dependent dependent) {
    dependents.add(dependent);
    Ending ending = outcome.ending;
    if (ending != null) {
      dependents.remove(dependent);
      dependent.cancelled(ending);
    }
  }

  void cancelAt(Instant time, @Nullable Throwable cause) {
    long nanos = Alarms.nanos(between(Alarms.instant(), time));
    if (nanos <= 0) {
      expire(cause);
      return;
    }
    Deadline alarm = new Deadline(this, cause);
    deadline = alarm;
    Alarms.schedule(alarm, Alarms.after(nanos));
    if (outcome.ending != null) {
      Alarms.cancel(alarm); // the parent was cancelled just now
    }
  }

  private static Duration between(Instant from, Instant to) {
    return Duration.between(from, to);
  }

  private void expire(@Nullable Throwable cause) {
    DeadlineExceededException error = new DeadlineExceededException();
    cancel(new Ending(error, cause == null ? error : cause));
  }

  /** Cancels it, if nobody has; returns whether this was the first. */
  boolean cancel(@Nullable Throwable cause) {
    if (outcome.ending != null) {
      return false;
    }
    ContextCanceledException error = new ContextCanceledException(cause);
    return cancel(new Ending(error, cause == null ? error : cause));
  }

  @Override
  public void cancelled(Ending parents) {
    cancel(parents);
  }

  private boolean cancel(Ending ending) {
    if (!outcome.set(ending)) {
      return false;
    }
    tell();
    for (Dependent dependent : dependents) {
      try {
        dependent.cancelled(ending);
      } catch (Throwable e) {
        // The others must hear of it all the same.
        Log.error("cancelling a context failed for one that depends on it", e);
      }
    }
    dependents.clear();
    Deadline alarm = deadline;
    if (alarm != null) {
      Alarms.cancel(alarm);
    }
    Resources.Entry e = entry;
    if (e != null) {
      e.remove();
    }
    if (parent != null) {
      parent.forget(this);
    }
    return true;
  }

  private void tell() {
    if (outcome.told) {
      return;
    }
    try {
      channel.close();
    } catch (ClosedChannelException e) {
      // Somebody who asked just now did it.
    }
    outcome.told = true;
  }

  /** How many must be told. For tests. */
  int dependents() {
    return dependents.size();
  }

  @Override
  public boolean active() {
    return outcome.ending == null;
  }

  @Override
  public int waiters() {
    return channel.receiverCount();
  }

  /** The parent, as long as it is not cancelled: it must be able to cancel this. */
  @Override
  public Resources.@Nullable Entry holder() {
    Cancellation holder = parent == null ? null : parent.get();
    return holder == null || !holder.active() ? null : holder.entry;
  }
}
