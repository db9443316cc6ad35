package dev.selvage;

import dev.selvage.internal.Clockwork;
import dev.selvage.internal.Incidents;
import dev.selvage.internal.LabelTrace;
import dev.selvage.internal.Log;
import dev.selvage.internal.ManualClockwork;
import dev.selvage.internal.Roster;
import dev.selvage.internal.Stillness;
import dev.selvage.internal.gmp.Runner;
import dev.selvage.internal.gmp.Runners;
import dev.selvage.internal.gmp.Starts;
import dev.selvage.internal.jdk.VirtualThreads;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * What runs on a goroutine's thread and hangs at it. Nothing refers to it but its thread, and to
 * that only what runs it or can wake it. See {@link Goroutine} for what a program sees of it.
 */
final class Routine extends Roster.Member implements Runnable, Executor {
  /*
   * The thread refers to this twice, as its task and as its handler of uncaught exceptions. The
   * second is how the thread's own code, and any tool that has the thread, finds it: a read of one
   * field, no memory, no stack frame, and it works from other threads (docs/adr says what else was
   * tried). It is also what it says: an exception that escapes everything else arrives here. A
   * program may put another handler there; then the thread is a virtual thread like any other.
   */
  /*
   * Under the scheduler of our own this also is the executor that the JDK calls when the thread
   * becomes runnable, and in its turn that of every virtual thread which the goroutine starts by
   * other means. What is queued is the JDK's task, not this: this refers to nothing that refers to
   * the thread, so that whoever has a Goroutine, or descends from one, does not keep it alive.
   */
  private static final ThreadFactory UNNAMED = Thread.ofVirtual().factory();
  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();

  static {
    Starts.setStarter(
        (runner, name, task) -> {
          Environment environment = Environment.current();
          return start(runner, name, environment, task::run);
        });
  }

  /** The scheduler of our own on which it runs; null on the JDK's. */
  private final @Nullable Runner runner;

  private Go.@Nullable Action task;
  // Written by its own thread only; immutable, so a tool may read it at any time.
  private Environment environment;
  private @Nullable String parkedForever;

  private Routine(@Nullable Runner runner, Go.Action task, Environment environment) {
    this.runner = runner;
    this.task = task;
    this.environment = environment;
  }

  /** The routine of a thread, if that is a goroutine and has not ended. */
  static @Nullable Routine of(Thread thread) {
    return thread.getUncaughtExceptionHandler() instanceof Routine routine ? routine : null;
  }

  /** Starts a goroutine in the environment of the current thread. */
  static void start(@Nullable String name, Go.Action task) {
    start(name, Environment.current(), task);
  }

  /**
   * Starts a goroutine with the labels of the current thread, but with a context of its own.
   *
   * @return its thread, for whoever may interrupt it
   */
  static Thread start(@Nullable String name, Context context, Go.Action task) {
    return start(name, Environment.current().with(context), task);
  }

  /** Starts a goroutine in an environment that was that of another thread, perhaps. */
  static Thread start(@Nullable String name, Environment environment, Go.Action task) {
    Routine starter = of(Thread.currentThread());
    return start(starter == null ? Runners.ofThisJvm() : starter.runner, name, environment, task);
  }

  private static Thread start(
      @Nullable Runner runner, @Nullable String name, Environment environment, Go.Action task) {
    Routine routine = new Routine(runner, governed(Inheritances.carry(task)), environment);
    if (runner != null) {
      Thread thread = JDK.create(routine, name, routine);
      thread.setUncaughtExceptionHandler(routine);
      JDK.start(thread);
      return thread;
    }
    Thread thread =
        name == null
            ? UNNAMED.newThread(routine)
            : Thread.ofVirtual().name(name).unstarted(routine);
    thread.setUncaughtExceptionHandler(routine);
    thread.start();
    return thread;
  }

  /** Called by the JDK when this goroutine is to run, or a virtual thread that it started. */
  @Override
  public void execute(Runnable runnable) {
    Objects.requireNonNull(runner).execute(runnable);
  }

  /** The task under the clock of the current thread. */
  private static Go.Action governed(Go.Action task) {
    ManualClockwork.Governed governed = Clockwork.inherit();
    return governed == null
        ? task
        : () ->
            governed.run(
                () -> {
                  try {
                    task.run();
                  } catch (Throwable e) {
                    handle(e); // in here, as the clock waits for that, too
                  }
                  return true;
                });
  }

  Environment environment() {
    return environment;
  }

  void setEnvironment(Environment environment) {
    this.environment = environment;
  }

  @Override
  public @Nullable String parkedForever() {
    return parkedForever;
  }

  /**
   * Says that it may be parked for ever from now on, and why; null says that it may not. By its own
   * thread only.
   *
   * @return what was said before
   */
  @Nullable String setParkedForever(@Nullable String why) {
    String before = parkedForever;
    parkedForever = why;
    return before;
  }

  @Override
  public @Nullable Class<?> work() {
    Go.Action todo = task;
    return todo == null ? null : todo.getClass();
  }

  @Override
  public Roster.Description describe() {
    Environment e = environment;
    return new Roster.Description(e.labels(), e.hasContext());
  }

  @Override
  public void run() {
    Go.Action todo = Objects.requireNonNull(task, "a goroutine runs once");
    if (LabelTrace.isOn() && !environment.labels().isEmpty()) {
      LabelTrace.tell(environment.labels());
    }
    task = null; // a Goroutine that somebody keeps must not keep what its task refers to
    try {
      todo.run();
    } catch (Throwable e) {
      handle(e);
    } finally {
      leave();
      Stillness.stir();
    }
  }

  private static void handle(Throwable e) {
    Thread thread = Thread.currentThread();
    thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
  }

  /** Tells whoever the program named for that, or else the log. Never ends the program. */
  @Override
  public void uncaughtException(Thread thread, Throwable e) {
    Incidents.uncaught(thread, e);
    Thread.UncaughtExceptionHandler handler = Thread.getDefaultUncaughtExceptionHandler();
    if (handler != null) {
      handler.uncaughtException(thread, e);
    } else {
      String name = thread.getName().isEmpty() ? "#" + thread.threadId() : thread.getName();
      Log.error("goroutine " + name + " ended with an exception that it did not catch", e);
    }
  }
}
