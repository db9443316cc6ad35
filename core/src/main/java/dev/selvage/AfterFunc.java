package dev.selvage;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Context#afterFunc} was asked to run once a context is done. Thread-safe; nothing here
 * blocks. It does not keep the context's canceller alive; that one holds it, and so the task, until
 * the context is cancelled or this is stopped.
 */
public final class AfterFunc implements AutoCloseable {
  private final Call call;
  private final Cancellation.@Nullable Link link;

  private AfterFunc(Call call, Cancellation.@Nullable Link link) {
    this.call = call;
    this.link = link;
  }

  static AfterFunc register(Go.Action task, Context context) {
    Call call = new Call(task);
    Cancellation cancellation = context.cancellation();
    if (cancellation != null) {
      cancellation.add(call);
      return new AfterFunc(call, cancellation.link());
    }
    Cancellation.Ending ending = context.ending();
    if (ending != null) {
      call.cancelled(ending);
    }
    return new AfterFunc(call, null);
  }

  /**
   * Prevents the task from being run. Does not wait for one that runs already.
   *
   * @return whether this prevented it; false when it was started before, or stopped before
   */
  public boolean stop() {
    boolean prevented = call.take() != null;
    if (prevented && link != null) {
      link.forget(call);
    }
    return prevented;
  }

  /** The same as {@link #stop()}. */
  @Override
  public void close() {
    stop();
  }

  private static final class Call implements Dependent {
    private static final VarHandle TASK;

    static {
      try {
        TASK = MethodHandles.lookup().findVarHandle(Call.class, "task", Go.Action.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    // Taken out by who starts it, or prevents that: whoever finds it there.
    @SuppressWarnings("UnusedVariable") // read through TASK
    private volatile Go.@Nullable Action task;

    // The task belongs to who asked for it, not to the thread that happens to cancel.
    private final Environment environment = Environment.current();
    private final @Nullable ClassLoader loader = Thread.currentThread().getContextClassLoader();

    Call(Go.Action task) {
      this.task = task;
    }

    Go.@Nullable Action take() {
      return (Go.Action) TASK.getAndSet(this, null);
    }

    @Override
    public void cancelled(Cancellation.Ending ending) {
      Go.Action taken = take();
      if (taken != null) {
        Routine.start(
            null,
            environment,
            () -> {
              Thread.currentThread().setContextClassLoader(loader);
              taken.run();
            });
      }
    }
  }
}
