package dev.selvage.diagnostics.jdk;

import dev.selvage.diagnostics.Locks;
import dev.selvage.diagnostics.Report;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What Selvage must know about virtual threads that the JDK has no public API for. One
 * implementation for JDK 25; another may stand behind the same interface once the JDK offers more.
 *
 * <p>Any thread may call it. Nothing here blocks for longer than a short lock.
 */
public interface Jdk {

  /** Where a virtual thread is listed. */
  record Container(String name, Kind kind, Object jdkContainer) {

    /** What a proof may do with the threads of a container. */
    public enum Kind {
      /** Threads started directly: the JDK lists them only for tools. */
      ROOT,
      /**
       * An executor with a thread a task, which holds its threads to count and to interrupt them.
       */
      EXECUTOR,
      /**
       * Virtual threads of a pool: the list is only for tools, but the pool holds its workers
       * besides.
       */
      POOL,
      /**
       * A scope that is open: its owner, a sibling or a deadline can still act, so it is never
       * looked through.
       */
      SCOPE
    }
  }

  /** The doors that stayed shut, with what that costs; empty when everything works. */
  List<Report.Missing> missing();

  /** Whether threads can be listed and hidden at all: without it there is no proof. */
  boolean canHide();

  /** Whether goroutines of some copy of Selvage run on its own scheduler, as far as can be told. */
  boolean hasOwnScheduler();

  /** What the JDK runs virtual threads on by default; null where it cannot be had. */
  @Nullable Executor defaultScheduler();

  /**
   * Takes what waits in the queues of a scheduler, as a thief does, and passes it to the collection
   * one by one, which must not be the scheduler again. What was taken runs only if it is given back
   * ({@link java.util.concurrent.ForkJoinTask}). Not everything is found while the scheduler works.
   *
   * @return false, with nothing taken, where it cannot be done
   */
  boolean takeQueued(ForkJoinPool scheduler, Collection<Object> into);

  /** Calls back for each virtual thread that is listed, with its container; the root's first. */
  void forEach(java.util.function.BiConsumer<Container, Thread> consumer);

  /** About how many threads the root lists. */
  int rootSize();

  /** Does two works, on two threads or one after the other, and returns after both. */
  interface Both {
    void run(Runnable helpers, Runnable own);
  }

  /**
   * The same by two consumers, each of which takes the next piece of the root when it is done with
   * its last. The first gets only threads of the root; the second gets the others of the root, and
   * all of other containers, when both works are done.
   */
  void forEach(
      Both both,
      java.util.function.BiConsumer<Container, Thread> helpers,
      java.util.function.BiConsumer<Container, Thread> own);

  /**
   * Whether the thread is parked without a time limit and off its carrier: the one state in which
   * the collector can judge it.
   */
  boolean isParked(Thread thread);

  /** What it does now. */
  Activity activity(Thread thread);

  /** What a virtual thread does, as far as its state word tells. */
  enum Activity {
    /** Not started or ended. */
    NOT_ALIVE,
    /** Runs or is queued to run. */
    RUNNABLE,
    /** Parked without a time limit, unmounted. */
    PARKED,
    /** Parked or waiting with a time limit. */
    TIMED,
    /** Parked while it holds on to its carrier: held by the carrier's stack. */
    PINNED,
    /** Waits to enter a monitor. */
    MONITOR_ENTER,
    /** In Object.wait without a time limit. */
    OBJECT_WAIT
  }

  /**
   * A number that stays the same while a parked thread stays in the same park, across collections,
   * and differs once it has run in between (but for one chance in some hundred millions). Only
   * meaningful once a full collection has seen the thread.
   */
  int parkIdentity(Thread thread);

  /** A handle that does not keep the thread from being found unreachable. */
  HiddenThread handle(Thread thread);

  /**
   * Makes the containers ready for {@link #hide}; to be called before the threads are looked at
   * that are going to be hidden. What is not ready is not hidden: a container that is new since, or
   * whose threads somebody is interrupting right now.
   */
  void prepare();

  /**
   * Takes the thread out of the list or the set of its container, which then has it only through
   * the handle. Must be undone with {@link #restore}. Does nothing for a scope.
   */
  void hide(Container container, Thread thread, HiddenThread handle);

  /** Undoes {@link #hide}. A thread that has ended meanwhile is not listed again. */
  void restore(Container container, long id, Thread thread);

  // ------------------------------------------------------------------ for longer than a look

  /**
   * Makes it possible to {@link #carry}.
   *
   * @return false if it is possible already, for whoever has asked before, in this or in another
   *     copy of Selvage in this JVM
   */
  boolean beginCarrying();

  /** Ends it; everything that was carried must have been put down. */
  void endCarrying();

  /**
   * As {@link #hide}, but for as long as one likes: the thread stays listed for tools, by its
   * handle only. Prepares its container where that is new. Of a scope nothing is hidden, as always.
   * To be undone with {@link #putDown}.
   *
   * @return false if the thread is still held: its executor has been shut down, or the thread has
   *     run
   */
  boolean carry(Container container, Thread thread, HiddenThread handle);

  /** Gives a thread that is carried another handle. */
  void carryAgain(Container container, Thread thread, HiddenThread handle);

  /** Undoes {@link #carry}. A thread that has ended meanwhile is not listed again. */
  void putDown(Container container, Thread thread);

  /**
   * As {@link #forEach}, but for those that are carried: no reference to one of them is read, which
   * would keep it from being found by a concurrent cycle that is under way.
   */
  void forEachListed(java.util.function.BiConsumer<Container, Thread> consumer);

  /** Where a virtual thread is listed when nobody hides it. */
  Container containerOf(Thread thread);

  // ------------------------------------------------------------------ while a look lasts

  /**
   * Takes a thread that was started directly out of the JDK's list. Must be undone with {@link
   * #remember}.
   */
  void forget(Thread thread);

  /** Undoes {@link #forget}. A thread that has ended meanwhile is not listed again. */
  void remember(Thread thread);

  /**
   * The latch that the JDK counts down when this virtual thread ends. It does not refer to the
   * thread. It is made on the first call: a thread that is ending at that moment may not see it and
   * never counts it down. So ask afterwards whether the thread is still parked; if it is, the latch
   * will tell.
   */
  CountDownLatch termination(Thread thread);

  /**
   * Waits until the references that the last collection cleared have been handed to their queues;
   * at most some 100 ms.
   *
   * @return whether all of them have
   */
  boolean awaitReferenceProcessing() throws InterruptedException;

  /**
   * While a thread holds this lock no finalizer begins, and nobody gets on who makes an object that
   * has one.
   */
  Object finalizerLock();

  /**
   * All objects whose finalizer is still to run. Exact for as long as the caller holds {@link
   * #finalizerLock}; whose finalizer has begun is held by the thread that runs it.
   */
  Object[] unfinalized();

  /**
   * A number that changes with each finalizer that runs; negative while one is waiting for its
   * turn, or running.
   */
  long finalizerTurns();

  /**
   * How often executors have set about interrupting their threads ({@code shutdownNow()}), counting
   * those that were ever made ready by {@link #prepare}. Counted before the first thread is
   * interrupted.
   */
  long interruptions();

  /** A lock that all provers of this JVM share, whichever class loader they come from. */
  Object lock();

  /** The platform threads of this JVM, for walks that start at them. */
  Set<Thread> platformThreads();

  /**
   * What the JVM runs when it ends, and on signals, as {@code dev.selvage.observe.Probe.endings}
   * has it: what cannot be read is left out.
   */
  Map<String, List<?>> endings();

  /** Visits the stack of a thread, leaf first; empty if it has none. */
  StackTraceElement[] stack(Thread thread);

  /**
   * An empty table for the stacks of many threads; it is meant to be dropped soon.
   *
   * @param recognise whether equal stacks are to be recognised by what lies in memory, where that
   *     can be read: the first time it takes some ten milliseconds to find out how
   */
  StackTable stackTable(boolean recognise);

  /**
   * What it waits for and what it holds, as far as the JVM knows. Costs some microseconds; empty
   * where {@code jdk.internal.vm} is not open.
   */
  Locks locks(Thread thread);

  /**
   * Whether a field, written as {@code com.acme.Shop.cache}, is one of the class loaders that every
   * program has, and that are never dropped.
   */
  static boolean isBuiltInLoader(String field) {
    return field.startsWith("jdk.internal.loader.ClassLoaders$");
  }

  /**
   * Whether a class is what every virtual thread begins with on its carrier: Java's own stack
   * traces leave it out, those of profilers have it.
   */
  static boolean isContinuation(String className) {
    return className.startsWith("jdk.internal.vm.Continuation")
        || className.startsWith("java.lang.VirtualThread$VThreadContinuation");
  }

  /** The one of this JVM. Works, with less, when nothing is open. */
  static Jdk ofThisJvm() {
    return Jdk25.INSTANCE;
  }

  /** Calls the consumer for each thread, without its container. */
  default void forEachThread(Consumer<Thread> consumer) {
    forEach((_, thread) -> consumer.accept(thread));
  }
}
