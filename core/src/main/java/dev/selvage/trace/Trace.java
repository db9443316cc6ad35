package dev.selvage.trace;

import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.internal.Incidents;
import dev.selvage.internal.Tracing;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Says in an execution trace what the program does: Go's {@code runtime/trace}, its part for the
 * program. {@code go tool trace} shows tasks and regions with how long they took, and what in their
 * time was waiting.
 *
 * <ul>
 *   <li>A <em>task</em> is one piece of work, a request for instance, that several goroutines may
 *       work on. It goes along in a {@link Context}.
 *   <li>A <em>region</em> is a part of a task that one thread does from beginning to end.
 *   <li>A <em>log</em> is something said at a time.
 * </ul>
 *
 * <p>While no trace is taken ({@link #isEnabled}) all of this costs the read of a field, but that a
 * task makes a context. Thread-safe; nothing here blocks. Types and categories are meant to be few
 * (some ten thousand in one trace); what is told of a message is 1,024 bytes in UTF-8.
 */
public final class Trace {
  private static final Context.Key<Long> TASK = Context.Key.of("dev.selvage.trace.task");
  private static final AtomicLong IDS = new AtomicLong();
  private static final long UNTIMED = Long.MIN_VALUE;

  private Trace() {}

  /** Whether a trace is taken now, or a flight recorder runs. Only a hint. */
  public static boolean isEnabled() {
    return Tracing.current() != null;
  }

  // --------------- Tasks ---------------

  /**
   * Begins a task, a part of that of the context if that has one (Go's {@code NewTask}). It is
   * ended once, by any thread.
   */
  public static Task newTask(Context parent, String type) {
    Objects.requireNonNull(parent, "nil context");
    Objects.requireNonNull(type, "type");
    long id = IDS.incrementAndGet();
    Tracing tracing = Tracing.current();
    if (tracing != null) {
      tracing.beginTask(id, task(parent), type);
    }
    return new Task(id, type, begun(tracing), parent.withValue(TASK, id));
  }

  /** When it is now, for who is told what takes long; {@link #UNTIMED} where nobody is. */
  private static long begun(@Nullable Tracing tracing) {
    if (tracing == null || !Incidents.areTimed()) {
      return UNTIMED;
    }
    long now = System.nanoTime();
    return now == UNTIMED ? now + 1 : now;
  }

  private static void tellIfSlow(String kind, String type, long begun) {
    if (begun != UNTIMED) {
      Incidents.took(kind, type, System.nanoTime() - begun);
    }
  }

  /** A task that has begun. */
  public static final class Task implements AutoCloseable {
    private final long id;
    private final String type;
    private final long begun;
    private final Context context;
    private final AtomicBoolean ended = new AtomicBoolean();

    private Task(long id, String type, long begun, Context context) {
      this.id = id;
      this.type = type;
      this.begun = begun;
      this.context = context;
    }

    /** The context to work on the task with: what is done with it belongs to the task. */
    public Context context() {
      return context;
    }

    /** Ends the task. Has no effect the second time. */
    public void end() {
      Tracing tracing = Tracing.current();
      if (ended.compareAndSet(false, true) && tracing != null) {
        tracing.endTask(id);
        tellIfSlow("task", type, begun);
      }
    }

    /** The same as {@link #end}. */
    @Override
    public void close() {
      end();
    }
  }

  /** The task of a context; 0 if it has none. */
  private static long task(Context context) {
    Long id = context.value(TASK);
    return id == null ? 0 : id;
  }

  // --------------- Regions ---------------

  /**
   * Does something as a region of the context's task, on the current thread (Go's {@code
   * WithRegion}).
   *
   * @throws X what the body throws
   */
  @SuppressWarnings("FunctionalInterfaceClash") // a lambda that can be both has its value passed on
  public static <R extends @Nullable Object, X extends Exception> R withRegion(
      Context context, String type, Go.Body<? extends R, ? extends X> body) throws X {
    Objects.requireNonNull(body, "body");
    try (Region _ = startRegion(context, type)) {
      return body.run();
    }
  }

  /** The same for something that yields nothing. */
  public static <X extends Exception> void withRegion(
      Context context, String type, Go.BodyAction<? extends X> body) throws X {
    Objects.requireNonNull(body, "body");
    try (Region _ = startRegion(context, type)) {
      body.run();
    }
  }

  /**
   * Begins a region of the context's task. It must be ended by the same thread, after those that
   * began in it; best in a {@code try}.
   */
  public static Region startRegion(Context context, String type) {
    Objects.requireNonNull(context, "nil context");
    Objects.requireNonNull(type, "type");
    Tracing tracing = Tracing.current();
    if (tracing == null) {
      return Region.NONE;
    }
    long task = task(context);
    tracing.beginRegion(task, type);
    return new Region(task, type, begun(tracing), Thread.currentThread().threadId());
  }

  /** A region that has begun. */
  public static final class Region implements AutoCloseable {
    private static final Region NONE = new Region(0, "", UNTIMED, -1);

    private final long task;
    private final String type;
    private final long begun;
    private final long thread;
    private boolean ended;

    private Region(long task, String type, long begun, long thread) {
      this.task = task;
      this.type = type;
      this.begun = begun;
      this.thread = thread;
    }

    /**
     * Ends it. Has no effect the second time, nor on another thread than that which began it, nor
     * if no trace was taken when it began.
     */
    public void end() {
      Tracing tracing = Tracing.current();
      if (tracing != null && thread == Thread.currentThread().threadId() && !ended) {
        ended = true;
        tracing.endRegion(task, type);
        tellIfSlow("region", type, begun);
      }
    }

    /** The same as {@link #end}. */
    @Override
    public void close() {
      end();
    }
  }

  // --------------- Logs ---------------

  /** Says something in the context's task (Go's {@code Log}). */
  public static void log(Context context, String category, String message) {
    Objects.requireNonNull(context, "nil context");
    Objects.requireNonNull(category, "category");
    Objects.requireNonNull(message, "message");
    Tracing tracing = Tracing.current();
    if (tracing != null) {
      tracing.log(task(context), category, message);
    }
  }

  /**
   * Says something, formatted as by {@link String#format} if a trace is taken (Go's {@code Logf}).
   */
  public static void logf(Context context, String category, String format, Object... arguments) {
    Objects.requireNonNull(format, "format");
    if (isEnabled()) {
      log(context, category, String.format(Locale.ROOT, format, arguments));
    }
  }
}
