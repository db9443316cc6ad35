package dev.selvage;

import dev.selvage.internal.Alarms;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.Objects;

/**
 * Starts goroutines. Meant to be imported statically: {@code go(() -> work())}.
 *
 * <p>What a thread did before it started a goroutine happens before whatever that does. An
 * exception that a goroutine does not catch goes to {@link
 * Thread#getDefaultUncaughtExceptionHandler()}, or to the log {@code dev.selvage} if there is none,
 * and ends that goroutine only.
 *
 * <p>All methods may be called from any thread; only {@link #sleep} blocks.
 */
public final class Go {
  private Go() {}

  /** What a goroutine does. May throw anything. */
  @FunctionalInterface
  public interface Action {
    /** Does it. */
    void run() throws Throwable;
  }

  /** What a goroutine does with its argument. May throw anything. */
  @FunctionalInterface
  public interface ActionOn<A> {
    /** Does it. */
    void run(A argument) throws Throwable;
  }

  /** Runs a task in a goroutine of its own. */
  public static void go(Action task) {
    Goroutine.start(null, Objects.requireNonNull(task, "task"));
  }

  /** Runs a task in a goroutine of its own, whose thread has that name. */
  public static void go(String name, Action task) {
    Goroutine.start(Objects.requireNonNull(name, "name"), Objects.requireNonNull(task, "task"));
  }

  /**
   * Runs a task in a goroutine of its own with the argument as it is now, whatever becomes of the
   * variable it came from.
   */
  public static <A> void go(ActionOn<? super A> task, A argument) {
    Objects.requireNonNull(task, "task");
    Goroutine.start(null, () -> task.run(argument));
  }

  /** The same with a name for the thread. */
  public static <A> void go(String name, ActionOn<? super A> task, A argument) {
    Objects.requireNonNull(task, "task");
    Goroutine.start(Objects.requireNonNull(name, "name"), () -> task.run(argument));
  }

  /**
   * Blocks for a time; not at all if that is zero or negative.
   *
   * @throws InterruptedException when interrupted before the end
   */
  public static void sleep(Duration time) throws InterruptedException {
    long nanos = Alarms.nanos(time);
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (nanos > 0) {
      Waits.pause(WaitReason.SLEEP, nanos);
    }
  }
}
