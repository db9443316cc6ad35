package dev.selvage.internal.gmp;

import dev.selvage.internal.jdk.DefaultScheduler;
import dev.selvage.internal.jdk.DefaultScheduler.UnexpectedJdkException;
import dev.selvage.internal.jdk.VirtualThreads;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Puts every virtual thread of an unmodified program on this copy's scheduler: those for which
 * nobody chooses another, and which are not the children of a virtual thread with another. Threads
 * that there were before are left alone. Called by the agent, while the program has not begun.
 */
public final class WholeJvm {
  /*
   * The order is such that a failure leaves everything as it was: the changed constructor does what
   * the old one did until the hook is told of a scheduler, and that comes last.
   *
   * The JDK's pollers are virtual threads where the JDK makes them so (on Linux). They are started
   * after that, and so run on our scheduler among those that they wake: a P that is busy looks at
   * the sockets when it is their turn, whoever is ready is put into its own queue, and no thread is
   * woken for it. If another scheduler is adopted later they move there, as all others do.
   */

  /** How long the trial may take before it counts as failed: a guard against hanging. */
  private static final long PATIENCE_SECONDS = 20;

  private static DefaultScheduler.@Nullable Hook hook; // guarded by the class

  /** Whether {@link Runners}, when initialised, leaves the pollers to us. */
  @SuppressWarnings("NonFinalStaticField") // set before the other class is initialised
  private static volatile boolean startsPollers;

  private WholeJvm() {}

  /** Who can change the classes of a JVM that runs. */
  public interface Changer {
    /** Passes the class file of a class through the change, once. */
    void change(Class<?> type, Change change) throws Exception;
  }

  /** What is done to a class file. */
  public interface Change {
    /** The new class file. */
    byte[] apply(byte[] classFile) throws UnexpectedJdkException;
  }

  /**
   * Does it, once.
   *
   * @return why it cannot be; null if it has been done
   */
  public static synchronized @Nullable String start(Changer changer) {
    if (hook != null) {
      return null;
    }
    if ("jdk".equals(System.getProperty(Runners.PROPERTY))) {
      return "-D" + Runners.PROPERTY + "=jdk says that there is to be no scheduler but the JDK's";
    }
    startsPollers = true;
    try {
      return put(changer);
    } finally {
      VirtualThreads.ofThisJvm().startPollers();
    }
  }

  private static @Nullable String put(Changer changer) {
    String impossible = Runners.impossible();
    if (impossible != null) {
      return impossible;
    }
    DefaultScheduler.Hook made;
    try {
      made = DefaultScheduler.hook();
      changer.change(DefaultScheduler.target(), DefaultScheduler::transform);
    } catch (UnexpectedJdkException e) {
      return unexpected(e);
    } catch (Exception | LinkageError e) {
      return "the JVM lets nobody change java.lang.VirtualThread: " + e;
    }
    Runner runner = Runners.ofThisJvm();
    if (runner == null) {
      return "there are no threads for a scheduler of our own";
    }
    made.set(runner);
    boolean works = false;
    try {
      works = isInPlace(runner);
      if (!works) {
        return "the constructor of java.lang.VirtualThread was changed, to no effect";
      }
      works = works();
      if (!works) {
        return "a virtual thread that was tried did not run";
      }
    } catch (UnexpectedJdkException e) {
      return unexpected(e);
    } finally {
      if (!works) {
        made.set(null);
      }
    }
    hook = made;
    askForWork(changer);
    return null;
  }

  /**
   * Lets the JDK's queues ask whether others wait for the carrier. Without it they are slower, and
   * nothing else; so it is left out where it cannot be.
   */
  private static void askForWork(Changer changer) {
    try {
      changer.change(DefaultScheduler.asked(), DefaultScheduler::transformAsked);
    } catch (Exception | LinkageError e) {
      // Then they spin for a partner that cannot run, as on any scheduler that they do not know.
    }
  }

  /** Whether the pollers are left to {@link #start}, which is about to set the hook. */
  static boolean startsPollers() {
    return startsPollers;
  }

  /** Whether the changed constructor is the one that runs, and asks the hook. */
  private static boolean isInPlace(Executor scheduler) throws UnexpectedJdkException {
    // Made by a thread that is not virtual: it would hand on its own.
    return Thread.currentThread().isVirtual()
        || DefaultScheduler.schedulerOf(Thread.ofVirtual().unstarted(() -> {})) == scheduler;
  }

  /** What has become of {@link #renew}. */
  public enum State {
    /** It is as it was. */
    NOT_NEEDED,
    /** It has been done again. */
    DONE,
    /** It could not be done again. */
    FAILED
  }

  /**
   * What has become of {@link #renew}.
   *
   * @param why it failed; empty if it did not
   */
  public record Renewal(State state, String why) {}

  /** Does it again if somebody else has changed the class since, and so undone it. */
  public static synchronized Renewal renew(Changer changer) {
    Executor scheduler = hook == null ? null : hook.get();
    try {
      if (scheduler == null || isInPlace(scheduler)) {
        return new Renewal(State.NOT_NEEDED, "");
      }
      changer.change(DefaultScheduler.target(), DefaultScheduler::transform);
      askForWork(changer);
      return isInPlace(scheduler)
          ? new Renewal(State.DONE, "")
          : new Renewal(State.FAILED, "the constructor was changed, to no effect");
    } catch (UnexpectedJdkException e) {
      return new Renewal(State.FAILED, String.valueOf(e.getMessage()));
    } catch (Exception | LinkageError e) {
      return new Renewal(State.FAILED, e.toString());
    }
  }

  private static String unexpected(UnexpectedJdkException e) {
    return e.getMessage()
        + ", which is another JDK than the ones that are known (this is "
        + System.getProperty("java.vm.vendor")
        + " "
        + Runtime.version()
        + ")";
  }

  /** Runs a thread, which parks, is woken, gives way and sleeps, as any will. */
  @SuppressWarnings("ThreadPriorityCheck") // giving way is one of the things that are tried
  private static boolean works() {
    CountDownLatch before = new CountDownLatch(1);
    CountDownLatch after = new CountDownLatch(1);
    Thread tried =
        Thread.ofVirtual()
            .name("selvage-trial")
            .inheritInheritableThreadLocals(false)
            .start(
                () -> {
                  before.countDown();
                  LockSupport.park();
                  Thread.yield();
                  LockSupport.parkNanos(1_000);
                  after.countDown();
                });
    boolean works = false;
    boolean interrupted = false;
    for (boolean done = false; !done; ) {
      try {
        works = before.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        LockSupport.unpark(tried);
        works = works && after.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        done = true;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return works;
  }

  /** Whether it has been done. */
  public static synchronized boolean isOn() {
    return hook != null;
  }

  /**
   * Gives all threads to another scheduler: that of the program's own copy of the language, so that
   * its goroutines and all others share their Ps. Those that were made before, the pollers among
   * them, move when they become runnable next. It must keep what {@link Runner} promises. Without
   * effect where the JVM is not in this mode.
   */
  public static synchronized void adopt(Executor scheduler) {
    if (hook != null) {
      hook.set(scheduler);
      Runner ours = Runners.ofThisJvm();
      if (ours != null && ours != scheduler) {
        ours.handOver(scheduler);
      }
    }
  }
}
