package dev.selvage;

import dev.selvage.internal.Roster;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A goroutine as a program or a tool sees it: who it is, what it works for, and whether it waits. A
 * goroutine is a virtual thread that {@link Go#go(Go.Action) go} started (or a {@code WaitGroup}, a
 * {@code Scope}, a timer's function). Thread-safe; nothing here blocks.
 *
 * <p>From whoever starts it a goroutine has
 *
 * <ul>
 *   <li>the labels that are in force there ({@link Go#labelled}), like Go's profiler labels;
 *   <li>the context that is bound there ({@link Go#withContext}, {@link Context#current});
 *   <li>what each registered {@link Inheritance} carries, a logging library's MDC for instance;
 *   <li>inheritable thread-local variables, like any thread.
 * </ul>
 *
 * <p>It does not have the starter's name, nor its scoped values ({@link ScopedValue}): those end
 * with the block that bound them, and a goroutine may outlive it, which is why no thread inherits
 * them but one forked in a scope of the JDK. To hand one on, bind it again: {@code go(() ->
 * ScopedValue.where(USER, user).run(this::work))} with {@code user} read by the starter.
 *
 * <p>A name says which one it is, a label what it works for. By convention a name is what its
 * siblings have in common, a hyphen, and a number: {@code quote-1}, {@code quote-2}; a tool groups
 * them by what is before the number.
 *
 * <p>A {@code Goroutine} refers to its thread weakly. Who keeps one keeps neither a blocked
 * goroutine nor anything on its stack from being garbage, only its labels and its context. Two are
 * equal if they are of the same thread.
 */
public final class Goroutine {
  private final Routine routine;
  private final Roster.Entry thread;
  private final long id;

  private Goroutine(Routine routine, Thread thread) {
    this.routine = routine;
    this.thread = routine.enter(thread);
    this.id = thread.threadId();
  }

  /**
   * The goroutine of the current thread; null if that is not a goroutine: a platform thread, a
   * virtual thread that was started in another way, or one whose handler of uncaught exceptions was
   * replaced.
   */
  public static @Nullable Goroutine current() {
    return of(Thread.currentThread());
  }

  /** The goroutine that a thread is; null if it is not one, or has ended. */
  public static @Nullable Goroutine of(Thread thread) {
    Routine routine = Routine.of(thread);
    return routine == null ? null : new Goroutine(routine, thread);
  }

  /** The identifier of its thread: unique in this JVM, and what every dump shows. */
  public long id() {
    return id;
  }

  /** The name that its thread has; empty if none, or if the thread is gone. */
  public String name() {
    Thread t = thread.get();
    return t == null ? "" : t.getName();
  }

  /** The labels in force in it now, by key; cannot be changed. */
  public Map<String, String> labels() {
    return routine.environment().labels();
  }

  /** The context bound to it now; the background if none is. */
  public Context context() {
    return routine.environment().context();
  }

  /**
   * What its thread does now. {@link Thread.State#TERMINATED} when it ended, or when the collector
   * took it since nothing could ever wake it.
   */
  public Thread.State state() {
    Thread t = thread.get();
    return t == null ? Thread.State.TERMINATED : t.getState();
  }

  /** Why it waits, if it waits in an operation of Selvage; empty if it runs, or waits elsewhere. */
  public Optional<WaitReason> waitReason() {
    Thread t = thread.get();
    return t != null
            && LockSupport.getBlocker(t) instanceof Waiter waiter
            && waiter.reason() instanceof WaitReason reason
        ? Optional.of(reason)
        : Optional.empty();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Goroutine goroutine && goroutine.id == id;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(id);
  }

  /** As {@code goroutine 12 quote-1}. */
  @Override
  public String toString() {
    String name = name();
    return "goroutine " + id + (name.isEmpty() ? "" : " " + name);
  }
}
