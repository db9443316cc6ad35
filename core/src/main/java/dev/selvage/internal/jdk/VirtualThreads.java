package dev.selvage.internal.jdk;

import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the scheduler must do with virtual threads that the JDK has no public API for. One
 * implementation for JDK 25; another may stand behind the same interface once the JDK offers more.
 *
 * <p>Any thread may call it; nothing here blocks or parks.
 */
public interface VirtualThreads {

  /**
   * Something that stayed shut.
   *
   * @param open the package, as {@code java.base/java.lang}; empty when no flag opens it
   * @param costs what does not work without it, and what to do
   */
  record Missing(String open, String costs) {}

  /** The platform thread that the current thread runs on; itself, if it is one. */
  Thread currentCarrier();

  /**
   * Makes a virtual thread that calls an executor whenever it becomes runnable: when it is started
   * or unparked, when its time is over, when it yields; always with the same object. So do the
   * virtual threads that it starts itself without saying otherwise.
   */
  Thread create(Executor scheduler, @Nullable String name, Runnable task);

  /**
   * Starts a thread that {@link #create} made. It is added to, and at its end removed from, the set
   * that was given to {@link #list}; otherwise the JDK lists it itself.
   */
  void start(Thread thread);

  /**
   * Says which set has the threads that {@link #start} starts, and that the JDK's dumps list; false
   * when that cannot be. The prover may exchange it for one that passes everything on.
   */
  boolean list(Set<Thread> listed);

  /** The virtual thread that such an object runs; null when it is something else. */
  @Nullable Thread owner(Runnable task);

  /** The virtual thread that a platform thread runs just now; null if none, or if unknown. */
  @Nullable Thread mounted(Thread carrier);

  /** A thread's own handler of uncaught exceptions, even if it has ended; null if it has none. */
  Thread.@Nullable UncaughtExceptionHandler handler(Thread thread);

  /** Whether a task that has become runnable did so by giving way, and not by being woken. */
  boolean hasYielded(Runnable task);

  /** Whether a virtual thread has never run yet, as far as it can be told. */
  boolean isNew(Thread thread);

  /**
   * Asks for each virtual thread that the JDK lists, without disturbing it, whether it is as
   * expected; stops at the first that is not.
   *
   * @return null when they cannot be listed
   */
  @Nullable Boolean allMatch(Predicate<? super Thread> expected);

  /** Processor time of the current platform thread in nanoseconds; 0 if it cannot be had. */
  long cpuNanos();

  /** Bytes of heap that the current platform thread ever took; 0 if it cannot be had. */
  long allocatedBytes();

  /** The scheduler of the JDK, which takes over tasks where ours must not run them. */
  Executor defaultScheduler();

  /**
   * Lets the JDK make the threads that wait for sockets now, by a thread that is none of ours. The
   * first wait would make them otherwise, and they would be scheduled by whoever waits.
   */
  void startPollers();

  /**
   * Tells the agent, if there is one, of the scheduler of this copy of the language: where all
   * virtual threads of the JVM are to be on one of ours, it can be that one.
   */
  void offer(Executor scheduler);

  /** What is not to be had, with what that costs. */
  List<Missing> missing();

  /** Whether threads can be given a scheduler, which is the least that is needed. */
  boolean canSchedule();

  /** The one of this JVM. */
  static VirtualThreads ofThisJvm() {
    return VirtualThreads25.INSTANCE;
  }
}
